# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A run of ``journal``: open, prove, restore or close one journal. Standard library only: appliances run this."""

from __future__ import annotations

import contextlib
import dataclasses
import os
from typing import Any, Dict, Iterator, List, Mapping, Optional, Sequence

from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.atomic_write import sweep
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.journal import FileChange, Journal, JournalRecord, JournalState
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.lock import locked
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.preflight import path_error
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.private_folder import check_private, make_private
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.read import read_file
from ansible_collections.certmend.tls.plugins.module_utils.appliance.formats.pem import by_fingerprint
from ansible_collections.certmend.tls.plugins.module_utils.appliance.journal.archive import (
    archive,
    journal_of,
    journals_in,
    remember_restored,
    remove_half_removed,
    restored_runs,
)
from ansible_collections.certmend.tls.plugins.module_utils.appliance.journal.options import Options, Wanted
from ansible_collections.certmend.tls.plugins.module_utils.appliance.journal.plan import Action, HeldError, Plan, is_unfinished, make_plan, require_free
from ansible_collections.certmend.tls.plugins.module_utils.appliance.journal.restore import (
    Restoration,
    is_gone_again,
    obstacles,
    restore_all,
    state_of,
    to_restore,
)
from ansible_collections.certmend.tls.plugins.module_utils.core.converge import Step, Undo
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError, unwrap
from ansible_collections.certmend.tls.plugins.module_utils.core.run import Run, RunContext


