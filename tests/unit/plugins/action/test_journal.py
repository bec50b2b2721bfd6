# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The controller says which run this is, and takes over from a run whose process has ended; by real runs of ansible-playbook."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ansible_collections.certmend.tls.plugins.action.journal import controller
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.process import identity_of

PLAYBOOK = """
- hosts: localhost
  gather_facts: false
  tasks:
    - certmend.tls.journal: {name: test, folder: "%(folder)s", wait: 0}
      register: first
    - certmend.tls.journal: {name: test, folder: "%(folder)s", wait: 0}
      register: second
    - copy:
        content: "{{ [first, second] | to_json }}"
        dest: "%(folder)s.json"
"""


@pytest.fixture
def play(tmp_path):
    """play(): the exit status of a playbook that opens the journal twice, and what both tasks returned (None if it failed)."""

    def run():
        (tmp_path / "play.yml").write_text(PLAYBOOK % {"folder": tmp_path / "journals"}, encoding="utf-8")
        command = [Path(sys.executable).with_name("ansible-playbook"), "-i", "localhost,", "-c", "local", tmp_path / "play.yml"]
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=dict(os.environ, ANSIBLE_PYTHON_INTERPRETER=sys.executable))
        results = tmp_path / "journals.json"
        return done, json.loads(results.read_text(encoding="utf-8")) if done.returncode == 0 else None

    return run


def hold(tmp_path, process):
    """Make the journal that of another run."""
    path = tmp_path / "journals" / "test" / "journal.json"
    record = json.loads(path.read_text(encoding="utf-8"))
    record["run"] = {"id": "other", "controller": controller(), "process": process}
    path.write_text(json.dumps(record), encoding="utf-8")


@pytest.mark.reliability(
    "two runs at once", playbooks=["offline_depot", "server_chain"], afterwards="refused with the process that holds the journal; taken over if that has ended"
)
def test_all_tasks_of_a_run_are_one_run_and_a_lost_run_is_taken_over(play, tmp_path):
    done, results = play()
    assert results, done.stdout
    first, second = results
    assert first["changed"] and not second["changed"] and first["run"] == second["run"] == dict(second["this_run"], opened=first["run"]["opened"])
    hold(tmp_path, identity_of(os.getpid()))
    done, _results = play()
    assert done.returncode == 2 and "name: test is in use by another run (process %d on " % os.getpid() in done.stdout
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        hold(tmp_path, identity_of(process.pid))
        process.communicate(b"\n")
    done, results = play()
    assert results and results[0]["run"]["id"] not in ("other", first["run"]["id"]), done.stdout
