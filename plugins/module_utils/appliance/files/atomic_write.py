# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Let a whole file take another one's place: by rename, or in place where a rename is refused.

Standard library only: appliances run this.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import tempfile

RENAME = "rename"
IN_PLACE = "in_place"
#: of files that are not in place yet
PREFIX = ".certmend-"


def write_temporary(target: str, content: bytes) -> str:
    """A whole file beside the target, on the disk, closed to others."""
    handle, name = tempfile.mkstemp(prefix=PREFIX, dir=os.path.dirname(target))
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
    except BaseException:
        remove_if_present(name)
        raise
    return name


def replace_file(temporary: str, target: str) -> str:
    """Let a whole file take the place of another one.

    By rename; where the target is a mount point, which cannot be renamed over (EBUSY), by writing into it.

    :returns: ``rename`` or ``in_place``.
    """
    try:
        os.rename(temporary, target)
    except OSError as error:
        if error.errno not in (errno.EBUSY, errno.EXDEV):
            raise
        with open(temporary, "rb") as stream:
            _write_into(target, stream.read(), os.fstat(stream.fileno()))
        return IN_PLACE
    folder = os.open(os.path.dirname(target), os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return RENAME


def _write_into(target: str, content: bytes, like: os.stat_result) -> None:
    """Write a file's content in place, so that no reader and no kill finds half of it.

    Room is taken first, so that a full disk is met before the first byte. One pwrite puts the whole text there, padded with line
    breaks where it shrinks; then the rest is cut off. A process of its own session does it: whoever kills the
    caller (or its process group) does not hit the writer.
    """
    child = os.fork()
    if child == 0:
        code = errno.EIO
        try:
            os.setsid()
            _overwrite(target, content, like)
            code = 0
        except OSError as error:
            code = error.errno or errno.EIO
        finally:
            os._exit(code)
    _pid, status = os.waitpid(child, 0)
    code = os.WEXITSTATUS(status) if os.WIFEXITED(status) else errno.EINTR  # a signal ended the writer itself
    if code:
        raise OSError(code, os.strerror(code))


def _overwrite(target: str, content: bytes, like: os.stat_result) -> None:
    handle = os.open(target, os.O_RDWR)
    try:
        size = os.fstat(handle).st_size
        _take_room(handle, size, len(content))
        padded, written = content.ljust(size, b"\n"), 0
        while written < len(padded):
            written += os.pwrite(handle, padded[written:], written)
        os.ftruncate(handle, len(content))
        os.fchown(handle, like.st_uid, like.st_gid)
        os.fchmod(handle, stat.S_IMODE(like.st_mode))
        os.fsync(handle)
    finally:
        os.close(handle)


def _take_room(handle: int, size: int, wanted: int) -> None:
    if wanted <= size:
        return
    try:
        os.posix_fallocate(handle, size, wanted - size)
    except OSError:
        os.ftruncate(handle, size)  # some file systems keep the part that they found
        raise


def apply_attributes(path: str, model: str, mode: int, owner: int, group: int) -> None:
    """Owner first, then mode (a change of owner clears bits), then what the old file carried beside (SELinux, ACLs)."""
    if (owner, group) != (os.geteuid(), os.getegid()):
        os.chown(path, owner, group)
    os.chmod(path, mode)
    if os.path.exists(model):
        for name in os.listxattr(model):
            with contextlib.suppress(OSError):  # not every file system takes every attribute; the content matters more
                os.setxattr(path, name, os.getxattr(model, name))


def remove_if_present(path: str) -> None:
    """Remove a file that may not be there."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)
