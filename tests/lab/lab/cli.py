# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The commands: setup, root, clean, enter; within it up, down, start, stop, reset, exec, inventory."""

import argparse
import sys

from lab import controller, rootfs
from lab.errors import LabError
from lab.machines import Lab

ON_SOME_OR_ALL = {
    "up": "start hosts (default: all)",
    "down": "stop hosts (default: all)",
    "reset": "bring hosts (default: all) back to their fresh state",
}
ON_SOME = {"start": "start a stopped host afresh", "stop": "make a host unreachable"}


def main(arguments=None):
    options = _parser().parse_args(arguments)
    try:
        return options.run(options) or 0
    except LabError as error:
        print(f"lab: {error}", file=sys.stderr)
        return 2


def _parser():
    parser = argparse.ArgumentParser(prog="labctl", description="Small machines made of Linux namespaces.")
    verbs = parser.add_subparsers(required=True, metavar="COMMAND")
    _verb(verbs, "setup", "make the hosts' root filesystem (once)", lambda o: rootfs.setup())
    _verb(verbs, "root", "print the path of the hosts' root filesystem", lambda o: print(rootfs.require()))
    _verb(verbs, "clean", "remove the root filesystems", lambda o: rootfs.clean())
    enter = _verb(verbs, "enter", "run a command in a new lab; all of it ends with the command", lambda o: controller.enter(o.command))
    enter.add_argument("command", nargs=argparse.REMAINDER)
    for name, help_text in ON_SOME_OR_ALL.items():
        _verb(verbs, name, help_text, _on_lab(name)).add_argument("hosts", nargs="*", metavar="HOST")
    for name, help_text in ON_SOME.items():
        _verb(verbs, name, help_text, _on_hosts(name)).add_argument("hosts", nargs="+", metavar="HOST")
    execute = _verb(verbs, "exec", "run a command as root on a host", _execute)
    execute.add_argument("host")
    execute.add_argument("command", nargs=argparse.REMAINDER)
    _verb(verbs, "inventory", "print the path of the Ansible inventory", lambda o: print(Lab.current().write_inventory()))
    return parser


def _verb(verbs, name, help_text, run):
    parser = verbs.add_parser(name, help=help_text)
    parser.set_defaults(run=run)
    return parser


def _on_lab(name):
    return lambda options: getattr(Lab.current(), name)(*options.hosts)


def _on_hosts(name):
    def run(options):
        for host in options.hosts:
            getattr(Lab.current()[host], name)()

    return run


def _execute(options):
    command = options.command[1:] if options.command[:1] == ["--"] else options.command
    return Lab.current()[options.host].call(command)
