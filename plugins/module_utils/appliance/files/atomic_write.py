# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Replace a file as a whole: by a rename, or by writing in place if the file cannot be renamed over.

Another user may be able to write to the folder. So nothing is done by a path: attributes are set on the open file, names are reached by
the descriptor of the folder, and a name is used only as long as it still is the file that was written here.

Standard library only: appliances run this.
"""

from __future__ import annotations

import contextlib
import errno
import os
from typing import Optional

from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.folder import Folder, identity_of
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.in_place import write_in_place
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.metadata import Metadata
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.process import has_ended
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.process import identity_of as process_identity
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.way import way_to

RENAME = "rename"
IN_PLACE = "in_place"
#: of the names of temporary files; the identity of their process and a random part follow, each after an underscore
PREFIX = ".certmend-"


class NewFile:
    """A new content in a temporary file beside its target, readable by its owner only, and flushed to the disk.

    ``discard`` removes it, unless it has replaced its target.
    """

    def __init__(self, target: str, content: bytes) -> None:
        """Write it.

        :param target: a path without symbolic links.
        :raises OSError: it cannot be written; nothing remains.
        """
        folder, self.target = os.path.split(target)
        self.content = content
        self._wanted: Optional[Metadata] = None
        self._folder = Folder(folder)
        self._handle = -1
        self._name = "%s%s_%s" % (PREFIX, process_identity(os.getpid()), os.urandom(6).hex())
        try:
            self._handle = self._folder.open(self._name, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
            _write(self._handle, content)
            os.fsync(self._handle)
        except BaseException:
            self.discard()
            raise

    def __enter__(self) -> NewFile:
        return self

    def __exit__(self, *_error: object) -> None:
        self.discard()

    @property
    def path(self) -> str:
        """Where it is, for messages."""
        return os.path.join(self._folder.path, self._name)

    @property
    def created(self) -> Metadata:
        """The metadata with which the system made it: those of this process, and what the folder hands down."""
        return Metadata.of(self._handle)

    def give(self, metadata: Metadata) -> None:
        """Set owner, group, mode and extended attributes.

        :raises OSError: the owner or the mode cannot be set.
        """
        metadata.apply(self._handle)
        self._wanted = metadata

    def replace(self) -> str:
        """Replace the target.

        By a rename. If the target is a mount point, which cannot be renamed over (EBUSY), by writing in place.

        :returns: ``rename`` or ``in_place``.
        :raises OSError: it cannot be replaced, or somebody else put another file in the place of this one.
        """
        self._require_ours(self._name)
        folder = self._folder.handle
        try:
            os.rename(self._name, self.target, src_dir_fd=folder, dst_dir_fd=folder)
        except OSError as error:
            if error.errno not in (errno.EBUSY, errno.EXDEV):
                raise
            write_in_place(self._folder, self.target, self.content, self._wanted or self.created)
            return IN_PLACE
        self._require_ours(self.target)
        self._folder.flush()
        return RENAME

    def link(self, name: str) -> None:
        """Give it one more name. Unlike a rename, this replaces nothing.

        :raises FileExistsError: the name is in use.
        """
        self._require_ours(self._name)
        folder = self._folder.handle
        os.link(self._name, name, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=False)
        self._require_ours(name)

    def discard(self) -> None:
        """Remove it and close it; more than once is no error."""
        handle, self._handle = self._handle, -1
        try:
            if handle >= 0 and self._folder.identity(self._name) == identity_of(os.fstat(handle)):
                self._folder.remove(self._name)
        finally:
            if handle >= 0:
                os.close(handle)
            self._folder.close()

    def _require_ours(self, name: str) -> None:
        if self._folder.identity(name) != identity_of(os.fstat(self._handle)):
            raise OSError(errno.ESTALE, "another user put another file in the place of the new one")


def write_file(path: str, content: bytes) -> str:
    """Replace a file by one that its owner alone can read; afterwards it is on the disk.

    :returns: ``rename`` or ``in_place``.
    """
    with NewFile(path, content) as new:
        return new.replace()


def _write(handle: int, content: bytes) -> None:
    written = memoryview(content)
    while written:
        written = written[os.write(handle, written) :]


def sweep(path: str) -> None:
    """Remove the temporary files of processes that ended before they could do so themselves. Some hold private keys.

    Whoever owns such a file: it may have been given to the user of a service already. What is no regular file was not made here.

    :param path: a folder.
    """
    with contextlib.suppress(OSError), Folder(path) as folder:
        for name in folder.names():
            if name.startswith(PREFIX) and has_ended(name[len(PREFIX) :].partition("_")[0]):
                with contextlib.suppress(OSError):
                    folder.remove_regular(name)


def sweep_beside(*paths: Optional[str]) -> None:
    """Remove such files from the folders of these files.

    :param paths: links are followed; None is skipped.
    """
    for folder in {os.path.dirname(way_to(path).target) for path in paths if path is not None}:
        sweep(folder)


def remove_if_present(path: str) -> None:
    """Remove a file, if it exists. A link is removed, not followed.

    :param path: a path whose folders are no symbolic links.
    """
    with contextlib.suppress(FileNotFoundError), Folder(os.path.dirname(path)) as folder:
        folder.remove(os.path.basename(path))
