# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The end of a run without a login on the nodes: what is set for the nodes does not apply to the controller."""

from __future__ import annotations

import json
import sys

import pytest
import yaml

from ansible_collections.certmend.tls.tests.support.rendered import COLLECTION, render

NODE = {"ansible_connection": "local", "ansible_python_interpreter": "/no/such/python", "ansible_become": True, "ansible_become_method": "no_such_method"}
ASKED = ("ansible_connection", "ansible_python_interpreter", "ansible_become")


@pytest.mark.parametrize("playbook", ["ssl_trust", "ome_migration"])
def test_the_last_play_uses_the_controller_s_python_and_no_privileges(playbook, tmp_path):
    plays = yaml.safe_load((COLLECTION / "playbooks" / (playbook + ".yml")).read_text(encoding="utf-8"))
    (tmp_path / "vars.yml").write_text(json.dumps(plays[-1]["vars"]), encoding="utf-8")
    values = render(tmp_path, str(tmp_path / "vars.yml"), {"cases": {"hosts": {"node": NODE}}}, ASKED)["node"]
    assert [values[name] for name in ASKED] == ["local", sys.executable, False]
