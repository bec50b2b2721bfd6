# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Names: the supported and unsupported configurations of KB 429301, and what RFC 9525 and OpenManage Enterprise require."""

from __future__ import annotations

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import from_x509
from ansible_collections.certmend.tls.plugins.module_utils.x509.path.requirements import SERVER as SERVER_AUTH
from ansible_collections.certmend.tls.plugins.module_utils.x509.path.requirements import Requirements
from ansible_collections.certmend.tls.plugins.module_utils.x509.path.verifiers import by_cryptography, by_openssl
from ansible_collections.certmend.tls.tests.support.clock import FIXED
from ansible_collections.certmend.tls.tests.support.mint import NOW, authority, key_identifiers, mint, new_key, x509
from ansible_collections.certmend.tls.tests.support.ome.chains import NAME, SERVER, Cas, purposes, usage
from ansible_collections.certmend.tls.tests.support.rules import codes, fails, findings, passes, severity

FQDN = "depot.corp.example"
ROOT = authority()
CAS = Cas(FIXED)
NAMELESS = CAS.ca(None, CAS.root)
MIGRATION, SINGLE = ("ome_migration",), ("ome_single",)


def judged(certificate, profile="vcf_installer", name=FQDN):
    return codes(certificate, trusted=[ROOT], profiles=[profile], name=name)


def test_supported_configuration_1_the_fqdn_in_the_common_name_and_the_san_is_fine_for_both_profiles():
    certificate = mint(FQDN, dns=[FQDN], issuer=ROOT)
    assert judged(certificate) == judged(certificate, "generic") == []


def test_supported_configuration_1_with_the_address_as_well_is_fine_by_the_address_too():
    certificate = mint(FQDN, dns=[FQDN], ip=["10.77.0.10"], issuer=ROOT)
    assert judged(certificate) == judged(certificate, name="10.77.0.10") == []


@fails("NAME-SAN-MISSING")
def test_supported_configuration_2_without_a_san_is_a_warning_for_the_installer_and_an_error_for_others():
    certificate = mint(FQDN, issuer=ROOT)
    assert judged(certificate) == judged(certificate, "generic") == ["NAME-SAN-MISSING"]
    assert severity("NAME-SAN-MISSING", certificate, profiles=["vcf_installer"], name=FQDN) == "warning"
    assert severity("NAME-SAN-MISSING", certificate, profiles=["generic"], name=FQDN) == "error"
    assert severity("NAME-SAN-MISSING", certificate, profiles=["vcf_installer", "generic"], name=FQDN) == "error"


@passes("NAME-SAN-MISSING")
@pytest.mark.parametrize("name", ["10.77.0.10", ""])
def test_a_san_with_an_address_alone_is_a_san_for_clients_that_connect_by_the_address(name):
    certificate = mint(FQDN, ip=["10.77.0.10"], issuer=ROOT)
    assert judged(certificate, name=name) == judged(certificate, "generic", name) == []


def test_by_the_fqdn_a_san_with_an_address_alone_is_an_error_because_the_common_name_is_not_considered():
    certificate = mint(FQDN, ip=["10.77.0.10"], issuer=ROOT)
    assert judged(certificate, "generic") == ["NAME-MISMATCH"]
    assert severity("NAME-MISMATCH", certificate, profiles=["generic"], name=FQDN) == "error"
    assert codes(certificate, trusted=[ROOT], profiles=["generic", "vcf_installer"], name=FQDN) == ["NAME-MISMATCH"]


def test_by_the_fqdn_the_installer_falls_back_to_the_common_name_if_the_san_has_an_address_alone_and_that_is_a_warning():
    certificate = mint(FQDN, ip=["10.77.0.10"], issuer=ROOT)
    assert judged(certificate) == ["NAME-SAN-MISSING"]
    (finding,) = findings(certificate, trusted=[ROOT], profiles=["vcf_installer"], name=FQDN)
    assert finding.severity == "warning" and "no DNS name" in finding.message and FQDN in finding.message
    assert judged(mint("other.corp.example", ip=["10.77.0.10"], issuer=ROOT)) == ["NAME-MISMATCH"]


