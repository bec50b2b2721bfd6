# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A server whose CA has its private key elsewhere: the server makes key and request, another host signs, the server installs the certificate."""

from __future__ import annotations

import ipaddress
import os

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.x509.backend import oid, x509
from ansible_collections.certmend.tls.tests.support import mint
from ansible_collections.certmend.tls.tests.support.cert_issue import FQDN, NOW, ROOT, install

LATER = NOW + 398 * mint.DAY
NO_KEY = dict(signing_ca_private_key_content=None)
SIGNING = "tls.key.signing"


class Signed:
    """The three tasks of a playbook, each with what it can see."""

    def __init__(self, server):
        self.server = server

    def request(self, check=False, at=NOW, **given):
        """On the server: the result, with the request in csr."""
        return self.server.run("csr", check=check, at=at, **dict(NO_KEY, **given))

    def sign(self, csr, check=False, at=NOW, **given):
        """Where the private key of the CA is; without any file."""
        nowhere = dict(private_key_path=None, certificate_path=None, combined_path=None, request_content=csr, as_requested=True)
        return self.server.run("own_ca", check=check, at=at, **dict(nowhere, **given))

    def install(self, pem="", check=False, at=NOW, **given):
        """On the server."""
        return self.server.run("own_ca", check=check, at=at, certificate_content=pem, **dict(NO_KEY, **given))

    def all(self, at=NOW, **given):
        """The result of the last task; what the first two tasks need is in their options alone."""
        asked = self.request(at=at, **given)
        pem = self.sign(asked["csr"], at=at)["certificate"]["pem"] if asked["csr"] else ""
        return self.install(pem, at=at, **given)


@pytest.fixture
def signed(server):
    return Signed(server)


def text_of(result):
    return [(step.target, step.before, step.after) for step in result["steps"]]


@pytest.mark.parametrize("given", [{}, {"key_type": "EC"}, {"ip_addresses": ["10.77.0.10"], "dns_names": ["b.corp.example"], "subject": {"O": "Example"}}])
def test_a_first_certificate_is_predicted_signed_and_installed_like_one_that_is_signed_here(signed, server, tmp_path, given):
    predicted = signed.install(check=True, **given)
    assert server.content() == {}
    made = signed.all(**given)
    assert made["changed"] and text_of(made) == text_of(predicted)
    assert set(server.content()) == {"tls.key", "tls.pem"} and made["certificate"]["issuer"] == ROOT.x509.subject.rfc4514_string()
    again = signed.all(**given)
    assert again["steps"] == [] and not again["changed"]
    assert server.run("own_ca", **given)["steps"] == [], "the CA's key on the server would change nothing either"


def test_the_prediction_is_that_of_a_ca_whose_key_is_here(signed, server):
    assert text_of(signed.install(check=True)) == text_of(server.run("own_ca", check=True))


def test_nothing_is_requested_if_nothing_is_due(signed, server):
    signed.all()
    before = server.content()
    asked = signed.request()
    assert asked["steps"] == [] and asked["csr"] is None and server.content() == before


def test_a_new_key_waits_for_root_alone_until_its_certificate_is_installed(signed, server):
    signed.all()
    before = server.content()
    asked = signed.request(at=LATER, reuse_key=False, private_key_mode="0644")
    waiting = server.folder / SIGNING
    assert waiting.stat().st_mode & 0o777 == 0o600 and waiting.stat().st_uid == os.geteuid()
    assert {name: data for name, data in server.content().items() if name != SIGNING} == before, "key and certificate in use stay in use"
    made = signed.install(signed.sign(asked["csr"], at=LATER)["certificate"]["pem"], at=LATER, reuse_key=False)
    assert made["pin_changed"] and set(server.content()) == {"tls.key", "tls.pem"}
    assert signed.all(at=LATER)["steps"] == []


def test_a_key_that_is_kept_needs_no_file_beside_it(signed, server):
    signed.all()
    key = server.content()["tls.key"]
    signed.request(at=LATER)
    assert SIGNING not in server.content()
    made = signed.all(at=LATER)
    assert made["changed"] and not made["pin_changed"] and server.content()["tls.key"] == key


