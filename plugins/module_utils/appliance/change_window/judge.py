# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a change may start, until when, and when the next one may. Standard library only."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import List, Optional, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.appliance.change_window.options import Options
from ansible_collections.certmend.tls.plugins.module_utils.appliance.change_window.spans import Span, union, without
from ansible_collections.certmend.tls.plugins.module_utils.appliance.change_window.zones import Zone
from ansible_collections.certmend.tls.plugins.module_utils.core.enums import StringEnum
from ansible_collections.certmend.tls.plugins.module_utils.core.timestamps import UTC

#: how far ahead windows are looked for: first the near ones, then as far as the 29th of February, which 2100 does not have
HORIZONS = (datetime.timedelta(days=40), datetime.timedelta(days=9 * 366))
GREENWICH = Zone("UTC", UTC)


class Gate(StringEnum):
    """Why a change may start, or not."""

    OPEN = "open"
    OUTSIDE = "outside"
    BLACKOUT = "blackout"
    CUTOFF = "cutoff"
    ESTIMATE = "estimate"


@dataclass(frozen=True)
class Answer:
    """What was judged at one moment.

    :param window: what is left of the windows around this moment; None outside of them.
    :param closes: its end; None if it has none.
    :param last_start: the last moment at which a change may start in it; None if there is no last one.
    :param blackout: the blackout around this moment.
    :param next_open: the next moment from which a change may start, after the end of the present window if it is open; None: there is none.
    :param next_zone: the zone in which it is shown.
    """

    at: datetime.datetime
    gate: Gate
    window: Optional[Span] = None
    closes: Optional[datetime.datetime] = None
    last_start: Optional[datetime.datetime] = None
    blackout: Optional[Span] = None
    next_open: Optional[datetime.datetime] = None
    next_zone: Zone = GREENWICH

    @property
    def is_open(self) -> bool:
        """Whether a change may start."""
        return self.gate is Gate.OPEN


def judge(options: Options, now: datetime.datetime) -> Answer:
    """Whether a change may start now. Windows are a union, and blackouts win."""
    for horizon in HORIZONS:
        answer, is_final = _judge_until(options, now, now + horizon)
        if is_final:
            break
    return answer


def _judge_until(options: Options, now: datetime.datetime, end: datetime.datetime) -> Tuple[Answer, bool]:
    """The answer of the spans up to a moment, and whether a later one could not change it."""
    spans = [span for span in _spans(options, now, end) if span.start < end]  # before a later one there may be others, which were not looked for
    current = next((span for span in spans if span.has(now)), None)
    later = next((span for span in spans if span.start > now and _fits(options, span, span.start)), None)
    blackout = next((span for span in union(options.blackouts) if span.has(now)), None)
    closes = current.end if current is not None and current.end < end else None
    answer = Answer(
        at=now,
        gate=_gate(options, now, current, blackout),
        window=current,
        closes=closes,
        last_start=None if closes is None else closes - max(options.cutoff, options.estimate),
        blackout=blackout,
        next_open=None if later is None else later.start,
        next_zone=GREENWICH if later is None else later.start_zone,
    )
    return answer, later is not None and (current is None or closes is not None)


def _spans(options: Options, now: datetime.datetime, end: datetime.datetime) -> List[Span]:
    """What the blackouts leave of the windows around now and after it."""
    if options.windows:
        found = union(span for window in options.windows for span in window.spans(now - window.longest, end))
    else:
        found = [Span(now, end, GREENWICH, GREENWICH)]
    return without(found, union(options.blackouts))


def _gate(options: Options, now: datetime.datetime, current: Optional[Span], blackout: Optional[Span]) -> Gate:
    if blackout is not None:
        return Gate.BLACKOUT
    if current is None:
        return Gate.OUTSIDE
    if _fits(options, current, now):
        return Gate.OPEN
    return Gate.CUTOFF if now > current.end - options.cutoff else Gate.ESTIMATE


def _fits(options: Options, span: Span, start: datetime.datetime) -> bool:
    """Whether a change may start at a moment of a span. One that reaches the horizon is at least as long as it is known to be."""
    return start <= span.end - max(options.cutoff, options.estimate)
