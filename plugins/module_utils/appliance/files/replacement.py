# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The new content and attributes of a file. Standard library only: appliances run this."""

from __future__ import annotations

import dataclasses
import grp
import os
import pwd
import stat
from dataclasses import dataclass, field
from typing import Callable, FrozenSet, Optional, Tuple, Union

from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.metadata import Metadata, extended_of, without_acl
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.way import Way, trusted_users, way_to
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError, unwrap

#: a mode as Ansible takes it: octal text or a number
Mode = Union[str, int]
#: for the system, this number stands for no user and no group
NOBODY = 2**32 - 1
#: mode, owner and group, as numbers
Attributes = Tuple[int, int, int]


@dataclass(frozen=True)
class Replacement:
    """The new content of a file.

    :param option: the module's option that named the path, for messages.
    :param mode: None: the mode of the existing file, else 0644.
    :param owner: a user name or number; None: the owner of the existing file. ``group`` likewise.
    :param secret: readable by its owner only from the first byte, unless a mode is given. Of an existing file it keeps the group's permission to
        read, if nobody but root and this user can change a folder on the way, and no ACL and no permission of all users.
    :param same_secret: the secret is already in the file: in such a place it keeps its mode and its ACL.
    :param attribute_options: the options that gave mode, owner and group, for messages.
    """

    path: str
    content: bytes
    option: str
    mode: Optional[Mode] = None
    owner: Optional[str] = None
    group: Optional[str] = None
    secret: bool = False
    same_secret: bool = False
    attribute_options: Tuple[str, str, str] = ("mode", "owner", "group")
    #: the links of the path are followed once: everything later concerns this file
    way: Way = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "way", way_to(self.path))

    @property
    def target(self) -> str:
        """The file itself, if the path is a symbolic link."""
        return self.way.target

    def attributes(self) -> Attributes:
        """The mode, owner and group that the file will have.

        :raises RemediationError: the mode is malformed, or the owner or the group does not exist.
        """
        metadata = self.metadata(_current(self.target), Metadata(0o600, os.geteuid(), os.getegid(), None, {}))
        return metadata.mode, metadata.owner, metadata.group

    def metadata(self, old: Optional[Metadata], created: Metadata) -> Metadata:
        """The metadata that the file will have.

        :param old: of the existing file; None: it does not exist.
        :param created: of a file that the system has just made in the same folder.
        :raises RemediationError: the mode is malformed, the owner or the group does not exist, or a secret would take the place of a file of another user.
        """
        base = self._base(old, created)
        if old is not None and self.secret and old.owner not in self.owners():
            raise foreign_owner(self.option, self.target, old.owner)
        mode_option, _owner_option, group_option = self.attribute_options
        return Metadata(
            base.mode if self.mode is None else parse_mode(self.mode, mode_option),
            base.owner if self.owner is None else self._owner_number(self.owner),
            base.group if self.group is None else _number(self.group, group_option, lambda name: grp.getgrnam(name).gr_gid),
            None,
            base.extended,
        )

    def owners(self) -> FrozenSet[int]:
        """Whose file a secret may replace: root's, that of this user, and that of the owner that is asked for."""
        return trusted_users().union(() if self.owner is None else (self._owner_number(self.owner),))

    def _owner_number(self, owner: str) -> int:
        return _number(owner, self.attribute_options[1], lambda name: pwd.getpwnam(name).pw_uid)

    def _base(self, old: Optional[Metadata], created: Metadata) -> Metadata:
        """The metadata as far as the options do not say otherwise."""
        if not self.secret:
            return old or dataclasses.replace(created, mode=0o644)
        if old is None:
            return dataclasses.replace(created.private(), mode=0o600)
        if self.way.exposed:
            return dataclasses.replace(old.private(), mode=0o600)
        if self.same_secret:
            return old
        return dataclasses.replace(old.private(), mode=kept_mode(old))


def kept_mode(old: Metadata) -> int:
    """What a new secret keeps of the mode of an old one, in a place where root alone can have set it.

    A group that may read is a decision (``root:ssl-cert 0640``). Permissions of all users are none, and with an ACL the bits of the group are
    those of everybody whom the ACL names.
    """
    decided = not old.mode & 0o007 and without_acl(old.extended) == old.extended
    return old.mode & 0o640 if decided else 0o600


def foreign_owner(option: str, path: str, owner: int) -> RemediationError:
    """The file in the place of a secret belongs to somebody else, who may have made it beforehand."""
    return RemediationError(
        "%s: %s belongs to user ID %d, so no private key is read from it or written to it" % (option, path, owner),
        "If the service runs as that user, ask for this owner. Otherwise find out who made the file, and remove it.",
    )


def describe_attributes(replacement: Replacement) -> Tuple[str, str]:
    """Mode, owner and group of an existing file, before and after it is replaced, as text for a diff."""
    now = unwrap(_current(replacement.target), "the file exists")
    return _as_text((now.mode, now.owner, now.group)), _as_text(replacement.attributes())


def parse_mode(value: Mode, option: str = "mode") -> int:
    """A mode as a number.

    :param option: the option that it is from, for messages.
    :raises RemediationError: it is not an octal mode.
    """
    try:
        mode = value if isinstance(value, int) else int(str(value), 8)
    except ValueError:
        mode = -1
    if isinstance(value, bool) or not 0 <= mode <= 0o7777:
        raise RemediationError("%s: %r is not an octal mode" % (option, value), 'Write it in quotes, as "0640".')
    return mode


def _current(path: str) -> Optional[Metadata]:
    try:
        status = os.lstat(path)
    except OSError:
        return None
    return Metadata(stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid, None, extended_of(path))


def _as_text(attributes: Attributes) -> str:
    return "mode: %04o\nowner: %d\ngroup: %d\n" % attributes


def _number(name: str, option: str, look_up: Callable[[str], int]) -> int:
    try:
        number = int(name) if name.isdecimal() else look_up(name)
    except (KeyError, ValueError):
        number = NOBODY
    if not 0 <= number < NOBODY:
        raise RemediationError("%s: %r does not exist on this host" % (option, name), "Create it first.")
    return number
