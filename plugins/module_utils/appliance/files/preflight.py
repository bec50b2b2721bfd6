# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Errors of the operating system, in the words of a module's option. Standard library only: appliances run this."""

from __future__ import annotations

import errno
import os
from typing import Iterable, List, Optional, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.place import places_refused
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.replacement import Replacement
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError, attempt, raise_all

ADVICE = {
    errno.ENOENT: "Give a path that exists.",
    errno.EACCES: "Run the task as a user with permission (become), or give another path.",
    errno.EPERM: "Run the task as a user with permission (become), or give another path.",
    errno.EROFS: "The file system is mounted read-only. Remount it, or give another path.",
    errno.ENOSPC: "The disk is full. Nothing was changed. Free some space and run the task again.",
    errno.EDQUOT: "The disk quota is exceeded. Nothing was changed. Free some space and run the task again.",
    errno.ESTALE: "Make the folders on the way writable by root alone, or give a path in such a folder.",
    errno.ELOOP: "Give the path of the file itself.",
    errno.EISDIR: "Give the path of a file, not of a folder.",
}


def path_error(option: str, path: str, what: str, error: OSError) -> RemediationError:
    """An error of the operating system, with the option and the path.

    :param what: what is not possible, as the middle of the message: ``cannot be read``.
    """
    advice = ADVICE.get(error.errno or 0, "Check the path and its permissions.")
    return RemediationError("%s: %s %s: %s" % (option, path, what, error.strerror or error), advice)


def check_writable(replacements: Iterable[Replacement]) -> None:
    """Find out without writing whether files can be written, so that check mode fails if the run would.

    :raises RemediationError: with everything that prevents it.
    """
    errors: List[RemediationError] = []
    for replacement in replacements:
        if attempt(errors, replacement.attributes) is None:
            continue
        errors += places_refused([replacement])
        code, path = _obstacle(replacement.target, len(replacement.content))
        if code:
            errors.append(path_error(replacement.option, path, "cannot be written", OSError(code, os.strerror(code))))
    raise_all(list({error.message: error for error in errors}.values()))  # several files of one owner are one error


def _obstacle(target: str, size: int) -> Tuple[Optional[int], str]:
    """The error number of the first obstacle to a file of this size, and the path that has it; None if there is none."""
    folder = os.path.dirname(target)
    if os.path.isdir(target):
        return errno.EISDIR, target
    if not os.path.isdir(folder):
        return errno.ENOENT, folder
    # the file can be a mount point of its own, with other permissions and another size
    paths = [folder, target] if os.path.exists(target) else [folder]
    for path in paths:
        if os.statvfs(path).f_flag & os.ST_RDONLY:
            return errno.EROFS, path
    if not os.access(folder, os.W_OK | os.X_OK):
        return errno.EACCES, folder
    if target in paths and os.geteuid() == 0 and not os.access(target, os.W_OK):
        return errno.EPERM, target  # root is refused only if the file is immutable (chattr +i)
    for path in paths:
        if _free_bytes(path) < size - (os.path.getsize(target) if path == target else 0):
            return errno.ENOSPC, path
    return None, target


def _free_bytes(path: str) -> float:
    """The free bytes of a file system for this user; infinite if the file system does not count them."""
    status = os.statvfs(path)
    free = status.f_bfree if os.geteuid() == 0 else status.f_bavail
    return free * status.f_frsize if status.f_blocks else float("inf")
