# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Laws for the tasks of playbooks and roles."""

from __future__ import annotations

import pytest
import yaml

from ansible_collections.certmend.tls.tests.support.source import ROOT
from ansible_collections.certmend.tls.tests.support.tasks import tasks_in

FILES = sorted([*ROOT.glob("playbooks/*.yml"), *ROOT.glob("playbooks/tasks/**/*.yml"), *ROOT.glob("roles/*/tasks/**/*.yml")])


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_task_that_runs_once_and_may_not_reach_its_host_does_not_end_the_run(path):
    """With run_once, Ansible makes an error fatal for all hosts; only ignore_errors keeps it from that, and ignore_unreachable does not."""
    for task in tasks_in(yaml.safe_load(path.read_text(encoding="utf-8"))):
        assert not (task.get("run_once") and task.get("ignore_unreachable")) or task.get("ignore_errors"), task["name"]
