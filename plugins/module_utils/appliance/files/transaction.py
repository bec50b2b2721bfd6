# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Write several files, all or none, with a backup and a way back.

Standard library only: appliances run this.
"""

from __future__ import annotations

import functools
import grp
import os
import pwd
import stat
from dataclasses import dataclass
from typing import Any, Callable, Dict, Iterable, List, Optional, Sequence, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.atomic_write import (
    apply_attributes,
    remove_if_present,
    replace_file,
    write_temporary,
)
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.backup import Snapshot
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.preflight import check_writable, path_error
from ansible_collections.certmend.tls.plugins.module_utils.core.converge import Undo
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError


@dataclass(frozen=True)
class Replacement:
    """The new content of a file.

    :param option: the module's option that named the path, for messages.
    :param mode: as Ansible writes it (``"0640"``) or a number; None: the old file's, else 0644.
    :param owner: a user's name or number; None: the old file's. ``group`` likewise.
    :param secret: closed to others from its first byte; a new file has mode 0600.
    """

    path: str
    content: bytes
    option: str
    mode: Any = None
    owner: Optional[str] = None
    group: Optional[str] = None
    secret: bool = False

    @property
    def target(self) -> str:
        """The file itself, where the path is a symbolic link."""
        return os.path.realpath(self.path)


class Transaction:
    """Several files that are put in place together, or not at all.

    ``backups`` tells afterwards which path was kept where, ``created`` which paths are new, ``methods`` how each one was
    written (``rename`` or ``in_place``).
    """

    def __init__(self, replacements: Sequence[Replacement], backup: bool) -> None:
        self.replacements = list(replacements)
        self.backup = backup
        self.backups: Dict[str, str] = {}
        self.created: List[str] = []
        self.methods: Dict[str, str] = {}
        self._undos: List[Tuple[str, Undo]] = []

    def commit(self, remove: Iterable[str] = ()) -> Undo:
        """Put everything in place.

        :param remove: files to be taken away in the same transaction.
        :returns: what takes all of it back.
        :raises RemediationError: something could not be written; everything is as it was.
        """
        check_writable(self.replacements)
        staged = _stage(self.replacements)
        try:
            for one in self.replacements:
                self._place(one, staged[one.path])
            for path in remove:
                self._remove(path)
        except BaseException as error:
            self._give_up(error)
            raise
        finally:
            for temporary in staged.values():
                remove_if_present(temporary)
        return self.roll_back

    def roll_back(self) -> None:
        """Put the old files back, last first; new ones go, and the backups, which nobody needs then.

        :raises RemediationError: some could not be put back; all the others were.
        """
        left = []
        while self._undos:
            path, undo = self._undos.pop()
            try:
                undo()
            except (OSError, RemediationError) as error:
                left.append("%s (%s)" % (path, error))
        if left:
            kept = ", ".join(self.backups.values()) or "there is none"
            raise RemediationError("NOT put back: %s" % ", ".join(left), "Put it back by hand; backups: %s." % kept)
        for backup in self.backups.values():
            remove_if_present(backup)
        for record in (self.backups, self.created, self.methods):
            record.clear()

    def _give_up(self, reason: BaseException) -> None:
        """Take everything back; where that fails too, tell both."""
        try:
            self.roll_back()
        except RemediationError as error:
            raise RemediationError("%s; %s" % (reason, error.message), error.advice) from reason

    def _place(self, one: Replacement, temporary: str) -> None:
        old = Snapshot.of(one.target)
        if old and self.backup:
            self.backups[one.path] = old.back_up(one.option)
        try:
            self.methods[one.path] = replace_file(temporary, one.target)
        except OSError as error:
            raise path_error(one.option, one.path, "cannot be written", error) from error
        if old:
            self._undos.append((one.path, old.restore))
        else:
            self.created.append(one.path)
            self._undos.append((one.path, functools.partial(remove_if_present, one.target)))

    def _remove(self, path: str) -> None:
        old = Snapshot.of(path)
        if old:
            if self.backup:
                self.backups[path] = old.back_up("backup")
            try:
                os.unlink(path)
            except OSError as error:
                raise path_error("path", path, "cannot be removed", error) from error
            self._undos.append((path, old.restore))


def _stage(replacements: Sequence[Replacement]) -> Dict[str, str]:
    """Write every new content beside its target, as it will be; on any failure none is left."""
    staged: Dict[str, str] = {}
    try:
        for one in replacements:
            try:
                staged[one.path] = write_temporary(one.target, one.content)
                apply_attributes(staged[one.path], one.target, *_attributes(one))
            except OSError as error:
                raise path_error(one.option, one.path, "cannot be written", error) from error
    except BaseException:
        for temporary in staged.values():
            remove_if_present(temporary)
        raise
    return staged


def _attributes(one: Replacement) -> Tuple[int, int, int]:
    """Mode, owner and group that the file will have."""
    mode, owner, group = 0o600 if one.secret else 0o644, os.geteuid(), os.getegid()
    if os.path.exists(one.target):
        status = os.stat(one.target)
        mode, owner, group = stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid
    if one.mode is not None:
        mode = parse_mode(one.mode)
    return (
        mode,
        owner if one.owner is None else _number(one.owner, "owner", lambda name: pwd.getpwnam(name).pw_uid),
        group if one.group is None else _number(one.group, "group", lambda name: grp.getgrnam(name).gr_gid),
    )


def describe_attributes(one: Replacement) -> Tuple[str, str]:
    """Mode, owner and group of an existing file, and those that it will have, as text for a diff."""
    status = os.stat(one.target)
    now = stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid
    return tuple("mode: %04o\nowner: %d\ngroup: %d\n" % which for which in (now, _attributes(one)))  # type: ignore


def parse_mode(value: Any) -> int:
    """A mode as Ansible writes it: ``"0640"`` (octal text) or a number."""
    try:
        return value if isinstance(value, int) else int(str(value), 8)
    except ValueError:
        raise RemediationError("mode: %r is not an octal mode" % value, 'Write it in quotes, as "0640".') from None


def _number(name: str, option: str, look_up: Callable[[str], int]) -> int:
    try:
        return int(name) if name.isdigit() else look_up(name)
    except KeyError:
        raise RemediationError("%s: %r does not exist here" % (option, name), "Create it first.") from None
