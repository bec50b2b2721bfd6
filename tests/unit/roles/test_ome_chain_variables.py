# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the variables of the role ome_chain do on appliances of our own. Two runs, a host for each case."""

from __future__ import annotations

import contextlib
import hashlib

import pytest
from cryptography.hazmat.primitives import serialization

from ansible_collections.certmend.tls.tests.support import mint
from ansible_collections.certmend.tls.tests.support.clock import REAL
from ansible_collections.certmend.tls.tests.support.forms import pkcs12
from ansible_collections.certmend.tls.tests.support.ome.chains import CLIENT, SERVER, Cas, purposes, usage
from ansible_collections.certmend.tls.tests.support.ome.server import ACCOUNT, Ome
from ansible_collections.certmend.tls.tests.support.role_cases import Cases

PASSPHRASE = "Ca-Key-Pw1!"
#: the other appliance of a migration, which this run does not prepare
PEER = "elsewhere"
SUBJECT = {
    "business_name": "Example Corporation",
    "department_name": "IT",
    "locality": "Bonn",
    "country_state": "NRW",
    "country": "DE",
    "email": "it@corp.example",
}
#: what a case sets besides the appliance
CASES = {
    "signed": {"ome_chain_subject": SUBJECT, "ome_chain_upload": "chain", "ome_chain_compare": "chain"},
    "alone": {"ome_chain_peer": PEER, "ome_chain_one_at_a_time": True, "ome_chain_upload": "single", "ome_chain_signing_ca_path": "{{ here }}/ca.p12"},
    "foreign": {"ome_chain_peer_path": "{{ here }}/foreign.pem", "ome_chain_language": "fr"},
    "answered": {
        "ome_chain_certificate_path": "{{ here }}/answer.crt",
        "ome_chain_candidates_path": ["{{ here }}/one.pem"],
        "ome_chain_compare": "leaf",
        "ome_chain_language": "en",
        "ome_chain_wait_timeout": 20,
    },
}


def name_of(case):
    return "ome-%s.corp.example" % case


class Made:
    """The runs, and what the appliances serve afterwards."""

    def __init__(self, folder, appliances):
        self.appliances, self.cas = appliances, Cas(REAL)
        text = {"ome_chain_signing_ca_content": self.cas.one.pem, "ome_chain_signing_ca_private_key_content": mint.key_pem(self.cas.one.key, PASSPHRASE)}
        own = {"signed": text, "foreign": text, "alone": {"ome_chain_trusted_path": "", "ome_chain_trusted_content": self.cas.root.pem}, "answered": {}}
        given = {case: {**self.shared(case), **more, **own[case]} for case, more in CASES.items()}
        self.hosts = Cases(folder, {**given, PEER: {}})
        foreign = self.cas.leaf(self.cas.two, "ome-target.corp.example", mint.new_key()), self.cas.two, self.cas.root
        for case in CASES:
            (self.hosts[case] / "root.der").write_bytes(self.cas.root.der)
            (self.hosts[case] / "ca.p12").write_bytes(pkcs12(self.cas.one, [], PASSPHRASE))
            self.write(case, "one.pem", self.cas.one.pem)
            self.write(case, "foreign.pem", self.cas.pem(*foreign))
        self.cases = self.hosts.run("role: ome_chain", "--limit", "all:!" + PEER)
        self.answer()
        appliances["answered"].switch(leaf_alone=True)
        self.hosts.give("foreign", ome_chain_peer=PEER)
        self.hosts.give("signed", ome_chain_server_fingerprint="", ome_chain_api_trusted_content=self.cas.root.pem)
        self.hosts.give(
            "alone", ome_chain_api_trusted_content="nothing", ome_chain_signing_ca_private_key_passphrase="wrong-Pw1!", ome_chain_server_fingerprint=""
        )
        self.next = self.hosts.run("role: ome_chain", "--limit", "all:!" + PEER)
        self.served = {case: list(ome.certificates) for case, ome in appliances.items()}

    def shared(self, case):
        ome = self.appliances[case]
        der = ome.certificates[0].public_bytes(serialization.Encoding.DER)
        return {
            "here": "{{ playbook_dir | dirname }}/hosts/{{ inventory_hostname }}",
            "ome_chain_hostname": name_of(case),
            "ome_chain_address": "127.0.0.1",
            "ome_chain_port": ome.port,
            "ome_chain_username": ACCOUNT[0],
            "ome_chain_password": ACCOUNT[1],
            "ome_chain_server_fingerprint": [hashlib.sha256(der).hexdigest()],
            "ome_chain_folder": "{{ here }}",
            "ome_chain_trusted_path": ["{{ here }}/root.der"],
            "ome_chain_signing_ca_private_key_passphrase": PASSPHRASE,
            "ome_chain_snapshot_taken": True,
        }

    def write(self, case, name, text):
        (self.hosts[case] / name).write_text(text, encoding="ascii")

    def answer(self):
        """Another CA signs the request of the first run."""
        request = mint.load_csr((self.hosts["answered"] / (name_of("answered") + ".csr")).read_bytes())
        extensions = [purposes(SERVER, CLIENT), usage()]
        leaf = mint.sign(request, name_of("answered"), self.cas.one, extensions=extensions, dns=[name_of("answered")], **self.cas.days)
        self.write("answered", "answer.crt", leaf.pem)


