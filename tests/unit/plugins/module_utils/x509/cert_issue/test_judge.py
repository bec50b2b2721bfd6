# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A certificate that clients would reject is not imported; one that they accept is not replaced."""

from __future__ import annotations

import datetime

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.tests.support import mint
from ansible_collections.certmend.tls.tests.support.cert_issue import FQDN, NOW, ROOT, answer, install

CLIENT_AUTH = mint.x509.ExtendedKeyUsage([mint.x509.oid.ExtendedKeyUsageOID.CLIENT_AUTH])


@pytest.mark.parametrize(
    "wrong, message",
    [
        (dict(common_name="10.77.0.10"), "NAME-CN-IS-IP: the common name is the IP address"),
        (dict(dns=["other.corp.example"], common_name="other.corp.example"), "NAME-MISMATCH: .* is not among the names"),
        (dict(ends=NOW - datetime.timedelta(hours=1)), "VALIDITY-EXPIRED: expired"),
        (dict(starts=NOW + mint.DAY), "VALIDITY-NOT-YET: is valid only from"),
        (dict(extensions=[(CLIENT_AUTH, False)]), "USAGE-NO-SERVER-AUTH: its extended key usage lacks serverAuth"),
        (dict(issuer=mint.authority("Unknown CA")), "CHAIN-INCOMPLETE: the issuer CN=Unknown CA is neither presented nor among the trusted certificates"),
    ],
)
def test_an_answer_that_the_installer_would_reject_is_refused(server, wrong, message):
    csr = server.run("csr", csr_path=server.path("tls.csr"))["csr"]
    before = server.content()
    with pytest.raises(RemediationError, match=message):
        server.run("import", certificate_content=answer(csr, **wrong).pem, profile="vcf_installer", trusted_content=ROOT.pem)
    assert server.content() == before


def test_without_the_roots_of_the_clients_nothing_is_imported_because_nothing_is_proved(server):
    csr = server.run("csr", csr_path=server.path("tls.csr"))["csr"]
    before = server.content()
    with pytest.raises(RemediationError, match="trusted_path: no trusted certificate is given, .*Give trusted_path, trusted_content or trust_system"):
        server.run("import", certificate_content=answer(csr).pem)
    assert server.content() == before


def test_a_good_certificate_of_a_ca_is_not_replaced_by_a_self_signed_one(server):
    """The command of the README, on a depot that has a certificate of the company's CA."""
    issuing = mint.authority("Issuing CA", ROOT)
    install(server, mint.mint(FQDN, dns=[FQDN, "mirror.corp.example"], issuer=issuing, key=mint.shared_key("RSA-2048")), issuing)
    before = server.content()
    for given in ({}, {"trusted_content": ROOT.pem}, {"dns_names": ["mirror.corp.example"]}):
        done = server.run(profile="vcf_installer", **given)
        assert done["steps"] == [] and done["renewed_because"] == [] and done["replaced_self_signed"] is None
    assert server.content() == before


@pytest.mark.parametrize("common_name, dns", [("portal.corp.example", ["portal.corp.example", FQDN]), ("*.corp.example", ["*.corp.example"])])
def test_nor_is_one_that_serves_the_name_among_others(server, common_name, dns):
    install(server, mint.mint(common_name, dns=dns, issuer=ROOT, key=mint.shared_key("RSA-2048")))
    assert server.run()["steps"] == []
    forced = server.run(force=True)
    assert forced["renewed_because"][-2:] == ["the certificate is signed by CN=Test Root CA, not by its own key", "force is true"]
    assert forced["certificate"]["self_signed"] and forced["names_dropped"] == []


@pytest.mark.parametrize(
    "wrong, given, reason",
    [
        (dict(issuer=ROOT), dict(trusted_content=mint.authority("Other CA").pem), "signed by CN=Test Root CA, not by its own key (CHAIN-INCOMPLETE)"),
        (dict(issuer=ROOT, dns=["other.corp.example"]), {}, "signed by CN=Test Root CA, not by its own key (NAME-MISMATCH)"),
        (dict(issuer=ROOT, ends=NOW + 10 * mint.DAY), {}, "signed by CN=Test Root CA, not by its own key (VALIDITY-SOON)"),
        (dict(), dict(provider="own_ca"), "signed by CN=%s, not by CN=Test Root CA (TRUST-SELF-SIGNED)" % FQDN),
        (dict(), dict(provider="own_ca", profile="vcf_installer"), "signed by CN=%s, not by CN=Test Root CA (TRUST-UNKNOWN-CA, TRUST-SELF-SIGNED)" % FQDN),
    ],
)
def test_another_issuer_is_a_reason_only_with_a_finding(server, wrong, given, reason):
    install(server, mint.mint(FQDN, key=mint.shared_key("RSA-2048"), **{"dns": [FQDN], **wrong}))
    done = server.run(**given)
    assert "the certificate is " + reason in done["renewed_because"]
    assert server.run(**given)["steps"] == []


def test_a_certificate_of_another_ca_that_the_clients_trust_stays(server):
    other = mint.authority("Other CA")
    install(server, mint.mint(FQDN, dns=[FQDN], issuer=other, key=mint.shared_key("RSA-2048")))
    before = server.content()
    assert server.run("own_ca", trusted_content=ROOT.pem + other.pem)["steps"] == [] and server.content() == before
    assert server.run("own_ca")["certificate"]["issuer"] == "CN=Test Root CA"


def test_the_chain_of_a_certificate_that_stays_is_left_alone(server):
    issuing = mint.authority("Issuing CA", ROOT)
    install(server, mint.mint(FQDN, dns=[FQDN], issuer=issuing, key=mint.shared_key("RSA-2048")), issuing)
    combined = server.path("all.pem")
    done = server.run(combined_path=combined, trusted_content=ROOT.pem)
    assert done["renewed_because"] == ["%s does not contain the certificate with its chain and private key" % combined]
    assert server.content()["all.pem"].startswith(server.content()["tls.pem"]) and server.content()["tls.pem"].count(b"BEGIN") == 2


def test_another_issuer_is_never_taken_silently(server):
    install(server, mint.mint(FQDN, dns=[FQDN], issuer=ROOT, key=mint.shared_key("RSA-2048")))
    made = server.run(dns_names=["new.corp.example"])
    assert made["certificate"]["self_signed"] and made["renewed_because"] == [
        "the subject alternative name contains the DNS names %s, expected %s, new.corp.example" % (FQDN, FQDN),
        "the certificate is signed by CN=Test Root CA, not by its own key",
    ]


def test_a_wrong_path_of_the_key_does_not_replace_a_good_certificate(server):
    install(server, mint.mint(FQDN, dns=[FQDN], issuer=ROOT, key=mint.shared_key("RSA-2048")))
    before = server.content()
    with pytest.raises(RemediationError, match="private_key_path: no private key exists at .*typo, but nothing is wrong with the certificate .*force: true"):
        server.run(private_key_path=server.path("typo"))
    assert server.content() == before
    assert server.run(private_key_path=server.path("typo"), force=True)["certificate"]["self_signed"]
