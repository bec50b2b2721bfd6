# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What ``hosts_entry`` does: read, plan and write one hosts file, under a lock.

Standard library only: appliances run this.
"""

from __future__ import annotations

import os
import socket
from typing import List

from ansible_collections.certmend.tls.plugins.module_utils.core.converge import Step, Undo
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError, all_of
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.transaction import Replacement, Transaction, check_writable, read
from ansible_collections.certmend.tls.plugins.module_utils.appliance.hosts_entry.hosts_file import PRESENT, Entry, edit, make_entries

HOSTS = "/etc/hosts"


class Mapping:
    """One run of the module. The caller holds the lock of the file."""

    def __init__(self, params: dict, facts: dict) -> None:
        self.params = params
        self.facts = facts
        self.entries = make_entries(_values(params), params["exclusive"])

    def plan(self) -> List[Step]:
        """Read the file and tell what will be another text."""
        path = self.params["path"]
        before = read(path, "path") if os.path.exists(path) else b""
        # a hosts file is ASCII where it matters; comments may be anything, and survive as the bytes they are
        text = before.decode("utf-8", "surrogateescape")
        after, moved = edit(text, self.entries, self.params["exclusive"])
        self.facts.update(
            entries=[_as_dict(entry) for entry in self.entries],
            moved=[{"name": name, "from": taken} for name, taken in sorted(moved.items())],
            write_method=None,
            backup_files={},
            created_files=[],
        )
        if after == text:
            return []
        replacement = Replacement(path, after.encode("utf-8", "surrogateescape"), "path")
        check_writable([replacement])
        return [Step(path, _shown(text), _shown(after), replacement)]

    def apply(self, step: Step) -> Undo:
        """Write it."""
        transaction = Transaction([step.payload], backup=self.params["backup"])
        undo = transaction.commit()
        self.facts.update(
            write_method=transaction.methods[step.payload.path],
            backup_files=transaction.backups,
            created_files=transaction.created,
        )
        try:
            self.check()
        except RemediationError:
            undo()
            self.facts["write_method"] = None
            raise
        return undo

    def check(self) -> None:
        """The system's resolver agrees with what was asked for.

        :raises RemediationError: with every name that it answers otherwise.
        """
        if not self.params["check_resolution"] or os.path.realpath(self.params["path"]) != os.path.realpath(HOSTS):
            return
        errors = []
        for entry in self.entries:
            for name in entry.names if entry.state == PRESENT else ():
                found = resolved(name, entry.address)
                if entry.address.partition("%")[0] not in found:
                    errors.append(_disagreement(name, entry.address, found))
        all_of(errors)


def resolved(name: str, like: str) -> List[str]:
    """What the system resolves a name to, among the addresses of one kind."""
    family = socket.AF_INET6 if ":" in like else socket.AF_INET
    try:
        answers = socket.getaddrinfo(name, None, family=family, type=socket.SOCK_STREAM)
    except socket.gaierror:
        return []
    return sorted({str(answer[4][0]).partition("%")[0] for answer in answers})


def _disagreement(name: str, address: str, found: List[str]) -> RemediationError:
    return RemediationError(
        "check_resolution: %s resolves to %s, not to %s" % (name, ", ".join(found) or "nothing", address),
        "Look at the line hosts in /etc/nsswitch.conf (files must come first), or set check_resolution to false.",
    )


def _values(params: dict) -> List[dict]:
    """The one entry of the short form, or those of the list."""
    if params["entries"] is None:
        return [dict({key: params[key] for key in ("address", "names", "comment", "state")}, option="")]
    return [
        dict(value, state=value["state"] or params["state"], option="entries[%d]." % place)
        for place, value in enumerate(params["entries"])
    ]


def _as_dict(entry: Entry) -> dict:
    return {"address": entry.address, "names": list(entry.names), "comment": entry.comment, "state": entry.state}


def _shown(text: str) -> str:
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
