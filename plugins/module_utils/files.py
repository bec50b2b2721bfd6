# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files: read with clear errors, write all or none, with a backup and a way back.

Standard library only: appliances run this.
"""

from __future__ import annotations

import contextlib
import datetime
import errno
import fcntl
import functools
import grp
import itertools
import os
import pwd
import stat
from dataclasses import dataclass
from typing import Any, Callable, Dict, Iterable, Iterator, List, Optional, Sequence, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.converge import Undo
from ansible_collections.certmend.tls.plugins.module_utils.errors import RemediationError, all_of
from ansible_collections.certmend.tls.plugins.module_utils.placing import forget, put_in_place, temporary_beside


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


def read(path: str, option: str) -> bytes:
    """A file's content.

    :raises RemediationError: naming the option and what the system says.
    """
    try:
        with open(path, "rb") as handle:
            return handle.read()
    except OSError as error:
        raise problem(option, path, "cannot be read", error) from error


def problem(option: str, path: str, what: str, error: OSError) -> RemediationError:
    """An operating system's refusal, in the words of the option."""
    advice = {
        errno.ENOENT: "Give a path that exists.",
        errno.EACCES: "Run it as a user who may (become), or give another path.",
        errno.EPERM: "Run it as a user who may (become), or give another path.",
        errno.EROFS: "The file system is mounted read-only: remount it, or give another path.",
        errno.ENOSPC: "The disk is full: make room and run it again; nothing was changed.",
        errno.EDQUOT: "The quota is used up: make room and run it again; nothing was changed.",
        errno.EISDIR: "Give the path of a file, not of a folder.",
    }.get(error.errno or 0, "Check the path and its permissions.")
    return RemediationError("%s: %s %s: %s" % (option, path, what, error.strerror or error), advice)


@contextlib.contextmanager
def locked(path: str, option: str) -> Iterator[None]:
    """Hold the folder of a file for this process alone, among all that use this function.

    The lock is on the folder itself: it survives a rename of the file and leaves nothing behind.
    """
    folder = os.path.dirname(os.path.realpath(path))
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError as error:
        raise problem(option, folder, "cannot be opened", error) from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def check_writable(replacements: Iterable[Replacement]) -> None:
    """Find out without writing whether the files can be written, so that check mode fails where the run would.

    :raises RemediationError: with everything that stands in the way.
    """
    errors = []
    for one in replacements:
        folder = os.path.dirname(one.target)
        code = None
        if os.path.isdir(one.target):
            code, where = errno.EISDIR, one.target
        elif not os.path.isdir(folder):
            code, where = errno.ENOENT, folder
        elif os.statvfs(folder).f_flag & os.ST_RDONLY:
            code, where = errno.EROFS, folder
        elif not os.access(folder, os.W_OK | os.X_OK):
            code, where = errno.EACCES, folder
        if code:
            errors.append(problem(one.option, where, "cannot be written", OSError(code, os.strerror(code))))
    all_of(errors)


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
        self._undos: List[Undo] = []

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
        except BaseException:
            self.take_back()
            raise
        finally:
            for temporary in staged.values():
                forget(temporary)
        return self.take_back

    def take_back(self) -> None:
        """Put the old files back, last first; new ones go."""
        while self._undos:
            self._undos.pop()()

    def _place(self, one: Replacement, temporary: str) -> None:
        old = Snapshot.of(one.target)
        if old and self.backup:
            self.backups[one.path] = old.kept(one.option)
        try:
            self.methods[one.path] = put_in_place(temporary, one.target)
        except OSError as error:
            raise problem(one.option, one.path, "cannot be written", error) from error
        if old:
            self._undos.append(old.restore)
        else:
            self.created.append(one.path)
            self._undos.append(functools.partial(forget, one.target))

    def _remove(self, path: str) -> None:
        old = Snapshot.of(path)
        if old:
            if self.backup:
                self.backups[path] = old.kept("backup")
            os.unlink(path)
            self._undos.append(old.restore)


