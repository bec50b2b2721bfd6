# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A lock that keeps concurrent runs out. Standard library only: appliances run this."""

from __future__ import annotations

import contextlib
import fcntl
import os
from typing import Iterator

from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.preflight import path_error


@contextlib.contextmanager
def locked(path: str, option: str) -> Iterator[None]:
    """Hold a lock on the folder of a file, and wait for it if another process holds it.

    A lock on the folder survives a rename of the file, and no lock file remains.

    :param option: the module's option that named the path, for messages.
    :raises RemediationError: the folder cannot be opened.
    """
    folder = os.path.dirname(os.path.realpath(path))
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError as error:
        raise path_error(option, folder, "cannot be opened", error) from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
