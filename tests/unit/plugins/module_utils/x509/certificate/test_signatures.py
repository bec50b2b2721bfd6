# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every kind of signature that CAs make is followed; nothing else is taken for one."""

from __future__ import annotations

import subprocess

import pytest
from cryptography import x509

from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import from_x509
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.signatures import is_signed_by, signature_digest
from ansible_collections.certmend.tls.plugins.module_utils.x509.path.requirements import relies_on_broken_digest
from ansible_collections.certmend.tls.tests.support.mint import authority, mint, new_key, shared_key, signed_with

PSS = ("-sigopt", "rsa_padding_mode:pss")
KINDS = ["RSA-2048", "DSA", "Ed25519", "Ed448", "P-192", "P-256", "P-384", "P-521", "secp256k1", "brainpoolP256r1", "brainpoolP512r1"]


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_key_is_followed(kind):
    ca = authority(key=shared_key(kind))
    leaf = mint(issuer=ca)
    assert is_signed_by(leaf.x509, ca.x509) and not is_signed_by(ca.x509, leaf.x509)
    assert from_x509(ca.x509).self_signed and not from_x509(leaf.x509).self_signed


@pytest.mark.parametrize("digest", ["sha1", "sha256", "sha512"])
@pytest.mark.parametrize("salt", ["digest", "32", "0"])
def test_rsa_pss_is_followed_with_every_digest_and_salt(digest, salt):
    ca = authority(key=shared_key("RSA-2048"))
    leaf = signed_with(digest, "pss", ca, options=(*PSS, "-sigopt", "rsa_pss_saltlen:" + salt))
    other = authority(key=new_key("RSA-2048"))
    assert is_signed_by(leaf.x509, ca.x509) and not is_signed_by(leaf.x509, other.x509)
    assert signature_digest(leaf.x509) == digest


def test_the_mask_of_a_pss_signature_may_have_a_digest_of_its_own():
    ca = authority(key=shared_key("RSA-2048"))
    leaf = signed_with("sha256", "pss", ca, options=(*PSS, "-sigopt", "rsa_mgf1_md:sha512"))
    assert is_signed_by(leaf.x509, ca.x509)


def test_a_key_that_is_bound_to_pss_is_an_rsa_key(tmp_path):
    made = tmp_path / "pss.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa-pss", "-pkeyopt", "rsa_keygen_bits:2048", "-nodes", "-subj", "/CN=PSS CA"]
    subprocess.run([*command, "-keyout", tmp_path / "key.pem", "-out", made], check=True, stderr=subprocess.DEVNULL)
    certificate = from_x509(x509.load_pem_x509_certificate(made.read_bytes()))
    assert (certificate.key.type, certificate.key.bits, certificate.problems) == ("RSA", 2048, ())
    assert certificate.self_signed


@pytest.mark.parametrize("digest, broken", [("md5", True), ("sha1", True), ("sha256", False)])
def test_broken_digests_are_followed_and_told_of(digest, broken):
    ca = authority(key=shared_key("RSA-2048"))
    leaf = signed_with(digest, "old", ca)
    assert is_signed_by(leaf.x509, ca.x509)
    assert relies_on_broken_digest(from_x509(leaf.x509)) is broken
    pss = signed_with(digest, "old", ca, options=PSS) if digest != "md5" else leaf
    assert relies_on_broken_digest(from_x509(pss.x509)) is broken


def test_a_signature_that_was_touched_is_none():
    ca = authority()
    leaf = mint(issuer=ca)
    touched = x509.load_der_x509_certificate(leaf.der[:-1] + bytes([leaf.der[-1] ^ 1]))
    assert not is_signed_by(touched, ca.x509)
