# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A run of ``cert_pin``: observe the servers, then read the store, decide and write under a lock."""

from __future__ import annotations

import datetime
import os
from functools import partial
from typing import Any, ContextManager, Dict, List, Mapping, Optional, Sequence, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.atomic_write import sweep_beside
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.lock import locked
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.transaction import Transaction, check_possible
from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.endpoints import HostPort
from ansible_collections.certmend.tls.plugins.module_utils.appliance.pin_store.audit_log import append_entries, check_appendable, ends_with, last_entries
from ansible_collections.certmend.tls.plugins.module_utils.appliance.pin_store.records import PinRecord, UsedApproval
from ansible_collections.certmend.tls.plugins.module_utils.appliance.pin_store.store import Store, load
from ansible_collections.certmend.tls.plugins.module_utils.core.converge import Step, Undo
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.core.run import Run, RunContext
from ansible_collections.certmend.tls.plugins.module_utils.core.timestamps import timestamp
from ansible_collections.certmend.tls.plugins.module_utils.x509.backend import require
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_pin.collect import observe
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_pin.judge import Baseline, Decision, Policy, decide
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_pin.log_entries import LogPlan, describe_unstored, not_stored
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_pin.new_store import check_new_store
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_pin.observation import Observation
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_pin.options import Options, State
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_pin.plan import (
    AppendLog,
    Change,
    Payload,
    WriteStore,
    accept,
    announce,
    changed_since,
    list_repinned,
    make_steps,
    remove,
    restore,
)
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_pin.report import Report, report_on, unlisted_in

#: how long a proposed approval is valid
PROPOSED_FOR = datetime.timedelta(days=1)


