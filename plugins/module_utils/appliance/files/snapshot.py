# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The content and metadata of a file at some time, for a backup or a rollback. Standard library only: appliances run this."""

from __future__ import annotations

import errno
import hashlib
import os
from dataclasses import dataclass
from typing import Optional

from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.atomic_write import NewFile
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.folder import Folder
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.metadata import Metadata
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.preflight import path_error
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.read import content_of


def digest_of(content: bytes) -> str:
    """The SHA-256 of a content, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


@dataclass(frozen=True)
class Snapshot:
    """A file at some time."""

    path: str
    content: bytes
    metadata: Metadata

    @classmethod
    def of(cls, path: str, option: str = "path") -> Optional[Snapshot]:
        """A file; None if there is none.

        :param path: a path without symbolic links: none is followed.
        :raises RemediationError: it cannot be read, or is no regular file; the message names the option.
        """
        try:
            return cls._read(path, option)
        except FileNotFoundError:
            return None
        except OSError as error:
            if error.errno == errno.ENAMETOOLONG:
                return None
            raise path_error(option, path, "cannot be read", error) from error

    @classmethod
    def of_existing(cls, path: str, option: str) -> Snapshot:
        """A file that must exist.

        :raises RemediationError: it cannot be read; the message names the option.
        """
        try:
            return cls._read(path, option)
        except OSError as error:
            raise path_error(option, path, "cannot be read", error) from error

    @classmethod
    def _read(cls, path: str, option: str) -> Snapshot:
        with Folder(os.path.dirname(path)) as folder, open(folder.open_regular(os.path.basename(path), os.O_RDONLY), "rb") as stream:
            return cls(path, content_of(stream, path, option), Metadata.of(stream.fileno()))

    @property
    def digest(self) -> str:
        """The SHA-256 of the content."""
        return digest_of(self.content)

    def is_current(self) -> bool:
        """Whether the file still has this content and metadata."""
        now = Snapshot.of(self.path)
        return now is not None and now.content == self.content and not now.metadata.differences(self.metadata)

    def restore(self) -> None:
        """Write the old content again, with its metadata. A file that still is as it was is not touched."""
        if self.is_current():
            return
        with self.copy() as new:
            new.replace()

    def copy(self, private: bool = False) -> NewFile:
        """Write a copy beside the file, under a hidden name, with its metadata. The caller discards it.

        :param private: only its owner may read the copy.
        """
        new = NewFile(self.path, self.content)
        try:
            new.give(self.metadata.private() if private else self.metadata)
        except BaseException:
            new.discard()
            raise
        return new
