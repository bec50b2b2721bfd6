# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The shared flow: how a role ends whose change cannot be proved."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from ansible_collections.certmend.tls.tests.support.run import PATH, TREE

STAGES = ("inspect", "change", "check", "reload", "prove", "put_back")
FAIL = [{"name": "Verify", "ansible.builtin.fail": {"msg": "it is not served"}}]
UNDO = [{"name": "Undo", "ansible.builtin.fail": {"msg": "it cannot be undone"}}]


def flow(folder, **variables):
    """What a role fails with whose proof and rollback fail."""
    tasks = folder / "roles" / "fix" / "tasks"
    tasks.mkdir(parents=True)
    for stage in STAGES:
        (tasks / (stage + ".yml")).write_text(json.dumps({"prove": FAIL, "put_back": UNDO}.get(stage, [])), encoding="ascii")
    given = dict(variables, remediation_changed=True)
    (tasks / "main.yml").write_text(json.dumps([{"ansible.builtin.include_role": {"name": "certmend.tls.remediation"}, "vars": given}]), encoding="ascii")
    (folder / "play.yml").write_text(json.dumps([{"hosts": "localhost", "gather_facts": False, "roles": ["fix"]}]), encoding="ascii")
    environment = dict(os.environ, PYTHONPATH=PATH, ANSIBLE_COLLECTIONS_PATH=str(TREE), ANSIBLE_HOME=str(folder / "home"), ANSIBLE_NOCOLOR="1")
    command = [sys.executable, "-m", "ansible", "playbook", "play.yml"]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    assert done.returncode == 2, done.stdout + done.stderr
    return done.stdout


def test_a_rollback_that_fails_is_reported_with_where_the_old_files_are(tmp_path):
    said = flow(tmp_path)
    assert "Verify: it is not served. The rollback FAILED on localhost (Undo: it cannot be undone). Restore the remaining files from their backups." in said


@pytest.mark.parametrize("way", ["Go back to the snapshot of localhost.", ""])
def test_a_change_that_nothing_can_undo_is_not_rolled_back_but_names_the_way_back(tmp_path, way):
    said = flow(tmp_path, remediation_no_way_back=way)
    assert ("Verify: it is not served. Go back to the snapshot of localhost." in said) is bool(way)
    assert ("rollback FAILED" in said) is not bool(way) and ("it cannot be undone" in said) is not bool(way)