#: common name, DNS names and addresses of certificates of which each case asks for FQDN
NAMINGS = [
    (FQDN, [FQDN], []),
    (FQDN, [], []),
    (FQDN, [], ["10.77.0.10"]),
    (FQDN, ["other.corp.example"], []),
    ("other.corp.example", [FQDN], []),
    ("other.corp.example", [], ["10.77.0.10"]),
    ("*.corp.example", ["*.corp.example"], []),
    ("*.corp.example", [], ["10.77.0.10"]),
    ("10.77.0.10", [FQDN], ["10.77.0.10"]),
    (None, [FQDN], []),
]


@pytest.mark.parametrize("common_name, dns, ip", NAMINGS[:-1])  # without a subject it wants a critical SAN
def test_generic_accepts_the_names_that_the_verifier_of_cryptography_accepts(common_name, dns, ip):
    root = authority(extensions=[(x509.KeyUsage(False, False, False, False, False, True, True, False, False), True)])
    key = new_key()
    certificate = mint(common_name, dns=dns, ip=ip, issuer=root, key=key, extensions=key_identifiers(key, root))
    told = by_cryptography([from_x509(certificate.x509)], from_x509(root.x509), Requirements(NOW, SERVER_AUTH), FQDN)
    if told is None:
        pytest.skip("this release of cryptography has no verifier")
    found = codes(certificate, trusted=[root], profiles=["generic"], name=FQDN)
    assert (found == []) is told.accepted, told.reason


@pytest.mark.parametrize("common_name, dns, ip", NAMINGS)
def test_the_installer_accepts_the_names_that_openssl_accepts(common_name, dns, ip):
    certificate = mint(common_name, dns=dns, ip=ip, issuer=ROOT)
    told = by_openssl([from_x509(certificate.x509)], from_x509(ROOT.x509), Requirements(NOW, SERVER_AUTH), FQDN)
    if told is None:
        pytest.skip("openssl is not installed")
    assert ("NAME-MISMATCH" not in judged(certificate)) is told.accepted, told.reason


@fails("NAME-CN-OTHER-HOST")
def test_a_common_name_of_another_host_is_a_warning_for_the_installer_although_the_san_has_the_name():
    certificate = mint("other.corp.example", dns=[FQDN], issuer=ROOT)
    assert judged(certificate) == ["NAME-CN-OTHER-HOST"]
    (finding,) = findings(certificate, trusted=[ROOT], profiles=["vcf_installer"], name=FQDN)
    assert finding.severity == "warning" and "other.corp.example" in finding.message and FQDN in finding.message
    assert judged(certificate, "generic") == []


@passes("NAME-CN-OTHER-HOST")
@pytest.mark.parametrize("name", [FQDN, FQDN.upper(), FQDN + ".", "10.77.0.10", ""])
def test_the_common_name_is_the_host_that_the_client_asks_for(name):
    assert judged(mint(FQDN, dns=[FQDN], ip=["10.77.0.10"], issuer=ROOT), name=name) == []


def test_a_wildcard_common_name_is_a_warning_for_the_installer_and_nothing_for_others():
    certificate = mint("*.corp.example", dns=["*.corp.example"], issuer=ROOT)
    assert judged(certificate) == ["NAME-CN-WILDCARD"]
    (finding,) = findings(certificate, trusted=[ROOT], profiles=["vcf_installer"], name=FQDN)
    assert finding.severity == "warning" and finding.remedy == "fqdn_certificate" and finding.answer == ""
    assert judged(certificate, "generic") == []


def test_a_wildcard_in_the_name_of_a_ca_does_not_matter_to_the_installer():
    ca = authority("*.corp.example CA", issuer=ROOT)
    assert codes(mint(FQDN, dns=[FQDN], issuer=ca), ca, trusted=[ROOT], profiles=["vcf_installer"], name=FQDN) == []


@fails("NAME-CN-IS-IP")
@pytest.mark.parametrize("address", ["10.77.0.10", "fd00::10"])
@pytest.mark.parametrize("san", [[], [FQDN]])
def test_unsupported_configuration_1_an_address_as_common_name_is_an_error_whatever_the_san_says(address, san):
    assert "NAME-CN-IS-IP" in judged(mint(address, dns=san, ip=[address] if san else [], issuer=ROOT))


@passes("NAME-CN-IS-IP")
def test_an_address_as_common_name_does_not_matter_to_modern_clients_that_ignore_it():
    assert judged(mint("10.77.0.10", dns=[FQDN], issuer=ROOT), "generic") == []


