# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the variables of the roles handshake and hosts_mapping do: what they verify with, and what they write. One run, a host for each case."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.appliance.keytool import JVM
from ansible_collections.certmend.tls.tests.support.corporate import Pki
from ansible_collections.certmend.tls.tests.support.role_cases import Cases
from ansible_collections.certmend.tls.tests.support.vsphere.site import nobody_answers

NAME, PASSWORD = "depot.corp.example", "correct-horse"
WHERE = {"handshake_host": "alias.corp.example", "handshake_address": "127.0.0.1", "handshake_name": NAME}
#: what a case sets besides the port, which is not 443
CASES = {
    "named": WHERE,
    "unnamed": {"handshake_host": "alias.corp.example", "handshake_address": "127.0.0.1"},
    "file": {**WHERE, "handshake_trusted_content": "", "handshake_trusted_path": "{{ here }}/ca.pem"},
    "old_text": {**WHERE, "handshake_trusted_content": "", "handshake_ca_content": "{{ ca }}"},
    "old_file": {**WHERE, "handshake_trusted_content": "", "handshake_ca_path": "{{ here }}/ca.pem"},
    "hasty": {**WHERE, "handshake_timeout": 0.2},
    "java": {**WHERE, "handshake_keystores": [{"path": "{{ here }}/trusted.store", "password_file": "{{ here }}/password"}]},
    "system": {**WHERE, "handshake_system_stores": ["debian"]},
}
MAPPINGS = {
    "alone": {"hosts_mapping_exclusive": True},
    "shared": {"hosts_mapping_exclusive": False},
}
OF_JAVA = "Verify the server with the certificates of each Java keystore"
OF_THE_CA = "Verify the server with the given CA certificates"
needs_java = pytest.mark.skipif(not shutil.which("keytool"), reason="no Java here; tests/lab has one")


class Made:
    """The run, and the hosts files afterwards."""

    def __init__(self, folder, serve, silent):
        folder.mkdir()
        self.pki = Pki(folder)
        leaf = self.pki.leaf(NAME)
        shared = {"here": "{{ playbook_dir | dirname }}/hosts/{{ inventory_hostname }}"}
        verified = {**shared, "handshake_port": serve(leaf.pem + self.pki.two.pem + self.pki.one.pem, leaf.key_pem)}
        with_ca = dict(verified, handshake_trusted_content=self.pki.root.pem, ca=self.pki.root.pem)
        cases = {name: {**(verified if name in ("java", "system") else with_ca), **given} for name, given in CASES.items()}
        cases["hasty"]["handshake_port"] = silent
        mapped = dict(shared, hosts_mapping_path="{{ here }}/hosts", hosts_mapping_check_resolution=False)
        present = {"address": "10.77.0.10", "names": [NAME], "comment": "the depot", "state": "present"}
        mapped["hosts_mapping_entries"] = [present, {"address": "10.0.0.2", "names": ["gone.corp.example"], "state": "absent"}]
        self.hosts = Cases(folder / "hosts", {**cases, **{name: {**mapped, **given} for name, given in MAPPINGS.items()}})
        for name in MAPPINGS:
            (self.hosts[name] / "hosts").write_text("10.0.0.1 %s old\n10.0.0.2 gone.corp.example stays\n" % NAME, encoding="ascii")
        self.keystore(self.hosts["java"])
        for name in ("file", "old_file"):
            (self.hosts[name] / "ca.pem").write_text(self.pki.root.pem, encoding="ascii")
        of_each = (("handshake", CASES), ("hosts_mapping", MAPPINGS))
        plays = [{"hosts": ":".join(names), "gather_facts": False, "roles": ["certmend.tls." + role]} for role, names in of_each]
        self.cases = self.hosts.run(plays)

    def keystore(self, folder):
        (folder / "password").write_text(PASSWORD + "\n", encoding="ascii")
        if shutil.which("keytool"):
            command = ["keytool", *JVM, "-importcert", "-noprompt", "-alias", "corp", "-keystore", str(folder / "trusted.store"), "-storepass", PASSWORD]
            subprocess.run(command, input=self.pki.root.pem, check=True, capture_output=True, text=True)

    def verified_by(self, name):
        """The tasks that verified the server."""
        if self.cases[name].failure:
            return []
        return [
            record["task"].partition(" : ")[2] for record in self.cases[name].records if record["action"].endswith("tls_handshake") and "ok" in record["status"]
        ]


@pytest.fixture(scope="module")
def made(tmp_path_factory, shared_tls_server):
    with nobody_answers() as silent:
        return Made(tmp_path_factory.mktemp("handshakes") / "run", shared_tls_server, silent)


def test_the_name_of_the_certificate_may_be_another_one_than_that_of_the_host(made):
    assert not made.cases["named"].failure and made.verified_by("named") == [OF_THE_CA]
    assert "alias.corp.example" in made.cases["unnamed"].failure


@pytest.mark.parametrize("name", ["file", "old_text", "old_file"])
def test_the_ca_certificates_are_text_or_a_file_and_may_have_their_old_names(made, name):
    assert not made.cases[name].failure and made.verified_by(name) == [OF_THE_CA]


@pytest.mark.parametrize("form", ["path", "content"])
def test_an_old_name_is_deprecated(made, form):
    assert "handshake_ca_%s is the old name of handshake_trusted_%s" % (form, form) in " ".join(made.hosts.output.split())


def test_a_handshake_is_given_up_after_its_seconds(made):
    assert "does not answer" in made.cases["hasty"].failure


@needs_java
def test_a_keystore_verifies_instead_of_a_given_ca(made):
    assert not made.cases["java"].failure and set(made.verified_by("java")) == {OF_JAVA}


def test_the_store_of_the_system_verifies_instead_of_a_given_ca(made):
    """It does not trust the CA of this test."""
    assert ", seen from system (the system store): TRUST-UNKNOWN-CA: " in made.cases["system"].failure and made.verified_by("system") == []


def test_a_name_is_removed_from_other_addresses_unless_they_are_shared(made):
    texts = {name: (made.hosts[name] / "hosts").read_text(encoding="ascii").split("\n") for name in MAPPINGS}
    assert texts["alone"][0].split() == ["10.0.0.1", "old"] and texts["shared"][0].split() == ["10.0.0.1", NAME, "old"]
    for lines in texts.values():
        assert [" ".join(line.split()) for line in lines[1:]] == ["10.0.0.2 stays", "10.77.0.10 %s # the depot" % NAME, ""]
