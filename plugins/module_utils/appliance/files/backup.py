# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The old content of a file, for a backup or a rollback. Standard library only: appliances run this."""

from __future__ import annotations

import itertools
import os
import stat
from dataclasses import dataclass
from typing import Optional

from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.atomic_write import (
    apply_attributes,
    remove_if_present,
    replace_file,
    write_temporary,
)
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.preflight import path_error
from ansible_collections.certmend.tls.plugins.module_utils.core.timestamps import utc_now


@dataclass(frozen=True)
class Snapshot:
    """The content, mode and owner of a file at some time."""

    path: str
    content: bytes
    status: os.stat_result

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
            with open(path, "rb") as handle:
                return cls(path, handle.read(), os.fstat(handle.fileno()))
        except OSError as error:
            raise path_error(option, path, "cannot be read", error) from error

    def restore(self) -> None:
        """Write the old content again."""
        temporary = self.write_copy()
        try:
            replace_file(temporary, self.path)
        finally:
            remove_if_present(temporary)

    def back_up(self, option: str) -> str:
        """Keep a copy beside the file, with its mode and owner.

        :returns: the path of the backup.
        :raises RemediationError: it cannot be written; the message names the option.
        """
        try:
            temporary = self.write_copy()
            try:
                return _link_backup(temporary, self.path)
            finally:
                remove_if_present(temporary)
        except OSError as error:
            raise path_error(option, self.path, "cannot be backed up", error) from error

    def write_copy(self) -> str:
        """Write a copy beside the file, under a hidden name, with its mode and owner. The caller removes it."""
        temporary = write_temporary(self.path, self.content)
        try:
            apply_attributes(temporary, self.path, stat.S_IMODE(self.status.st_mode), self.status.st_uid, self.status.st_gid)
        except BaseException:
            remove_if_present(temporary)
            raise
        return temporary


def _link_backup(temporary: str, path: str) -> str:
    """Give a copy the first free name: ``PATH.20261120T120000Z.bak``, else with a number. No other backup is replaced."""
    time = utc_now().strftime("%Y%m%dT%H%M%SZ")
    for number in itertools.count():
        name = "%s.%s%s.bak" % (path, time, "_%02d" % number if number else "")
        try:
            os.link(temporary, name)  # unlike a rename it refuses to replace
            return name
        except FileExistsError:
            continue
    raise AssertionError("unreachable")
