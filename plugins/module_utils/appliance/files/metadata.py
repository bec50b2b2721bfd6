# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Everything about a file except its content. Standard library only: appliances run this."""

from __future__ import annotations

import base64
import contextlib
import os
import stat
from dataclasses import dataclass
from typing import Any, Dict, Mapping


@dataclass(frozen=True)
class Metadata:
    """Mode, owner, group, time of the last change, and extended attributes of a file.

    :param modified: nanoseconds since 1970.
    :param extended: by name. POSIX ACLs and the SELinux context are among them.
    """

    mode: int
    owner: int
    group: int
    modified: int
    extended: Mapping[str, bytes]

    @classmethod
    def of(cls, handle: int) -> Metadata:
        """The metadata of an open file."""
        status = os.fstat(handle)
        return cls(stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid, status.st_mtime_ns, _extended_of(handle))

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Metadata:
        """What ``as_dict`` made."""
        extended = {name: base64.b64decode(value) for name, value in values["extended"].items()}
        return cls(int(values["mode"], 8), values["owner"], values["group"], values["modified"], extended)

    def as_dict(self) -> Dict[str, Any]:
        """The metadata as JSON can hold it."""
        extended = {name: base64.b64encode(value).decode("ascii") for name, value in self.extended.items()}
        return {"mode": "%04o" % self.mode, "owner": self.owner, "group": self.group, "modified": self.modified, "extended": extended}

    def apply(self, path: str) -> None:
        """Give a file this metadata. It must not be a symbolic link.

        :raises OSError: the owner or the mode cannot be set, or the path is a link.
        """
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
        try:
            if (self.owner, self.group) != (os.fstat(handle).st_uid, os.fstat(handle).st_gid):
                os.fchown(handle, self.owner, self.group)
            os.fchmod(handle, self.mode)  # after the owner, whose change clears bits of the mode
            self._apply_extended(handle)
            os.utime(handle, ns=(os.fstat(handle).st_atime_ns, self.modified))
        finally:
            os.close(handle)

    def _apply_extended(self, handle: int) -> None:
        present = _extended_of(handle)
        for name in present.keys() - self.extended.keys():  # a new file inherits the default ACL of its folder
            with contextlib.suppress(OSError):
                os.removexattr(handle, name)
        for name, value in self.extended.items():
            if present.get(name) != value:
                with contextlib.suppress(OSError):  # not every file system accepts every attribute
                    os.setxattr(handle, name, value)

    def differences(self, other: Metadata) -> str:
        """What differs from other metadata, in words; empty if nothing does. The time of the last change does not count."""
        pairs = (("mode", self.mode, other.mode), ("owner", self.owner, other.owner), ("group", self.group, other.group))
        names = [name for name, mine, others in pairs if mine != others]
        return ", ".join(names + (["extended attributes"] if self.extended != other.extended else []))


def _extended_of(handle: int) -> Dict[str, bytes]:
    try:
        return {name: os.getxattr(handle, name) for name in os.listxattr(handle)}
    except OSError:  # the file system has none
        return {}
