# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Read files; errors name the option of the module. Standard library only: appliances run this.

Nothing else opens a file that a task names. Only a regular file is read, and no more of it than a limit: a FIFO would wait for its writer for ever,
and a device or a file of /proc has no end.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from typing import Any, BinaryIO, Iterator, List, Mapping, Optional, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.preflight import path_error
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError

#: bytes: more than any bundle of CA certificates or keystore has
MAXIMUM_SIZE = 64 << 20
CHUNK = 1 << 20
#: opening waits for nobody, takes no terminal, and is not inherited
FLAGS = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
KINDS = {stat.S_IFIFO: "named pipe (FIFO)", stat.S_IFCHR: "character device", stat.S_IFBLK: "block device", stat.S_IFSOCK: "socket"}


def read_file(path: str, option: str, maximum: int = MAXIMUM_SIZE) -> bytes:
    """The content of a regular file.

    :param maximum: the largest size that is accepted, in bytes.
    :raises RemediationError: it cannot be read, is no regular file, or is too large; the message names the option and the reason.
    """
    with opened(path, option) as stream:
        return content_of(stream, path, option, maximum)


@contextlib.contextmanager
def opened(path: str, option: str) -> Iterator[BinaryIO]:
    """A regular file, open for reading in binary mode. Errors of the operating system in the block are those of this file.

    :raises RemediationError: as ``read_file``.
    """
    with _open(path, option) as stream:
        try:
            yield stream
        except OSError as error:
            raise path_error(option, path, "cannot be read", error) from error


def _open(path: str, option: str) -> BinaryIO:
    try:
        _check_kind(os.stat(path), path, option)  # before it is opened: opening a device can do something
        stream = os.fdopen(os.open(path, FLAGS), "rb")
    except OSError as error:
        raise path_error(option, path, "cannot be read", error) from error
    except ValueError as error:  # no path can have a NUL
        raise path_error(option, repr(path), "cannot be read", OSError(str(error))) from error
    try:
        _check_kind(os.fstat(stream.fileno()), path, option)
    except BaseException:
        stream.close()
        raise
    return stream


def content_of(stream: BinaryIO, path: str, option: str, maximum: int = MAXIMUM_SIZE) -> bytes:
    """The content of an open file, as ``read_file``. A file that says a smaller size than it has is not read beyond the limit."""
    parts: List[bytes] = []
    left = maximum + 1
    if os.fstat(stream.fileno()).st_size <= maximum:
        while left:
            part = stream.read(min(CHUNK, left))
            if not part:
                return b"".join(parts)
            parts.append(part)
            left -= len(part)
    limit = "%d MiB" % (maximum >> 20) if maximum >= CHUNK else "%d bytes" % maximum
    raise RemediationError("%s: %s is larger than %s" % (option, path, limit), "Check the path: no such file that is meant for this option is that large.")


def check_regular(path: str, option: str) -> None:
    """Make sure that a file which another program will open can be read, and is a regular file.

    :raises RemediationError: as ``read_file``.
    """
    with opened(path, option):
        pass


def _check_kind(status: os.stat_result, path: str, option: str) -> None:
    """Refuse what is no regular file, and what the kernel makes up while it is read."""
    kind = stat.S_IFMT(status.st_mode)
    if kind == stat.S_IFDIR:
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if kind != stat.S_IFREG:
        what = "is a %s, not a regular file" % KINDS.get(kind, "special file")
    elif status.st_dev == _device_of_proc():
        what = "is a file of /proc, not a regular file on a disk"
    else:
        return
    raise RemediationError("%s: %s %s" % (option, path, what), "Write the content to a regular file, and give the path of that.")


def _device_of_proc() -> Optional[int]:
    try:
        return os.stat("/proc/self/stat").st_dev
    except OSError:
        return None


def files_in(path: str, option: str) -> List[str]:
    """The files of a folder in the order of their names; of anything else, the path itself.

    :raises RemediationError: the folder cannot be listed.
    """
    if not os.path.isdir(path):
        return [path]
    try:
        with os.scandir(path) as entries:
            return [entry.path for entry in sorted(entries, key=lambda entry: entry.name) if entry.is_file()]
    except OSError as error:
        raise path_error(option, path, "cannot be listed", error) from error


def read_path_or_content(params: Mapping[str, Any], path_option: str, content_option: str) -> Tuple[Optional[bytes], str]:
    """The content that is given by path or as text, and the name of the option that gives it.

    :param params: the module's parameters; the two options exclude each other.
    :returns: None as content if neither option is set.
    :raises RemediationError: the file cannot be read.
    """
    if params[content_option] is not None:
        return params[content_option].encode("utf-8"), content_option
    return (None if params[path_option] is None else read_file(params[path_option], path_option)), path_option
