# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the operating system refuses, in the words of a module's option. Standard library only: appliances run this."""

from __future__ import annotations

import errno
import os
from typing import Any, Iterable, Optional, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError, raise_all


def path_error(option: str, path: str, what: str, error: OSError) -> RemediationError:
    """An operating system's refusal, in the words of the option."""
    advice = {
        errno.ENOENT: "Give a path that exists.",
        errno.EACCES: "Run it as a user who may (become), or give another path.",
        errno.EPERM: "Run it as a user who may (become), or give another path.",
        errno.EROFS: "The file system is mounted read-only: remount it, or give another path.",
        errno.ENOSPC: "The disk is full: make room and run it again; nothing was changed.",
        errno.EDQUOT: "The quota is used up: make room and run it again; nothing was changed.",
        errno.EISDIR: "Give the path of a file, not of a folder.",
    }.get(error.errno or 0, "Check the path and its permissions.")
    return RemediationError("%s: %s %s: %s" % (option, path, what, error.strerror or error), advice)


def check_writable(replacements: Iterable[Any]) -> None:
    """Find out without writing whether files can be written, so that check mode fails where the run would.

    :param replacements: with ``target``, ``content`` and ``option``.
    :raises RemediationError: with everything that stands in the way.
    """
    errors = []
    for one in replacements:
        code, where = _obstacle(one.target, len(one.content))
        if code:
            errors.append(path_error(one.option, where, "cannot be written", OSError(code, os.strerror(code))))
    raise_all(errors)


def _obstacle(target: str, size: int) -> Tuple[Optional[int], str]:
    """The first thing that would refuse a file of this size at this place, and where it sits."""
    folder = os.path.dirname(target)
    if os.path.isdir(target):
        return errno.EISDIR, target
    if not os.path.isdir(folder):
        return errno.ENOENT, folder
    # the file may be a mount point of its own, with other rights and another size
    places = [folder, target] if os.path.exists(target) else [folder]
    for place in places:
        if os.statvfs(place).f_flag & os.ST_RDONLY:
            return errno.EROFS, place
    if not os.access(folder, os.W_OK | os.X_OK):
        return errno.EACCES, folder
    if target in places and os.geteuid() == 0 and not os.access(target, os.W_OK):
        return errno.EPERM, target  # nothing but an immutable file (chattr +i) refuses root
    for place in places:
        if _room(place) < size - (os.path.getsize(target) if place == target else 0):
            return errno.ENOSPC, place
    return None, target


def _room(place: str) -> float:
    """Free bytes there for this user; endless where the file system does not count."""
    status = os.statvfs(place)
    free = status.f_bfree if os.geteuid() == 0 else status.f_bavail
    return free * status.f_frsize if status.f_blocks else float("inf")
