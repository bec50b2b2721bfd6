# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Write several files, all of them or none, with backups and a rollback.

Standard library only: appliances run this.
"""

from __future__ import annotations

import contextlib
import functools
from typing import Dict, List, Optional, Sequence, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.atomic_write import NewFile, remove_if_present, sweep_beside
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.backup import back_up
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.journal import Journal, check_recordable
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.preflight import check_writable, path_error
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.replacement import Replacement
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.snapshot import Snapshot
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.way import way_to
from ansible_collections.certmend.tls.plugins.module_utils.core.converge import Undo
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError


def check_possible(replacements: Sequence[Replacement], journal: Optional[str]) -> None:
    """Find out without writing whether a transaction of these files can be made, so that check mode fails if the run would.

    :param journal: as of ``Transaction``.
    :raises RemediationError: with what prevents it.
    """
    check_writable(replacements)
    check_recordable(journal)


class Transaction:
    """Files that are replaced together, or not at all.

    After ``commit``, ``backups`` maps the paths to their backups, ``created`` lists the paths that are new, and ``methods`` maps
    the paths to how they were written (``rename`` or ``in_place``).
    """

    def __init__(self, replacements: Sequence[Replacement], backup: bool, journal: Optional[str] = None) -> None:
        """Plan to replace files.

        :param backup: whether to keep a copy beside each file.
        :param journal: the folder of the journal in which the changes are recorded before the first of them is made.
        """
        self.replacements = list(replacements)
        self.backup = backup
        self.journal = Journal(journal) if journal else None
        self.backups: Dict[str, str] = {}
        self.created: List[str] = []
        self.methods: Dict[str, str] = {}
        self._undos: List[Tuple[str, Undo]] = []
        #: the present files, read once: what is recorded, backed up and rolled back to is the same
        self._old: Dict[str, Optional[Snapshot]] = {}

    def commit(self, remove: Sequence[str] = ()) -> Undo:
        """Replace all the files.

        :param remove: files to remove in the same transaction.
        :returns: what rolls all of it back.
        :raises RemediationError: a file could not be written; all of them are as before.
        """
        check_writable(self.replacements)
        self._old = {replacement.target: Snapshot.of(replacement.target, replacement.option) for replacement in self.replacements}
        self._record(remove)
        sweep_beside(*(replacement.target for replacement in self.replacements))
        with contextlib.ExitStack() as temporaries:
            new_files = [temporaries.enter_context(self._new_file(replacement)) for replacement in self.replacements]
            try:
                for replacement, new in zip(self.replacements, new_files):
                    self._replace(replacement, new)
                for path in remove:
                    self._remove(path)
            except BaseException as error:
                self._roll_back_because(error)
                raise
        return self.roll_back

    def roll_back(self) -> None:
        """Restore the old files, last first. New files are removed, and then the backups, which are not needed any more.

        :raises RemediationError: some could not be restored; all the others were.
        """
        left = []
        while self._undos:
            path, undo = self._undos.pop()
            try:
                undo()
            except BaseException as error:  # the others must be restored, whatever happened to this one
                left.append("%s (%s)" % (path, str(error) or type(error).__name__))
        if left:
            backups = ", ".join(self.backups.values()) or "none"
            raise RemediationError("NOT rolled back: %s" % ", ".join(left), "Restore the files by hand. Backups: %s." % backups)
        for backup in self.backups.values():
            remove_if_present(backup)
        for record in (self.backups, self.created, self.methods):
            record.clear()

    def settle(self) -> bool:
        """Roll back what was written, if anything still is; whether it was.

        :raises RemediationError: some files could not be restored.
        """
        written = bool(self._undos)
        self.roll_back()
        return written

    def _roll_back_because(self, reason: BaseException) -> None:
        """Roll back; if that fails too, report both errors."""
        try:
            self.roll_back()
        except RemediationError as error:
            first = reason.message if isinstance(reason, RemediationError) else str(reason)
            raise RemediationError("%s; %s" % (first, error.message), error.advice) from reason

    def _record(self, remove: Sequence[str]) -> None:
        """Write the planned changes into the journal."""
        if self.journal is None:
            return
        changes: List[Tuple[str, Optional[Snapshot], Optional[bytes]]] = [(item.target, self._old[item.target], item.content) for item in self.replacements]
        removed = [(path, Snapshot.of(path)) for path in (way_to(path).target for path in remove)]
        self.journal.record(changes + [(path, old, None) for path, old in removed if old is not None])

    def _new_file(self, replacement: Replacement) -> NewFile:
        """Write the new content, with its attributes, to a file beside its target."""
        old = self._old[replacement.target]
        try:
            new = NewFile(replacement.target, replacement.content)
            try:
                new.give(replacement.metadata(old.metadata if old else None, new.created))
            except BaseException:
                new.discard()
                raise
        except OSError as error:
            raise path_error(replacement.option, replacement.path, "cannot be written", error) from error
        return new

    def _replace(self, replacement: Replacement, new: NewFile) -> None:
        path, target = replacement.path, replacement.target
        old = self._old[target]
        if old and self.backup:
            self.backups[path] = back_up(old, replacement.option, private=replacement.secret)
        # registered first: the file may be replaced although the call fails (the folder cannot be flushed)
        self._undos.append((path, old.restore if old else functools.partial(remove_if_present, target)))
        try:
            self.methods[path] = new.replace()
        except OSError as error:
            raise path_error(replacement.option, path, "cannot be written", error) from error
        if old is None:
            self.created.append(path)

    def _remove(self, path: str) -> None:
        """Remove a file; a link to it stays, as it does if the file is replaced."""
        target = way_to(path).target
        old = Snapshot.of(target)
        if old is None:
            return
        if self.backup:
            self.backups[path] = back_up(old, "backup", private=True)
        self._undos.append((path, old.restore))
        try:
            remove_if_present(target)
        except OSError as error:
            raise path_error("path", path, "cannot be removed", error) from error
