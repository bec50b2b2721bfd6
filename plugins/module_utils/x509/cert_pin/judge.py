# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Judge what a server presents against its pins. Pure: the pins, the approvals and the current time are arguments."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, replace
from typing import Optional, Sequence, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.appliance.pin_store.approvals import Approval
from ansible_collections.certmend.tls.plugins.module_utils.appliance.pin_store.records import Acceptance, AcceptedPin, PinRecord, UsedApproval
from ansible_collections.certmend.tls.plugins.module_utils.core.enums import StringEnum
from ansible_collections.certmend.tls.plugins.module_utils.core.timestamps import timestamp
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_pin import problems
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_pin.observation import Observation, Problem, certificate_facts
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import Certificate
from ansible_collections.certmend.tls.plugins.module_utils.x509.path.presented_chain import chain_of
from ansible_collections.certmend.tls.plugins.module_utils.x509.rules.registry import judge
from ansible_collections.certmend.tls.plugins.module_utils.x509.rules.rule import JudgementContext

#: findings with which a certificate is not accepted as a successor, even if it was approved or announced
DISQUALIFYING = ("NAME-MISMATCH", "VALIDITY-EXPIRED", "VALIDITY-NOT-YET")


class Status(StringEnum):
    """What the presented key is to the store."""

    OK = "ok"
    FIRST_USE = "first_use"
    CHANGED = "changed"
    ANNOUNCED = "announced"
    UNREACHABLE = "unreachable"


class Action(StringEnum):
    """What becomes of the store."""

    NONE = "none"
    PINNED = "pinned"
    ROTATED = "rotated"
    REPINNED = "repinned"


ACTIONS = {Acceptance.FIRST_USE: Action.PINNED, Acceptance.ANNOUNCED: Action.ROTATED, Acceptance.APPROVED: Action.REPINNED}


@dataclass(frozen=True)
class Policy:
    """What the options allow.

    :param writes: whether pins may be accepted into the store.
    :param pin_first_use: whether the first key of a server is trusted.
    :param unreachable_fails: whether a server that does not answer is a failure.
    """

    writes: bool
    pin_first_use: bool
    unreachable_fails: bool
    now: datetime.datetime


@dataclass(frozen=True)
class Baseline:
    """What is known about a server before the run, with which its key is compared.

    :param announced_now: pins that this very task announces. They count only if the server has no pin yet: what is announced after the change is
        not an announcement.
    :param approvals: those for this server.
    """

    record: PinRecord
    announced_now: Tuple[str, ...] = ()
    approvals: Tuple[Approval, ...] = ()
    used_approvals: Tuple[UsedApproval, ...] = ()


@dataclass(frozen=True)
class Decision:
    """The outcome of an observation.

    :param accepted: the pin that comes into the store; None if none does.
    :param approval: the approval that was used for it.
    :param problem: why the task fails; None if it does not.
    :param objections: what is wrong with the new certificate.
    """

    observation: Observation
    status: Status
    accepted: Optional[AcceptedPin] = None
    approval: Optional[Approval] = None
    problem: Optional[Problem] = None
    objections: Tuple[str, ...] = ()

    @property
    def action(self) -> Action:
        """What becomes of the store."""
        return ACTIONS[Acceptance(self.accepted.accepted)] if self.accepted else Action.NONE


def decide(observation: Observation, baseline: Baseline, policy: Policy) -> Decision:
    """Decide whether the presented key is accepted, and whether the task fails."""
    certificate = observation.certificate
    if certificate is None:
        return Decision(observation, Status.UNREACHABLE, problem=observation.problem if policy.unreachable_fails else None)
    status = status_of(certificate.pin, baseline)
    if status is Status.OK:
        return Decision(observation, status)
    decision = Decision(observation, status, objections=objections_to(certificate, observation, policy.now))
    if status is Status.FIRST_USE:
        return _first_use(decision, certificate, baseline, policy)
    if status is Status.ANNOUNCED:
        return _announced(decision, certificate, policy)
    return _changed(decision, certificate, baseline, policy)


def status_of(pin: str, baseline: Baseline) -> Status:
    """Whether a key is pinned, announced, the first key of its server, or another key."""
    record = baseline.record
    if pin in record.accepted_pins:
        return Status.OK
    if pin in record.announced_pins or (not record.pins and pin in baseline.announced_now):
        return Status.ANNOUNCED
    return Status.CHANGED if record.pins else Status.FIRST_USE


def objections_to(certificate: Certificate, observation: Observation, now: datetime.datetime) -> Tuple[str, ...]:
    """Why a certificate must not succeed another one: it is outside its validity, or does not have the server's name."""
    chain = chain_of([certificate], None, first_is_leaf=True, at=now)
    findings = judge(chain, JudgementContext(now=now, name=observation.name), str(observation.server))
    return tuple(finding.message for finding in findings if finding.code in DISQUALIFYING)


def _first_use(decision: Decision, certificate: Certificate, baseline: Baseline, policy: Policy) -> Decision:
    if policy.pin_first_use:
        return _accept(decision, certificate, Acceptance.FIRST_USE, policy)
    expected = baseline.record.announced_pins + baseline.announced_now
    return replace(decision, problem=problems.pin_unknown(decision.observation.server, certificate, expected))


def _announced(decision: Decision, certificate: Certificate, policy: Policy) -> Decision:
    if decision.objections:
        return replace(decision, problem=problems.pin_refused(decision.observation.server, "announced", decision.objections))
    return _accept(decision, certificate, Acceptance.ANNOUNCED, policy)


def _changed(decision: Decision, certificate: Certificate, baseline: Baseline, policy: Policy) -> Decision:
    approval = _approval_for(certificate.pin, baseline.approvals)
    server = decision.observation.server
    if approval is None:
        return replace(decision, problem=problems.pin_changed(server, certificate, baseline.record))
    refusals = approval.refusals(baseline.record, certificate.pin, baseline.used_approvals, policy.now)
    if refusals:
        return replace(decision, problem=problems.approval_refused(server, certificate, baseline.record, approval, refusals))
    if decision.objections:
        approved = "approved (ticket %s)" % approval.ticket
        return replace(decision, problem=problems.pin_refused(server, approved, decision.objections))
    return _accept(decision, certificate, Acceptance.APPROVED, policy, approval)


def _approval_for(pin: str, approvals: Sequence[Approval]) -> Optional[Approval]:
    """The approval of this pin, or else the first one, whose refusal explains why it does not cover the change."""
    matching = [approval for approval in approvals if approval.new_pin == pin]
    return next(iter(matching or approvals), None)


def _accept(decision: Decision, certificate: Certificate, why: Acceptance, policy: Policy, approval: Optional[Approval] = None) -> Decision:
    if not policy.writes:
        return decision
    ticket = approval.ticket if approval else ""
    accepted = AcceptedPin(certificate.pin, timestamp(policy.now), why.value, ticket, certificate_facts(certificate))
    return replace(decision, accepted=accepted, approval=approval)
