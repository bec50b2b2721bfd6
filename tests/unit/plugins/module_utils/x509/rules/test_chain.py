# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The order of a chain, what is missing in it (scenario 4 of article 000011648) and who may sign what."""

from __future__ import annotations

import pytest
from cryptography import x509
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID

from ansible_collections.certmend.tls.tests.support.clock import FIXED
from ansible_collections.certmend.tls.tests.support.mint import authority, mint, new_key
from ansible_collections.certmend.tls.tests.support.ome.chains import Cas
from ansible_collections.certmend.tls.tests.support.rules import codes, fails, findings, passes
from ansible_collections.certmend.tls.tests.support.verifiers import openssl

FQDN = "www.corp.example"
ROOT = authority("Root")
OTHER = authority("Other Root CA")
INTERMEDIATE = authority("Test Intermediate CA", ROOT)


def leaf(issuer=None):
    return mint(FQDN, dns=[FQDN], issuer=issuer)


@fails("CHAIN-INCOMPLETE")
def test_scenario_4_the_leaf_alone_names_the_issuer_that_is_missing():
    [finding] = findings(leaf(INTERMEDIATE), trusted=[ROOT])
    assert finding.code == "CHAIN-INCOMPLETE" and "CN=Test Intermediate CA" in finding.message


@fails("CHAIN-INCOMPLETE")
@pytest.mark.parametrize("others", [[], [OTHER]])
def test_a_leaf_alone_is_suspected_even_if_nobody_says_whom_the_client_trusts(others):
    """Its issuer may be a root, which may be omitted (RFC 8446 section 4.4.2), so it is no error."""
    [finding] = [finding for finding in findings(leaf(INTERMEDIATE), *others) if finding.code == "CHAIN-INCOMPLETE"]
    assert finding.severity == "warning"
    assert "CN=Test Intermediate CA is not presented" in finding.message and "cannot be known whether it is a root" in finding.message


@fails("CHAIN-INCOMPLETE")
@pytest.mark.parametrize("trusted", [None, [ROOT]])
def test_where_the_missing_issuer_can_be_downloaded_is_named(trusted):
    url = "http://pki.corp.example/ca.crt"
    information = x509.AccessDescription(AuthorityInformationAccessOID.CA_ISSUERS, x509.UniformResourceIdentifier(url))
    certificate = mint(FQDN, dns=[FQDN], issuer=INTERMEDIATE, extensions=[(x509.AuthorityInformationAccess([information]), False)])
    (finding,) = [finding for finding in findings(certificate, trusted=trusted) if finding.code == "CHAIN-INCOMPLETE"]
    assert finding.message.endswith("; download it from " + url)


@passes("CHAIN-INCOMPLETE")
@pytest.mark.parametrize("presented", [[leaf(INTERMEDIATE), INTERMEDIATE], [leaf(INTERMEDIATE), INTERMEDIATE, ROOT], [leaf()], [INTERMEDIATE], [ROOT]])
def test_without_trusted_certificates_other_chains_may_be_complete(presented):
    """The issuer of an intermediate may be a root; so may that of a CA certificate in a file."""
    assert "CHAIN-INCOMPLETE" not in codes(*presented)


@passes("CHAIN-INCOMPLETE")
def test_the_leaf_and_its_intermediate_are_complete_without_the_root():
    assert codes(leaf(INTERMEDIATE), INTERMEDIATE, trusted=[ROOT]) == []


@fails("CHAIN-ORDER")
def test_a_shuffled_chain_is_a_warning_and_still_understood():
    second = authority("Second Intermediate CA", INTERMEDIATE)
    [finding] = findings(leaf(second), INTERMEDIATE, second, trusted=[ROOT])
    assert (finding.code, finding.severity) == ("CHAIN-ORDER", "warning") and "1, 3, 2" in finding.message


@passes("CHAIN-ORDER")
def test_a_root_at_the_end_is_in_order():
    assert codes(leaf(INTERMEDIATE), INTERMEDIATE, ROOT, trusted=[ROOT]) == []


@fails("CHAIN-UNRELATED")
def test_a_certificate_that_signed_nothing_on_the_path_is_a_notice():
    [finding] = findings(leaf(ROOT), OTHER, trusted=[ROOT])
    assert (finding.code, finding.severity) == ("CHAIN-UNRELATED", "notice")


@passes("CHAIN-UNRELATED")
def test_a_certificate_sent_twice_is_not_unrelated():
    certificate = leaf(ROOT)
    assert codes(certificate, certificate, ROOT, trusted=[ROOT]) == []


