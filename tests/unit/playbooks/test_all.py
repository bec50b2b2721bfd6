# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The host patterns of the playbooks: which hosts take part."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys

import pytest

from ansible_collections.certmend.tls.tests.support.run import PATH, TREE

#: for each playbook, the variable with its pattern, and the pattern without it
PATTERNS = {
    "ssl_trust": ("ssl_trust_targets", "vcenters"),
    "restore": ("restore_hosts", "all"),
    "ome_migration": ("ome_migration_appliances", "omes"),
    "pins": ("pins_hosts", "pinned"),
    "server_chain": ("server_chain_hosts", "webservers"),
}
INVENTORY = "[vcenters]\nvc\n[omes]\nome1\nome2\n[pinned]\nvault\n[webservers]\nwww\n[asked]\nmine\n"


def listed(folder, variables):
    """For each playbook, the hosts of its first play but that in which the controller checks the variables."""
    (folder / "inventory").write_text(INVENTORY, encoding="ascii")
    environment = dict(os.environ, PYTHONPATH=PATH, ANSIBLE_COLLECTIONS_PATH=str(TREE), ANSIBLE_HOME=str(folder / "home"), ANSIBLE_NOCOLOR="1")
    names = ["certmend.tls." + name for name in PATTERNS]
    command = [sys.executable, "-m", "ansible", "playbook", "-i", "inventory", "--list-hosts", "-e", json.dumps(variables), *names]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stdout + done.stderr
    texts = re.split(r"^playbook: .*/(\w+)\.yml$", done.stdout, flags=re.MULTILINE)[1:]
    plays = {name: [play for play in re.split(r"\n  play #", text)[1:] if "(all:localhost)" not in play] for name, text in zip(texts[::2], texts[1::2])}
    return {name: set(of[0].split("hosts (")[1].split()[1:]) for name, of in plays.items()}


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    folder = tmp_path_factory.mktemp("patterns")
    return listed(folder, {}), listed(folder, {variable: "asked" for variable, _usual in PATTERNS.values()})


@pytest.mark.parametrize("playbook", PATTERNS)
def test_the_hosts_are_those_of_the_pattern(found, playbook):
    groups = dict(re.findall(r"\[(\w+)\]\n((?:\w+\n)+)", INVENTORY))
    usual = PATTERNS[playbook][1]
    hosts = "".join(groups.values()) if usual == "all" else groups[usual]
    assert found[0][playbook] == set(hosts.split()) and found[1][playbook] == {"mine"}
