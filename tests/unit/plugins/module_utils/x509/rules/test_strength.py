# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Strength of keys and signatures, and certificates that cannot be decoded completely."""

from __future__ import annotations

import pytest
from cryptography import x509

from ansible_collections.certmend.tls.tests.support.mint import authority, mint, shared_key, signed_with
from ansible_collections.certmend.tls.tests.support.rules import codes, fails, findings, passes
from ansible_collections.certmend.tls.tests.support.verifiers import openssl

FQDN = "depot.corp.example"
ROOT = authority(key=shared_key("RSA-2048"))


def leaf(**more):
    return mint(FQDN, dns=[FQDN], issuer=ROOT, **more)


@fails("KEY-WEAK")
@pytest.mark.parametrize("kind", ["RSA-1024", "P-192", "DSA"])
def test_short_and_obsolete_keys_are_errors(kind):
    assert codes(leaf(key=shared_key(kind)), trusted=[ROOT]) == ["KEY-WEAK"]


@passes("KEY-WEAK")
@pytest.mark.parametrize("kind", ["RSA-2048", "P-256", "Ed25519"])
def test_strong_keys_are_fine(kind):
    assert codes(leaf(key=shared_key(kind)), trusted=[ROOT]) == []


def test_the_weak_key_of_an_intermediate_is_found_and_named():
    weak = authority("Weak CA", ROOT, key=shared_key("RSA-1024"))
    [finding] = findings(mint(FQDN, dns=[FQDN], issuer=weak), weak, trusted=[ROOT])
    assert finding.code == "KEY-WEAK" and "CN=Weak CA" in finding.about


@fails("SIGNATURE-WEAK")
@pytest.mark.parametrize("digest", ["sha1", "md5"])
def test_signatures_over_broken_digests_are_errors(digest):
    assert "SIGNATURE-WEAK" in codes(signed_with(digest, FQDN, ROOT), trusted=[ROOT])


@passes("SIGNATURE-WEAK")
def test_no_client_relies_on_the_signature_of_a_root():
    root = signed_with("sha1", "Test Root CA", ROOT, key=ROOT.key)
    assert root.x509.signature_hash_algorithm.name == "sha1"
    assert "SIGNATURE-WEAK" not in codes(leaf(), root, trusted=[root])


@fails("FORMAT-EXTENSION-UNREADABLE")
def test_an_extension_that_cannot_be_decoded_is_a_warning_and_no_exception():
    broken = x509.UnrecognizedExtension(x509.oid.ExtensionOID.KEY_USAGE, b"\x04\x00junk")
    assert "FORMAT-EXTENSION-UNREADABLE" in codes(leaf(extensions=[(broken, False)]), trusted=[ROOT])


@passes("FORMAT-EXTENSION-UNREADABLE")
def test_an_unknown_extension_is_no_problem():
    unknown = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00")
    assert codes(leaf(extensions=[(unknown, False)]), trusted=[ROOT]) == []


def extension(dotted, critical=True):
    return x509.UnrecognizedExtension(x509.ObjectIdentifier(dotted), b"\x05\x00"), critical


@fails("FORMAT-EXTENSION-UNKNOWN")
@pytest.mark.parametrize("dotted", ["1.2.3.4", "1.3.6.1.4.1.11129.2.4.3"])  # the second marks a precertificate (RFC 6962 section 3.1)
def test_a_critical_extension_that_clients_do_not_process_is_reported_as_openssl_refuses_it(dotted):
    certificate = leaf(extensions=[extension(dotted)])
    (finding,) = findings(certificate, trusted=[ROOT], name=FQDN)
    assert finding.code == "FORMAT-EXTENSION-UNKNOWN" and dotted in finding.message
    assert "critical extension" in openssl(certificate, trusted=ROOT, name=FQDN).reason


@passes("FORMAT-EXTENSION-UNKNOWN")
def test_the_critical_extensions_that_clients_process_are_not_reported():
    known = [
        (x509.KeyUsage(True, False, False, False, False, False, False, False, False), True),
        (x509.ExtendedKeyUsage([x509.oid.ExtendedKeyUsageOID.SERVER_AUTH]), True),
        (x509.CertificatePolicies([x509.PolicyInformation(x509.ObjectIdentifier("1.2.3"), None)]), True),
        (x509.BasicConstraints(False, None), True),
    ]
    certificate = leaf(extensions=known)
    assert codes(certificate, trusted=[ROOT], name=FQDN) == []
    assert openssl(certificate, trusted=ROOT, name=FQDN).accepted
