# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A private key is found in every form that people have, and no message shows it."""

from __future__ import annotations

import base64
import textwrap

import pytest
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat

from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import pin_of
from ansible_collections.certmend.tls.plugins.module_utils.x509.load.private_key import find_private_key
from ansible_collections.certmend.tls.tests.support.forms import one_certificate, pkcs12, several_certificates
from ansible_collections.certmend.tls.tests.support.mint import authority, key_pem, mint, new_key

PASSWORD = "Key-Pw1!"
CA = authority("Corp CA")
LOCKED = BestAvailableEncryption(PASSWORD.encode())


def saved(encoding, form, locked=None):
    return CA.key.private_bytes(encoding, form, locked or NoEncryption())


PLAIN = {
    "PKCS#8 PEM": saved(Encoding.PEM, PrivateFormat.PKCS8),
    "PKCS#8 DER": saved(Encoding.DER, PrivateFormat.PKCS8),
    "traditional PEM": saved(Encoding.PEM, PrivateFormat.TraditionalOpenSSL),
    "traditional DER": saved(Encoding.DER, PrivateFormat.TraditionalOpenSSL),
    "Base64 of DER": base64.b64encode(saved(Encoding.DER, PrivateFormat.PKCS8)),
    "Base64 of PEM": base64.b64encode(saved(Encoding.PEM, PrivateFormat.PKCS8)),
    "CRLF": CA.key_pem.replace("\n", "\r\n").encode(),
    "UTF-16": CA.key_pem.encode("utf-16"),
    "indented": textwrap.indent(CA.key_pem, "    ").encode(),
    "after the certificate": (CA.pem + CA.key_pem).encode(),
    "before the certificate": (CA.key_pem + CA.pem).encode(),
    "twice": (CA.key_pem + CA.pem + CA.key_pem).encode(),
}
ENCRYPTED = {
    "PKCS#8 PEM": saved(Encoding.PEM, PrivateFormat.PKCS8, LOCKED),
    "PKCS#8 DER": saved(Encoding.DER, PrivateFormat.PKCS8, LOCKED),
    "traditional PEM": saved(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, LOCKED),
    "PKCS#12": pkcs12(CA, [mint()], PASSWORD),
    "Base64 of PKCS#12": base64.b64encode(pkcs12(CA, [], PASSWORD)),
    "PKCS#12 as PEM": b"-----BEGIN PKCS12-----\n" + base64.encodebytes(pkcs12(CA, [], PASSWORD)) + b"-----END PKCS12-----\n",
}


@pytest.mark.parametrize("form", PLAIN)
@pytest.mark.parametrize("password", [None, PASSWORD])
def test_a_key_is_found_in_each_form_also_if_a_password_is_given_for_nothing(form, password):
    assert pin_of(find_private_key(PLAIN[form], "ca.key", password).public_key()) == pin_of(CA.key.public_key())


@pytest.mark.parametrize("form", ENCRYPTED)
def test_an_encrypted_key_is_opened_by_its_password(form):
    assert pin_of(find_private_key(ENCRYPTED[form], "ca.key", PASSWORD).public_key()) == pin_of(CA.key.public_key())


@pytest.mark.parametrize("password", [None, "wrong-Pw1!"])
@pytest.mark.parametrize("form", ENCRYPTED)
def test_a_wrong_or_missing_password_is_reported_without_secrets(form, password):
    with pytest.raises(RemediationError) as caught:
        find_private_key(ENCRYPTED[form], "ca.key", password)
    assert str(caught.value).startswith("ca.key: ") and "Pw1!" not in str(caught.value)


CERTIFICATES = {**one_certificate(mint()), **several_certificates([mint(), CA])}


@pytest.mark.parametrize("form", sorted(form for form in CERTIFICATES if "key" not in form))
def test_certificates_alone_have_no_key(form):
    assert find_private_key(CERTIFICATES[form], "ca.pem") is None


@pytest.mark.parametrize("data", [b"", b"hello", b"0\x80", b"0\x82\x01", b"\x30\x02\x30\x09"])
def test_rubbish_has_no_key(data):
    assert find_private_key(data, "ca.pem") is None


def test_a_damaged_key_is_an_error_that_shows_nothing_of_it():
    lines = CA.key_pem.splitlines()
    for damaged in ([lines[0], lines[1][:-9], *lines[2:]], [lines[0], "!!!", lines[-1]]):
        with pytest.raises(RemediationError, match="ca.key: the private key cannot be read") as caught:
            find_private_key("\n".join(damaged).encode(), "ca.key")
        assert lines[1][:12] not in str(caught.value) and caught.value.__cause__ is None
    with pytest.raises(RemediationError, match="ca.p12: the block at line 1 cannot be read"):
        find_private_key(b"-----BEGIN PKCS12-----\n!!!\n-----END PKCS12-----\n", "ca.p12")


def test_two_different_keys_are_ambiguous():
    with pytest.raises(RemediationError, match="ca.pem: contains 2 private keys"):
        find_private_key((CA.key_pem + key_pem(new_key())).encode(), "ca.pem")


def test_a_pkcs12_without_a_key_has_none():
    data = pkcs12(CA, [], PASSWORD)
    assert find_private_key(data, "ca.p12", PASSWORD) is not None
    assert find_private_key(b"-----BEGIN CERTIFICATE-----\n" + base64.encodebytes(CA.der) + b"-----END CERTIFICATE-----\n", "ca.p12") is None
