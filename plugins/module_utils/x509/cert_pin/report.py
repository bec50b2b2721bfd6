# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The documented result of the observations: evidence, failures, summary, warnings. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Dict, List, Sequence, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.appliance.pin_store.store import Store
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError, raise_all
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_pin.judge import Action, Decision, Status
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_pin.observation import certificate_facts
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_pin.targets import Targets

#: failures that the message describes; it names the others
DESCRIBED = 10


@dataclass(frozen=True)
class Report:
    """What is known of the servers after they were compared with the store.

    :param results: one for each endpoint.
    :param failures: what is wrong, with the endpoint concerned.
    :param summary: the number of endpoints with each status.
    """

    results: Tuple[Dict[str, Any], ...] = ()
    failures: Tuple[Dict[str, str], ...] = ()
    summary: Dict[str, int] = field(default_factory=dict)
    warnings: Tuple[str, ...] = ()

    @property
    def to_repin(self) -> List[Dict[str, Any]]:
        """The results whose new key replaces an old one, once for each endpoint and key."""
        unique: Dict[Tuple[str, str], Dict[str, Any]] = {}
        for result in self.results:
            if result["old_pin"] and result["action"] in (Action.ROTATED, Action.REPINNED):
                unique.setdefault((result["endpoint"], result["new_pin"]), result)
        return list(unique.values())

    def raise_failures(self) -> None:
        """Fail if any endpoint does.

        :raises RemediationError: with the first failures in full, and the endpoints of the others.
        """
        errors = [RemediationError(failure["message"], failure["advice"]) for failure in self.failures[:DESCRIBED]]
        others = self.failures[DESCRIBED:]
        if others:
            named = ", ".join(failure["endpoint"] for failure in others)
            errors.append(RemediationError("%d more: %s" % (len(others), named), "Their evidence is in failures and results."))
        raise_all(errors)


def report_on(decisions: Sequence[Decision], store: Store, targets: Targets) -> Report:
    """Put the results together.

    :param store: as it was before the run.
    """
    return Report(
        results=tuple(_result(decision, store, targets) for decision in decisions),
        failures=tuple(dict({"endpoint": str(decision.observation.server)}, **decision.problem.as_dict()) for decision in decisions if decision.problem),
        summary={status.value: sum(decision.status is status for decision in decisions) for status in Status},
        warnings=tuple(
            "%s is pinned, although %s" % (decision.observation.server, "; ".join(decision.objections))
            for decision in decisions
            if decision.accepted and decision.objections
        ),
    )


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
