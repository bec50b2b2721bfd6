# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Jobs as AWX hands them to ansible-runner: a private data folder with the project, the inventory and the variables, and the real ansible-runner."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys
from typing import Any, Dict, Mapping, Optional

from ansible_collections.certmend.tls.tests.support.clock import PATIENCE
from ansible_collections.certmend.tls.tests.support.clone import bare_environment, clone, program_of

#: the folder with what ansible-runner brings back from an execution node, for a variable of the job; docs/awx.md has it
ARTIFACTS = "{{ lookup('ansible.builtin.env', 'AWX_ISOLATED_DATA_DIR') }}"


class Job:
    """A job, which is run in one of three ways.

    :param folder: for everything of this job; its private data folder is ``folder``/private.
    :param number: the job's number in AWX.
    :param variables: those of the template and of the survey.
    :ivar playbook: of the project.
    :ivar artifacts: what ansible-runner leaves, or brings back.
    :ivar node: the private data folder on an execution node, which does not outlive the job.
    :ivar said: what the programs of the job printed.
    """

    def __init__(self, folder: pathlib.Path, number: int, inventory: Mapping[str, Any], variables: Mapping[str, Any]) -> None:
        self.folder, self.number, self.private, self.node = folder, str(number), folder / "private", folder / "node"
        self.playbook, self.said = "playbooks/remediate.yml", ""
        self.artifacts, self.project = self.private / "artifacts" / str(number), clone(self.private / "project")
        (folder / "home").mkdir()
        of_awx = {prefix + name: value for prefix in ("awx_", "tower_") for name, value in {"job_id": number, "user_name": "ops"}.items()}
        self._write("inventory/hosts.json", inventory)
        self._write("env/extravars", {**of_awx, **variables})

    def _write(self, name: str, content: Any) -> None:
        (self.private / name).parent.mkdir(exist_ok=True)
        (self.private / name).write_text(json.dumps(content), encoding="utf-8")

    def environment(self) -> Dict[str, str]:
        """Of an execution node. The programs of this ansible-core come first: ansible-runner starts them."""
        environment = bare_environment(self.folder / "home")
        return dict(environment, PATH=os.pathsep.join([os.path.dirname(sys.executable), environment["PATH"]]))

    def _program(self, *command: str, given: bytes = b"", where: Optional[pathlib.Path] = None) -> bytes:
        done = subprocess.run(command, input=given, cwd=where or self.folder, env=self.environment(), capture_output=True, check=False, timeout=PATIENCE)
        streams = command[1] in ("transmit", "worker")  # what these print is for the next program
        self.said += (b"" if streams else done.stdout).decode() + done.stderr.decode()
        return done.stdout

    def _runner(self, *arguments: str, given: bytes = b"") -> bytes:
        return self._program(str(program_of("ansible-runner")), *arguments, given=given)

    def by_playbook(self) -> None:
        """Run the job with ansible-playbook itself."""
        options = ["-i", str(self.private / "inventory"), "-e", "@%s" % (self.private / "env/extravars")]
        self._program(sys.executable, "-m", "ansible", "playbook", *options, self.playbook, where=self.project)

    def by_runner(self) -> None:
        """Run the job with ansible-runner on this machine."""
        self._runner("run", str(self.private), "-p", self.playbook, "-i", self.number)

    def on_a_node(self) -> None:
        """Run the job on an execution node: what receptor carries there and back are these streams."""
        there = self._runner("transmit", str(self.private), "-p", self.playbook, "-i", self.number)
        back = self._runner("worker", "--private-data-dir", str(self.node), "--delete", given=there)
        self._runner("process", str(self.private), "-i", self.number, given=back)
