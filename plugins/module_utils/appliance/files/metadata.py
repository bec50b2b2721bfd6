# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Everything about a file except its content. Standard library only: appliances run this."""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import os
import stat
from dataclasses import dataclass
from typing import Any, Dict, Mapping, Optional, Union

#: the POSIX ACL
ACL = "system.posix_acl_access"
#: of the names of extended attributes that give access: the POSIX ACL and the one of NFSv4
ACCESS = "system."
#: of the names of extended attributes that the system's security modules set
OF_SYSTEM = "security."


@dataclass(frozen=True)
class Metadata:
    """Mode, owner, group, time of the last change, and extended attributes of a file.

    :param modified: nanoseconds since 1970; None: the time at which the content was written.
    :param extended: by name. POSIX ACLs and the SELinux context are among them.
    """

    mode: int
    owner: int
    group: int
    modified: Optional[int]
    extended: Mapping[str, bytes]

    @classmethod
    def of(cls, handle: int) -> Metadata:
        """The metadata of an open file."""
        status = os.fstat(handle)
        return cls(stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid, status.st_mtime_ns, extended_of(handle))

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Metadata:
        """What ``as_dict`` made."""
        extended = {name: base64.b64decode(value) for name, value in values["extended"].items()}
        return cls(int(values["mode"], 8), int(values["owner"]), int(values["group"]), int(values["modified"]), extended)

    def as_dict(self) -> Dict[str, Any]:
        """The metadata as JSON can hold it."""
        extended = {name: base64.b64encode(value).decode("ascii") for name, value in self.extended.items()}
        return {"mode": "%04o" % self.mode, "owner": self.owner, "group": self.group, "modified": self.modified, "extended": extended}

    def apply(self, handle: int) -> None:
        """Give an open file this metadata.

        :raises OSError: the owner or the mode cannot be set.
        """
        status = os.fstat(handle)
        if (self.owner, self.group) != (status.st_uid, status.st_gid):
            os.fchown(handle, self.owner, self.group)
        self._apply_extended(handle)
        os.fchmod(handle, self.mode)  # after the owner, whose change clears bits of the mode, and the ACL, which has some of them
        if self.modified is not None:
            os.utime(handle, ns=(status.st_atime_ns, self.modified))

    def restrict(self, handle: int) -> None:
        """Take away from an open file what this metadata does not allow: bits of the mode, and the ACL."""
        for name in extended_of(handle).keys() - self.extended.keys():
            if name == ACL:
                os.removexattr(handle, name)
        status = os.fstat(handle)
        same = (self.owner, self.group) == (status.st_uid, status.st_gid)
        os.fchmod(handle, stat.S_IMODE(status.st_mode) & self.mode if same else 0o600)

    def private(self) -> Metadata:
        """The same for a secret: only its owner may read it."""
        return dataclasses.replace(self, mode=self.mode & 0o600, extended=without_acl(self.extended))

    def _apply_extended(self, handle: int) -> None:
        present = extended_of(handle)
        for name in present.keys() - self.extended.keys():  # a new file inherits the default ACL of its folder
            if not name.startswith(OF_SYSTEM):
                with contextlib.suppress(OSError):
                    os.removexattr(handle, name)
        for name, value in self.extended.items():
            if present.get(name) != value:
                with contextlib.suppress(OSError):  # not every file system accepts every attribute
                    os.setxattr(handle, name, value)

    def differences(self, other: Metadata) -> str:
        """What differs from other metadata, in words; empty if nothing does. The time of the last change does not count."""
        named = (("mode", "%04o", "mode"), ("owner", "%d", "owner"), ("group", "%d", "group"))
        pairs = [(title, form % getattr(self, name), form % getattr(other, name)) for title, form, name in named]
        found = ["%s %s, not %s" % pair for pair in pairs if pair[1] != pair[2]]
        names = sorted(name for name in self.extended.keys() | other.extended.keys() if self.extended.get(name) != other.extended.get(name))
        return ", ".join(found + ["another extended attribute %s" % name for name in names])


def without_acl(extended: Mapping[str, bytes]) -> Dict[str, bytes]:
    """The extended attributes that give nobody access."""
    return {name: value for name, value in extended.items() if not name.startswith(ACCESS)}


def extended_of(file: Union[int, str]) -> Dict[str, bytes]:
    """The extended attributes of an open file, or of the file at a path."""
    try:
        return {name: os.getxattr(file, name) for name in os.listxattr(file)}
    except OSError:  # the file system has none
        return {}
