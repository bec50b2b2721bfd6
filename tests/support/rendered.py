# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the variables of a playbook or a role become: Ansible renders them, for many hosts in one start."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys
from importlib.util import find_spec
from typing import Any, Dict, List, Mapping, Sequence

COLLECTION = pathlib.Path(find_spec("ansible_collections.certmend.tls").submodule_search_locations[0])
VARIABLES = COLLECTION / "playbooks" / "vars"
UNDEFINED = "(undefined)"


def render(folder: pathlib.Path, playbook: str, inventory: Mapping[str, Any], names: Sequence[str], **keywords: Any) -> Dict[str, Dict[str, Any]]:
    """The values of the names on each host of the group ``cases``; a variable that fails has its message, as ``{"failed": text}``.

    :param folder: where the playbook is started; it lies in a folder below.
    :param playbook: whose variables are rendered: ``vars/NAME.yml`` of this collection; or the path of such a file, from the collection's root.
    :param inventory: as an inventory file in YAML. A host with the variable ``rendered_names`` renders only these.
    :param names: of variables, or expressions.
    :param keywords: of the tasks that render them, such as ``delegate_to``.
    """
    play = folder / "elsewhere" / "play.yml"
    play.parent.mkdir(exist_ok=True)
    tasks: List[Dict[str, Any]] = [
        {
            "name": name,
            "ansible.builtin.debug": {"msg": "{{ %s | default('%s') }}" % (name, UNDEFINED)},
            "ignore_errors": True,
            **keywords,
            "when": "rendered_names is not defined or %r in rendered_names" % name,
        }
        for name in names
    ]
    path = str(COLLECTION / playbook if playbook.endswith(".yml") else VARIABLES / (playbook + ".yml"))
    play.write_text(json.dumps([{"hosts": "cases", "gather_facts": False, "vars_files": [path], "tasks": tasks}]), encoding="utf-8")
    (folder / "inventory.yml").write_text(json.dumps(inventory), encoding="utf-8")
    record = folder / "record.jsonl"
    command = [sys.executable, "-m", "ansible", "playbook", "-i", "inventory.yml", str(play)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder, env=_environment(folder, record))
    assert record.exists(), done.stdout + done.stderr
    found: Dict[str, Dict[str, Any]] = {}
    for line in map(json.loads, record.read_text(encoding="utf-8").splitlines()):
        value = {"failed": line["msg"]} if line["status"] == "ignored" else line["msg"]
        found.setdefault(line["host"], {})[line["task"]] = value
    return found


def _environment(folder: pathlib.Path, record: pathlib.Path) -> Dict[str, str]:
    return {
        **os.environ,
        "ANSIBLE_COLLECTIONS_PATH": str(COLLECTION.parents[2]),
        "ANSIBLE_HOME": str(folder / "home"),
        "ANSIBLE_CALLBACK_PLUGINS": str(COLLECTION / "tests" / "lab" / "plugins" / "callback"),
        "ANSIBLE_CALLBACKS_ENABLED": "task_record",
        "LAB_TASK_RECORD": str(record),
    }
