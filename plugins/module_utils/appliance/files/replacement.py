# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The new content and attributes of a file. Standard library only: appliances run this."""

from __future__ import annotations

import grp
import os
import pwd
import stat
from dataclasses import dataclass
from typing import Callable, Optional, Tuple, Union

from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError

#: a mode as Ansible takes it: octal text or a number
Mode = Union[str, int]
#: mode, owner and group, as numbers
Attributes = Tuple[int, int, int]


@dataclass(frozen=True)
class Replacement:
    """The new content of a file.

    :param option: the module's option that named the path, for messages.
    :param mode: None: the mode of the existing file, else 0644.
    :param owner: a user name or number; None: the owner of the existing file. ``group`` likewise.
    :param secret: readable by its owner only from the first byte; a new file has mode 0600.
    """

    path: str
    content: bytes
    option: str
    mode: Optional[Mode] = None
    owner: Optional[str] = None
    group: Optional[str] = None
    secret: bool = False

    @property
    def target(self) -> str:
        """The file itself, if the path is a symbolic link."""
        return os.path.realpath(self.path)

    def attributes(self) -> Attributes:
        """The mode, owner and group that the file will have.

        :raises RemediationError: the mode is malformed, or the owner or the group does not exist.
        """
        mode, owner, group = 0o600 if self.secret else 0o644, os.geteuid(), os.getegid()
        if os.path.exists(self.target):
            mode, owner, group = _current_attributes(self.target)
        return (
            mode if self.mode is None else parse_mode(self.mode),
            owner if self.owner is None else _number(self.owner, "owner", lambda name: pwd.getpwnam(name).pw_uid),
            group if self.group is None else _number(self.group, "group", lambda name: grp.getgrnam(name).gr_gid),
        )


def describe_attributes(replacement: Replacement) -> Tuple[str, str]:
    """Mode, owner and group of an existing file, before and after it is replaced, as text for a diff."""
    return _as_text(_current_attributes(replacement.target)), _as_text(replacement.attributes())


def parse_mode(value: Mode) -> int:
    """A mode as a number.

    :raises RemediationError: it is not an octal mode.
    """
    try:
        return value if isinstance(value, int) else int(str(value), 8)
    except ValueError:
        raise RemediationError("mode: %r is not an octal mode" % value, 'Write it in quotes, as "0640".') from None


def _current_attributes(path: str) -> Attributes:
    status = os.stat(path)
    return stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid


def _as_text(attributes: Attributes) -> str:
    return "mode: %04o\nowner: %d\ngroup: %d\n" % attributes


def _number(name: str, option: str, look_up: Callable[[str], int]) -> int:
    try:
        return int(name) if name.isdigit() else look_up(name)
    except KeyError:
        raise RemediationError("%s: %r does not exist on this host" % (option, name), "Create it first.") from None
