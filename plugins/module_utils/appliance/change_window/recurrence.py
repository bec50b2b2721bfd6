# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Recurrence rules (RFC 5545 section 3.3.10), through python-dateutil, which only windows by a rule need."""

from __future__ import annotations

import datetime
import itertools
import re
from typing import Any, Iterator, Match

from ansible_collections.certmend.tls.plugins.module_utils.appliance.change_window.zones import Zone
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.core.timestamps import UTC

RULE = re.compile(r"(?:RRULE:)?([A-Z]+=[A-Z0-9,+-]+(?:;[A-Z]+=[A-Z0-9,+-]+)*);?")
#: an end of a rule: a day, or a moment in local time or UTC
UNTIL = re.compile(r"(?<=UNTIL=)([0-9]{8})(?:T([0-9]{6})(Z?))?(?=;|\Z)")
FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
#: starts of one rule that are looked at; a daily rule of a thousand years has fewer
MOST_STARTS = 400000
#: what dateutil raises for a rule that it cannot read, or whose dates leave the calendar
REFUSALS = (ValueError, KeyError, TypeError, AttributeError, IndexError, OverflowError)


class Recurrence:
    """The starts of windows on a wall clock.

    :param rule: a ``dateutil.rrule.rrule`` without time zones.
    :param option: names the rule in an error.
    """

    def __init__(self, rule: Any, option: str) -> None:
        self._rule = rule
        self._option = option

    def between(self, begin: datetime.datetime, end: datetime.datetime) -> Iterator[datetime.datetime]:
        """The starts between two times on the wall clock.

        :raises RemediationError: there are too many to look at.
        """
        try:
            for number, start in enumerate(itertools.takewhile(lambda start: start <= end, self._rule)):
                if number == MOST_STARTS:
                    raise RemediationError("%s: has more than %d starts" % (self._option, MOST_STARTS), "Use a later start, or a rule with fewer starts a day.")
                if start >= begin:
                    yield start
        except OverflowError:
            return  # a step leads out of the calendar: there is no further start


def parse_recurrence(text: str, start: datetime.datetime, zone: Zone, option: str) -> Recurrence:
    """Read a rule such as ``FREQ=MONTHLY;BYDAY=2TU``.

    :param start: the first start, as the wall clock shows it (DTSTART).
    :raises RemediationError: dateutil is missing, or the rule is malformed, or it is of a kind that no change window is.
    """
    found = RULE.fullmatch("".join(text.split()).upper())
    parts = dict(part.split("=", 1) for part in found.group(1).split(";")) if found else {}
    if parts.get("FREQ") not in FREQUENCIES or not parts.get("INTERVAL", "1").strip("0"):
        advice = "Write one rule, such as FREQ=MONTHLY;BYDAY=2TU. FREQ is %s; start, zone and duration have options of their own." % ", ".join(FREQUENCIES)
        raise RemediationError("%s: %r is not a rule for change windows" % (option, text), advice)
    try:
        from dateutil.rrule import rrulestr
    except ImportError:
        raise RemediationError("%s: the Python library python-dateutil is missing" % option, "Install python-dateutil on the controller.") from None
    try:
        rule = rrulestr(UNTIL.sub(lambda until: _local_until(until, zone), found.group(1) if found else ""), dtstart=start)
        has_starts = next(iter(rule), None) is not None
    except REFUSALS as error:
        raise RemediationError("%s: %s" % (option, " ".join(str(error).split())), "See RFC 5545 section 3.3.10.") from error
    if not has_starts:
        raise RemediationError("%s: %r never starts a window" % (option, text), "Correct the rule, or start, which is the first time at which it can.")
    return Recurrence(rule, option)


def _local_until(until: Match[str], zone: Zone) -> str:
    """The end of a rule on the wall clock. In a calendar it is in UTC (RFC 5545); a day counts as a whole."""
    day, time, utc = until.groups()
    if not utc:
        return day + "T" + (time or "235959")
    moment = datetime.datetime.strptime(day + time, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    return zone.wall(moment).strftime("%Y%m%dT%H%M%S")
