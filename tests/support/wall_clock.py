# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Change windows minute by minute, from what the wall clock shows: the reference of the module change_window, with nothing of its code.

A window is open from the first minute at which the clock has shown its start until the first at which it has shown its end. So of the clock only the largest
time counts that it has shown so far. A blackout lasts until the clock has shown its end for the last time: there the smallest time counts that it will show.
"""

from __future__ import annotations

import datetime
import itertools
from typing import Any, Dict, List, Mapping, Optional

import zoneinfo
from dateutil.rrule import rrulestr

UTC, MINUTE, DAY = datetime.timezone.utc, datetime.timedelta(minutes=1), datetime.timedelta(days=1)
WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def moment(text: str) -> datetime.datetime:
    """A moment, in UTC: ``2026-03-27T21:00``."""
    return datetime.datetime.fromisoformat(text).replace(tzinfo=UTC)


class Minutes:
    """The minutes from some days before a moment to some after it.

    :param task: ``windows``, ``blackouts``, ``cutoff_minutes``, ``estimated_minutes``, as the module has them.
    """

    def __init__(self, now: datetime.datetime, task: Mapping[str, Any], days: int = 16) -> None:
        self.now, self.task = now, task
        self.first = now - 4 * DAY
        self.all = [self.first + number * MINUTE for number in range((days + 4) * 24 * 60)]
        self.walls: Dict[str, List[datetime.datetime]] = {}
        opened = [self._window(window) for window in task.get("windows", [])] or [[True] * len(self.all)]
        closed = [self._blackout(blackout) for blackout in task.get("blackouts", [])] or [[False] * len(self.all)]
        self.open = [any(of_windows) and not any(of_blackouts) for of_windows, of_blackouts in zip(zip(*opened), zip(*closed))]

    def _wall(self, zone: str) -> List[datetime.datetime]:
        if zone not in self.walls:
            rules = zoneinfo.ZoneInfo(zone)
            self.walls[zone] = [minute.astimezone(rules).replace(tzinfo=None, fold=0) for minute in self.all]
        return self.walls[zone]

    def _window(self, window: Mapping[str, Any]) -> List[bool]:
        return self._by_rule(window) if "rrule" in window else self._by_days(window)

    def _by_days(self, window: Mapping[str, Any]) -> List[bool]:
        begin, end = (datetime.timedelta(hours=int(window[name][:2]), minutes=int(window[name][3:])) for name in ("from", "to"))
        end += DAY if end <= begin else datetime.timedelta()
        found = []
        for shown in itertools.accumulate(self._wall(window["zone"]), max):
            midnight = datetime.datetime.combine(shown.date(), datetime.time())
            days = [day for day in (midnight, midnight - DAY) if WEEK[day.weekday()] in window.get("days", WEEK)]
            found.append(any(day + begin <= shown < day + end for day in days))
        return found

    def _by_rule(self, window: Mapping[str, Any]) -> List[bool]:
        wall = self._wall(window["zone"])
        rules = zoneinfo.ZoneInfo(window["zone"]) if window["rrule"].endswith("Z") else None  # an end in UTC wants a start with a zone
        begin, end = min(wall).replace(tzinfo=rules), max(wall).replace(tzinfo=rules)
        rule = rrulestr(window["rrule"], dtstart=datetime.datetime.fromisoformat(window["start"]).replace(tzinfo=rules))
        starts = [start.replace(tzinfo=None) for start in rule.between(begin, end, inc=True)]
        found = [False] * len(self.all)
        for start in starts:
            if start in wall:  # a time that the clock skips is no start (RFC 5545)
                index = wall.index(start)
                for number in range(index, min(index + window["duration_minutes"], len(found))):
                    found[number] = True
        return found

    def _blackout(self, blackout: Mapping[str, Any]) -> List[bool]:
        wall = self._wall(blackout["zone"])
        pairs = [(date, date) for date in blackout.get("dates", [])] or [(blackout["from"], blackout["to"])]
        shown = list(itertools.accumulate(wall, max))
        will_show = list(itertools.accumulate(reversed(wall), min))[::-1]
        found = [False] * len(self.all)
        for begin, end in pairs:
            first, last = datetime.datetime.fromisoformat(begin), datetime.datetime.fromisoformat(end)
            last += DAY if len(end) == 10 else datetime.timedelta()
            found = [was or (before >= first and after < last) for was, before, after in zip(found, shown, will_show)]
        return found

    def _fits(self, index: int) -> bool:
        """Whether a change may start at this minute."""
        needed = max(self.task.get("cutoff_minutes", 0), self.task.get("estimated_minutes", 0), 1)
        return index + needed <= len(self.open) and all(self.open[index : index + needed])

    @property
    def _index(self) -> int:
        return (self.now - self.first) // MINUTE

    def is_open(self) -> bool:
        """Whether a change may start now."""
        return self._fits(self._index)

    def closes_at(self) -> Optional[datetime.datetime]:
        """The first minute from now on that no window has; None if now is such a minute."""
        if not self.open[self._index]:
            return None
        return self.all[self.open.index(False, self._index)]

    def next_open(self) -> Optional[datetime.datetime]:
        """The next minute at which a change may start, after the present window."""
        begin = self.open.index(False, self._index)
        return next((self.all[index] for index in range(begin, len(self.open)) if self._fits(index)), None)