class JournalRun(Run[Plan]):
    """The payload of its only step is the plan."""

    kept_on_failure = ("restored", "left")

    def __init__(self, options: Options, context: RunContext) -> None:
        super().__init__()
        self.options = options
        self.now = context.now
        self.journal = Journal(os.path.join(options.folder, options.name))
        self.found: Optional[JournalRecord] = None
        self.record: Optional[JournalRecord] = None
        self.held_by: Optional[Mapping[str, Any]] = None
        self.restoration = Restoration((), ())
        self.journals: List[Dict[str, Any]] = []
        self.restored_runs: List[str] = []

    @classmethod
    def from_params(cls, params: Mapping[str, Any], context: RunContext) -> JournalRun:
        """A run of the module's parameters."""
        return cls(Options.from_params(params), context)

    def prepare(self) -> None:
        """Create the folder before the first journal, so that two runs do not both create that journal."""
        if self.options.state is Wanted.OPENED:
            make_private(self.options.folder, "folder")

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Others wait."""
        folder = self.options.folder
        with contextlib.ExitStack() as locks:
            if os.path.lexists(folder):
                check_private(folder, "folder")
                locks.enter_context(locked(os.path.join(folder, "any"), "folder"))
            self.journal = journal_of(self.options)
            if self.options.name and os.path.lexists(self.journal.path):
                locks.enter_context(self.journal.lock())  # a module that records a change finishes first
            yield

    def plan(self) -> Sequence[Step[Plan]]:
        """Read the journal and decide what to do with it."""
        if self.options.state is Wanted.LISTED:
            self.journals = [_summary(journal) for journal in journals_in(self.options.folder)]
            self.restored_runs = restored_runs(self.options.folder)
            self.warnings += [journal["error"] for journal in self.journals if journal["error"]]
            return []
        self.found = self.record = _read(self.journal)
        # a journal that was kept is restored when no other run is at work on the same files
        current = _read(Journal(os.path.join(self.options.folder, self.options.name)))
        try:
            if current and self.found and current.run["id"] != self.found.run["id"] and current.state is JournalState.OPEN:
                require_free(self.options, current, self.now)
            plan = make_plan(self.options, self.found, self.now)
        except HeldError:
            self.held_by = current.run if current else None
            raise
        if plan.action is Action.NOTHING:
            return []
        before = "%s\n" % (self.found.state if self.found else "absent")
        after = "%s\n" % {Action.RESTORE: JournalState.RESTORED, Action.REMOVE: "absent"}.get(plan.action, plan.record.state if plan.record else "")
        return [Step(self.journal.folder, before, after, plan)]

    def predict(self, steps: Sequence[Step[Plan]]) -> None:
        """Report the files that could not be restored."""
        for step in steps:
            if step.payload.action is Action.RESTORE:
                self._require_all(Restoration((), obstacles(self.journal, unwrap(step.payload.record, "it is restored from its record").changes)))

    def apply(self, step: Step[Plan]) -> Optional[Undo]:
        """Write the journal, or restore what it recorded. A journal is not rolled back itself."""
        plan = step.payload
        actions = {Action.CREATE: self._create, Action.ARCHIVE: self._archive, Action.WRITE: self._write, Action.RESTORE: self._restore}
        if plan.action is Action.REMOVE:
            if self.found and self.found.state is JournalState.RESTORED:
                remember_restored(self.options.folder, str(self.found.run["id"]))
            self.journal.remove()
            self.record = None
        else:
            actions[plan.action](unwrap(plan.record, "every other action leaves a record"))
        return None

    def _create(self, record: JournalRecord) -> None:
        make_private(self.options.folder, "folder")
        try:
            os.makedirs(self.journal.folder, mode=0o700, exist_ok=True)  # without a record it is what a killed run left
        except OSError as error:
            raise path_error("folder", self.journal.folder, "cannot be created", error) from error
        self._write(record)

    def _archive(self, record: JournalRecord) -> None:
        archive(self.journal, self.options.keep)
        self._create(record)

    def _write(self, record: JournalRecord) -> None:
        self.journal.write(record)
        self.record = record
        self._sweep(record)

    def _sweep(self, record: JournalRecord) -> None:
        """Remove what a killed module left: temporary files here and beside the files that it was about to replace, and old contents without a record."""
        remove_half_removed(self.journal)
        for folder in {self.options.folder, self.journal.folder, *(os.path.dirname(change.path) for change in record.changes)}:
            sweep(folder)

    def _restore(self, record: JournalRecord) -> None:
        self._sweep(record)
        self._require_all(restore_all(self.journal, record.changes))
        self._write(dataclasses.replace(record, state=JournalState.RESTORED, changes=()))

    def _require_all(self, restoration: Restoration) -> None:
        self.restoration = restoration
        if restoration.left:
            reasons = ", ".join("%s (%s)" % (path, reason) for path, reason in restoration.left)
            advice = "The old contents are in %s; journal.json says which file is which." % self.journal.folder
            raise RemediationError("NOT restored: %s" % reasons, advice)

    def _certificates(self) -> Dict[str, List[str]]:
        """The SHA-256 fingerprints of the certificates in the restored files; none before they are restored."""
        if not self.record or self.record.state is not JournalState.RESTORED:
            return {}
        # a server reads its files through symbolic links as well
        contents = {path: read_file(path, "certificates_of") if os.path.exists(path) else b"" for path in self.options.certificates_of}
        return {path: list(by_fingerprint(content)) for path, content in contents.items()}

    def facts(self) -> Dict[str, Any]:
        """The documented result."""
        record = self.record
        return {
            "path": self.journal.folder if self.options.name else None,
            "journal_state": str(record.state) if record else None,
            "unfinished": is_unfinished(self.options, self.found),
            "run": dict(record.run) if record else None,
            "held_by": dict(self.held_by) if self.held_by else None,
            "notes": dict(record.notes) if record else {},
            "changes": [_change_as_dict(change) for change in record.changes] if record else [],
            "restored": list(self.restoration.restored),
            "left": [{"path": path, "reason": reason} for path, reason in self.restoration.left],
            "certificates": self._certificates(),
            "journals": self.journals,
            "restored_runs": self.restored_runs,
        }


def _read(journal: Journal) -> Optional[JournalRecord]:
    """The record of a journal; None if there is no journal."""
    return journal.read() if os.path.lexists(journal.path) else None


def _change_as_dict(change: FileChange) -> Dict[str, Any]:
    return {"path": change.path, "existed": change.before is not None, "now": str(state_of(change))}


def _summary(journal: Journal) -> Dict[str, Any]:
    """A journal of the list. A damaged one is reported beside the others."""
    result: Dict[str, Any] = dict.fromkeys(("journal_state", "updated", "error"))
    result.update(path=journal.folder, name=os.path.basename(journal.folder), run={"id": ""}, files=[], notes={})
    try:
        record = journal.read()
        result.update(name=record.name, journal_state=str(record.state), run=dict(record.run), updated=record.updated, notes=dict(record.notes))
        result.update(files=sorted(change.path for change in to_restore(record.changes) if not is_gone_again(change)))
    except RemediationError as error:
        result.update(error=str(error))
    return dict(result, written_ns=journal.written_ns)
