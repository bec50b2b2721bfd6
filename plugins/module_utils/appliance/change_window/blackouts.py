# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Blackouts: times without changes, which win over every window. Standard library only."""

from __future__ import annotations

import datetime
from typing import Any, List, Mapping, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.appliance.change_window.spans import Span
from ansible_collections.certmend.tls.plugins.module_utils.appliance.change_window.wall_clock import is_day, wall_time
from ansible_collections.certmend.tls.plugins.module_utils.appliance.change_window.zones import Zone, zone_of
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError, attempt, raise_all

DAY = datetime.timedelta(days=1)


def parse_blackout(given: Mapping[str, Any], option: str) -> Tuple[Span, ...]:
    """Read one item of the option ``blackouts``: one span, or one for each of its dates.

    :raises RemediationError: with everything that is wrong in it.
    """
    dates, begin, end = given.get("dates"), given.get("from"), given.get("to")
    if bool(dates) == (begin is not None) or (begin is None) != (end is None):
        raise RemediationError("%s: has not either dates, or from and to" % option, "Give dates, or both from and to; a last day counts as a whole.")
    zone = zone_of(given["zone"], option + ".zone")
    names = (given.get("reason") or "no reason was given",)
    errors: List[RemediationError] = []
    pairs = [("%s.dates[%d]" % (option, number), date, date) for number, date in enumerate(dates or ())] or [(option, begin, end)]
    spans = [attempt(errors, lambda: _span(at, first, last, zone, names)) for at, first, last in pairs]  # noqa: B023  (called at once)
    raise_all(errors)
    return tuple(span for span in spans if span is not None)


def _span(option: str, first: str, last: str, zone: Zone, names: Tuple[str, ...]) -> Span:
    """A blackout. Its end is never before what the clock shows: of an hour that is shown twice, both count."""
    begin, end = wall_time(first, option), wall_time(last, option)
    span = Span(zone.first(begin), zone.last(end + DAY if is_day(last) else end), zone, zone, names)
    if span.start >= span.end:
        raise RemediationError("%s: it ends before it begins" % option, "Correct from and to.")
    return span
