# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A lock that keeps concurrent runs out, and that other users cannot hold. Standard library only: appliances run this.

Any user who can read a file or folder can hold a lock on it for ever. So runs of one user exclude each other by a lock file that he alone
can open; it is removed with the lock. Runs in other namespaces (containers) do not see that file, but may see the same folder or file, by
a mount; they exclude each other by a lock on the folder and on the file, for which nobody waits who is not such a run.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import stat
import time
from dataclasses import dataclass
from typing import Callable, ContextManager, Iterator, Optional, Sequence

from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.folder import identity_of
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.lock_holders import Holder, holders_of
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.preflight import path_error
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.private_folder import lock_folder
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError

#: how long a run waits for another one, in seconds
PATIENCE = 120.0
#: between two attempts, in seconds
PAUSE = 0.05


@dataclass(frozen=True)
class Wait:
    """How long a run waits, and for what.

    :param deadline: of the clock ``time.monotonic``.
    """

    option: str
    path: str
    deadline: float

    def take(self, handle: int, matters: Callable[[Holder], bool]) -> None:
        """Lock an open file or folder.

        :param matters: whether the lock of a process is waited for.
        :raises RemediationError: the time is over; it names who holds the lock.
        """
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            except BlockingIOError:
                holders = holders_of(handle)
            if holders and not any(matters(holder) for holder in holders):
                return
            if time.monotonic() >= self.deadline:
                raise self._over(holders)
            time.sleep(PAUSE)

    def _over(self, holders: Sequence[Holder]) -> RemediationError:
        who = ", ".join(holder.description for holder in holders) or "a process that cannot be seen from here (in another container)"
        return RemediationError(
            "%s: %s is locked by %s" % (self.option, self.path, who),
            "Wait until that run has ended, or end the process if it hangs; then run the task again.",
        )


def locked(path: str, option: str, patience: float = PATIENCE) -> ContextManager[None]:
    """Hold a lock on a file, which need not exist, and wait for it if another run holds it. It survives a rename of the file.

    :param option: the module's option that named the path, for messages.
    :param patience: how long to wait, in seconds.
    :raises RemediationError: the folder cannot be opened, or the time is over.
    """
    return locked_all([path], option, patience)


@contextlib.contextmanager
def locked_all(paths: Sequence[str], option: str, patience: float = PATIENCE) -> Iterator[None]:
    """Hold a lock on each of several files. All runs take them in the same order, so that two never wait for each other."""
    targets = sorted({os.path.realpath(path) for path in paths})
    deadline = time.monotonic() + patience
    with contextlib.ExitStack() as stack:
        folders = [stack.enter_context(_opened(os.path.dirname(target), option)) for target in targets]
        private = lock_folder()
        names = ["%d-%d-%s" % (*identity_of(os.fstat(folder)), _digest(target)) for folder, target in zip(folders, targets)]
        for name, target in sorted(zip(names, targets)):
            _take_private(stack, private, name, Wait(option, target, deadline))
        # now no other run of this user replaces the files: each is the one that a mount or a hard link shows elsewhere, perhaps at another of these paths
        taken = set()
        for folder, target in zip(folders, targets):
            wait = Wait(option, target, deadline)
            handle = _open_file(folder, target)
            if handle is not None:
                stack.callback(os.close, handle)
                if identity_of(os.fstat(handle)) not in taken:
                    taken.add(identity_of(os.fstat(handle)))
                    _take_private(stack, private, "%d-%d" % identity_of(os.fstat(handle)), wait)
            for shared in (folder, handle):
                if shared is not None:
                    wait.take(shared, lambda holder: holder.may_be_a_run(elsewhere=private is not None))
        yield


def _digest(target: str) -> str:
    return hashlib.sha256(os.fsencode(os.path.basename(target))).hexdigest()[:16]


@contextlib.contextmanager
def _opened(folder: str, option: str) -> Iterator[int]:
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise path_error(option, folder, "cannot be opened", error) from error
    try:
        yield handle
    finally:
        os.close(handle)


def _open_file(folder: int, target: str) -> Optional[int]:
    """A regular file, opened to be locked; None if it does not exist or cannot be read."""
    try:
        handle = os.open(os.path.basename(target), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    except OSError:
        return None
    if stat.S_ISREG(os.fstat(handle).st_mode):
        return handle
    os.close(handle)
    return None


def _take_private(stack: contextlib.ExitStack, private: Optional[str], name: str, wait: Wait) -> None:
    """Take the lock of this user's runs, until the stack ends."""
    if private is None:
        return
    path = os.path.join(private, name)
    while True:
        try:
            handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise path_error(wait.option, path, "cannot be opened", error) from error
        try:
            wait.take(handle, lambda _holder: True)
        except BaseException:
            os.close(handle)
            raise
        if _is_at(handle, path):
            break
        os.close(handle)  # whoever held the lock has removed the file
    stack.callback(os.close, handle)
    stack.callback(os.unlink, path)  # runs first: while the lock is held


def _is_at(handle: int, path: str) -> bool:
    try:
        return identity_of(os.fstat(handle)) == identity_of(os.lstat(path))
    except FileNotFoundError:
        return False
