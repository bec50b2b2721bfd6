# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Waiting for a moment. Standard library only."""

from __future__ import annotations

import datetime
import time
from dataclasses import dataclass
from typing import Callable, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.core.timestamps import utc_now

#: a clock may be set while a task waits, so it is read again
LONGEST_SLEEP, SHORTEST_SLEEP = datetime.timedelta(seconds=30), datetime.timedelta(milliseconds=10)
NOTHING = datetime.timedelta()


@dataclass(frozen=True)
class Clock:
    """What tells the time, and what lets it pass.

    :param sleep: waits so many seconds, or less.
    """

    now: Callable[[], datetime.datetime] = utc_now
    sleep: Callable[[float], None] = time.sleep


def wait_until(moment: datetime.datetime, limit: datetime.timedelta, clock: Clock) -> Tuple[datetime.datetime, datetime.timedelta]:
    """Wait until a moment, at most as long as the limit. If the clock is set back, the wait still ends.

    :returns: the time at the end, and what is left of the limit.
    """
    left = limit
    now = clock.now()
    while now < moment and left > NOTHING:
        sleep = min(LONGEST_SLEEP, left, max(moment - now, SHORTEST_SLEEP))
        clock.sleep(sleep.total_seconds())
        left -= sleep
        now = clock.now()
    return now, left
