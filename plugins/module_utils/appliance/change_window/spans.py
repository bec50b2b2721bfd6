# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Spans of time: the union of several, and what others leave of them. Standard library only."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, replace
from typing import Iterable, List, Sequence, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.appliance.change_window.zones import Zone


@dataclass(frozen=True)
class Span:
    """From a moment to another one (UTC), the second excluded.

    :param names: of the windows that it comes from, or the reason of a blackout.
    :param start_zone: the zone in which its start is shown, and ``end_zone`` its end.
    """

    start: datetime.datetime
    end: datetime.datetime
    start_zone: Zone
    end_zone: Zone
    names: Tuple[str, ...] = ()

    def has(self, moment: datetime.datetime) -> bool:
        """Whether the moment is in it."""
        return self.start <= moment < self.end


def union(spans: Iterable[Span]) -> List[Span]:
    """Spans that neither overlap nor touch, in their order, which together have the same moments."""
    joined: List[Span] = []
    for span in sorted((span for span in spans if span.start < span.end), key=lambda span: (span.start, span.end)):
        if joined and span.start <= joined[-1].end:
            joined[-1] = _join(joined[-1], span)
        else:
            joined.append(span)
    return joined


def _join(first: Span, second: Span) -> Span:
    names = tuple(dict.fromkeys(first.names + second.names))
    later = second if second.end > first.end else first
    return replace(first, end=later.end, end_zone=later.end_zone, names=names)


def without(spans: Sequence[Span], taken: Sequence[Span]) -> List[Span]:
    """What is left of spans without the moments of others.

    :param taken: as ``union`` returns them, as ``spans`` are.
    """
    left: List[Span] = []
    for span in spans:
        rest = span
        for other in taken:
            if other.end <= rest.start or other.start >= rest.end:
                continue
            if other.start > rest.start:
                left.append(replace(rest, end=other.start, end_zone=other.start_zone))
            rest = replace(rest, start=min(other.end, rest.end), start_zone=other.end_zone)
        if rest.start < rest.end:
            left.append(rest)
    return left
