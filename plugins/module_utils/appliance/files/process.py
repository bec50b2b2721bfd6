# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which process this is, so that another one can find out whether it has ended. Standard library only: appliances run this."""

from __future__ import annotations

import os


def identity_of(process: int) -> str:
    """A process as ``NAMESPACE-NUMBER-START``: a number alone is given to other processes again, and means another one in a container.

    Without Linux's ``/proc``, namespace and start are 0.
    """
    return "%d-%d-%d" % (_namespace(), process, _start_of(process))


def has_ended(identity: str) -> bool:
    """Whether a process is known to have ended. A process of another namespace cannot be seen, so it may be running."""
    try:
        namespace, process, start = (int(part) for part in identity.split("-"))
    except ValueError:
        return False
    # a process whose start cannot be read (hidepid) may be that process
    return namespace == _namespace() and not (_exists(process) and _start_of(process) in (start, 0))


def _namespace() -> int:
    try:
        return os.stat("/proc/self/ns/pid").st_ino
    except OSError:
        return 0


def _start_of(process: int) -> int:
    """When a process started, in clock ticks since the system started; 0 if it is unknown."""
    try:
        with open("/proc/%d/stat" % process, "rb") as stream:
            return int(stream.read().rpartition(b")")[2].split()[19])
    except (OSError, ValueError, IndexError):
        return 0


def _exists(process: int) -> bool:
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):  # no process has a number that the system cannot hold
        return False
    except OSError:
        return True
    return True
