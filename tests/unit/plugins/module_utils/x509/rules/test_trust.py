# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rules about trust: scenarios 1 and 3 of article 000011648."""

from __future__ import annotations

import pytest

from ansible_collections.certmend.tls.tests.support.mint import authority, mint
from ansible_collections.certmend.tls.tests.support.rules import codes, fails, findings, passes, severity

FQDN = "depot.corp.example"
ROOT = authority()
OTHER = authority("Other Root CA")
INTERMEDIATE = authority("Test Intermediate CA", ROOT)


def leaf(issuer=None):
    return mint(FQDN, dns=[FQDN], issuer=issuer)


@fails("TRUST-SELF-SIGNED")
@pytest.mark.parametrize("trusted", [None, [ROOT]])
def test_scenario_1_a_self_signed_certificate_that_was_not_imported(trusted):
    assert codes(leaf(), trusted=trusted) == ["TRUST-SELF-SIGNED"]


@passes("TRUST-SELF-SIGNED")
def test_a_self_signed_certificate_that_the_client_imported_is_fine():
    certificate = leaf()
    assert codes(certificate, trusted=[certificate], profiles=["generic", "vcf_installer"]) == []


def test_a_look_alike_with_the_same_name_and_another_key_is_not_the_imported_one():
    assert codes(leaf(), trusted=[leaf()]) == ["TRUST-SELF-SIGNED"]


def test_for_the_installer_it_is_reported_that_its_stores_lack_the_self_signed_certificate():
    assert codes(leaf(), trusted=[ROOT], profiles=["vcf_installer"]) == ["TRUST-SELF-SIGNED", "TRUST-UNKNOWN-CA"]


@fails("TRUST-UNKNOWN-CA")
def test_scenario_3_a_complete_chain_to_a_root_that_the_client_does_not_trust():
    assert codes(leaf(INTERMEDIATE), INTERMEDIATE, ROOT, trusted=[OTHER]) == ["TRUST-UNKNOWN-CA"]
    assert codes(leaf(INTERMEDIATE), INTERMEDIATE, trusted=[OTHER]) == ["TRUST-UNKNOWN-CA"]


def test_a_root_of_the_same_name_with_another_key_is_not_the_issuer():
    assert codes(leaf(ROOT), trusted=[authority()]) == ["CHAIN-INCOMPLETE"]


@passes("TRUST-UNKNOWN-CA")
@fails("TRUST-NOT-JUDGED")
@pytest.mark.parametrize("above, named", [([], "CN=Test Intermediate CA"), ([INTERMEDIATE], "CN=Test Root CA"), ([INTERMEDIATE, ROOT], "CN=Test Root CA")])
def test_trust_that_cannot_be_judged_is_a_warning_that_names_the_ca_above_the_chain(above, named):
    found = [finding for finding in findings(leaf(INTERMEDIATE), *above) if finding.code.startswith("TRUST-")]
    assert [(finding.code, finding.severity) for finding in found] == [("TRUST-NOT-JUDGED", "warning")]
    assert found[0].message.endswith("unknown whether clients trust " + named)


@passes("TRUST-NOT-JUDGED")
def test_trust_is_judged_if_the_trusted_certificates_are_given():
    assert codes(leaf(INTERMEDIATE), INTERMEDIATE, trusted=[ROOT]) == []


@passes("TRUST-NOT-JUDGED")
@pytest.mark.parametrize("profiles", [["ome_single"], ["ome_migration"], ["pinned"]])
def test_trust_is_not_missed_by_clients_that_do_not_judge_it(profiles):
    assert "TRUST-NOT-JUDGED" not in codes(leaf(INTERMEDIATE), INTERMEDIATE, ROOT, profiles=profiles)


def test_an_intermediate_may_be_the_anchor():
    assert codes(leaf(INTERMEDIATE), trusted=[INTERMEDIATE]) == []


@fails("TRUST-OPENSSL-REFUSES")
def test_what_openssl_refuses_is_an_error_and_for_the_installer_which_is_no_openssl_a_warning():
    chain = leaf(INTERMEDIATE), INTERMEDIATE
    (finding,) = findings(*chain, trusted=[ROOT], refusal="unsuitable certificate purpose")
    assert (finding.code, finding.severity) == ("TRUST-OPENSSL-REFUSES", "error") and "unsuitable certificate purpose" in finding.message
    assert severity("TRUST-OPENSSL-REFUSES", *chain, trusted=[ROOT], profiles=["vcf_installer"], refusal="no") == "warning"


@passes("TRUST-OPENSSL-REFUSES")
def test_what_openssl_accepts_or_was_not_asked_for_is_not_reported():
    assert codes(leaf(INTERMEDIATE), INTERMEDIATE, trusted=[ROOT], refusal="") == []


@fails("TRUST-STRICT-REFUSES")
def test_what_only_strict_clients_refuse_is_a_warning_to_whoever_may_be_one():
    chain = leaf(INTERMEDIATE), INTERMEDIATE
    (finding,) = findings(*chain, trusted=[ROOT], strict_refusal="CN=Test Root CA: Missing Subject Key Identifier")
    assert (finding.code, finding.severity) == ("TRUST-STRICT-REFUSES", "warning")
    assert finding.message == "clients that set X509_STRICT refuse the chain: CN=Test Root CA: Missing Subject Key Identifier"
    assert codes(*chain, trusted=[ROOT], profiles=["vcf_installer"], strict_refusal="no") == []


@passes("TRUST-STRICT-REFUSES")
def test_what_strict_clients_accept_or_were_not_asked_for_is_not_reported():
    assert codes(leaf(INTERMEDIATE), INTERMEDIATE, trusted=[ROOT], strict_refusal="") == []
