# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The folder in which the collection keeps journals. Standard library only: appliances run this."""

from __future__ import annotations

import os
import stat
from typing import Optional, Sequence

from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.preflight import path_error
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.way import way_to
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError

OF_ROOT = "/var/lib/certmend/journal"


def default_folder() -> str:
    """``/var/lib/certmend/journal`` for root, else a folder in the user's home (XDG_STATE_HOME)."""
    return OF_ROOT if os.geteuid() == 0 else _of_user("journal")


def lock_folder() -> Optional[str]:
    """A folder for the lock files of this user; None if he has no place for one (a system user without a home).

    :raises RemediationError: the folder of root cannot be made, or is not root's alone.
    """
    return _first_private(("/run/certmend/locks", "/var/lib/certmend/locks") if os.geteuid() == 0 else (_of_user("locks"),))


def work_folder() -> Optional[str]:
    """A folder for files that other programs change for us; None as with ``lock_folder``."""
    return _first_private(("/run/certmend/work", "/var/lib/certmend/work") if os.geteuid() == 0 else (_of_user("work"),))


def _of_user(name: str) -> str:
    state = os.environ.get("XDG_STATE_HOME") or os.path.join(os.path.expanduser("~"), ".local", "state")
    return os.path.join(os.path.realpath(state), "certmend", name)


def _first_private(folders: Sequence[str]) -> Optional[str]:
    """The first of these folders that exists or can be created, and is private."""
    errors = []
    for folder in folders:
        try:
            make_private(folder, "folder")
            return folder
        except RemediationError as error:
            errors.append(error)
    if os.geteuid() == 0:
        raise errors[0]
    return None


def make_private(folder: str, option: str) -> None:
    """Create a folder that only this user can enter, or make sure that an existing one is.

    :raises RemediationError: it cannot be created, or another user could change it.
    """
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
    except OSError as error:
        raise path_error(option, folder, "cannot be created", error) from error
    check_private(folder, option)


def check_private(folder: str, option: str) -> None:
    """Make sure that only this user can enter a folder.

    :raises RemediationError: it is a link, or belongs to another user, or others may enter it or put another folder in its place.
    """
    exposed = way_to(folder).exposed
    if exposed:
        message = "%s: others than user ID %d can put another folder in the place of %s, because they can change %s" % (option, os.geteuid(), folder, exposed)
        raise RemediationError(message, "Give a folder on whose way nobody else can write.")
    status = os.lstat(folder)
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid() or status.st_mode & 0o077:
        message = "%s: %s is not a folder that only user ID %d can enter" % (option, folder, os.geteuid())
        raise RemediationError(message, "Find out who made it. Journals hold private keys, so remove it or correct its owner and its mode (0700).")
