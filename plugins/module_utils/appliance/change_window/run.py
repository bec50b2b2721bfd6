# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A run of ``change_window``: judge the moment; if no change may start, refuse, wait or only say so. Standard library only."""

from __future__ import annotations

import datetime
from typing import Any, Dict, Mapping, Optional, Sequence

from ansible_collections.certmend.tls.plugins.module_utils.appliance.change_window.judge import Answer, Gate, judge
from ansible_collections.certmend.tls.plugins.module_utils.appliance.change_window.options import OnClosed, Options
from ansible_collections.certmend.tls.plugins.module_utils.appliance.change_window.spans import Span
from ansible_collections.certmend.tls.plugins.module_utils.appliance.change_window.waiting import Clock, wait_until
from ansible_collections.certmend.tls.plugins.module_utils.appliance.change_window.words import expiring, expiry_warnings, reason_of
from ansible_collections.certmend.tls.plugins.module_utils.appliance.change_window.zones import Zone
from ansible_collections.certmend.tls.plugins.module_utils.core.converge import Step
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.core.run import Run, RunContext
from ansible_collections.certmend.tls.plugins.module_utils.core.sentences import sentences
from ansible_collections.certmend.tls.plugins.module_utils.core.timestamps import timestamp

MINUTE = datetime.timedelta(minutes=1)


class ChangeWindowRun(Run[None]):
    """It changes nothing, so its plan has no step."""

    def __init__(self, options: Options, now: datetime.datetime, clock: Clock) -> None:
        super().__init__()
        self.options = options
        self.clock = clock
        self.began = now
        #: how long the task may still wait
        self.left = options.wait_limit
        self.answer = Answer(now, Gate.OUTSIDE)
        #: whether the task was free to refuse or to wait, which check mode is not
        self.enforced = False

    @classmethod
    def from_params(cls, params: Mapping[str, Any], context: RunContext, clock: Clock = Clock()) -> ChangeWindowRun:  # noqa: B008  (it is frozen)
        """A run of the module's parameters."""
        return cls(Options.from_params(params, context.now), context.now, clock)

    def collect(self) -> None:
        """Judge the moment at which the task began."""
        self.answer = judge(self.options, self.began)

    def prepare(self) -> None:
        """Wait, or refuse. Check mode is never blocked: it does neither."""
        self.enforced = True
        if self.options.on_closed is OnClosed.WAIT:
            self._wait()
        if self._is_closed() and self.options.on_closed is not OnClosed.REPORT:
            raise self._refusal()

    def plan(self) -> Sequence[Step[None]]:
        """Say what a run would have said, and name the certificates that expire before the next window."""
        if not self.enforced and self._is_closed() and self.options.on_closed is not OnClosed.REPORT:
            self.warnings.append(sentences("Without check mode this task would %s" % self._would(), reason_of(self.answer, self.options) + "."))
        if not self.answer.is_open:
            self.warnings += expiry_warnings(self.answer, self.options)
        return ()

    def _is_closed(self) -> bool:
        return not self.answer.is_open and self.options.override is None

    def _wait(self) -> None:
        """Wait for the next window, as long as it opens within the limit; judge again when the wait is over."""
        while self._is_closed() and self.answer.next_open is not None and self._is_near():
            now, self.left = wait_until(self.answer.next_open, self.left, self.clock)
            self.answer = judge(self.options, now)

    def _is_near(self) -> bool:
        """Whether the next window opens within what is left of the limit."""
        return self.answer.next_open is not None and self.answer.next_open - self.answer.at <= self.left

    def _would(self) -> str:
        if self.options.on_closed is OnClosed.WAIT and self._is_near():
            return "wait"
        return "fail"

    def _refusal(self) -> RemediationError:
        self.warnings += expiry_warnings(self.answer, self.options)
        if self.answer.next_open is None:
            advice = "Correct the windows and blackouts"
        elif self.options.on_closed is OnClosed.WAIT:
            advice = "That is more than the %d minutes of wait_limit away; run it again then" % (self.options.wait_limit // MINUTE)
        else:
            advice = "Run it again then"
        return RemediationError(reason_of(self.answer, self.options), "%s, or give an override with its reason if it cannot wait." % advice)

    def facts(self) -> Dict[str, Any]:
        """The documented result."""
        answer, options = self.answer, self.options
        overridden = options.override is not None and not answer.is_open
        zone = answer.window.end_zone if answer.window is not None else answer.next_zone
        return {
            "open": answer.is_open or overridden,
            "overridden": overridden,
            "override": dict(vars(options.override)) if overridden and options.override is not None else None,
            "reason": self._reason(),
            "gate": answer.gate.value,
            "window": _window(answer) if options.windows else None,
            "blackout": _blackout(answer.blackout),
            "closes_at": _utc(answer.closes),
            "closes_at_local": _local(answer.closes, zone),
            "last_start": _utc(answer.last_start),
            "last_start_local": _local(answer.last_start, zone),
            "next_open": _utc(answer.next_open),
            "next_open_local": _local(answer.next_open, answer.next_zone),
            "judged_at": timestamp(answer.at),
            "waited_seconds": int((options.wait_limit - self.left).total_seconds()),
            "expiring": [{"name": expiry.name, "not_after": timestamp(expiry.not_after)} for expiry in expiring(answer, options)],
        }

    def _reason(self) -> str:
        reason = reason_of(self.answer, self.options)
        if self.answer.is_open or self.options.override is None:
            return reason + "."
        override = self.options.override
        return sentences("The closed change window is overridden by %s" % override.by, "Reason: %s" % override.reason, reason + ".")


def _window(answer: Answer) -> Optional[Dict[str, Any]]:
    span = answer.window
    if span is None:
        return None
    return {"names": list(span.names), "opened_at": timestamp(span.start), "closes_at": _utc(answer.closes), "zone": span.end_zone.name}


def _blackout(span: Optional[Span]) -> Optional[Dict[str, Any]]:
    if span is None:
        return None
    return {"reasons": list(span.names), "begins_at": timestamp(span.start), "ends_at": timestamp(span.end), "zone": span.end_zone.name}


def _utc(moment: Optional[datetime.datetime]) -> Optional[str]:
    return None if moment is None else timestamp(moment)


def _local(moment: Optional[datetime.datetime], zone: Zone) -> Optional[str]:
    return None if moment is None else zone.text(moment)