def test_what_the_present_certificate_has_is_kept_by_who_signs(signed, server):
    """Names of all kinds, the subject and the purposes reach the signer in the request alone."""
    directory = x509.DirectoryName(mint.name("Directory"))
    names = [x509.DNSName("a.corp.example"), x509.DNSName("b.corp.example"), x509.IPAddress(ipaddress.ip_address("10.77.0.30"))]
    names += [x509.RFC822Name("ops@corp.example"), x509.UniformResourceIdentifier("https://a.corp.example/x"), directory]
    purposes = x509.ExtendedKeyUsage([oid.ExtendedKeyUsageOID.SERVER_AUTH, x509.ObjectIdentifier("1.3.6.1.5.5.8.2.2")])
    extensions = [(x509.SubjectAlternativeName(names), False), (purposes, False)]
    install(server, mint.mint("a.corp.example", organization="Example", ends=NOW - mint.DAY, key=mint.new_key("P-384"), extensions=extensions))
    made = signed.all(ip_addresses=["10.77.0.10"], drop_names=["b.corp.example"], reuse_key=False)["certificate"]
    assert made["subject_alternative_name"] == {
        "dns": [FQDN, "a.corp.example"],
        "ip": ["10.77.0.10", "10.77.0.30"],
        "email": ["ops@corp.example"],
        "uri": ["https://a.corp.example/x"],
    }
    assert "O=Example" in made["subject"] and "CN=" + FQDN in made["subject"] and made["key"]["curve"] == "secp384r1"
    assert made["extended_key_usage"] == ["serverAuth", "1.3.6.1.5.5.8.2.2"]
    written = x509.load_pem_x509_certificate(server.content()["tls.pem"]).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert directory in list(written)


def test_a_key_that_a_killed_run_has_left_is_used_by_the_next(signed, server):
    signed.request()
    left = server.content()[SIGNING]
    predicted = signed.install(check=True)
    made = signed.all()
    assert text_of(made) == text_of(predicted) and server.content()["tls.key"] == left and SIGNING not in server.content()


@pytest.mark.parametrize("spoilt", ["other kind", "readable", "damaged"])
def test_a_key_that_cannot_be_used_again_is_replaced(signed, server, spoilt):
    signed.request(key_type="EC" if spoilt == "other kind" else None)
    path = server.folder / SIGNING
    left = path.read_bytes()
    if spoilt == "readable":
        path.chmod(0o644)
    elif spoilt == "damaged":
        path.write_bytes(b"-----BEGIN PRIVATE KEY-----\n")
    signed.request()
    assert path.stat().st_mode & 0o777 == 0o600
    made = signed.all()
    assert server.content()["tls.key"] != left and made["certificate"]["key"]["type"] == "RSA" and not path.exists()


def test_a_key_that_is_left_although_nothing_is_due_is_removed(signed, server):
    signed.all()
    before = server.content()
    (server.folder / SIGNING).write_bytes(mint.key_pem(mint.new_key()).encode())
    assert signed.request(check=True)["steps"] and SIGNING in server.content(), "check mode removes nothing"
    assert signed.request()["csr"] is None and server.content() == before
    signed.request(at=LATER, reuse_key=False)
    assert signed.all(at=LATER)["changed"] and SIGNING not in server.content(), "a run that keeps the key needs none either"


def test_the_key_of_a_request_for_another_ca_stays(signed, server):
    signed.all()
    server.run("csr", at=LATER, reuse_key=False, csr_path=server.path("tls.csr"))
    waiting = server.content()["tls.key.next"]
    signed.all(at=LATER, reuse_key=False)
    assert server.content()["tls.key.next"] == waiting != server.content()["tls.key"]


def test_all_files_of_the_certificate_are_written_with_it(signed, server):
    given = dict(combined_path=server.path("all.pem"))
    asked = signed.request(**given)
    made = signed.install(signed.sign(asked["csr"])["certificate"]["pem"], csr_path=server.path("tls.csr"), **given)
    assert set(made["created_files"]) == {server.path(name) for name in ("tls.key", "tls.pem", "all.pem", "tls.csr")}
    assert server.content()["tls.csr"].decode() == made["csr"] and server.content()["tls.key"] in server.content()["all.pem"]


