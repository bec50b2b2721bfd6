# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Write into an existing file that cannot be renamed over: a mount point. Standard library only: appliances run this."""

from __future__ import annotations

import errno
import os

from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.folder import Folder
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.metadata import Metadata


def write_in_place(folder: Folder, name: str, content: bytes, metadata: Metadata) -> None:
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
            overwrite(folder, name, content, metadata)
            code = 0
        except OSError as error:
            code = error.errno or errno.EIO
        finally:
            os._exit(code)
    _pid, status = os.waitpid(child, 0)
    code = os.WEXITSTATUS(status) if os.WIFEXITED(status) else errno.EINTR  # a signal killed the writer
    if code:
        raise OSError(code, os.strerror(code))


def overwrite(folder: Folder, name: str, content: bytes, metadata: Metadata) -> None:
    """Write the content into an existing file, which keeps its inode.

    Whoever may not read the new content loses access before it is written, and whoever gains access gets it afterwards.
    """
    handle = folder.open_regular(name, os.O_RDWR)
    try:
        size = os.fstat(handle).st_size
        _allocate(handle, size, len(content))
        metadata.restrict(handle)
        padded, written = content.ljust(size, b"\n"), 0
        while written < len(padded):
            written += os.pwrite(handle, padded[written:], written)
        os.ftruncate(handle, len(content))
        metadata.apply(handle)
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