def attributes(name):
    return {part.value for part in name}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    with contextlib.ExitStack() as stack:
        appliances = {case: stack.enter_context(Ome(name_of(case))) for case in CASES}
        yield Made(tmp_path_factory.mktemp("ome") / "run", appliances)


def test_your_own_ca_signs_from_text_with_the_passphrase_of_its_key(made):
    assert not made.cases["signed"].failure and made.served["signed"][1:] == [made.cas.one.x509, made.cas.root.x509]


def test_the_request_has_the_host_name_and_the_subject(made):
    expected = {name_of("signed"), *SUBJECT.values()}
    request = mint.load_csr((made.hosts["signed"] / (name_of("signed") + ".csr")).read_bytes())
    assert attributes(request.subject) == attributes(made.served["signed"][0].subject) == expected


def test_a_second_run_verifies_the_appliance_with_the_root_as_text_and_changes_nothing(made):
    assert not made.next["signed"].failure and made.appliances["signed"].uploads == 1 and not made.next["signed"].changed


def test_everything_that_is_wrong_with_the_files_of_cas_is_reported_at_once_by_the_variable(made):
    said = made.next["alone"].failure
    assert "2 problem(s)" in said and "(1) ome_chain_api_trusted_content contains no certificate" in said, said
    assert "(2) ome_chain_signing_ca_path: " in said and "ca.p12" in said and "wrong-Pw1!" not in said, said


def test_a_single_certificate_is_uploaded_on_request_signed_by_a_ca_in_one_pkcs12(made):
    assert not made.cases["alone"].failure and len(made.served["alone"]) == 1 and len(made.served["signed"]) == 3


def test_the_chain_of_the_other_appliance_in_a_file_must_have_the_same_cas(made):
    assert "CN=Inter-CA2" in made.cases["foreign"].failure


def test_findings_and_what_a_person_has_to_do_are_in_the_language(made):
    assert "Rien n'a été modifié, sur aucune appliance." in made.cases["foreign"].failure
    assert "%s: have " % name_of("answered") in made.cases["answered"].said


def test_one_appliance_waits_for_the_other_unless_one_at_a_time_is_asked_for(made):
    """A file with the chain of the other appliance is not used then."""
    assert not made.next["foreign"].failure and PEER in made.next["foreign"].said
    assert [made.appliances[case].uploads for case in ("foreign", "alone")] == [0, 1]


def test_the_certificate_of_another_ca_is_expected_in_the_file_that_is_named(made):
    assert str(made.hosts["answered"] / "answer.crt") in made.cases["answered"].said
    assert not made.next["answered"].failure and made.served["answered"][0].issuer == made.cas.one.x509.subject


def test_an_appliance_may_serve_its_certificate_alone_if_only_that_is_compared(made):
    assert not made.next["answered"].failure and made.appliances["answered"].uploads == 1 and made.appliances["answered"].switches.leaf_alone
