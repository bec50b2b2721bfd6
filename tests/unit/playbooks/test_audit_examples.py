# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The plays of docs/audit.md run as they are written there."""

from __future__ import annotations

import re

import yaml

from ansible_collections.certmend.tls.tests.support.corporate import Pki
from ansible_collections.certmend.tls.tests.support.role_cases import Cases
from ansible_collections.certmend.tls.tests.support.source import ROOT
from ansible_collections.certmend.tls.tests.unit.conftest import tls_servers

#: what each server presents, and the groups that it gets
SERVED = {"good": ["webservers"], "cut": ["needs_server_chain", "webservers"], "named": ["needs_fqdn_certificate", "webservers"]}


def example(anchors):
    """The plays of the page, which trust these anchors."""
    [text] = re.findall(r"^```yaml\n(.*?)^```$", (ROOT / "docs/audit.md").read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return yaml.safe_load(text.replace("/etc/pki/corp-root.pem", str(anchors)))


def test_servers_are_chosen_by_the_roles_that_repair_them(tmp_path):
    (tmp_path / "pki").mkdir()
    (tmp_path / "tls").mkdir()
    pki = Pki(tmp_path / "pki")
    (tmp_path / "root.pem").write_text(pki.root.pem, encoding="ascii")
    shared = {"ansible_host": "127.0.0.1", "fqdn_certificate_server": "none", "fqdn_certificate_provider": "self_signed"}
    shared["fqdn_certificate_fqdn"] = "{{ fqdn }}"
    shared.update({"fqdn_certificate_private_key_path": "{{ here }}/web.key", "fqdn_certificate_path": "{{ here }}/web.pem"})
    variables = {name: {**shared, "fqdn": name + ".corp.example", "here": str(tmp_path / name)} for name in SERVED}
    hosts = Cases(tmp_path / "hosts", variables)
    (hosts["127.0.0.1"] / "bin").mkdir(parents=True)
    hosts.inventory["all"]["children"] = {"webservers": {"hosts": dict.fromkeys(SERVED, {})}}
    with tls_servers(tmp_path / "tls") as start:
        for name in SERVED:
            (tmp_path / name).mkdir()
            leaf = pki.leaf("other.corp.example" if name == "named" else name + ".corp.example")
            chain = leaf.pem if name == "cut" else leaf.pem + pki.two.pem + pki.one.pem
            hosts.give(name, tls_port=start(chain, leaf.key_pem))
        shown = {"hosts": "webservers", "gather_facts": False, "tasks": [{"name": "Groups", "ansible.builtin.debug": {"msg": "{{ group_names | sort }}"}}]}
        done = hosts.run([*example(tmp_path / "root.pem"), shown], "--check")
    groups = {name: record["msg"] for name in SERVED for record in done[name].records if record["task"] == "Groups"}
    assert groups == SERVED, hosts.output
    issued = "certmend.tls.remediation : Issue, request or import the certificate"
    assert {name: [task for task in done[name].changed if task == issued] for name in SERVED} == {"good": [], "cut": [], "named": [issued]}
