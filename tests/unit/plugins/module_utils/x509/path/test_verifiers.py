# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Other verifiers: whatever the rules find no error in, OpenSSL accepts too."""

from __future__ import annotations

import collections
import re

import pytest
from hypothesis import HealthCheck, given, settings

from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import from_x509
from ansible_collections.certmend.tls.plugins.module_utils.x509.path import verifiers
from ansible_collections.certmend.tls.plugins.module_utils.x509.path.presented_chain import chain_of
from ansible_collections.certmend.tls.tests.support.mint import NOW, authority, conforming, mint
from ansible_collections.certmend.tls.tests.support.random_chains import chains
from ansible_collections.certmend.tls.tests.support.rules import findings

PURPOSE = "unsuitable certificate purpose"


def any_purpose_is_not_enough(path):
    return any("anyExtendedKeyUsage" in one.extended_key_usage and "serverAuth" not in one.extended_key_usage for one in path.certificates)


def the_purpose_of_the_anchor_counts(path):
    return bool(path.anchor.extended_key_usage) and "serverAuth" not in path.anchor.extended_key_usage


def two_cas_have_one_name(path):
    return len({one.subject for one in path.certificates}) < len(path.certificates)


def the_first_second_is_another_s_last(path):
    """The last second belongs to the validity (RFC 5280 section 4.1.2.5); OpenSSL leaves it out, so it is asked about the second before."""
    return NOW in {one.not_before for one in path.certificates} and NOW in {one.not_after for one in path.certificates}


#: where the rules deliberately accept what OpenSSL refuses. cert_inspect asks OpenSSL and reports it (TRUST-OPENSSL-REFUSES)
DIFFERENCES = (
    (PURPOSE, any_purpose_is_not_enough),  # RFC 5280 section 4.2.1.12 leaves it to the client; Java and cryptography accept it
    (PURPOSE, the_purpose_of_the_anchor_counts),  # RFC 5280 section 6.1.1 (d): an anchor is a name and a key, its extensions are no part of the path
    ("certificate signature failure", two_cas_have_one_name),  # RFC 4158: the signature tells them apart; OpenSSL looks at key identifiers only
    ("self-signed certificate", two_cas_have_one_name),
    ("certificate is not yet valid", the_first_second_is_another_s_last),
)


def is_deliberate(refusal, path):
    return any(refusal.startswith(words) and applies(path) for words, applies in DIFFERENCES)


def test_a_strict_verifier_refuses_more_and_names_the_certificates():
    root = authority("Old Root CA")
    old = chain_of([from_x509(mint("www", issuer=root).x509)], [from_x509(root.x509)], True, NOW).path
    assert verifiers.openssl_refusal(old, NOW, "", strict=False) == ""
    leaf, anchor = verifiers.openssl_refusal(old, NOW, "", strict=True).split("; ")
    assert leaf == "CN=www: Missing Authority Key Identifier" and re.match("CN=Old Root CA: .*, .*", anchor)


def test_a_strict_verifier_accepts_what_rfc_5280_requires_of_a_ca():
    root = conforming("Root CA", ca=True)
    path = chain_of([from_x509(conforming("www", root).x509)], [from_x509(root.x509)], True, NOW).path
    assert verifiers.openssl_refusal(path, NOW, "", strict=True) == ""


@pytest.mark.parametrize("profile", ["generic", "vcf_installer"])
def test_openssl_accepts_whatever_the_rules_find_no_error_in(profile):
    seen = collections.Counter()

    @settings(max_examples=120, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(chains())
    def compare(given_):
        wrong = findings(*given_.certificates, trusted=[given_.root], profiles=[profile], name=given_.name)
        if any(finding.severity == "error" for finding in wrong):
            seen["error"] += 1
            return
        seen["accepted"] += 1
        path = chain_of([from_x509(one.x509) for one in given_.certificates], [from_x509(given_.root.x509)], True, NOW).path
        refusal = verifiers.openssl_refusal(path, NOW, given_.name, strict=False)
        assert not refusal or is_deliberate(refusal, path), refusal

    compare()
    assert seen["accepted"] > 25 and seen["error"] > 25, seen  # the comparison is of chains of both kinds
