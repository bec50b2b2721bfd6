# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who signed what: a certificate's signature checked against a candidate's key (RFC 5280 section 4.1.1.3)."""

from __future__ import annotations

from typing import Any

from ansible_collections.certmend.tls.plugins.module_utils.x509.backend import (
    InvalidSignature,
    dsa,
    ec,
    ed448,
    ed25519,
    padding,
    rsa,
    x509,
)

#: RFC 4055: the parameters, not this identifier, tell the digest
RSASSA_PSS = "1.2.840.113549.1.1.10"


def signature_algorithm(certificate: x509.Certificate) -> str:
    """The algorithm's usual name (sha256WithRSAEncryption, ecdsa-with-SHA256, …), or its number."""
    oid = certificate.signature_algorithm_oid
    name = getattr(oid, "_name", "")
    return name if name and name != "Unknown OID" else oid.dotted_string


def is_signed_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Whether the issuer's key made the certificate's signature. Names, dates and flags are not looked at."""
    try:
        _verify(issuer.public_key(), certificate)
    except (InvalidSignature, AttributeError, TypeError):
        return False
    except Exception:  # unsupported algorithms and broken keys: whatever the backend raises, nothing was proved
        return False
    return True


def _verify(key: Any, certificate: x509.Certificate) -> None:
    signature, signed = certificate.signature, certificate.tbs_certificate_bytes
    digest = certificate.signature_hash_algorithm
    if isinstance(key, rsa.RSAPublicKey):
        key.verify(signature, signed, _rsa_padding(certificate), digest)
    elif isinstance(key, ec.EllipticCurvePublicKey):
        key.verify(signature, signed, ec.ECDSA(digest))
    elif isinstance(key, dsa.DSAPublicKey):
        key.verify(signature, signed, digest)
    elif isinstance(key, (ed25519.Ed25519PublicKey, ed448.Ed448PublicKey)):
        key.verify(signature, signed)
    else:
        raise InvalidSignature


def _rsa_padding(certificate: x509.Certificate) -> Any:
    """cryptography 41 reads the PSS parameters; older ones cannot follow such a signature."""
    if certificate.signature_algorithm_oid.dotted_string == RSASSA_PSS:
        return certificate.signature_algorithm_parameters
    return padding.PKCS1v15()