@dataclass(frozen=True)
class Snapshot:
    """A file as it was: content and who may do what with it."""

    path: str
    content: bytes
    status: os.stat_result

    @classmethod
    def of(cls, path: str) -> Optional[Snapshot]:
        return cls.of_existing(path, "path") if os.path.exists(path) else None

    @classmethod
    def of_existing(cls, path: str, option: str) -> Snapshot:
        """A file that must be there."""
        return cls(path, read(path, option), os.stat(path))

    def restore(self) -> None:
        """Write it back; the copy lies under its final name only when it is whole."""
        temporary = self.copy()
        try:
            put_in_place(temporary, self.path)
        finally:
            forget(temporary)

    def kept(self, option: str) -> str:
        """Keep a copy beside the file, with its mode and owner."""
        try:
            temporary = self.copy()
            try:
                return _named(temporary, self.path)
            finally:
                forget(temporary)
        except OSError as error:
            raise problem(option, self.path, "cannot be backed up", error) from error

    def copy(self) -> str:
        """A copy beside it under a hidden name, with its mode and owner; the caller removes it."""
        temporary = temporary_beside(self.path, self.content)
        _dress(temporary, self.path, stat.S_IMODE(self.status.st_mode), self.status.st_uid, self.status.st_gid)
        return temporary


def _named(temporary: str, path: str) -> str:
    """Give a copy the first free backup name: ``PATH.20261120T120000Z.bak``, then with a number. Never over another one."""
    moment = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    for number in itertools.count():
        name = "%s.%s%s.bak" % (path, moment, "-%d" % number if number else "")
        try:
            os.link(temporary, name)  # unlike a rename it refuses to replace
            return name
        except FileExistsError:
            continue
    raise AssertionError("unreachable")


def _stage(replacements: Sequence[Replacement]) -> Dict[str, str]:
    """Write every new content beside its target, as it will be; on any failure none is left."""
    staged: Dict[str, str] = {}
    try:
        for one in replacements:
            try:
                staged[one.path] = temporary_beside(one.target, one.content)
                _dress(staged[one.path], one.target, *_attributes(one))
            except OSError as error:
                raise problem(one.option, one.path, "cannot be written", error) from error
    except BaseException:
        for temporary in staged.values():
            forget(temporary)
        raise
    return staged


def _attributes(one: Replacement) -> Tuple[int, int, int]:
    """Mode, owner and group that the file will have."""
    mode, owner, group = 0o600 if one.secret else 0o644, os.geteuid(), os.getegid()
    if os.path.exists(one.target):
        status = os.stat(one.target)
        mode, owner, group = stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid
    if one.mode is not None:
        mode = mode_of(one.mode)
    return (
        mode,
        owner if one.owner is None else _number(one.owner, "owner", lambda name: pwd.getpwnam(name).pw_uid),
        group if one.group is None else _number(one.group, "group", lambda name: grp.getgrnam(name).gr_gid),
    )


def attributes_now_and_then(one: Replacement) -> Tuple[str, str]:
    """Mode, owner and group of an existing file, and those that it will have, as text for a diff."""
    status = os.stat(one.target)
    now = stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid
    return tuple("mode: %04o\nowner: %d\ngroup: %d\n" % which for which in (now, _attributes(one)))  # type: ignore


def mode_of(value: Any) -> int:
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


def _dress(path: str, model: str, mode: int, owner: int, group: int) -> None:
    """Owner first, then mode (a change of owner clears bits), then what the old file carried beside (SELinux, ACLs)."""
    if (owner, group) != (os.geteuid(), os.getegid()):
        os.chown(path, owner, group)
    os.chmod(path, mode)
    if os.path.exists(model):
        for name in os.listxattr(model):
            with contextlib.suppress(OSError):  # not every file system takes every attribute; the content matters more
                os.setxattr(path, name, os.getxattr(model, name))
