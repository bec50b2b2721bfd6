# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reasons for a renewal: each in a plain sentence, and none too early."""

from __future__ import annotations

import pytest

from ansible_collections.certmend.tls.tests.support import mint
from ansible_collections.certmend.tls.tests.support.cert_issue import FQDN, NOW, ROOT, install

ABSENT_IP = "the subject alternative name contains no IP addresses, expected 10.77.0.10"


@pytest.mark.parametrize(
    "given, reason",
    [
        ({"at": NOW + 398 * mint.DAY}, "the certificate has expired (VALIDITY-EXPIRED)"),
        ({"at": NOW + 368 * mint.DAY}, "the certificate expires in 29 days (VALIDITY-SOON)"),
        ({"at": NOW + 396 * mint.DAY}, "the certificate expires in 1 day (VALIDITY-SOON)"),
        ({"fqdn": "other.corp.example"}, "the subject is CN=depot.corp.example, not CN=other.corp.example"),
        ({"ip_addresses": ["10.77.0.10"]}, ABSENT_IP),
        ({"subject": {"O": "Example"}}, "the subject is CN=depot.corp.example, not CN=depot.corp.example,O=Example"),
        ({"extended_key_usage": ["serverAuth", "clientAuth"]}, "the extended key usage lacks clientAuth"),
        ({"provider": "own_ca"}, "the certificate is signed by CN=depot.corp.example, not by CN=Test Root CA (TRUST-SELF-SIGNED)"),
        ({"key_size": 4096}, "the private key is RSA 2048, but RSA 4096 is requested"),
        ({"key_type": "EC"}, "the private key is RSA 2048, but EC is requested"),
    ],
)
def test_a_certificate_is_issued_again_with_a_reason(server, given, reason):
    server.run()
    again = server.run(**given)
    assert reason in again["renewed_because"]
    assert server.run(**given)["steps"] == [] or "at" in given


def test_a_certificate_without_a_subject_has_a_difference_and_one_with_all_that_is_asked_for_has_none(server):
    given = dict(ip_addresses=["10.77.0.10"], subject={"O": "Example"})
    install(server, mint.mint(None, dns=[FQDN], ip=["10.77.0.10"], key=mint.shared_key("RSA-2048")))
    assert server.run(check=True, **given)["renewed_because"] == ["the subject is empty, not CN=%s,O=Example" % FQDN]
    install(server, mint.mint(FQDN, dns=[FQDN], ip=["10.77.0.10"], organization="Example", key=mint.shared_key("RSA-2048")))
    assert server.run(**given)["steps"] == []


def test_a_certificate_whose_validity_has_not_begun_is_issued_again_and_keeps_the_rest(server):
    key = mint.shared_key("P-256")
    purposes = mint.x509.ExtendedKeyUsage([mint.x509.ObjectIdentifier("1.3.6.1.5.5.7.3.1"), mint.x509.ObjectIdentifier("1.3.6.1.5.5.7.3.2")])
    later = dict(starts=NOW + mint.DAY, ends=NOW + 90 * mint.DAY)
    install(server, mint.mint(FQDN, dns=[FQDN, "www2"], issuer=ROOT, key=key, organization="Example", extensions=[(purposes, False)], **later))
    again = server.run("own_ca")
    assert again["renewed_because"] == ["the certificate is valid only from 2010-06-16T12:00:00Z (VALIDITY-NOT-YET)"] and not again["pin_changed"]
    issued = again["certificate"]
    assert issued["subject"] == "CN=%s,O=Example" % FQDN and issued["subject_alternative_name"]["dns"] == [FQDN, "www2"]
    assert issued["extended_key_usage"] == ["serverAuth", "clientAuth"] and issued["key"]["type"] == "EC"
    assert server.run("own_ca")["steps"] == []


