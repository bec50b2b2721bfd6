# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who holds a lock (flock) on a file or folder. Standard library only: appliances run this."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import List, Optional

from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.way import trusted_users


@dataclass(frozen=True)
class Holder:
    """A process that took a lock. A process of a pid namespace that cannot be seen from here is in no list.

    :param user: None: the process has ended, and handed its open file down to another one.
    :param namespace: its mount namespace; None if it cannot be read.
    """

    process: int
    user: Optional[int]
    namespace: Optional[int]

    @property
    def description(self) -> str:
        """The process, for a message."""
        return "process %d%s" % (self.process, "" if self.user is None else " of user ID %d" % self.user)

    def may_be_a_run(self, elsewhere: bool) -> bool:
        """Whether the process may be a run of ours that counts: of root or of this user, and not this process.

        :param elsewhere: only runs in another mount namespace or of another user count, because the others hold a lock of their own.
        """
        if self.process == os.getpid() or self.user not in trusted_users():
            return False
        return not elsewhere or self.user != os.geteuid() or self.namespace != _namespace_of("self")


def holders_of(handle: int) -> List[Holder]:
    """The processes that hold a lock on an open file, as Linux lists them (proc_locks(5))."""
    inode, processes = os.fstat(handle).st_ino, set()
    try:
        with open("/proc/locks", encoding="ascii", errors="replace") as lines:
            for line in lines:
                fields = line.split()
                if len(fields) > 5 and fields[1] == "FLOCK" and fields[5].rpartition(":")[2] == str(inode):
                    processes.add(int(fields[4]))
    except OSError:
        pass
    return [Holder(process, _user_of(process), _namespace_of(str(process))) for process in sorted(processes)]


def _user_of(process: int) -> Optional[int]:
    try:
        return os.stat("/proc/%d" % process).st_uid
    except OSError:
        return None


def _namespace_of(process: str) -> Optional[int]:
    try:
        return os.stat("/proc/%s/ns/mnt" % process).st_ino
    except OSError:
        return None
