# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The documented result of the observations: evidence, failures, summary, warnings. Pure."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field
from typing import Any, Dict, List, Sequence, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.appliance.pin_store.approvals import UnapprovedChange, approvals_yaml
from ansible_collections.certmend.tls.plugins.module_utils.appliance.pin_store.records import Acceptance, AcceptedPin, PinRecord
from ansible_collections.certmend.tls.plugins.module_utils.appliance.pin_store.store import Store
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError, raise_all
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_pin.judge import ACTIONS, Action, Decision, Status
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_pin.observation import Problem, certificate_facts
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_pin.targets import Targets

#: failures that the message describes; it names the others
DESCRIBED = 10
#: the problems that an approval solves
APPROVABLE = ("PIN-CHANGED", "APPROVAL-REFUSED")
APPROVE = "If it was expected, fill in the ticket and run again with this (role pins; the items are those of approvals of cert_pin):"
NOTHING_STORED = "Nothing was stored."


@dataclass(frozen=True)
class Report:
    """What is known of the servers after they were compared with the store.

    :param results: one for each endpoint.
    :param failures: what is wrong, with the endpoint concerned.
    :param summary: the number of endpoints with each status.
    :param unapproved: the changes that would be accepted if they were approved.
    """

    results: Tuple[Dict[str, Any], ...] = ()
    failures: Tuple[Dict[str, str], ...] = ()
    summary: Dict[str, int] = field(default_factory=dict)
    warnings: Tuple[str, ...] = ()
    unapproved: Tuple[UnapprovedChange, ...] = ()

    @property
    def to_repin(self) -> List[Dict[str, Any]]:
        """The results whose new key replaces an old one, once for each endpoint and key."""
        unique: Dict[Tuple[str, str], Dict[str, Any]] = {}
        for result in self.results:
            if result["old_pin"] and result["action"] in (Action.ROTATED, Action.REPINNED):
                unique.setdefault((result["endpoint"], result["new_pin"]), result)
        return list(unique.values())

    def raise_failures(self, expires: datetime.datetime) -> None:
        """Fail if any endpoint does.

        :param expires: until when an approval is proposed.
        :raises RemediationError: with the first failures in full, the endpoints of the others, and the approvals that would accept the changes.
        """
        try:
            self._raise_failures()
        except RemediationError as error:
            if not self.unapproved:
                raise
            proposal = approvals_yaml(self.unapproved[:DESCRIBED], expires)
            raise RemediationError(error.message, "%s %s" % (error.advice, APPROVE), (*proposal.splitlines(), NOTHING_STORED)) from error

    def _raise_failures(self) -> None:
        errors = [RemediationError(failure["message"], failure["advice"]) for failure in self.failures[:DESCRIBED]]
        others = self.failures[DESCRIBED:]
        if others:
            named = ", ".join(failure["endpoint"] for failure in others)
            errors.append(RemediationError("%d more: %s" % (len(others), named), "Run with -vvv to get their evidence in failures and results."))
        raise_all(errors)


def report_on(decisions: Sequence[Decision], store: Store, targets: Targets) -> Report:
    """Put the results together.

    :param store: as it was before the run.
    """
    return Report(
        results=tuple(_result(decision, store, targets) for decision in decisions),
        failures=tuple(_failure(decision, decision.problem, store) for decision in decisions if decision.problem),
        summary={status.value: sum(decision.status is status for decision in decisions) for status in Status},
        warnings=tuple(
            "%s is pinned, although %s" % (decision.observation.server, "; ".join(decision.objections))
            for decision in decisions
            if decision.accepted and decision.objections
        ),
        unapproved=tuple(dict.fromkeys(change for decision in decisions for change in _unapproved(decision, store))),
    )


def unlisted_in(records: Sequence[PinRecord], report: Report) -> List[Dict[str, Any]]:
    """What clients must be re-pinned to, and no worklist has yet, in the shape of the results.

    :param records: the records after the run.
    """
    results = {result["endpoint"]: result for result in reversed(report.results)}
    return [
        dict(results[str(record.server)], **_repinned(accepted))
        for record in records
        for accepted in record.pins
        if accepted.unlisted and str(record.server) in results
    ]


def _repinned(accepted: AcceptedPin) -> Dict[str, Any]:
    action = ACTIONS[Acceptance(accepted.accepted)].value
    certificate, ticket = accepted.certificate, accepted.ticket or None
    return {"action": action, "old_pin": accepted.unlisted, "new_pin": accepted.pin, "ticket": ticket, "new_certificate": certificate}


def _failure(decision: Decision, problem: Problem, store: Store) -> Dict[str, str]:
    """What is wrong with an endpoint, and its pins if it has an old and a new one."""
    server, new_pin = decision.observation.server, decision.observation.pin
    pins = store.at(server).accepted_pins
    return dict({"endpoint": str(server)}, **problem.as_dict(), **({"old_pin": pins[-1], "new_pin": new_pin} if pins and new_pin else {}))


def _unapproved(decision: Decision, store: Store) -> List[UnapprovedChange]:
    """The change of an endpoint that an approval would accept: its certificate is not the problem."""
    server, new_pin = decision.observation.server, decision.observation.pin
    if decision.problem is None or decision.problem.code not in APPROVABLE or decision.objections or new_pin is None:
        return []
    return [UnapprovedChange(server, store.at(server).accepted_pins[-1], new_pin)]


def _result(decision: Decision, store: Store, targets: Targets) -> Dict[str, Any]:
    observation = decision.observation
    server, certificate = observation.server, observation.certificate
    record = store.at(server)
    old = record.pins[-1] if record.pins else None
    return {
        "endpoint": str(server),
        "host": server.host,
        "port": server.port,
        "address": observation.address,
        "computers": list(targets.computers.get(server, ())),
        "status": decision.status.value,
        "action": decision.action.value,
        "old_pin": old.pin if old else None,
        "old_pins": list(record.accepted_pins),
        "announced_pins": list(record.announced_pins),
        "new_pin": observation.pin,
        "since": old.since if old else None,
        "ticket": decision.approval.ticket if decision.approval else None,
        "old_certificate": old.certificate if old else None,
        "new_certificate": certificate_facts(certificate) if certificate else None,
        "objections": list(decision.objections),
        "error": observation.problem.as_dict() if observation.problem else None,
    }
