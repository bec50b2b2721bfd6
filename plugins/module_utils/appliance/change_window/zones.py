# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Time zones by their IANA names, and what their wall clocks show. Standard library only."""

from __future__ import annotations

import datetime
import difflib
from dataclasses import dataclass
from typing import Set

from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.core.timestamps import UTC

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
SECOND = datetime.timedelta(seconds=1)


@dataclass(frozen=True)
class Zone:
    """A time zone.

    :param name: its IANA name, such as ``Europe/Berlin``.
    """

    name: str
    rules: datetime.tzinfo

    def wall(self, moment: datetime.datetime) -> datetime.datetime:
        """What the wall clock shows, without a time zone."""
        return moment.astimezone(self.rules).replace(tzinfo=None, fold=0)

    def exists(self, wall: datetime.datetime) -> bool:
        """Whether the wall clock ever shows this time; it skips an hour when daylight saving time begins."""
        return self.wall(self._read(wall, 0)) == wall

    def first(self, wall: datetime.datetime) -> datetime.datetime:
        """The first moment (UTC) at which the wall clock shows this time or a later one.

        Of an hour that the clock shows twice, it is in the first. For a time that it skips, it is the moment of the leap.
        """
        return self._read(wall, 0) if self.exists(wall) else self._leap(wall)

    def last(self, wall: datetime.datetime) -> datetime.datetime:
        """The last moment (UTC) at which the wall clock begins to show this time, or skips it."""
        return self._read(wall, 1) if self.exists(wall) else self._leap(wall)

    def text(self, moment: datetime.datetime) -> str:
        """A moment for a person: ``Fri 2026-03-27 22:00 CET (Europe/Berlin)``. The names of days do not depend on the locale."""
        local = moment.astimezone(self.rules)
        name = " (%s)" % self.name if self.name != local.tzname() else ""
        return "%s %s %s%s" % (DAYS[local.weekday()], local.strftime("%Y-%m-%d %H:%M"), local.tzname(), name)

    def _read(self, wall: datetime.datetime, fold: int) -> datetime.datetime:
        return wall.replace(tzinfo=self.rules, fold=fold).astimezone(UTC)

    def _leap(self, wall: datetime.datetime) -> datetime.datetime:
        """When the wall clock skips this time. With fold 1 a skipped time is read as before the leap, with fold 0 as after it (PEP 495)."""
        before, after = self._read(wall, 1), self._read(wall, 0)
        offset = before.astimezone(self.rules).utcoffset()
        while after - before > SECOND:
            middle = before + (after - before) // 2
            if middle.astimezone(self.rules).utcoffset() == offset:
                before = middle
            else:
                after = middle
        return after.replace(microsecond=0)


def zone_of(name: str, option: str) -> Zone:
    """The zone with an IANA name.

    :param option: names it in the error.
    :raises RemediationError: there is no such zone, or this Python knows none.
    """
    try:
        import zoneinfo
    except ImportError:
        raise RemediationError(
            "%s: this Python has no time zones (zoneinfo)" % option, "Run the task on the controller, with Python 3.9 or newer (delegate_to: localhost)."
        ) from None
    try:
        return Zone(name, zoneinfo.ZoneInfo(name))
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise RemediationError("%s: there is no time zone %r" % (option, name), _nearest(name, zoneinfo.available_timezones())) from None


def _nearest(name: str, known: Set[str]) -> str:
    """What to do about an unknown name."""
    if not known:
        return "This machine has no time zones: install the package tzdata of the system, or of Python."
    by_lower = {zone.lower(): zone for zone in sorted(known)}
    cities = {zone.lower().rpartition("/")[2]: zone for zone in sorted(known)}
    wanted = name.strip().lower().replace(" ", "_")
    near = [by_lower[match] for match in difflib.get_close_matches(wanted, by_lower, n=3)]
    near = near or [cities[match] for match in difflib.get_close_matches(wanted, cities, n=3)]
    return "Did you mean %s?" % " or ".join(near) if near else "Give an IANA name, such as Europe/Berlin or UTC."
