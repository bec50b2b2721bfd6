# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The system calls that Python's standard library does not offer (os.unshare came with 3.12)."""

import ctypes
import os
import platform

NEWNS, NEWUTS, NEWIPC = 0x00020000, 0x04000000, 0x08000000
NEWUSER, NEWPID, NEWNET = 0x10000000, 0x20000000, 0x40000000
MS_RDONLY, MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = 1, 32, 4096, 16384, 1 << 18
MNT_DETACH = 2
PR_SET_PDEATHSIG = 1
PIVOT_ROOT = {"x86_64": 155, "aarch64": 41, "riscv64": 41, "ppc64le": 203, "s390x": 217}

_libc = ctypes.CDLL(None, use_errno=True)


def _checked(result, what):
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), what)


def _bytes(text):
    return None if text is None else os.fsencode(text)


def unshare(kinds):
    _checked(_libc.unshare(kinds), "unshare")


def mount(source, target, kind=None, flags=0, data=None):
    """As mount(8); the target must exist."""
    result = _libc.mount(_bytes(source), _bytes(target), _bytes(kind), ctypes.c_ulong(flags), _bytes(data))
    _checked(result, os.fspath(target))


def make_mounts_private():
    """What is mounted from here on stays in this mount namespace."""
    mount("none", "/", flags=MS_REC | MS_PRIVATE)


def bind(source, target, read_only=False):
    mount(source, target, flags=MS_BIND | MS_REC)
    if read_only:  # a user namespace may not drop what restricts the source's mount, so that is said again
        restrictions = os.statvfs(target).f_flag & (os.ST_NOSUID | os.ST_NODEV | os.ST_NOEXEC | os.ST_NOATIME | os.ST_NODIRATIME)
        mount("none", target, flags=MS_BIND | MS_REMOUNT | MS_RDONLY | restrictions)


def pivot_root(new_root):
    """Make new_root the root and drop the old one, stacked as pivot_root(2) describes under "pivot_root(".", ".")"."""
    os.chdir(new_root)
    _checked(_libc.syscall(PIVOT_ROOT[platform.machine()], b".", b"."), "pivot_root")
    _checked(_libc.umount2(b".", MNT_DETACH), "the old root")
    os.chdir("/")


def die_with_parent(signal_number):
    _checked(_libc.prctl(PR_SET_PDEATHSIG, signal_number, 0, 0, 0), "prctl")


def set_host_name(name):
    _checked(_libc.sethostname(name.encode(), len(name)), "sethostname")


def in_user_namespace():
    with open("/proc/self/uid_map", encoding="ascii") as uid_map:
        return uid_map.read().split() != ["0", "0", "4294967295"]
