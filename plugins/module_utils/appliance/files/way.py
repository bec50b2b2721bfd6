# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The way to a file: its symbolic links, and who else can change it. Standard library only: appliances run this."""

from __future__ import annotations

import grp
import os
import pwd
import stat
from dataclasses import dataclass
from typing import FrozenSet, Iterator, List, Optional

#: as the kernel (path_resolution(7))
MOST_LINKS = 40
ACL = "system.posix_acl_access"


@dataclass(frozen=True)
class Way:
    """The way to a file.

    :param target: the file itself, behind all symbolic links.
    :param exposed: the first folder on the way in which another user can put something else in the place of the next part; None if there is none.
    :param foreign_link: the first symbolic link in such a place; None if there is none.
    :param link: whether there is any symbolic link.
    """

    target: str
    exposed: Optional[str] = None
    foreign_link: Optional[str] = None
    link: bool = False


def trusted_users() -> FrozenSet[int]:
    """Who may change what this process follows: root, and its own user."""
    return frozenset((0, os.geteuid()))


def way_to(path: str) -> Way:
    """Follow a path part by part. What does not exist, or cannot be seen, is taken as it is written."""
    pending, done, links = list(_parts(os.path.join(os.getcwd(), path))), "/", 0
    exposed: Optional[str] = None
    foreign_link: Optional[str] = None
    while pending:
        part = pending.pop()
        if part == "..":
            done = os.path.dirname(done)
            continue
        step = os.path.join(done, part)
        entry = _status(step)
        if exposed is None and _others_can_replace(done, entry):
            exposed = done
        if entry is None or not stat.S_ISLNK(entry.st_mode) or links == MOST_LINKS:
            done = step
            continue
        links += 1
        foreign_link = foreign_link or (step if exposed else None)
        text = os.readlink(step)
        done = "/" if text.startswith("/") else done
        pending.extend(_parts(text))
    return Way(done, exposed, foreign_link, links > 0)


def _parts(path: str) -> Iterator[str]:
    """The parts of a path, the last one first."""
    return (part for part in reversed(path.split("/")) if part not in ("", "."))


def _status(path: str) -> Optional[os.stat_result]:
    try:
        return os.lstat(path)
    except OSError:
        return None


def _others_can_replace(folder: str, entry: Optional[os.stat_result]) -> bool:
    """Whether a user who is not trusted can put something else in the place of an entry of a folder."""
    status, trusted = _status(folder), trusted_users()
    if status is None:
        return False
    if status.st_uid not in trusted:
        return True
    if status.st_mode & stat.S_ISVTX and (entry is None or entry.st_uid in trusted):
        return False  # in a folder with the sticky bit, each may only remove and rename what is his (unlink(2))
    if status.st_mode & stat.S_IWOTH:
        return True
    return bool(status.st_mode & stat.S_IWGRP) and not _is_private_group(folder, status)


def _is_private_group(folder: str, status: os.stat_result) -> bool:
    """Whether the group of a folder is root's, or has nobody but the owner of the folder, as many systems give each user a group."""
    if _has_acl(folder):
        return False  # the mode's bits of the group then are those of everybody whom the ACL names (acl(5))
    if status.st_gid == 0:
        return True
    try:
        owner, group = pwd.getpwuid(status.st_uid), grp.getgrgid(status.st_gid)
    except KeyError:
        return False
    members: List[str] = [name for name in group.gr_mem if name != owner.pw_name]
    return owner.pw_gid == group.gr_gid and owner.pw_name == group.gr_name and not members


def _has_acl(folder: str) -> bool:
    try:
        return ACL in os.listxattr(folder)
    except OSError:  # the file system has none
        return False
