# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Times as a wall clock shows them, as options have them. Standard library only."""

from __future__ import annotations

import datetime
import re

from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError

CLOCK = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])")
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
#: the years whose days all zones can convert, with a reserve
FIRST_YEAR, LAST_YEAR = 1970, 9000


def minutes_of(text: str, option: str, midnight: bool = False) -> int:
    """The minutes after midnight of ``22:00``.

    :param midnight: whether 24:00, the end of the day, is a time too.
    :raises RemediationError: it is no such time.
    """
    text = text.strip()
    found = CLOCK.fullmatch(text)
    if midnight and text == "24:00":
        return 24 * 60
    if not found and text.isdecimal() and int(text[:5]) < 24 * 60:
        was = "%02d:%02d" % divmod(int(text), 60)
        raise RemediationError("%s: is the number %s" % (option, text), "Write the time in quotes, such as '%s': YAML reads it as minutes without them." % was)
    if not found:
        raise RemediationError("%s: %r is not a time" % (option, text), "Write it as '22:00', in quotes.")
    return int(found.group(1)) * 60 + int(found.group(2))


def is_day(text: str) -> bool:
    """Whether it is a date without a time."""
    return DAY.fullmatch(text.strip()) is not None


def wall_time(text: str, option: str) -> datetime.datetime:
    """A date, or a date with a time, without a time zone: ``2026-12-20`` (its midnight), ``2026-12-20T18:00``, ``2026-12-20 18:00``.

    :raises RemediationError: it is no such time, or has a time zone of its own.
    """
    try:
        parsed = datetime.datetime.fromisoformat(text.strip())
    except ValueError:
        raise RemediationError("%s: %r is not a date or time" % (option, text), "Write it as 2026-12-20 or '2026-12-20T18:00', without a time zone.") from None
    if parsed.tzinfo is not None:
        raise RemediationError("%s: %r has a time zone of its own" % (option, text), "Write what the clock in the zone of the option zone shows.")
    if not FIRST_YEAR <= parsed.year <= LAST_YEAR:
        raise RemediationError("%s: the year %d is not between %d and %d" % (option, parsed.year, FIRST_YEAR, LAST_YEAR), "Correct the year.")
    return parsed.replace(microsecond=0)
