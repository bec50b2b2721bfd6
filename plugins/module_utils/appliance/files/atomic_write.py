# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Replace a file as a whole: by a rename, or by writing in place if the file cannot be renamed over.

Standard library only: appliances run this.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import tempfile

from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.process import has_ended, identity_of

RENAME = "rename"
IN_PLACE = "in_place"
#: of the names of temporary files; the identity of their process and a random part follow, each after an underscore
PREFIX = ".certmend-"


def write_temporary(target: str, content: bytes) -> str:
    """Write a file beside the target, readable by its owner only, and flush it to the disk.

    :returns: its path.
    """
    handle, name = tempfile.mkstemp(prefix="%s%s_" % (PREFIX, identity_of(os.getpid())), dir=os.path.dirname(target))
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
    except BaseException:
        remove_if_present(name)
        raise
    return name


def sweep(folder: str) -> None:
    """Remove the temporary files of processes that ended before they could do so themselves. Some hold private keys."""
    with contextlib.suppress(OSError):
        for name in os.listdir(folder):
            if name.startswith(PREFIX) and has_ended(name[len(PREFIX) :].partition("_")[0]):
                os.unlink(os.path.join(folder, name))


def replace_file(temporary: str, target: str) -> str:
    """Replace a file with another one.

    By a rename. If the target is a mount point, which cannot be renamed over (EBUSY), by writing in place.

    :returns: ``rename`` or ``in_place``.
    """
    try:
        os.rename(temporary, target)
    except OSError as error:
        if error.errno not in (errno.EBUSY, errno.EXDEV):
            raise
        with open(temporary, "rb") as stream:
            _write_in_place(target, stream.read(), os.fstat(stream.fileno()))
        return IN_PLACE
    folder = os.open(os.path.dirname(target), os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return RENAME


def _write_in_place(target: str, content: bytes, attributes: os.stat_result) -> None:
    """Write the content into an existing file, so that neither a reader nor a kill meets half of it.

    The disk space is allocated first, so that a full disk is found before the first byte is written. One pwrite writes the whole
    content, padded with line breaks if the file shrinks; then the rest is cut off. A child process in a session of its own does
    this, so that a signal that kills the caller or its process group does not kill the writer.
    """
    child = os.fork()
    if child == 0:
        code = errno.EIO
        try:
            os.setsid()
            overwrite(target, content, attributes)
            code = 0
        except OSError as error:
            code = error.errno or errno.EIO
        finally:
            os._exit(code)
    _pid, status = os.waitpid(child, 0)
    code = os.WEXITSTATUS(status) if os.WIFEXITED(status) else errno.EINTR  # a signal killed the writer
    if code:
        raise OSError(code, os.strerror(code))


def overwrite(target: str, content: bytes, attributes: os.stat_result) -> None:
    """Write the content into an existing file, which keeps its inode, and set mode and owner."""
    handle = os.open(target, os.O_RDWR)
    try:
        size = os.fstat(handle).st_size
        _allocate(handle, size, len(content))
        padded, written = content.ljust(size, b"\n"), 0
        while written < len(padded):
            written += os.pwrite(handle, padded[written:], written)
        os.ftruncate(handle, len(content))
        os.fchown(handle, attributes.st_uid, attributes.st_gid)
        os.fchmod(handle, stat.S_IMODE(attributes.st_mode))
        os.fsync(handle)
    finally:
        os.close(handle)


def _allocate(handle: int, size: int, wanted: int) -> None:
    """Reserve the disk space for a file that grows."""
    if wanted <= size:
        return
    try:
        os.posix_fallocate(handle, size, wanted - size)
    except OSError:
        os.ftruncate(handle, size)  # some file systems keep what they allocated before the disk was full
        raise


def apply_attributes(path: str, model: str, mode: int, owner: int, group: int) -> None:
    """Set the owner, then the mode (a change of owner clears bits of it), then the extended attributes of the old file (SELinux, ACLs).

    :param model: the old file, if it exists.
    """
    if (owner, group) != (os.geteuid(), os.getegid()):
        os.chown(path, owner, group)
    os.chmod(path, mode)
    if os.path.exists(model):
        for name in os.listxattr(model):
            with contextlib.suppress(OSError):  # not every file system accepts every attribute
                os.setxattr(path, name, os.getxattr(model, name))


def remove_if_present(path: str) -> None:
    """Remove a file, if it exists."""
    if os.path.lexists(path):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