def test_a_certificate_that_is_sent_twice_is_an_error_on_the_appliance_only():
    cas = Cas(FIXED)
    assert codes(cas.leaf(), cas.one, cas.one, cas.root, profiles=("ome_migration",)) == ["CHAIN-UNRELATED"]


def served_by(issuer, *above, trusted=(ROOT,)):
    leaf = mint("www.corp.example", dns=["www.corp.example"], issuer=issuer)
    return dict(presented=[leaf, issuer, *above], trusted=list(trusted))


def seen(presented, trusted):
    return [finding.message for finding in findings(*presented, trusted=trusted) if finding.code == "CHAIN-PATH-INVALID"]


@fails("CHAIN-PATH-INVALID")
@pytest.mark.parametrize(
    "change, words",
    [
        (dict(ca=False), "is not a CA"),
        (dict(ca=True, extensions=[(x509.NameConstraints([x509.DNSName("other.example")], None), True)]), "does not permit the name www.corp.example"),
        (dict(ca=True, extensions=[(x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00"), True)]), "1.2.3.4"),
    ],
)
def test_an_issuer_that_may_not_sign_is_reported(change, words):
    (message,) = seen(**served_by(mint("Issuer", issuer=ROOT, **change)))
    assert words in message


@fails("CHAIN-PATH-INVALID")
def test_more_cas_than_the_path_length_allows_are_reported():
    limited = authority("Limited", issuer=ROOT, path_length=0)
    assert "path length" in seen(**served_by(authority("Below", issuer=limited), limited))[0]


@passes("CHAIN-PATH-INVALID")
def test_issuers_that_may_sign_are_not_reported():
    limited = authority("Limited", issuer=ROOT, path_length=0)
    given = served_by(limited)
    assert codes(*given["presented"], trusted=given["trusted"]) == []


FOR_CLIENTS = (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), False)


@fails("CHAIN-PATH-INVALID")
def test_an_intermediate_that_may_not_issue_for_servers_is_reported_as_openssl_refuses_it():
    limited = authority("Clients Only CA", issuer=ROOT, extensions=[FOR_CLIENTS])
    given = served_by(limited)
    assert seen(**given) == ["is not for serverAuth (extended key usage: clientAuth)"]
    assert "purpose" in openssl(*given["presented"], trusted=ROOT, name=FQDN).reason


def test_a_root_that_was_sent_is_no_intermediate_even_if_the_anchors_are_unknown():
    """Its own extended key usage is no part of the path (RFC 5280 section 6.1.1 (d)); OpenSSL, which counts it, is asked once there is an anchor."""
    root = authority("Clients Only Root", extensions=[FOR_CLIENTS])
    assert "CHAIN-PATH-INVALID" not in codes(leaf(root), root) and codes(leaf(root), root, trusted=[root]) == []


LIMITED = authority("Limited", issuer=ROOT, extensions=[(x509.NameConstraints([x509.DNSName("other.example")], None), True)])


@fails("CHAIN-PATH-INVALID")
@pytest.mark.parametrize("ip", [[], ["10.77.0.10"]])
def test_a_common_name_outside_the_constraints_is_reported_to_clients_that_fall_back_to_it(ip):
    certificate = mint(FQDN, ip=ip, issuer=LIMITED)
    found = findings(certificate, LIMITED, trusted=[ROOT], profiles=["vcf_installer"], name=FQDN)
    (message,) = [finding.message for finding in found if finding.code == "CHAIN-PATH-INVALID"]
    assert message == "does not permit the common name %s (name constraints)" % FQDN
    assert "permitted subtree violation" in openssl(certificate, LIMITED, trusted=ROOT, name=FQDN).reason


@passes("CHAIN-PATH-INVALID")
@pytest.mark.parametrize("common_name, dns", [(FQDN, ["www.other.example"]), ("www.other.example", []), ("A Depot", []), ("depot", [])])
def test_a_common_name_that_no_client_takes_for_a_host_is_not_constrained(common_name, dns):
    certificate = mint(common_name, dns=dns, issuer=LIMITED)
    assert "CHAIN-PATH-INVALID" not in codes(certificate, LIMITED, trusted=[ROOT], profiles=["vcf_installer"])
    assert openssl(certificate, LIMITED, trusted=ROOT).accepted


def test_a_leaf_with_its_issuer_s_name_and_key_but_other_alternative_names_has_a_path():
    """RFC 4158 section 2.4.1: a loop repeats the name, the alternative names and the key."""
    key = new_key()
    ca = authority("Own CA", issuer=ROOT, key=key)
    certificate = mint("Own CA", dns=[FQDN], issuer=ca, key=key)
    assert codes(certificate, ca, trusted=[ROOT], name=FQDN) == []
