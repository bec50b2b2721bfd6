# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a host's first process does before it becomes `init`: build the host's own root and move into it."""

import os
import shutil
import stat
import subprocess
from pathlib import Path

from lab import controller, estate, kernel, places

DEVICES = ("null", "zero", "full", "random", "urandom", "tty")


def become(host, state):
    """Does not return: this process is the host's init."""
    kernel.make_mounts_private()
    kernel.set_host_name(host["name"])
    controller.ip(f"link set lo up\naddr add {host['address']}/{host['prefix']} dev eth0\nlink set eth0 up\n")
    root = build_root(host, state)
    fill(root, host, state)
    add_accounts(root, host.get("accounts", {}), (state / "ssh" / "id.pub").read_text(encoding="utf-8"))
    if host.get("hosts_is_a_mount"):  # as in a container: a rename over it is refused with EBUSY
        shutil.copy(root / "etc/hosts", root / "run/hosts")
        kernel.bind(root / "run/hosts", root / "etc/hosts")
    kernel.pivot_root(root)
    init = "/usr/local/sbin/init"
    os.execve(init, [init, *host["services"]], places.ENVIRONMENT)


def build_root(host, state):
    """An overlay over the shared root filesystem, its changes in memory; /proc, /sys, /dev, /run and /tmp of its own."""
    scratch = state / "hosts" / host["name"]
    scratch.mkdir(parents=True, exist_ok=True)
    kernel.mount("host", scratch, "tmpfs", data="mode=755")
    changes, work, root = (scratch / name for name in ("changes", "work", "root"))
    for folder in (changes, work, root):
        folder.mkdir()
    for missing in host.get("without", []):
        hide(changes, missing)
    options = f"lowerdir={os.environ['LAB_ROOT']},upperdir={changes},workdir={work}"
    if kernel.in_user_namespace():
        options += ",userxattr"
    kernel.mount("overlay", root, "overlay", data=options)
    kernel.mount("proc", root / "proc", "proc")
    kernel.mount("sysfs", root / "sys", "sysfs", kernel.MS_RDONLY)
    kernel.mount("run", root / "run", "tmpfs", data="mode=755")
    kernel.mount("tmp", root / "tmp", "tmpfs", data="mode=1777")
    make_devices(root / "dev")
    for folder in filter(None, os.environ.get("LAB_SHARE", "").split(":")):
        (root / folder[1:]).mkdir(parents=True, exist_ok=True)
        kernel.bind(folder, root / folder[1:], read_only=True)
    return root


def hide(changes, path):
    """Make a path of the lower layer absent: a whiteout is a character device 0:0 in the upper layer."""
    whiteout = changes / path[1:]
    whiteout.parent.mkdir(parents=True)
    os.mknod(whiteout, stat.S_IFCHR, os.makedev(0, 0))


def make_devices(dev):
    kernel.mount("dev", dev, "tmpfs", data="mode=755")
    for name in DEVICES:  # bound, not made: a user namespace may not make devices
        (dev / name).touch()
        kernel.bind(f"/dev/{name}", dev / name)
    (dev / "pts").mkdir()
    kernel.mount("devpts", dev / "pts", "devpts", data="newinstance,ptmxmode=0666,mode=620")
    (dev / "shm").mkdir()
    kernel.mount("shm", dev / "shm", "tmpfs", data="mode=1777")
    for name, target in (("ptmx", "pts/ptmx"), ("fd", "/proc/self/fd"), ("stdin", "fd/0"), ("stdout", "fd/1"), ("stderr", "fd/2")):
        (dev / name).symlink_to(target)


def fill(root, host, state):
    """The files of every host, of this one, and its certificates and keys."""
    for tree in (places.ESTATE / "every", places.ESTATE / host.get("files", host["name"])):
        if tree.is_dir():
            shutil.copytree(tree, root, symlinks=True, dirs_exist_ok=True, copy_function=copy_as_root)
    estate.write(root / "etc/hostname", host["name"] + "\n")
    own = f"{host['address']}\t{host['fqdn']} {host['name']}\n"
    estate.write(root / "etc/hosts", (root / "etc/hosts.lab").read_text(encoding="utf-8") + own)
    (root / "etc/hosts.lab").unlink()
    for link, target in host.get("links", {}).items():  # not in the checkout: ansible-test takes no symbolic links
        (root / link[1:]).symlink_to(target)
    for target, source in host.get("from_checkout", {}).items():
        skipped = shutil.ignore_patterns("__pycache__")
        shutil.copytree(places.CHECKOUT / source, root / target[1:], copy_function=copy_as_root, ignore=skipped)
    for target, source in host.get("copies", {}).items():
        (root / target[1:]).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(root / source[1:], root / target[1:])
    for path, text in host.get("secrets", {}).items():
        estate.write(root / path[1:], text, 0o600)
    for path, text in estate.minted_files(host, state).items():
        estate.write(root / path[1:], text, 0o600 if "PRIVATE KEY" in text else 0o644)
    shutil.copy(state / "ssh/host_key", root / "etc/ssh/ssh_host_ed25519_key")
    login = "prohibit-password" if host.get("root_login", True) else "no"
    estate.write(root / "etc/ssh/sshd_config.d/lab.conf", f"PermitRootLogin {login}\n")
    (root / "run/sshd").mkdir()
    (root / "run/lock").mkdir()


def copy_as_root(source, target, follow_symlinks=False):
    """Copy without the checkout's group bits; git keeps one bit of a mode, so that is all that is asked of it."""
    Path(target).unlink(missing_ok=True)
    shutil.copyfile(source, target, follow_symlinks=follow_symlinks)
    if not os.path.islink(target):
        os.chmod(target, 0o755 if os.access(source, os.X_OK) else 0o644)


def add_accounts(root, accounts, public_key):
    """Users with passwords, who may also come in with the lab's key."""
    for user in accounts:
        if user != "root":
            run_in(root, ["useradd", "--create-home", "--shell", "/bin/bash", user])
    if accounts:
        lines = "".join(f"{user}:{password}\n" for user, password in accounts.items())
        run_in(root, ["chpasswd", "--crypt-method", "SHA512"], lines)
    for user in {"root", *accounts}:
        folder = root / ("root" if user == "root" else f"home/{user}") / ".ssh"
        owner = folder.parent.stat()
        estate.write(folder / "authorized_keys", public_key, 0o600)
        folder.chmod(0o700)
        for path in (folder, folder / "authorized_keys"):
            os.chown(path, owner.st_uid, owner.st_gid)


def run_in(root, command, text=""):
    subprocess.run(["chroot", str(root), *command], input=text, text=True, check=True, env=places.ENVIRONMENT)
