# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run something in namespaces of its own, and be sure that all of it ends.

Three processes: the outer one waits; the middle one makes the namespaces; the inner one is process 1 in there. When a process 1
ends, the kernel kills everything in its namespace. Each of the three is killed when the one before it dies, however it dies.
"""

import functools
import os
import signal
import socket
import sys
import traceback

from lab import kernel, rootless
from lab.errors import LabError

ISOLATED = kernel.NEWNS | kernel.NEWPID | kernel.NEWUTS | kernel.NEWIPC | kernel.NEWNET
NETWORK_SHARED = kernel.NEWNS | kernel.NEWPID | kernel.NEWUTS | kernel.NEWIPC
ENDING = (signal.SIGTERM, signal.SIGHUP)
FAILED = 2


def run(job, kinds=ISOLATED):
    """Call job() as process 1 of new namespaces; return the exit status it returns, as a shell would count it."""
    unprivileged = os.geteuid() != 0
    if unprivileged:
        rootless.require()
    outer_end, middle_end = socket.socketpair()
    outer = os.getpid()
    sys.stdout.flush()
    interrupt = signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal sends it to the job as well, which decides
    middle = os.fork()
    if middle == 0:
        outer_end.close()
        leave(lambda: _middle(functools.partial(_interruptible, job, interrupt), kinds, outer, unprivileged, middle_end))
    middle_end.close()
    for number in ENDING:
        signal.signal(number, lambda number, frame: os.kill(middle, signal.SIGTERM))
    if unprivileged and outer_end.recv(1):
        rootless.map_ids(middle)
        outer_end.send(b"m")
    status = wait_for(middle)
    signal.signal(signal.SIGINT, interrupt)
    for number in ENDING:
        signal.signal(number, signal.SIG_DFL)
    return status


def _interruptible(job, interrupt):
    signal.signal(signal.SIGINT, interrupt)
    return job()


def _middle(job, kinds, outer, unprivileged, outer_end):
    kernel.die_with_parent(signal.SIGKILL)
    if os.getppid() != outer:  # it died before it could be watched
        return FAILED
    try:
        if unprivileged:
            kernel.unshare(kernel.NEWUSER)
            outer_end.send(b"u")
            if not outer_end.recv(1):
                return FAILED
        kernel.unshare(kinds)
    except PermissionError as error:
        raise LabError(f"The kernel refuses new namespaces ({error})", "In a container, it needs CAP_SYS_ADMIN.") from error
    return _watch(job)


def _watch(job):
    middle_end, inner_end = socket.socketpair()
    inner = os.fork()
    if inner == 0:
        middle_end.close()
        leave(lambda: _inner(job, inner_end))
    inner_end.close()
    for number in ENDING:
        signal.signal(number, lambda number, frame: os.kill(inner, signal.SIGKILL))
    if middle_end.recv(1):
        middle_end.send(b"g")
    return wait_for(inner)


def _inner(job, middle_end):
    kernel.die_with_parent(signal.SIGKILL)
    middle_end.send(b"w")
    if not middle_end.recv(1):  # the parent is in another process namespace, so its id says nothing here
        return FAILED
    kernel.make_mounts_private()
    kernel.mount("proc", "/proc", "proc")
    return job()


def leave(function):
    """End a forked process with what function returns; never return into the caller's code."""
    status = FAILED
    try:
        status = function()
    except LabError as error:
        print(f"lab: {error}", file=sys.stderr)
    except KeyboardInterrupt:
        status = 128 + signal.SIGINT
    except BaseException:  # pylint: disable=broad-except # whatever it is, the fork must not run on as its parent
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def wait_for(pid):
    """Reap every child until pid ends; return its status."""
    while True:
        ended, status = os.wait()
        if ended == pid:
            return exit_status(status)


def exit_status(status):
    return 128 + os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)


def supervise(command, environment):
    """As process 1: run the command in the foreground, adopt and reap what others leave behind."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    pid = os.fork()
    if pid == 0:
        for number in (signal.SIGINT, *ENDING):
            signal.signal(number, signal.SIG_DFL)
        try:
            os.execvpe(command[0], command, environment)
        except OSError as error:
            print(f"lab: {command[0]}: {error.strerror}", file=sys.stderr)
            os._exit(127)
    return wait_for(pid)
