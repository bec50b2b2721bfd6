# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Waiting for a moment. Standard library only."""

from __future__ import annotations

import datetime
import time
from dataclasses import dataclass
from typing import Callable

from ansible_collections.certmend.tls.plugins.module_utils.core.timestamps import utc_now

#: a clock may be set while a task waits, so it is read again
LONGEST_SLEEP = 30.0


@dataclass(frozen=True)
class Clock:
    """What tells the time, and what lets it pass.

    :param sleep: waits so many seconds, or less.
    """

    now: Callable[[], datetime.datetime] = utc_now
    sleep: Callable[[float], None] = time.sleep


def wait_until(moment: datetime.datetime, limit: datetime.timedelta, clock: Clock) -> datetime.datetime:
    """Wait until a moment, at most as long as the limit.

    :param limit: if the clock is set back, the wait still ends.
    :returns: the time at the end.
    """
    left = limit.total_seconds()
    now = clock.now()
    while now < moment and left > 0:
        seconds = min(LONGEST_SLEEP, left, max((moment - now).total_seconds(), 0.01))
        clock.sleep(seconds)
        left -= seconds
        now = clock.now()
    return now
