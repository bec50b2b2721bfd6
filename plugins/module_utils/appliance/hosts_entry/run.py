# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A run of ``hosts_entry``: read, plan and write one hosts file, under a lock. Standard library only: appliances run this."""

from __future__ import annotations

import os
import socket
from typing import Any, ContextManager, Dict, List, Mapping, Sequence

from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.atomic_write import sweep_beside
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.lock import locked
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.read import read_file
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.replacement import Replacement
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.transaction import Transaction, check_possible
from ansible_collections.certmend.tls.plugins.module_utils.appliance.hosts_entry.diff import shown_texts
from ansible_collections.certmend.tls.plugins.module_utils.appliance.hosts_entry.edit import edit
from ansible_collections.certmend.tls.plugins.module_utils.appliance.hosts_entry.options import Options
from ansible_collections.certmend.tls.plugins.module_utils.core.converge import Step, Undo
from ansible_collections.certmend.tls.plugins.module_utils.core.enums import State
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError, raise_all
from ansible_collections.certmend.tls.plugins.module_utils.core.run import Run, RunContext

HOSTS = "/etc/hosts"
#: bytes; the longest lists of blocked names have a fifth of it
MAXIMUM_SIZE = 16 << 20


class HostsEntryRun(Run[Replacement]):
    """The payload of its only step is the new content of the file."""

    def __init__(self, options: Options) -> None:
        super().__init__()
        self.options = options
        self.moved: Dict[str, List[str]] = {}

    @classmethod
    def from_params(cls, params: Mapping[str, Any], _context: RunContext) -> HostsEntryRun:
        """A run of the module's parameters."""
        return cls(Options.from_params(params))

    def prepare(self) -> None:
        """Remove the temporary files of a run that was killed."""
        sweep_beside(self.options.path)

    def lock(self) -> ContextManager[None]:
        """Other runs wait: two that edit the file at once would lose an entry."""
        return locked(self.options.path, "path")

    def plan(self) -> Sequence[Step[Replacement]]:
        """Read the file and edit its text in memory."""
        path = self.options.path
        before = read_file(path, "path", MAXIMUM_SIZE) if os.path.exists(path) else b""
        # the entries are ASCII; comments may be in any encoding, and keep their bytes
        text = before.decode("utf-8", "surrogateescape")
        after, self.moved = edit(text, self.options.entries, self.options.exclusive)
        if after == text:
            return []
        replacement = Replacement(path, after.encode("utf-8", "surrogateescape"), "path")
        check_possible([replacement], self.options.journal)
        return [Step(path, *shown_texts(text, after), replacement)]

    def apply(self, step: Step[Replacement]) -> Undo:
        """Write the file; if names then resolve to something else, write the old one again."""
        transaction = self.transaction = Transaction([step.payload], backup=self.options.backup, journal=self.options.journal)
        undo = transaction.commit()
        self._check_resolution()  # ``settle`` restores the file if that fails
        return undo

    def verify(self, steps: Sequence[Step[Replacement]]) -> None:
        """A file that is right already is no proof that the system reads it."""
        if not steps:
            self._check_resolution()

    def _check_resolution(self) -> None:
        """The system's resolver agrees with the entries.

        :raises RemediationError: with every name that it resolves to something else.
        """
        if not self.options.check_resolution or os.path.realpath(self.options.path) != os.path.realpath(HOSTS):
            return
        errors = []
        for entry in self.options.entries:
            for name in entry.names if entry.state is State.PRESENT else ():
                found = resolve(name, entry.address)
                if entry.address.partition("%")[0] not in found:
                    errors.append(_disagreement(name, entry.address, found))
        raise_all(errors)

    def facts(self) -> Dict[str, Any]:
        """The documented result."""
        written = self.transaction
        return {
            "entries": [entry.as_dict() for entry in self.options.entries],
            "moved": [{"name": name, "from": addresses} for name, addresses in sorted(self.moved.items())],
            "write_method": written.methods.get(self.options.path) if written else None,
            "backup_files": written.backups if written else {},
            "created_files": written.created if written else [],
        }


def resolve(name: str, like: str) -> List[str]:
    """The addresses that the system resolves a name to, of the same family as ``like``."""
    family = socket.AF_INET6 if ":" in like else socket.AF_INET
    try:
        answers = socket.getaddrinfo(name, None, family=family, type=socket.SOCK_STREAM)
    except socket.gaierror:
        return []
    return sorted({str(answer[4][0]).partition("%")[0] for answer in answers})


def _disagreement(name: str, address: str, found: Sequence[str]) -> RemediationError:
    return RemediationError(
        "check_resolution: %s resolves to %s, not to %s" % (name, ", ".join(found) or "nothing", address),
        "Check the hosts line in /etc/nsswitch.conf (files must come first), or set check_resolution to false.",
    )
