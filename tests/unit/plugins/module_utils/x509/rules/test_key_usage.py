# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rules about key usage and extended key usage."""

from __future__ import annotations

import pytest
from cryptography import x509

from ansible_collections.certmend.tls.tests.support.clock import FIXED
from ansible_collections.certmend.tls.tests.support.mint import authority, mint
from ansible_collections.certmend.tls.tests.support.ome.chains import CLIENT, SERVER, Cas
from ansible_collections.certmend.tls.tests.support.rules import codes, fails, findings, passes
from ansible_collections.certmend.tls.tests.support.verifiers import openssl

CAS = Cas(FIXED)
ONE, ROOT = CAS.one, CAS.root
MIGRATION, SINGLE = ("ome_migration",), ("ome_single",)


@fails("USAGE-NO-SERVER-AUTH")
@pytest.mark.parametrize("profile", [MIGRATION, SINGLE, ("generic",)])
def test_a_certificate_for_clients_only_is_refused(profile):
    assert "USAGE-NO-SERVER-AUTH" in codes(CAS.leaf(asked=(CLIENT,)), ONE, ROOT, profiles=profile)


@passes("USAGE-NO-SERVER-AUTH")
def test_a_certificate_without_the_extension_is_for_any_use_except_on_the_appliance():
    certificate = CAS.leaf(asked=())
    assert "USAGE-NO-SERVER-AUTH" not in codes(certificate, ONE, ROOT, profiles=("generic",))
    assert "USAGE-NO-SERVER-AUTH" in codes(certificate, profiles=SINGLE)


@fails("USAGE-NO-CLIENT-AUTH")
def test_a_chain_for_servers_only_is_refused():
    (found,) = findings(CAS.leaf(asked=(SERVER,)), ONE, ROOT, profiles=MIGRATION)
    assert found.code == "USAGE-NO-CLIENT-AUTH" and found.answer.endswith("(No Client/Server authentication EKU present in leaf certificate.)")


@passes("USAGE-NO-CLIENT-AUTH")
def test_a_single_certificate_needs_no_client_authentication():
    assert codes(CAS.leaf(asked=(SERVER,)), profiles=SINGLE) == []


@fails("USAGE-NO-KEY-ENCIPHERMENT")
@pytest.mark.parametrize(
    "profile, answer", [(MIGRATION, "(User Certificate is not a web server certificate.)"), (SINGLE, "certificate file provided is invalid.")]
)
def test_key_encipherment_is_required(profile, answer):
    for encipherment in (False, None):
        (found,) = findings(CAS.leaf(encipherment=encipherment), *((ONE, ROOT) if profile == MIGRATION else ()), profiles=profile)
        assert found.code == "USAGE-NO-KEY-ENCIPHERMENT" and found.answer.endswith(answer)


@passes("USAGE-NO-KEY-ENCIPHERMENT")
def test_clients_do_not_require_key_encipherment():
    assert "USAGE-NO-KEY-ENCIPHERMENT" not in codes(CAS.leaf(encipherment=False), ONE, ROOT)


FQDN, CLIENTS_ROOT = "www.corp.example", authority("Root")
BITS = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "key_cert_sign", "crl_sign")


def using(*bits):
    """A server's certificate with this key usage; without any bit, without the extension."""
    given = dict.fromkeys(BITS + ("encipher_only", "decipher_only"), False)
    extension = x509.KeyUsage(**dict(given, **dict.fromkeys(bits, True)))
    return mint(FQDN, dns=[FQDN], issuer=CLIENTS_ROOT, extensions=[(extension, True)] if bits else [])


@fails("USAGE-NO-TLS")
@pytest.mark.parametrize("bits", [["content_commitment"], ["data_encipherment"], ["key_cert_sign", "crl_sign"]])
def test_a_key_that_may_not_be_used_for_tls_is_reported_as_openssl_refuses_it(bits):
    certificate = using(*bits)
    assert codes(certificate, trusted=[CLIENTS_ROOT], name=FQDN) == ["USAGE-NO-TLS"]
    assert "purpose" in openssl(certificate, trusted=CLIENTS_ROOT, name=FQDN).reason


@passes("USAGE-NO-TLS")
@pytest.mark.parametrize("bits", [[], ["digital_signature"], ["key_encipherment"], ["key_agreement"]])
def test_a_key_usage_that_allows_a_handshake_is_not_reported(bits):
    certificate = using(*bits)
    assert codes(certificate, trusted=[CLIENTS_ROOT], name=FQDN) == []
    assert openssl(certificate, trusted=CLIENTS_ROOT, name=FQDN).accepted
