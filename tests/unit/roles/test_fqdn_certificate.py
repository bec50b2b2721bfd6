# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The private key of a CA is given to tasks on the controller alone, in every role. tests/lab/test_ca_key.py searches what is sent to the servers."""

from __future__ import annotations

import yaml

from ansible_collections.certmend.tls.tests.support.source import ROOT
from ansible_collections.certmend.tls.tests.support.tasks import tasks_in

MODULE = "certmend.tls.cert_issue"


def test_a_private_key_of_a_ca_is_given_to_tasks_on_the_controller_alone():
    found = []
    for path in sorted([*(ROOT / "roles").rglob("tasks/**/*.yml"), *(ROOT / "playbooks").rglob("*.yml")]):
        for task in tasks_in(yaml.safe_load(path.read_text(encoding="utf-8"))):
            if any(option.startswith("signing_ca_private_key") for option in task.get(MODULE, {})):
                found.append(path.name)
                assert (task.get("delegate_to"), task.get("become")) == ("localhost", False), task["name"]
                assert task["vars"]["ansible_pipelining"] is True, "%s: the key would be written to a temporary file" % task["name"]
    assert sorted(found) == ["change.yml", "change.yml", "preflight.yml", "request.yml"], "the tasks that sign"
