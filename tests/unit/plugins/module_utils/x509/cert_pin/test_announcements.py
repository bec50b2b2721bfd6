# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Pins that are announced: as text, or out of a request, a key or a certificate."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives import serialization

from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.endpoints import HostPort
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_pin.announcements import parse_announced, pin_in
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import from_x509
from ansible_collections.certmend.tls.tests.support import mint

CA = mint.authority("CA")
NEXT = mint.mint("vault.corp.example", issuer=CA)
SERVER = HostPort("vault.corp.example", 443)
DER, PKCS8, PLAIN = serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
SPKI = serialization.PublicFormat.SubjectPublicKeyInfo
FORMS = {
    "request": mint.csr("vault.corp.example", key=NEXT.key).encode(),
    "certificate": NEXT.pem.encode(),
    "chain": (NEXT.pem + CA.pem).encode(),
    "certificate with its key": (NEXT.pem + NEXT.key_pem).encode(),
    "key and certificate": (NEXT.key_pem + NEXT.pem).encode(),
    "certificate in DER": NEXT.der,
    "private key": NEXT.key_pem.encode(),
    "private key in DER": NEXT.key.private_bytes(DER, PKCS8, PLAIN),
    "public key": NEXT.key.public_key().public_bytes(serialization.Encoding.PEM, SPKI),
}


@pytest.mark.parametrize("form", FORMS)
def test_the_pin_of_a_new_key_is_computed_from_any_file_that_has_it(form):
    assert pin_in(FORMS[form], "announced[0].content") == from_x509(NEXT.x509).pin


BROKEN = [b"", b"hello", NEXT.der[:60], mint.key_pem(NEXT.key, "secret").encode(), FORMS["private key"][:120], FORMS["public key"][:90]]


@pytest.mark.parametrize("data", BROKEN)
def test_any_other_file_is_refused_by_the_name_of_the_option_and_not_shown(data):
    with pytest.raises(RemediationError, match=r"announced\[0\].content: ") as raised:
        pin_in(data, "announced[0].content")
    assert not [line for line in data.splitlines()[1:2] if line and line in str(raised.value).encode()]


def test_an_announcement_is_for_all_the_endpoints_or_for_one_of_them(tmp_path):
    path = tmp_path / "next.csr"
    path.write_bytes(FORMS["request"])
    everywhere, there = parse_announced([{"path": str(path)}, {"content": NEXT.pem, "host": "Vault.Corp.Example", "port": 443}], [SERVER])
    assert everywhere.server is None and there.server == SERVER and everywhere.pin == there.pin and everywhere.source == str(path)


def test_all_that_is_wrong_is_reported_at_once():
    wrong = [{"pin": "x"}, {"pin": "y", "content": "z"}, {"path": "/nonexistent/next.csr"}, {"host": "other.example", "pin": from_x509(NEXT.x509).pin}]
    with pytest.raises(RemediationError) as raised:
        parse_announced(wrong, [SERVER])
    words = (
        "announced[0].pin: 'x' is not a pin",
        "announced[1]: needs one of",
        "announced[2].path: /nonexistent",
        "announced[3]: other.example:443 is not among",
    )
    assert all(word in raised.value.message for word in words)


def test_announcements_for_other_servers_can_be_ignored_unread():
    values = [{"host": "other.example", "path": "/nonexistent/next.csr"}, {"host": "other.example"}, {"pin": from_x509(NEXT.x509).pin}]
    (kept,) = parse_announced(values, [SERVER], ignore_others=True)
    assert kept.server is None and kept.concerns(SERVER) and kept.concerns(HostPort("other.example", 443))
    (own,) = parse_announced([{"host": "vault.corp.example", "content": NEXT.pem}], [SERVER], ignore_others=True)
    assert own.concerns(SERVER) and not own.concerns(HostPort("vault.corp.example", 8443))
