# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The two forms of a change window: on days of the week, and by a recurrence rule. Standard library only."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any, FrozenSet, Iterator, List, Mapping, Tuple, Union

from ansible_collections.certmend.tls.plugins.module_utils.appliance.change_window.recurrence import Recurrence, parse_recurrence
from ansible_collections.certmend.tls.plugins.module_utils.appliance.change_window.spans import Span
from ansible_collections.certmend.tls.plugins.module_utils.appliance.change_window.wall_clock import minutes_of, wall_time
from ansible_collections.certmend.tls.plugins.module_utils.appliance.change_window.zones import Zone, zone_of
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError, attempt, raise_all, unwrap

DAY = datetime.timedelta(days=1)
MINUTE = datetime.timedelta(minutes=1)
WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
#: the options of each form beside ``name`` and ``zone``; the others of its form are required
WEEKLY, RECURRING = ("days", "from", "to"), ("rrule", "start", "duration_minutes")


@dataclass(frozen=True)
class Weekly:
    """From a time to another one on the wall clock, on days of the week. A window that passes midnight belongs to the day on which it starts.

    :param days: 0 is Monday.
    :param opens: minutes after midnight; ``closes`` is larger, and larger than a day's if the window ends on the next day.
    """

    name: str
    zone: Zone
    days: FrozenSet[int]
    opens: int
    closes: int

    @property
    def longest(self) -> datetime.timedelta:
        """More than the window lasts, an hour that is shown twice included."""
        return 3 * DAY

    def spans(self, begin: datetime.datetime, end: datetime.datetime) -> Iterator[Span]:
        """The windows that start between two moments, and perhaps some beside them."""
        midnight = datetime.datetime.combine(self.zone.wall(begin).date(), datetime.time()) - DAY
        for number in range((end - begin) // DAY + 4):
            day = midnight + number * DAY
            if day.weekday() in self.days:
                opens, closes = (self.zone.first(day + minutes * MINUTE) for minutes in (self.opens, self.closes))
                yield Span(opens, closes, self.zone, self.zone, (self.name,))


@dataclass(frozen=True)
class Recurring:
    """Windows that start by a recurrence rule on the wall clock, and last so many minutes (RFC 5545 section 3.3.10)."""

    name: str
    zone: Zone
    rule: Recurrence
    lasts: datetime.timedelta

    @property
    def longest(self) -> datetime.timedelta:
        """More than the window lasts."""
        return self.lasts + DAY

    def spans(self, begin: datetime.datetime, end: datetime.datetime) -> Iterator[Span]:
        """The windows that start between two moments, and perhaps some beside them. A start that the clock skips does not count (RFC 5545)."""
        for wall in self.rule.between(self.zone.wall(begin) - DAY, self.zone.wall(end) + DAY):
            if self.zone.exists(wall):
                opens = self.zone.first(wall)
                yield Span(opens, opens + self.lasts, self.zone, self.zone, (self.name,))


Window = Union[Weekly, Recurring]


def parse_window(given: Mapping[str, Any], option: str) -> Window:
    """Read one item of the option ``windows``.

    :raises RemediationError: with everything that is wrong in it.
    """
    form, other = (RECURRING, WEEKLY) if given.get("rrule") is not None else (WEEKLY, RECURRING)
    problems = [_misplaced(option, name, form) for name in other if given.get(name) is not None]
    problems += [_missing(option, name) for name in form if given.get(name) is None and name != "days"]
    raise_all(problems)
    return _recurring(given, option) if form is RECURRING else _weekly(given, option)


def _misplaced(option: str, name: str, form: Tuple[str, ...]) -> RemediationError:
    return RemediationError("%s.%s: does not go with %s" % (option, name, form[0] if form is RECURRING else "from and to"), "Make it a window of its own.")


def _missing(option: str, name: str) -> RemediationError:
    return RemediationError("%s.%s: is missing" % (option, name), "A window has zone, and either from and to, or rrule, start and duration_minutes.")


def _weekly(given: Mapping[str, Any], option: str) -> Weekly:
    errors: List[RemediationError] = []
    zone = attempt(errors, lambda: zone_of(given["zone"], option + ".zone"))
    opens = attempt(errors, lambda: minutes_of(given["from"], option + ".from"))
    closes = attempt(errors, lambda: minutes_of(given["to"], option + ".to", midnight=True))
    days = given.get("days")
    if days is not None and not days:
        errors.append(RemediationError("%s.days: is empty" % option, "Name the days on which the window starts, or leave the option out for every day."))
    raise_all(errors)
    name = given.get("name") or "%s %s-%s %s" % (", ".join(days or ["every day"]), given["from"], given["to"], given["zone"])
    begin, end = unwrap(opens, "it was read"), unwrap(closes, "it was read")
    return Weekly(name, unwrap(zone, "it was read"), frozenset(map(WEEK.index, days or WEEK)), begin, end if end > begin else end + 24 * 60)


def _recurring(given: Mapping[str, Any], option: str) -> Recurring:
    errors: List[RemediationError] = []
    read = attempt(errors, lambda: zone_of(given["zone"], option + ".zone"))
    start = attempt(errors, lambda: wall_time(given["start"], option + ".start"))
    raise_all(errors)
    zone = unwrap(read, "it was read")
    rule = parse_recurrence(given["rrule"], unwrap(start, "it was read"), zone, option + ".rrule")
    return Recurring(given.get("name") or "%s %s" % (given["rrule"], given["zone"]), zone, rule, given["duration_minutes"] * MINUTE)
