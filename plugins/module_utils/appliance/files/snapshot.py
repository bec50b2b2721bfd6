# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The content and metadata of a file at some time, for a backup or a rollback. Standard library only: appliances run this."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from typing import Optional

from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.atomic_write import IN_PLACE, remove_if_present, replace_file, write_temporary
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.metadata import Metadata
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.preflight import path_error


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
    def of(cls, path: str) -> Optional[Snapshot]:
        """A file; None if there is none."""
        return cls.of_existing(path, "path") if os.path.exists(path) else None

    @classmethod
    def of_existing(cls, path: str, option: str) -> Snapshot:
        """A file that must exist.

        :raises RemediationError: it cannot be read; the message names the option.
        """
        try:
            with open(path, "rb") as stream:
                return cls(path, stream.read(), Metadata.of(stream.fileno()))
        except OSError as error:
            raise path_error(option, path, "cannot be read", error) from error

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
        temporary = self.write_copy()
        try:
            if replace_file(temporary, self.path) == IN_PLACE:
                self.metadata.apply(self.path)
        finally:
            remove_if_present(temporary)

    def write_copy(self) -> str:
        """Write a copy beside the file, under a hidden name, with its metadata. The caller removes it."""
        temporary = write_temporary(self.path, self.content)
        try:
            self.metadata.apply(temporary)
        except BaseException:
            remove_if_present(temporary)
            raise
        return temporary
