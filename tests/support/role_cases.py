# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the variables of a role do: one start of Ansible runs the role on many hosts of this machine, each with variables of its own."""

from __future__ import annotations

import dataclasses
import json
import pathlib
import re
from typing import Any, Dict, List, Mapping

from ansible_collections.certmend.tls.tests.support.hosts_here import Hosts

CALLBACKS = pathlib.Path(__file__).resolve().parents[1] / "lab" / "plugins" / "callback"


@dataclasses.dataclass(frozen=True)
class Case:
    """What a run reported of a host, as tests/lab/plugins/callback/task_record.py writes it."""

    records: List[Dict[str, Any]]

    @property
    def failure(self) -> str:
        """The message with which the host left the run, in one line; empty if it did not."""
        failed = [record for record in self.records if record["status"] in ("failed", "unreachable")]
        return re.sub(r"\s+", " ", str(failed[-1]["msg"])) if failed else ""

    @property
    def said(self) -> str:
        """All messages."""
        return "\n".join(json.dumps(record["msg"]) for record in self.records if record["msg"])

    @property
    def changed(self) -> List[str]:
        """The tasks that report a change."""
        return [record["task"] for record in self.records if record["changed"] and not record["status"].startswith("item")]

    @property
    def diffs(self) -> str:
        """What ``--diff`` shows."""
        return json.dumps([record["diff"] for record in self.records if record["diff"] and record["changed"]])


class Cases(Hosts):
    """A host for each case.

    :param variables: those of each host, by its name.
    """

    def __init__(self, folder: pathlib.Path, variables: Mapping[str, Mapping[str, Any]]) -> None:
        super().__init__(folder, list(variables))
        self.inventory = json.loads((self.controller / "inventory.yml").read_text(encoding="ascii"))
        for name, own in variables.items():
            self.give(name, **own)

    def give(self, host: str, **variables: Any) -> None:
        """Add to the variables of a host."""
        self.inventory["all"]["hosts"][host] = dict(self.inventory["all"]["hosts"][host] or {}, **variables)
        (self.controller / "inventory.yml").write_text(json.dumps(self.inventory), encoding="utf-8")

    def refuse(self, host: str, program: str) -> None:
        """Have a host a program that accepts nothing of what it is asked, and repeats it."""
        self.program(self[host] / "bin" / program, '#!/bin/sh\necho "refused: $*" >&2\nexit 1\n')

    def run(self, plays: Any, *arguments: str) -> Dict[str, Case]:
        """Run a playbook, or a role of this collection on all hosts: ``role: NAME``."""
        record = self.folder / ("record-%d.jsonl" % len(list(self.folder.glob("record-*"))))
        self.environment.update(ANSIBLE_CALLBACK_PLUGINS=str(CALLBACKS), ANSIBLE_CALLBACKS_ENABLED="task_record", LAB_TASK_RECORD=str(record))
        if isinstance(plays, str) and plays.startswith("role: "):
            plays = [{"hosts": "all", "gather_facts": False, "roles": ["certmend.tls." + plays[6:]]}]
        self.output = self.playbook(plays, "--diff", *arguments).stdout
        assert record.exists(), self.output
        lines = [json.loads(line) for line in record.read_text(encoding="utf-8").splitlines()]
        hosts = dict.fromkeys([*self.inventory["all"]["hosts"], *(line["host"] for line in lines)])
        return {host: Case([line for line in lines if line["host"] == host]) for host in hosts}
