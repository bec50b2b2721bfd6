# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the variables of the role server_chain do: the chain that it writes, and what it refuses. One run, a host for each case."""

from __future__ import annotations

import pytest

from ansible_collections.certmend.tls.tests.support import mint
from ansible_collections.certmend.tls.tests.support.corporate import Pki
from ansible_collections.certmend.tls.tests.support.role_cases import Cases

NAME = "www.corp.example"
#: what a case sets besides the file and the name
CASES = {
    "whole": {"server_chain_candidates": ["{{ here }}/pool"], "server_chain_trusted": ["{{ here }}/roots.pem"], "server_chain_include_root": True},
    "system": {"server_chain_candidates": ["{{ here }}/pool"], "server_chain_trust_system": True},
    "nothing": {"server_chain_candidates": ["{{ here }}/pool"], "server_chain_trust_system": False, "server_chain_trusted": ["{{ here }}/other.pem"]},
    "weak": {"server_chain_candidates": ["{{ here }}/weak.pem"], "server_chain_trusted": ["{{ here }}/roots.pem"], "server_chain_accept_weak": True},
    "strong": {"server_chain_candidates": ["{{ here }}/weak.pem"], "server_chain_trusted": ["{{ here }}/roots.pem"], "server_chain_accept_weak": False},
    "proxy": {
        "server_chain_candidates": ["{{ here }}/pool"],
        "server_chain_trusted": ["{{ here }}/roots.pem"],
        "server_chain_server": "haproxy",
        "server_chain_haproxy_config": "/etc/lb/lb.cfg",
    },
}


class Made:
    """The run, and the files afterwards."""

    def __init__(self, folder):
        folder.mkdir()
        self.pki = pki = Pki(folder)
        self.weak = mint.signed_with("sha1", "Corp Weak CA", pki.root, ca=True, **pki.days)
        self.leaf, self.below_weak = pki.leaf(NAME), pki.leaf(NAME, self.weak)
        shared = {"here": "{{ playbook_dir | dirname }}/hosts/{{ inventory_hostname }}", "server_chain_path": "{{ here }}/web.pem"}
        shared.update(server_chain_server="none", server_chain_name=NAME)
        self.hosts = Cases(folder / "hosts", {name: {**shared, **given} for name, given in CASES.items()})
        self.hosts.environment["SSL_CERT_FILE"] = str(pki.roots)  # the system's, for the programs of this run
        for name in CASES:
            self.write(name, "web.pem", self.leaf_of(name).pem + (self.leaf.key_pem if name == "proxy" else ""))
            self.write(name, "roots.pem", pki.root.pem)
            self.write(name, "other.pem", self.weak.pem)
            self.write(name, "weak.pem", self.weak.pem)
            self.write(name, "pool/one.pem", pki.one.pem)
            self.write(name, "pool/two.pem", pki.two.pem)
        self.hosts.refuse("proxy", "haproxy")
        self.cases = self.hosts.run("role: server_chain")

    def leaf_of(self, name):
        return self.below_weak if name in ("weak", "strong") else self.leaf

    def write(self, host, name, text):
        path = self.hosts[host] / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="ascii")

    def file(self, name):
        return (self.hosts[name] / "web.pem").read_text(encoding="ascii")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return Made(tmp_path_factory.mktemp("chains") / "run")


def test_the_chain_is_built_from_the_files_of_the_server_with_the_root_on_request(made):
    pki = made.pki
    assert not made.cases["whole"].failure and made.file("whole") == made.leaf.pem + pki.two.pem + pki.one.pem + pki.root.pem


def test_the_roots_are_those_of_the_system_on_request_only(made):
    assert not made.cases["system"].failure and made.file("system") == made.leaf.pem + made.pki.two.pem + made.pki.one.pem
    assert "CN=Corp Root CA" in made.cases["nothing"].failure and made.file("nothing") == made.leaf.pem


def test_a_weak_signature_is_accepted_on_request_only(made):
    assert not made.cases["weak"].failure and made.file("weak") == made.below_weak.pem + made.weak.pem
    assert "SHA1" in made.cases["strong"].failure.upper().replace("-", "") and made.file("strong") == made.below_weak.pem


def test_the_configuration_of_haproxy_that_is_checked_is_the_one_that_is_named(made):
    assert "refused: -c -f /etc/lb/lb.cfg" in made.cases["proxy"].failure and made.file("proxy") == made.leaf.pem + made.leaf.key_pem