@fails("NAME-CN-EMPTY")
@pytest.mark.parametrize("common_name", ["", " ", None])
@pytest.mark.filterwarnings("ignore:Attribute's length")
def test_unsupported_configuration_2_an_empty_common_name_is_an_error_whatever_the_san_says(common_name):
    assert judged(mint(common_name, dns=[FQDN], issuer=ROOT)) == ["NAME-CN-EMPTY"]


def test_a_certificate_that_identifies_nothing_says_so():
    messages = [finding.message for finding in findings(mint(None, organization="Depot"), profiles=["vcf_installer"], name=FQDN)]
    assert any("does not identify any subject" in message for message in messages)


@passes("NAME-CN-EMPTY")
def test_a_common_name_is_not_empty():
    assert "NAME-CN-EMPTY" not in judged(mint("x", issuer=ROOT))


@fails("NAME-CN-NOT-FQDN")
@pytest.mark.parametrize("common_name", ["depot", "Offline Depot", "depot_1.corp.example"])
def test_a_common_name_that_is_no_fqdn_is_an_error_for_the_installer(common_name):
    assert judged(mint(common_name, dns=[FQDN], issuer=ROOT)) == ["NAME-CN-NOT-FQDN"]


@passes("NAME-CN-NOT-FQDN")
@pytest.mark.parametrize("common_name, others", [("other.corp.example", ["NAME-CN-OTHER-HOST"]), ("*.corp.example", ["NAME-CN-WILDCARD"]), (FQDN, [])])
def test_another_fqdn_or_a_wildcard_is_fully_qualified_and_has_a_code_of_its_own(common_name, others):
    assert judged(mint(common_name, dns=[FQDN], issuer=ROOT)) == others


@fails("NAME-MISMATCH")
def test_a_name_that_is_not_in_the_certificate_is_an_error_that_lists_its_names():
    certificate = mint("a.corp.example", dns=["a.corp.example", "b.corp.example"], ip=["10.0.0.1"], issuer=ROOT)
    [finding] = findings(certificate, trusted=[ROOT], name=FQDN)
    assert finding.code == "NAME-MISMATCH"
    for name in (FQDN, "DNS:a.corp.example", "DNS:b.corp.example", "IP:10.0.0.1"):
        assert name in finding.message


def test_the_common_name_does_not_count_if_a_dns_name_exists():
    assert judged(mint(FQDN, dns=["other.corp.example"], issuer=ROOT)) == ["NAME-MISMATCH"]


def test_an_address_is_never_found_in_the_common_name():
    assert "NAME-MISMATCH" in judged(mint("10.77.0.10", issuer=ROOT), name="10.77.0.10")


@passes("NAME-MISMATCH")
def test_without_a_name_nothing_is_compared():
    assert judged(mint(FQDN, dns=["other.corp.example"], issuer=ROOT), name="") == []


@fails("NAME-CN-MISSING")
def test_every_certificate_of_the_chain_needs_a_common_name():
    (found,) = findings(CAS.leaf(NAMELESS), NAMELESS, CAS.root, profiles=MIGRATION)
    assert found.code == "NAME-CN-MISSING" and found.answer.startswith("CGEN6002")


@passes("NAME-CN-MISSING")
def test_clients_do_not_require_a_common_name_of_a_ca():
    assert "NAME-CN-MISSING" not in codes(CAS.leaf(NAMELESS), NAMELESS, CAS.root)


@fails("NAME-CN-WILDCARD")
def test_a_wildcard_is_refused():
    assert codes(CAS.leaf(name="*.corp.example"), profiles=SINGLE) == ["NAME-CN-WILDCARD"]


def test_a_wildcard_in_the_name_of_a_ca_is_refused_too():
    ca = CAS.ca("*.corp.example CA", CAS.root)
    assert codes(CAS.leaf(ca), ca, CAS.root, profiles=MIGRATION) == ["NAME-CN-WILDCARD"]


@passes("NAME-CN-WILDCARD")
def test_a_wildcard_beside_an_exact_common_name_is_accepted():
    extensions = [purposes(SERVER), usage()]
    certificate = mint(NAME, dns=["*.corp.example"], issuer=CAS.one, extensions=extensions, **CAS.days)
    assert codes(certificate, profiles=SINGLE) == []
