# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A whole run of ``cert_pin``: look at the servers, then read the store, decide and write, which the caller does under one lock."""

from __future__ import annotations

import functools
import itertools
from typing import Any, Dict, List, Sequence, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.preflight import check_writable
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.transaction import Replacement, Transaction
from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.endpoints import HostPort
from ansible_collections.certmend.tls.plugins.module_utils.appliance.pin_store import audit_log
from ansible_collections.certmend.tls.plugins.module_utils.appliance.pin_store.records import UsedApproval
from ansible_collections.certmend.tls.plugins.module_utils.appliance.pin_store.store import Store, dump, load
from ansible_collections.certmend.tls.plugins.module_utils.core.converge import Step, Undo
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError, raise_all
from ansible_collections.certmend.tls.plugins.module_utils.core.legacy import moment
from ansible_collections.certmend.tls.plugins.module_utils.core.timestamps import timestamp
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_pin import options
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_pin import plan as changes
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_pin.collect import visit_all
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_pin.judge import (
    STATUSES,
    Decision,
    Policy,
    Visit,
    all_failures,
    decide,
    evidence,
)
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_pin.plan import Change

#: failures that the message tells in full; whoever reads it at night reads no thousand
IN_FULL = 10


class Pinning:
    """One run of the module.

    :param facts: filled meanwhile, so that a failed task still tells what was seen.
    :param warnings: likewise.
    """

    def __init__(self, params: Dict[str, Any], facts: Dict[str, Any], warnings: List[str]) -> None:
        self.params, self.facts, self.warnings = params, facts, warnings
        facts.update(results=[], failures=[], summary={}, backup_files={}, created_files=[])
        self.now = moment(None)
        self.asked = options.asked_of(params)
        self.visits: List[Visit] = []

    def look(self) -> None:
        """The handshakes, before anybody is kept waiting by the lock."""
        if self.params["state"] in options.LOOKING:
            self.visits = visit_all(self.asked.endpoints, self.params)

    def plan(self) -> List[Step]:
        """Read the store and decide. All or nothing: where an endpoint fails, nothing is accepted at the others either.

        :raises RemediationError: the store is damaged, or an endpoint fails, with the evidence.
        """
        state = self.params["state"]
        store = load(self.params["pins_path"], must_exist=state == options.CHECKED)
        spent = store.used_approvals
        if state == options.RESTORED:
            kept = load(self.params["backup_path"], "backup_path", must_exist=True)
            spent += tuple(one for one in kept.used_approvals if one not in spent)  # an approval that was used stays used
            made = [changes.put_back(store.at(place), kept.at(place)) for place in self.asked.places or _all_places(store, kept)]
        elif state == options.ABSENT:
            made = [changes.removed(store.at(place), self.asked.pins) for place in self.asked.places]
        else:
            made = self._judged(store)
        return self._steps(store, [one for one in made if one.events], spent)

    def _judged(self, store: Store) -> List[Change]:
        """The changes that what was seen comes to, after all of it was told."""
        policy = Policy(
            accept=self.params["state"] in options.ACCEPTING,
            first_use=self.params["first_use"] == "pin",
            unreachable_fails=self.params["unreachable"] == "fail",
            now=self.now,
        )
        decided = [self._decision(visit, store, policy) for visit in self.visits]
        self._tell(decided, store)
        at: Dict[HostPort, List[Decision]] = {}
        for one in decided:
            at.setdefault(one.visit.place, []).append(one)
        return [self._change(place, decisions, store) for place, decisions in at.items()] if policy.accept else []

    def _decision(self, visit: Visit, store: Store, policy: Policy) -> Decision:
        place = visit.place
        expected = [one.pin for one in self.asked.announced if one.place in (None, place)]
        return decide(visit, store.at(place), expected, [one for one in self.asked.approvals if one.server == place], store.used_approvals, policy)

    def _change(self, place: HostPort, decisions: Sequence[Decision], store: Store) -> Change:
        change = changes.accepted(store.at(place), decisions, self.now, self.params["keep_old"])
        news = [one for one in self.asked.announced if one.place in (None, place)]
        return changes.announced(change, news, timestamp(self.now))

    def _tell(self, decisions: List[Decision], store: Store) -> None:
        self.facts["results"] = [evidence(one, store.at(one.visit.place)) for one in decisions]
        self.facts["summary"] = {status: sum(one.status == status for one in decisions) for status in STATUSES}
        self.facts["failures"] = failures = all_failures(decisions)
        for one in decisions:
            if one.accepted and one.objections:
                self.warnings.append("%s is pinned, although %s" % (one.visit.place, "; ".join(one.objections)))
        errors = [RemediationError(one["message"], one["advice"]) for one in failures[:IN_FULL]]
        if failures[IN_FULL:]:
            more = ", ".join(one["endpoint"] for one in failures[IN_FULL:])
            errors.append(RemediationError("%d more: %s" % (len(failures) - IN_FULL, more), "Their evidence is in failures and results."))
        raise_all(errors)

    def _steps(self, store: Store, made: List[Change], spent: Tuple[UsedApproval, ...]) -> List[Step]:
        """The store's one write, and the lines for the log."""
        if not made:
            return []
        path, log, moment_of_use = self.params["pins_path"], self.params["audit_log"], timestamp(self.now)
        used = tuple(approval.as_used(moment_of_use) for one in made for approval in one.approvals)
        content = dump(store.with_records([one.after for one in made], spent + used))
        replacement = Replacement(path, content, "pins_path")
        check_writable([replacement])
        before, after = ("".join(texts) for texts in zip(*((one.before_text, one.after_text) for one in made)))
        steps = [Step(path, before, after, functools.partial(self._write, replacement))]
        if log:
            events = [event for one in made for event in one.events]
            entries = [dict({"at": moment_of_use}, **event) for event in events]
            audit_log.check_appendable(log, entries)
            steps.append(Step(log, "", "".join("%s\n" % audit_log.format_entry(one) for one in events), functools.partial(audit_log.append_entries, log, entries)))
        return steps

    def apply(self, step: Step) -> Any:
        """Write the store, or add to the log."""
        return step.payload()

    def _write(self, replacement: Replacement) -> Undo:
        transaction = Transaction([replacement], backup=self.params["backup"])
        undo = transaction.commit()
        self.facts.update(backup_files=transaction.backups, created_files=transaction.created)
        return undo


def _all_places(*stores: Store) -> List[HostPort]:
    return list(dict.fromkeys(itertools.chain.from_iterable(store.records for store in stores)))