def test_without_the_certificate_that_is_due_nothing_is_written(signed, server):
    with pytest.raises(RemediationError, match="certificate_content: a new certificate is due"):
        signed.install()
    assert server.content() == {}


def test_a_certificate_that_is_not_the_one_that_is_due_is_refused(signed, server):
    asked = signed.request()
    other = mint.authority("Other CA", ends=NOW + 3650 * mint.DAY)
    foreign = signed.sign(asked["csr"], signing_ca_content=other.pem, signing_ca_private_key_content=other.key_pem)["certificate"]["pem"]
    more = signed.sign(asked["csr"], dns_names=["more.corp.example"], extended_key_usage=["clientAuth"])["certificate"]["pem"]
    unknown = signed.sign(mint.csr(FQDN, key=mint.new_key("RSA-2048")))["certificate"]["pem"]
    late = signed.sign(asked["csr"], at=NOW + mint.DAY)["certificate"]["pem"]
    before = server.content()
    for pem, words in (
        (foreign, "is not signed by"),
        (more, "has the names depot.corp.example, more.corp.example, not depot.corp.example.*has other purposes than serverAuth"),
        (unknown, "belongs to another private key"),
        (late, "this host's clock shows"),
    ):
        with pytest.raises(RemediationError, match="(?s)" + words):
            signed.install(pem)
        assert server.content() == before


def test_the_signer_says_in_check_mode_already_what_is_wrong_with_the_ca(signed, server):
    ready = signed.sign("", check=True)
    assert ready["signing_ca_content"] == ROOT.pem and ready["certificate"] is None
    for given, words in (
        (dict(signing_ca_private_key_content=mint.key_pem(mint.new_key())), "signing_ca_private_key does not belong"),
        (dict(signing_ca_private_key_content=""), "signing_ca_private_key_content: the private key of the CA is missing"),
    ):
        with pytest.raises(RemediationError, match=words):
            signed.sign("", check=True, **given)
    with pytest.raises(RemediationError, match="request_content: this is not a certificate signing request"):
        signed.sign("")
    assert server.content() == {}


def test_the_ca_is_the_first_certificate_where_its_key_is_elsewhere(signed, server):
    """The signer, who has the key, puts it there."""
    middle = mint.authority("Issuing CA", ROOT, ends=NOW + 3650 * mint.DAY)
    given = dict(signing_ca_content=ROOT.pem + middle.pem, signing_ca_private_key_content=middle.key_pem)
    sorted_pem = signed.sign("", check=True, **given)["signing_ca_content"]
    assert sorted_pem == middle.pem + ROOT.pem
    asked = signed.request(signing_ca_content=sorted_pem)
    made = signed.install(signed.sign(asked["csr"], **given)["certificate"]["pem"], signing_ca_content=sorted_pem)
    assert made["certificate"]["issuer"] == "CN=Issuing CA" and server.content()["tls.pem"].decode().endswith(middle.pem)


def test_a_wildcard_is_not_signed_for_clients_that_refuse_it(signed):
    wild = mint.csr(FQDN, dns=[FQDN, "*.corp.example"])
    with pytest.raises(RemediationError, match="of the request cannot be kept"):
        signed.sign(wild, profile="vcf_installer")
    assert signed.sign(wild)["certificate"]["subject_alternative_name"]["dns"] == [FQDN, "*.corp.example"]


def test_a_lost_intermediate_is_appended_without_the_key_of_the_ca(signed, server):
    middle = mint.authority("Issuing CA", ROOT, ends=NOW + 3650 * mint.DAY)
    given = dict(signing_ca_content=middle.pem)
    asked = signed.request(**given)
    signed.install(signed.sign(asked["csr"], signing_ca_private_key_content=middle.key_pem, **given)["certificate"]["pem"], **given)
    first = server.content()
    (server.folder / "tls.pem").write_bytes(first["tls.pem"][: -len(middle.pem)])
    assert signed.request(**given)["csr"] is None and signed.install(**given)["changed"] and server.content() == first
