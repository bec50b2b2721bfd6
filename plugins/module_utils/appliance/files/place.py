# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where a file may lie, and a secret: nothing foreign is followed. Standard library only: appliances run this."""

from __future__ import annotations

import os
import stat
from typing import Iterable, Iterator, List

from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.replacement import Replacement, foreign_owner
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.way import Way
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError


def places_refused(replacements: Iterable[Replacement]) -> List[RemediationError]:
    """What is in the way of writing files where their options say: folders, links of other users; for secrets also files of others, and hard links."""
    return [error for replacement in replacements for error in _refusals(replacement)]


def _refusals(replacement: Replacement) -> Iterator[RemediationError]:
    if replacement.path.endswith("/"):
        yield RemediationError(
            "%s: %s ends in a slash, as the path of a folder does" % (replacement.option, replacement.path),
            "Give the path of the file, with its name.",
        )
    elif replacement.way.foreign_link:
        yield link_refused(replacement.option, replacement.path, replacement.way)
    elif replacement.secret:
        yield from _secret_refusals(replacement)


def link_refused(option: str, path: str, way: Way) -> RemediationError:
    """Another user can change a symbolic link, or put one in its place, and so choose the file that is changed."""
    return RemediationError(
        "%s: %s leads through the symbolic link %s, and others than root can change %s" % (option, path, way.foreign_link, way.exposed),
        "Give the path of the file itself (now %s), or make the folder writable by root alone." % way.target,
    )


def _secret_refusals(replacement: Replacement) -> Iterator[RemediationError]:
    try:
        status = os.lstat(replacement.target)
    except OSError:
        return
    if stat.S_ISREG(status.st_mode) and status.st_uid not in replacement.owners():
        yield foreign_owner(replacement.option, replacement.target, status.st_uid)
    if stat.S_ISREG(status.st_mode) and status.st_nlink > 1:
        yield RemediationError(
            "%s: %s is a hard link: the same file has %d names" % (replacement.option, replacement.target, status.st_nlink),
            "Find the others with find -samefile, and remove those that are not needed. A private key has one name.",
        )