class CertPinRun(Run[Payload]):
    """Its steps are the entries of the audit log, and then one write of the store: the log knows of every change, whenever a run ends."""

    def __init__(self, options: Options, context: RunContext) -> None:
        super().__init__()
        self.options = options
        self.policy = Policy(options.state.accepts, options.pin_first_use, options.unreachable_fails, context.now)
        self.at = timestamp(context.now)
        self.observations: Sequence[Observation] = ()
        self.report = Report()
        #: the records as the run leaves them
        self.records: Sequence[PinRecord] = ()
        self.unlisted: List[Dict[str, Any]] = []
        #: the pins of the servers whose records change
        self.stored_pins: List[str] = []
        #: the servers that are not restored, because somebody else has changed their pins
        self.left: List[HostPort] = []

    @classmethod
    def from_params(cls, params: Mapping[str, Any], context: RunContext) -> CertPinRun:
        """A run of the module's parameters."""
        require()
        return cls(Options.from_params(params), context)

    def collect(self) -> None:
        """Make the handshakes, while other runs may hold the lock."""
        options = self.options
        if options.state.observes:
            self.observations = observe(options.targets.endpoints, options.presented, options.workers, options.timeout)

    def prepare(self) -> None:
        """Remove the temporary files of a run that was killed."""
        if self.policy.writes:
            sweep_beside(self.options.pins_path)

    def lock(self) -> ContextManager[None]:
        """Other runs wait: two that write the store at once would lose pins."""
        return locked(self.options.pins_path, "pins_path")

    def plan(self) -> Sequence[Step[Payload]]:
        """Read the store and decide. If any endpoint fails, nothing is accepted at the others either.

        :raises RemediationError: the store is damaged or cannot be written, or an endpoint fails.
        """
        options = self.options
        check_new_store(options)
        store = load(options.pins_path, must_exist=options.state is State.CHECKED)
        log = self._log(store)
        used = store.used_approvals
        if options.state is State.RESTORED:
            changes, used = self._restored(store)
        elif options.state is State.ABSENT:
            changes = [remove(store.at(server), options.pins) for server in options.targets.servers]
        elif options.state is State.LISTED:
            changes = [list_repinned(store.at(server), options.pins) for server in options.targets.servers]
        else:
            changes = self._accepted(store)
        steps = make_steps(store, changes, used, options.pins_path, log, self.at)
        _check(steps, self.options.journal)
        self.records = [change.after for change in changes]
        stored = [pin for change in changes if change.events for pin in change.after.accepted_pins + change.after.announced_pins]
        self.stored_pins = sorted(set(stored))
        return steps

    def _log(self, store: Store) -> Optional[LogPlan]:
        """The audit log, and what it has that the store has not. A task that only compares writes nothing, but says so."""
        options = self.options
        if options.audit_log is None:
            return None
        servers = options.targets.servers or tuple(store.records)
        path = os.path.realpath(options.pins_path)
        notes = not_stored([store.at(server) for server in servers], last_entries(options.audit_log, path))
        self.warnings += [describe_unstored(note) for note in notes]
        return LogPlan(options.audit_log, path, notes if options.state is not State.CHECKED else ())

    def _restored(self, store: Store) -> Tuple[List[Change], Tuple[UsedApproval, ...]]:
        """The changes to the records of the backup. Approvals that were used since then stay used."""
        backup = load(self.options.backup_path or "", "backup_path", must_exist=True)
        used = store.used_approvals + tuple(approval for approval in backup.used_approvals if approval not in store.used_approvals)
        servers = self.options.targets.servers or dict.fromkeys(list(store.records) + list(backup.records))
        self.left = [server for server in servers if changed_since(store.at(server), backup.at(server), self.options.pins)]
        return [restore(store.at(server), backup.at(server)) for server in servers if server not in self.left], used

    def _accepted(self, store: Store) -> List[Change]:
        """The changes that the observations lead to, if no endpoint fails."""
        decisions = [decide(observation, self._baseline(observation.server, store), self.policy) for observation in self.observations]
        self.report = report_on(decisions, store, self.options.targets)
        self.warnings += self.report.warnings
        self.report.raise_failures(self.policy.now + PROPOSED_FOR)
        return self._changes(store, decisions) if self.policy.writes else []

    def _baseline(self, server: HostPort, store: Store) -> Baseline:
        announced = tuple(announcement.pin for announcement in self.options.announced if announcement.concerns(server))
        approvals = tuple(approval for approval in self.options.approvals if approval.server == server)
        return Baseline(store.at(server), announced, approvals, store.used_approvals)

    def _changes(self, store: Store, decisions: Sequence[Decision]) -> List[Change]:
        """One change for each server; several addresses of a server have one record."""
        by_server: Dict[HostPort, List[Decision]] = {}
        for decision in decisions:
            by_server.setdefault(decision.observation.server, []).append(decision)
        changes = []
        for server, own in by_server.items():
            announced = [announcement for announcement in self.options.announced if announcement.concerns(server)]
            changes.append(announce(accept(store.at(server), own, self.options.keep_old), announced, self.at))
        return changes

    def apply(self, step: Step[Payload]) -> Optional[Undo]:
        """Add to the audit log, or write the store. The log is never shortened: a change that is not stored gets an entry that says so."""
        payload = step.payload
        if isinstance(payload, AppendLog):
            append_entries(payload.path, payload.entries)
            return partial(append_entries, payload.path, payload.withdrawal)
        transaction = self.transaction = Transaction([payload.replacement], backup=self.options.backup, journal=self.options.journal)
        return transaction.commit()

    def settle(self, step: Step[Payload]) -> bool:
        """Restore the store, or take back the entries of an addition to the log, if the step was made."""
        payload = step.payload
        if not isinstance(payload, AppendLog):
            return super().settle(step)
        if not ends_with(payload.path, payload.entries):
            return False
        append_entries(payload.path, payload.withdrawal)
        return True

    def predict(self, steps: Sequence[Step[Payload]]) -> None:
        """Report what would have to be listed."""
        self.verify(steps)

    def verify(self, steps: Sequence[Step[Payload]]) -> None:
        """Report what is to be listed, of this run and of runs before it."""
        if self.policy.writes:
            self.unlisted = unlisted_in(self.records, self.report)
        if self.left:
            raise RemediationError(
                "NOT restored: %s (somebody else changed its pins after this run)" % ", ".join(map(str, self.left)),
                "Compare the pins with %s, and restore them without pins if the later change is not wanted either." % self.options.backup_path,
            )

    def facts(self) -> Dict[str, Any]:
        """The documented result."""
        written = self.transaction
        return {
            "results": list(self.report.results),
            "failures": list(self.report.failures),
            "summary": self.report.summary,
            "to_repin": self.report.to_repin if self.changes else [],
            "unlisted": self.unlisted,
            "stored_pins": self.stored_pins,
            "backup_files": written.backups if written else {},
            "created_files": written.created if written else [],
        }


def _check(steps: Sequence[Step[Payload]], journal: Optional[str]) -> None:
    """Find out without writing whether the steps can be made, so that check mode fails if the run would."""
    for step in steps:
        if isinstance(step.payload, WriteStore):
            check_possible([step.payload.replacement], journal)
        else:
            check_appendable(step.payload.path, step.payload.entries)
