# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The journal of a run on a host: what it changes, recorded before it is changed. Standard library only: appliances run this.

A journal is a folder that only its owner can enter. It holds ``journal.json``, which a person can read, and the old contents of the changed files.
"""

from __future__ import annotations

import dataclasses
import errno
import json
import os
import re
import shutil
from dataclasses import dataclass
from typing import Any, ContextManager, Dict, Mapping, Optional, Sequence, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.atomic_write import write_file
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.lock import locked
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.metadata import Metadata
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.preflight import path_error
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.private_folder import check_private
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.read import read_file
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.snapshot import Snapshot, digest_of
from ansible_collections.certmend.tls.plugins.module_utils.appliance.formats.json_text import parse_json
from ansible_collections.certmend.tls.plugins.module_utils.core.enums import StringEnum
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.core.timestamps import timestamp, utc_now

FORMAT = 1
FILE = "journal.json"


class JournalState(StringEnum):
    """How far a run got."""

    #: files may have changed; nothing is proved
    OPEN = "open"
    #: the files were restored; the service may still use what it read before
    RESTORED = "restored"
    #: the result was verified
    PROVED = "proved"


@dataclass(frozen=True)
class SavedFile:
    """An old file.

    :param name: the file in the journal's folder that has its content.
    :param digest: the SHA-256 of the content, in hexadecimal.
    """

    name: str
    digest: str
    metadata: Metadata


@dataclass(frozen=True)
class FileChange:
    """The change of a file, recorded before it is made.

    :param before: None: the file does not exist.
    :param after: the SHA-256 of the new content, in hexadecimal; None: the file is removed.
    :param foreign: a run that took the journal over found the content of somebody else in the file.
    """

    path: str
    before: Optional[SavedFile]
    after: Optional[str]
    foreign: bool = False

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> FileChange:
        """What ``as_dict`` made."""
        old = values["before"]
        if old and not re.fullmatch("[0-9]{4,9}", old["saved_as"]):
            raise ValueError("%r is not the name of an old content" % old["saved_as"])
        before = SavedFile(old["saved_as"], _text(old["sha256"]), Metadata.from_dict(old["metadata"])) if old else None
        after = values["after_sha256"]
        return cls(_text(values["path"]), before, None if after is None else _text(after), bool(values.get("foreign", False)))

    def as_dict(self) -> Dict[str, Any]:
        """The change as JSON can hold it."""
        old = self.before
        before = {"saved_as": old.name, "sha256": old.digest, "metadata": old.metadata.as_dict()} if old else None
        return {"path": self.path, "before": before, "after_sha256": self.after, "foreign": self.foreign}


@dataclass(frozen=True)
class JournalRecord:
    """What ``journal.json`` says.

    :param run: who writes: ``id``, ``controller``, ``process``.
    :param opened: when, as ``2026-11-20T12:00:00Z``; ``updated`` likewise, each time that the record is written.
    :param notes: what the role wants to know if another run finds the journal.
    :param unproved: a former run changed or restored files, and no run has proved or closed that since: a reload or restart is due.
    """

    name: str
    state: JournalState
    run: Mapping[str, Any]
    opened: str
    updated: str
    notes: Mapping[str, Any]
    changes: Tuple[FileChange, ...] = ()
    unproved: bool = False

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> JournalRecord:
        """What ``as_dict`` made.

        :raises ValueError, KeyError, TypeError, AttributeError: another release made it, or somebody edited it.
        """
        if values["format"] != FORMAT:
            raise ValueError("its format is %r, not %d" % (values["format"], FORMAT))
        changes = tuple(FileChange.from_dict(change) for change in values["changes"])
        state, unproved = JournalState(values["state"]), bool(values.get("unproved", False))
        name, opened, updated = (_text(values[field]) for field in ("name", "opened", "updated"))
        return cls(name, state, _run(values["run"]), opened, updated, {**values["notes"]}, changes, unproved)

    def as_dict(self) -> Dict[str, Any]:
        """The record as JSON can hold it."""
        values = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        return dict(values, format=FORMAT, changes=[change.as_dict() for change in self.changes])


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("%.40r is no text" % (value,))
    return value


def _run(values: Mapping[str, Any]) -> Mapping[str, str]:
    """Who writes, as texts, whatever the record lacks."""
    return {"id": "", "controller": "", "process": "", **{name: _text(value) for name, value in values.items()}}


def check_recordable(folder: Optional[str]) -> None:
    """Find out without writing whether changes can be recorded, so that check mode fails if the run would.

    In check mode a journal that the run would open does not exist, or is closed.

    :param folder: the option ``journal``; None: nothing is recorded.
    :raises RemediationError: it is no journal, or not this user's alone.
    """
    if folder is None:
        return
    journal = Journal(folder)
    if os.path.lexists(folder):
        check_private(folder, "journal")
        if os.path.lexists(journal.path):
            journal.read()
    elif not os.path.isdir(_existing_part(folder)):
        raise path_error("journal", folder, "cannot be created", NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR)))


def _existing_part(path: str) -> str:
    """The longest beginning of a path that exists."""
    path = os.path.abspath(path)
    while not os.path.lexists(path):
        path = os.path.dirname(path)
    return path


class Journal:
    """A journal's folder."""

    def __init__(self, folder: str) -> None:
        self.folder = os.path.realpath(os.path.dirname(os.path.abspath(folder))) + os.sep + os.path.basename(folder)
        self.path = os.path.join(folder, FILE)

    @property
    def written_ns(self) -> int:
        """When the record was written, in nanoseconds since 1970. A link to nothing in its place is damage that must not hide other journals."""
        return os.lstat(self.path).st_mtime_ns

    def read(self) -> JournalRecord:
        """Read the record.

        :raises RemediationError: there is none, or it is damaged.
        """
        try:
            return JournalRecord.from_dict(parse_json(read_file(self.path, "journal")))
        except (ArithmeticError, AttributeError, KeyError, TypeError, ValueError) as error:
            advice = "Restore the files from the copies in this folder if needed, then remove the folder."
            raise RemediationError("journal: %s is damaged (%s)" % (self.path, error), advice) from error

    def write(self, record: JournalRecord) -> None:
        """Replace the record as a whole; afterwards it is on the disk."""
        record = dataclasses.replace(record, updated=timestamp(utc_now()))
        text = json.dumps(record.as_dict(), indent=2, sort_keys=True) + "\n"
        self._write_file(FILE, text.encode("utf-8"))

    def record(self, changes: Sequence[Tuple[str, Optional[Snapshot], Optional[bytes]]]) -> None:
        """Record changes before they are made.

        :param changes: path, the file as it is (None: it does not exist), and its new content (None: it is removed).
        :raises RemediationError: they cannot be recorded.
        """
        with self.lock():
            check_private(self.folder, "journal")
            record = self.read()
            if record.state is not JournalState.OPEN:
                advice = "Run the playbook again: its run was lost, and another one has finished it."
                raise RemediationError("journal: %s is %s, so nothing is changed" % (self.folder, record.state), advice)
            added = []
            for number, (path, old, new) in enumerate(changes, len(record.changes) + 1):
                saved = None
                if old is not None:
                    saved = SavedFile("%04d" % number, old.digest, old.metadata)
                    self._write_file(saved.name, old.content)
                added.append(FileChange(path, saved, None if new is None else digest_of(new)))
            self.write(dataclasses.replace(record, changes=record.changes + tuple(added)))

    def lock(self) -> ContextManager[None]:
        """Keep others from changing the record. A module of a lost run may still run on the host while the next run takes the journal over."""
        return locked(self.path, "journal")

    def saved_content(self, saved: SavedFile) -> bytes:
        """The content of an old file.

        :raises RemediationError: it cannot be read, or is not what was saved.
        """
        path = os.path.join(self.folder, saved.name)
        content = Snapshot.of_existing(path, "journal").content  # follows no link
        if digest_of(content) != saved.digest:
            raise RemediationError("journal: %s is not what was saved in it" % path, "Restore the file from another backup.")
        return content

    def remove(self) -> None:
        """Remove the journal and the old contents. A half-removed journal is none: the record is removed first."""
        try:
            os.unlink(self.path)
            shutil.rmtree(self.folder)
        except OSError as error:
            raise path_error("journal", self.folder, "cannot be removed", error) from error

    def _write_file(self, name: str, content: bytes) -> None:
        path = os.path.join(self.folder, name)
        try:
            write_file(path, content)
        except OSError as error:
            raise path_error("journal", path, "cannot be written", error) from error
