# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What Ansible makes of the text of an expression."""

from __future__ import annotations

import re

import pytest
import yaml

from ansible_collections.certmend.tls.tests.support.source import ROOT

FILES = sorted([*ROOT.glob("playbooks/**/*.yml"), *ROOT.glob("roles/**/*.yml")])


def texts_in(node):
    """Every text of a document."""
    if isinstance(node, dict):
        node = list(node.values())
    for item in node if isinstance(node, list) else []:
        yield from texts_in(item)
    if isinstance(node, str):
        yield node


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_group_of_a_match_is_written_with_one_backslash(path):
    """Between braces Ansible doubles each backslash itself: with two, a reader would see the characters of the reference in place of the group."""
    for text in texts_in(yaml.safe_load(path.read_text(encoding="utf-8"))):
        for expression in re.findall(r"\{\{.*?\}\}", text, re.DOTALL):
            assert not re.search(r"\\\\[0-9]", expression), expression


@pytest.mark.parametrize("path", sorted(ROOT.glob("playbooks/*.yml")), ids=lambda path: path.stem)
def test_a_task_for_another_host_does_not_use_the_connection_of_a_play_of_the_controller(path):
    """It would run on the controller, unless the inventory has a connection for that host."""
    plays = yaml.safe_load(path.read_text(encoding="utf-8"))
    for task in [task for play in plays if play.get("connection") == "local" for task in play.get("tasks", [])]:
        assert task.get("delegate_to", "localhost") == "localhost" or "connection" in task, task["name"]
