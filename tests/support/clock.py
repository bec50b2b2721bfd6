# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The two clocks of the tests. Nothing else in the tests reads the time.

``FIXED`` stands still. Tests that pass the moment of the judgement (``now``, ``at``) mint by it and judge at it.
``REAL`` is the machine's time when the tests began. Tests in which a program judges by the machine's clock (a module in a process
of its own, a TLS handshake, Java) mint by it.

``FIXED`` is so long ago that no certificate of one clock is ever valid by the other: to mix them up fails on every day.
"""

from __future__ import annotations

import datetime
import time
from dataclasses import dataclass
from typing import Dict

UTC = datetime.timezone.utc
DAY = datetime.timedelta(days=1)
#: seconds after which waiting is a hang; it ends a test that would never end, and is no measure of speed
PATIENCE = 600


def now() -> datetime.datetime:
    """The machine's time."""
    return datetime.datetime.now(UTC)


def deadline(seconds: float = PATIENCE) -> float:
    """So many seconds from now on the clock that deadlines are measured by (time.monotonic); negative: it has passed."""
    return time.monotonic() + seconds


def written(moment: datetime.datetime) -> str:
    """A moment as options and messages have it: ``2010-06-15T12:00:00Z``."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True)
class Clock:
    """A moment, and validities around it."""

    now: datetime.datetime

    def days(self, starts: float = -1, ends: float = 90) -> Dict[str, datetime.datetime]:
        """A validity for ``mint``: so many days from now to so many days from now."""
        return {"starts": self.now + starts * DAY, "ends": self.now + ends * DAY}


FIXED = Clock(datetime.datetime(2010, 6, 15, 12, tzinfo=UTC))
REAL = Clock(now())
