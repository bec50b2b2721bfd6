# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The audit log of a pin store: lines of JSON that are only ever added. Standard library only."""

from __future__ import annotations

import fcntl
import json
import os
from typing import List

from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.preflight import check_writable, path_error
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.transaction import Replacement
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError

OPTION = "audit_log"


def check_log(path: str, entries: List[dict]) -> None:
    """Find out without writing whether lines can be added."""
    check_writable([Replacement(path, _text(entries), OPTION)])
    if os.path.exists(path) and not os.access(path, os.W_OK):
        raise path_error(OPTION, path, "cannot be written", PermissionError(13, os.strerror(13)))


def append(path: str, entries: List[dict]) -> None:
    """Add a line for each entry, all in one write; nothing that is there is touched, and nothing is left of a write that failed.

    :raises RemediationError: naming the option.
    """
    try:
        handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o640)
    except OSError as error:
        raise path_error(OPTION, path, "cannot be written", error) from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)  # several stores may share a log
        size = os.fstat(handle).st_size
        torn = size and os.pread(handle, 1, size - 1) != b"\n"  # somebody's last line was cut off: begin a new one
        data = (b"\n" if torn else b"") + _text(entries)
        if os.write(handle, data) != len(data):
            os.ftruncate(handle, size)
            raise RemediationError("%s: %s: the disk is full" % (OPTION, path), "Make room and run it again; nothing was changed.")
        os.fsync(handle)
    except OSError as error:
        raise path_error(OPTION, path, "cannot be written", error) from error
    finally:
        os.close(handle)


def shown(entry: dict) -> str:
    """An entry for a diff."""
    return json.dumps(entry)


def _text(entries: List[dict]) -> bytes:
    return "".join(json.dumps(one) + "\n" for one in entries).encode("ascii")
