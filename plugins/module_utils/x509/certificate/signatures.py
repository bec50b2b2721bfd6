# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Verify a certificate's signature with a candidate's key (RFC 5280 section 4.1.1.3)."""

from __future__ import annotations

from typing import Any

from ansible_collections.certmend.tls.plugins.module_utils.x509.backend import (
    InvalidSignature,
    dsa,
    ec,
    ed448,
    ed25519,
    hashes,
    padding,
    rsa,
    serialization,
    x509,
)
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate import rsa_pss as pss


def signature_algorithm(certificate: x509.Certificate) -> str:
    """The algorithm's usual name (sha256WithRSAEncryption, ecdsa-with-SHA256, …), or its number."""
    oid = certificate.signature_algorithm_oid
    name = getattr(oid, "_name", "")
    return str(name if name and name != "Unknown OID" else oid.dotted_string)


def signature_digest(certificate: x509.Certificate) -> str:
    """The lower-case name of the signature's digest; empty if the algorithm has none of its own, or an unknown one."""
    try:
        if _is_pss(certificate):
            return str(pss.parameters(_der(certificate))[1].name)
        algorithm = certificate.signature_hash_algorithm
    except Exception:  # UnsupportedAlgorithm, or whatever the backend says of broken parameters
        return ""
    return algorithm.name if algorithm else ""


def is_signed_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Whether the issuer's key verifies the certificate's signature. Names, dates and flags are not checked."""
    try:
        _verify(public_key_of(issuer), certificate)
    except (InvalidSignature, AttributeError, TypeError):
        return False
    except Exception:  # unsupported algorithms and broken keys: whatever the backend raises, the signature is not verified
        return False
    return True


def public_key_of(certificate: x509.Certificate) -> Any:
    """The public key. An RSA key that is bound to PSS (RFC 4055 section 1.2) comes as an RSA key on every release.

    :raises Exception: the backend's own, where it does not know the kind of key or the key is broken.
    """
    try:
        return certificate.public_key()
    except Exception:  # old releases raise ValueError or UnsupportedAlgorithm for a key that is bound to PSS
        return serialization.load_der_public_key(pss.as_plain_rsa(_der(certificate)))


def _verify(key: Any, certificate: x509.Certificate) -> None:
    signature, signed = certificate.signature, certificate.tbs_certificate_bytes
    digest: Any = None if _is_pss(certificate) else certificate.signature_hash_algorithm
    if isinstance(key, rsa.RSAPublicKey) and _is_pss(certificate):
        key.verify(signature, signed, *pss.parameters(_der(certificate)))
    elif isinstance(key, rsa.RSAPublicKey):
        key.verify(signature, signed, padding.PKCS1v15(), digest)
    elif isinstance(key, ec.EllipticCurvePublicKey):
        key.verify(signature, signed, ec.ECDSA(digest))
    elif isinstance(key, dsa.DSAPublicKey):
        key.verify(signature, signed, digest)
    elif isinstance(key, (ed25519.Ed25519PublicKey, ed448.Ed448PublicKey)):
        key.verify(signature, signed)
    else:
        raise InvalidSignature


def _is_pss(certificate: x509.Certificate) -> bool:
    return bool(certificate.signature_algorithm_oid.dotted_string == pss.RSASSA_PSS)


def _der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.DER)


def digest_for(key: Any) -> Any:
    """SHA-256, more for larger curves, and none for keys that bring their own."""
    if isinstance(key, (ed25519.Ed25519PrivateKey, ed448.Ed448PrivateKey)):
        return None
    if isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.key_size > 256:
        return hashes.SHA384() if key.curve.key_size <= 384 else hashes.SHA512()
    return hashes.SHA256()
