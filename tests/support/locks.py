# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a process waits for a lock, without waiting for a time to pass."""

from __future__ import annotations

import contextlib
import os

from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.private_folder import lock_folder


def waits_for_a_lock(process: int) -> bool:
    """Whether a process has opened a lock file; the caller holds the lock."""
    with contextlib.suppress(OSError):
        return any(os.readlink(entry.path).startswith("%s/" % lock_folder()) for entry in os.scandir("/proc/%d/fd" % process))
    return False
