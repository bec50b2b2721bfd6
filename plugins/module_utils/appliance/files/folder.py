# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An opened folder: its files are reached by its descriptor, never by a path. Standard library only: appliances run this.

Whoever can write to a folder on the way of a path can put another folder, or a link, in its place between two calls. A descriptor stays
the folder that it was.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from typing import Iterator, List, Optional, Tuple

#: O_PATH: a folder that may be entered and not listed can be opened
FOLDER = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class Folder:
    """A folder that is opened without following any symbolic link. The caller has resolved the links that he trusts (``way.way_to``)."""

    def __init__(self, path: str) -> None:
        """Open it.

        :raises OSError: it does not exist, or a part of the path is a link.
        """
        self.path = path
        self.handle = _walk(path)

    def __enter__(self) -> Folder:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def close(self) -> None:
        """Close it; more than once is no error."""
        handle, self.handle = self.handle, -1
        if handle >= 0:
            os.close(handle)

    def open(self, name: str, flags: int, mode: int = 0o600) -> int:
        """Open a file of the folder; a link is not followed, and a FIFO is not waited for.

        :raises OSError: also if it is a link.
        """
        try:
            return os.open(name, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, mode, dir_fd=self.handle)
        except OSError as error:
            if error.errno == errno.ELOOP:
                raise OSError(errno.ELOOP, "it is a symbolic link") from error
            raise

    def open_regular(self, name: str, flags: int, mode: int = 0o600) -> int:
        """Open a regular file of the folder.

        :raises OSError: also if it is something else.
        """
        handle = self.open(name, flags, mode)
        kind = os.fstat(handle).st_mode
        if stat.S_ISREG(kind):
            return handle
        os.close(handle)
        code, what = (errno.EISDIR, os.strerror(errno.EISDIR)) if stat.S_ISDIR(kind) else (errno.EINVAL, "it is not a regular file")
        raise OSError(code, what)

    def identity(self, name: str) -> Optional[Tuple[int, int]]:
        """What an entry is, and no entry of another name (device and inode); None if it does not exist."""
        try:
            return identity_of(os.stat(name, dir_fd=self.handle, follow_symlinks=False))
        except OSError as error:
            if error.errno in (errno.ENOENT, errno.ENAMETOOLONG):
                return None
            raise

    def remove(self, name: str) -> None:
        """Remove an entry that is no folder, if it exists."""
        if self.identity(name) is not None:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(name, dir_fd=self.handle)

    def remove_regular(self, name: str) -> None:
        """Remove an entry if it is a regular file."""
        if stat.S_ISREG(os.stat(name, dir_fd=self.handle, follow_symlinks=False).st_mode):
            self.remove(name)

    def names(self) -> List[str]:
        """The names of all entries."""
        with self._readable() as handle:
            return os.listdir(handle)

    def flush(self) -> None:
        """See to it that the names of the folder are on the disk."""
        with self._readable() as handle:
            os.fsync(handle)

    @contextlib.contextmanager
    def _readable(self) -> Iterator[int]:
        handle = os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=self.handle)
        try:
            yield handle
        finally:
            os.close(handle)


def identity_of(status: os.stat_result) -> Tuple[int, int]:
    """What tells a file from all others: its device and inode."""
    return status.st_dev, status.st_ino


def _walk(path: str) -> int:
    handle = os.open("/", FOLDER)
    for part in os.path.abspath(path).split("/"):
        if not part:
            continue
        try:
            inner = os.open(part, FOLDER, dir_fd=handle)
        finally:
            os.close(handle)
        handle = inner
    return handle
