# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The controller: the namespaces in which the person's command runs, with the bridge to the hosts."""

import functools
import ipaddress
import os
import subprocess
from pathlib import Path

from lab import kernel, namespaces, places, rootfs
from lab.errors import LabError

ADDRESS = "10.77.0.1/24"
BRIDGE = "lab"


def enter(command):
    """Run the command in a new lab and return its exit status; within a lab, just run it."""
    command = command[1:] if command[:1] == ["--"] else command
    if not command:
        raise LabError("enter needs a command", "For a shell: labctl enter -- bash")
    if places.inside():
        return subprocess.run(command, check=False).returncode
    root = rootfs.require()  # named by who owns it, so before this user becomes the namespace's root
    places.mount_point().mkdir(exist_ok=True)
    return namespaces.run(functools.partial(_start, command, root))


def _start(command, root):
    state = places.mount_point()
    kernel.mount("lab", state, "tmpfs", data="mode=755")
    (state / "ssh").mkdir(mode=0o700)
    ip(f"link set lo up\nlink add {BRIDGE} type bridge\naddr add {ADDRESS} dev {BRIDGE}\nlink set {BRIDGE} up\n")
    here = Path(__file__).resolve().parent.parent
    environment = {
        **os.environ,
        places.INSIDE: str(state),
        "LAB_ROOT": str(root),
        "LAB_INVENTORY": str(state / "inventory.yml"),
        "PATH": f"{here}:{os.environ.get('PATH', '/usr/bin:/bin')}:/usr/sbin:/sbin",
    }
    return namespaces.supervise(command, environment)


def ip(script):
    """Run lines of ip(8) in this network namespace."""
    result = subprocess.run(["ip", "-batch", "-"], input=script, capture_output=True, text=True, check=False, env=places.ENVIRONMENT)
    if result.returncode != 0:
        raise LabError(f"ip: {result.stderr.strip()}")


def plug(name, address, pid):
    """Connect the host whose network namespace is that of process pid to the bridge.

    Its hardware address follows from its own address, so that after a reset nobody's neighbour table is wrong.
    """
    hardware = ":".join(f"{octet:02x}" for octet in (2, 0, *ipaddress.ip_address(address).packed))
    ip(f"link add v-{name} type veth peer name eth0 address {hardware} netns {pid}\nlink set v-{name} master {BRIDGE} up\n")


def unplug(name):
    """At once, for the kernel takes its time to drop a dead host's link; though it may have come first."""
    try:
        ip(f"link del v-{name}\n")
    except LabError as error:
        if "Cannot find device" not in error.message:
            raise