NO_TLS = (mint.x509.KeyUsage(False, True, False, False, False, False, False, False, False), True)
UNKNOWN = (mint.x509.UnrecognizedExtension(mint.x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00"), True)


@pytest.mark.parametrize(
    "extension, reason",
    [
        (NO_TLS, "the key usage allows no TLS handshake (USAGE-NO-TLS)"),
        (UNKNOWN, "clients do not know one of its critical extensions (FORMAT-EXTENSION-UNKNOWN)"),
    ],
)
def test_a_certificate_of_the_same_ca_that_clients_refuse_for_its_extensions_is_issued_again_once(server, extension, reason):
    install(server, mint.mint(FQDN, dns=[FQDN], issuer=ROOT, key=mint.shared_key("RSA-2048"), extensions=[extension]))
    assert server.run("own_ca")["renewed_because"] == [reason]
    assert server.run("own_ca")["steps"] == []


def test_names_that_are_given_up_are_a_reason(server):
    server.run(ip_addresses=["10.77.0.10"], dns_names=["depot"])
    assert server.run(drop_names=["10.77.0.10", "depot"])["renewed_because"] == [
        "the subject alternative name contains the DNS names %s, depot, expected %s" % (FQDN, FQDN),
        "the subject alternative name contains the IP addresses 10.77.0.10, expected none",
    ]


def test_another_curve_is_a_reason(server):
    server.run(key_type="EC")
    assert server.run(key_type="EC", curve="secp384r1")["renewed_because"] == ["the private key is EC secp256r1, but EC secp384r1 is requested"]


def test_a_weak_key_is_a_reason(server):
    (server.folder / "tls.key").write_text(mint.key_pem(mint.shared_key("DSA")))
    assert "the private key is a DSA key, which TLS clients no longer accept" in server.run()["renewed_because"]


def test_the_first_certificate_has_its_reasons_too(server):
    assert server.run()["renewed_because"] == ["no private key exists at %s" % server.path("tls.key"), "no certificate exists yet"]


def test_the_day_before_the_last_thirty_is_too_early_to_renew(server):
    server.run()
    assert server.run(at=NOW + 366 * mint.DAY)["steps"] == []


def test_another_key_beside_the_certificate_is_a_reason(server):
    server.run()
    (server.folder / "tls.key").write_text(mint.key_pem(mint.shared_key("RSA-2048")))
    assert "the private key does not belong to the certificate (KEY-NOT-PRIVATE-KEY)" in server.run()["renewed_because"]


def test_a_certificate_of_a_ca_is_no_self_signed_certificate(server):
    server.run("own_ca")
    assert server.run(force=True)["renewed_because"] == ["the certificate is signed by CN=Test Root CA, not by its own key", "force is true"]


def test_a_ca_of_the_same_name_with_another_key_is_another_ca(server):
    server.run("own_ca")
    other = mint.authority(ends=NOW + 3650 * mint.DAY)
    assert other.x509.subject == ROOT.x509.subject
    again = server.run("own_ca", signing_ca_content=other.pem, signing_ca_private_key_content=other.key_pem)
    assert again["renewed_because"] == ["the certificate is signed by another key of CN=Test Root CA than that of the given CA certificate (CHAIN-INCOMPLETE)"]


def test_a_combined_file_that_is_not_up_to_date_is_a_reason(server):
    server.run()
    combined = server.path("all.pem")
    again = server.run(combined_path=combined)
    assert again["renewed_because"] == ["%s does not contain the certificate with its chain and private key" % combined]
    assert server.content()["all.pem"].startswith(server.content()["tls.pem"])


def test_force_issues_a_certificate_and_a_request_without_any_other_reason(server):
    first = server.run()["certificate"]
    forced = server.run(force=True)
    assert forced["renewed_because"] == ["force is true"] and not forced["pin_changed"]
    assert forced["certificate"]["fingerprints"] != first["fingerprints"] and forced["replaced_self_signed"] == first["fingerprints"]["sha256"]
    csr = server.run("csr", csr_path=server.path("tls.csr"))["csr"]
    asked = server.run("csr", csr_path=server.path("tls.csr"), force=True)
    assert asked["renewed_because"] == ["force is true"] and asked["csr"].startswith(csr[:28]) and asked["replaced_self_signed"] is None
