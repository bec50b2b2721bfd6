# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a user other than root needs before the kernel lets them build a lab, and who can grant it."""

import os
import pwd
import shutil
import subprocess
from pathlib import Path

from lab.errors import LabError

IDS_NEEDED = 65535
"""Hosts use nobody (65534), so the first 65535 ids beside root's must be mapped."""

SWITCHES = (
    ("kernel/unprivileged_userns_clone", "0", "kernel.unprivileged_userns_clone=1"),
    ("user/max_user_namespaces", "0", "user.max_user_namespaces=15000"),
    ("kernel/apparmor_restrict_unprivileged_userns", "1", "kernel.apparmor_restrict_unprivileged_userns=0"),
)


def subordinate_ids(path, user, uid):
    """The first large enough range (start, count) that subuid(5) or subgid(5) gives the user, or None."""
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    for line in lines:
        owner, _rest, span = line.partition(":")
        start, _rest, count = span.partition(":")
        if owner in (user, str(uid)) and count.strip().isdigit() and int(count) >= IDS_NEEDED:
            return int(start), int(count)
    return None


def obstacles(sysctl=Path("/proc/sys"), subuid="/etc/subuid", subgid="/etc/subgid", path=None):
    """Everything in the way of an unprivileged lab, as (what is wrong, the command that repairs it)."""
    found = []
    for name, closed, opened in SWITCHES:
        switch = sysctl / name
        if switch.exists() and switch.read_text(encoding="ascii").strip() == closed:
            found.append((f"{name.replace('/', '.')} is {closed}: no user namespaces without root", f"sudo sysctl -w {opened}"))
    if not (shutil.which("newuidmap", path=path) and shutil.which("newgidmap", path=path)):
        found.append(("newuidmap is missing", "sudo apt-get install uidmap"))
    uid = os.getuid()
    user = user_name(uid)
    if not (subordinate_ids(subuid, user, uid) and subordinate_ids(subgid, user, uid)):
        mend = f"sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 {user}"
        found.append((f"{user} has no range of {IDS_NEEDED} subordinate ids in {subuid} and {subgid}", mend))
    return found


def user_name(uid):
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def require():
    found = obstacles()
    if found:
        lines = "\n".join(f"  {what}\n    repair it with: {command}" for what, command in found)
        raise LabError(f"The lab needs root or a user namespace, and here:\n{lines}")


def map_ids(pid):
    """Make this user root in the new user namespace of process pid, and the subordinate ids everyone else."""
    uid, gid = os.getuid(), os.getgid()
    user = user_name(uid)
    for program, own, ids in (
        ("newuidmap", uid, subordinate_ids("/etc/subuid", user, uid)),
        ("newgidmap", gid, subordinate_ids("/etc/subgid", user, uid)),
    ):
        start, count = ids
        command = [program, str(pid), "0", str(own), "1", "1", str(start), str(count)]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        if result.returncode != 0:
            raise LabError(f"{program} failed: {result.stderr.strip()}", "See newuidmap(1) about /etc/subuid.")
