# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A second local user who means harm: a real process of another user ID, or another user ID at each call of this process."""

from __future__ import annotations

import contextlib
import os
import pathlib
import shutil
import signal
import sys
import tempfile
from typing import Any, Callable, Iterator, Tuple

import pytest

#: user and group ID of the second user, which no account needs to have
EVE = 64999
#: how often a race is run
ROUNDS = 200
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs a second user (root)")


def become_eve() -> None:
    """For good: only in a process that ends."""
    os.setgroups([])
    os.setgid(EVE)
    os.setuid(EVE)


@contextlib.contextmanager
def as_eve() -> Iterator[None]:
    """What this process does meanwhile, the second user does."""
    user, group = os.geteuid(), os.getegid()
    os.seteuid(0)
    os.setegid(EVE)
    os.seteuid(EVE)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(group)
        os.seteuid(user)


@contextlib.contextmanager
def eve_repeats(act: Callable[[], None]) -> Iterator[int]:
    """The second user acts again and again, in a process of his own; yields its number."""
    child = os.fork()
    if child == 0:
        become_eve()
        while True:
            with contextlib.suppress(OSError):
                act()
    try:
        yield child
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


@contextlib.contextmanager
def paused(child: int) -> Iterator[None]:
    """The second user stands still, so that a look at what he did is no race itself."""
    os.kill(child, signal.SIGSTOP)
    os.waitpid(child, os.WUNTRACED)
    try:
        yield
    finally:
        os.kill(child, signal.SIGCONT)


def eve_at_each_call(act: Callable[[], None], run: Callable[[], None]) -> None:
    """Run a function; the second user acts before every call of the system that Python reports. In a process of its own."""
    child = os.fork()
    if child == 0:
        busy = []

        def acts(_event: str, _arguments: Any) -> None:
            if busy:
                return
            busy.append(1)
            with contextlib.suppress(OSError), as_eve():
                act()
            busy.clear()

        os.setgroups([])
        sys.addaudithook(acts)
        with contextlib.suppress(Exception):
            run()
        os._exit(0)
    os.waitpid(child, 0)


def eve_once(act: Callable[[], None]) -> int:
    """The second user acts, in a process of his own; its exit code, 1 after an error."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            become_eve()
            act()
            code = 0
        finally:
            os._exit(code)
    return os.WEXITSTATUS(os.waitpid(child, 0)[1])


class Place:
    """A folder of the second user, and files of root that he must neither change nor read."""

    def __init__(self, top: pathlib.Path) -> None:
        self.top, self.eves, self.roots = top, top / "eves", top / "roots"
        top.chmod(0o755)
        self.eves.mkdir()
        os.chown(self.eves, EVE, EVE)
        self.roots.mkdir(mode=0o700)
        self.victim = self.roots / "victim"
        self.victim.write_bytes(b"of root alone")
        self.victim.chmod(0o644)
        self._linked = False
        self._before = self._picture()

    def _picture(self) -> Tuple[Any, ...]:
        status = self.victim.lstat()
        return status.st_ino, status.st_mode, status.st_uid, status.st_gid, status.st_mtime_ns, self.victim.read_bytes(), sorted(os.listdir(self.roots))

    def won(self) -> bool:
        """Whether the second user has changed root's file, or has its content where he can read it."""
        return self._picture() != self._before or any(self._readable(path) for path in self.eves.rglob("*"))

    def _readable(self, path: pathlib.Path) -> bool:
        """Of the file itself: a link that is followed here would be no win."""
        with contextlib.suppress(OSError), open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as stream:
            status = os.fstat(stream.fileno())
            return (status.st_uid == EVE or bool(status.st_mode & 0o004)) and b"of root alone" in stream.read()
        return False

    def swap_temporaries(self) -> None:
        """Put links to root's file in the places of temporary files."""
        for name in os.listdir(self.eves):
            if name.startswith(".certmend-"):
                os.unlink(self.eves / name)
                os.symlink(self.victim, self.eves / name)

    def swap(self, name: str) -> None:
        """Put a link to root's file in the place of a file, and back."""
        path = self.eves / name
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
        self._linked = not self._linked
        if self._linked:
            os.symlink(self.victim, path)
        else:
            path.write_bytes(b"of eve")

    def swap_folder(self, name: str) -> None:
        """Put a link to root's folder in the place of a folder, and back."""
        path, away = self.eves / name, self.eves / (name + ".away")
        if path.is_symlink():
            os.unlink(path)
            os.rename(away, path)
        else:
            os.rename(path, away)
            os.symlink(self.roots, path)


@contextlib.contextmanager
def a_place() -> Iterator[Place]:
    """A place that the second user can reach."""
    top = pathlib.Path(tempfile.mkdtemp(prefix="place-")).resolve()
    try:
        yield Place(top)
    finally:
        shutil.rmtree(top)
