# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Make certificate signing requests and certificates (RFC 2986, RFC 5280)."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any, List, Optional, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.x509.backend import (
    rsa,
    serialization,
    x509,
)
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.request import Request
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import Certificate, from_x509, pin_of
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.extensions import PURPOSES
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.signatures import digest_for

#: clocks of appliances run behind; a certificate from the future is refused by all of them
BACKDATED = datetime.timedelta(hours=1)
PURPOSE_OIDS = {name: purpose for purpose, name in PURPOSES.items()}


@dataclass(frozen=True)
class Authority:
    """A CA that can sign: its certificate, its private key and what belongs below its root in a chain."""

    certificate: Certificate
    key: Any
    chain: Tuple[Certificate, ...] = ()


def make_authority(certificates: List[Certificate], key: Any, now: datetime.datetime) -> Authority:
    """Check a CA before it signs.

    :param certificates: the CA's certificate and, in any order, those above it.
    :raises RemediationError: none of them belongs to the key, or it is no CA, or it is outside its validity.
    """
    mine = [one for one in certificates if one.pin == pin_of(key.public_key())]
    if not mine:
        raise RemediationError(
            "ca_private_key does not belong to the CA certificate (the key's pin is %s)" % pin_of(key.public_key()),
            "Give the key that belongs to ca_certificate_path or ca_certificate_content.",
        )
    ca = mine[0]
    problem = None
    if not ca.is_ca or (ca.key_usage and "keyCertSign" not in ca.key_usage):
        problem = "is not allowed to sign certificates (basic constraints, key usage)"
    elif not ca.not_before <= now <= ca.not_after:
        problem = "is outside its validity (%s to %s)" % (ca.not_before, ca.not_after)
    if problem:
        raise RemediationError("ca_certificate: %s %s" % (ca.subject, problem), "Give the certificate of a valid CA.")
    return Authority(ca, key, tuple(one for one in [ca] + [o for o in certificates if o != ca] if not one.self_signed))


def make_csr(request: Request, key: Any) -> bytes:
    """A certificate signing request as PEM."""
    builder = x509.CertificateSigningRequestBuilder().subject_name(request.name())
    for extension, critical in _leaf_extensions(request, key.public_key()):
        builder = builder.add_extension(extension, critical)
    return builder.sign(key, digest_for(key)).public_bytes(serialization.Encoding.PEM)


def issue(
    request: Request, key: Any, authority: Optional[Authority], now: datetime.datetime, valid_days: int
) -> Certificate:
    """A certificate for the key, signed by the authority or, without one, by the key itself.

    :param key: a private key; with an authority, anything with a ``public_key()``, such as a request.
    It starts an hour ago, and neither starts before nor ends after the certificate of its CA.
    """
    start, end = now - BACKDATED, now + datetime.timedelta(days=valid_days)
    issuer, signer, issuer_key = request.name(), key, key.public_key()
    if authority:
        issuer, signer = authority.certificate.x509.subject, authority.key
        issuer_key = authority.key.public_key()
        start, end = max(start, authority.certificate.not_before), min(end, authority.certificate.not_after)
    builder = (
        x509.CertificateBuilder()
        .subject_name(request.name())
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(end)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(_authority_key_identifier(authority, issuer_key), critical=False)
    )
    for extension, critical in _leaf_extensions(request, key.public_key()):
        builder = builder.add_extension(extension, critical)
    return from_x509(builder.sign(signer, digest_for(signer)))


def _authority_key_identifier(authority: Optional[Authority], issuer_key: Any) -> Any:
    """The identifier that the CA's certificate carries, which need not be the hash of its key (RFC 5280 4.2.1.2)."""
    if authority and authority.certificate.subject_key_identifier:
        return x509.AuthorityKeyIdentifier(authority.certificate.subject_key_identifier, None, None)
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key)


def _leaf_extensions(request: Request, public_key: Any) -> List[tuple]:
    return [
        (request.alternative_names(), False),
        (x509.BasicConstraints(ca=False, path_length=None), True),
        (_key_usage(encipherment=isinstance(public_key, rsa.RSAPublicKey)), True),
        (x509.ExtendedKeyUsage([PURPOSE_OIDS[one] for one in request.extended_key_usage]), False),
    ]


def _key_usage(encipherment: bool) -> Any:
    """RFC 5280 section 4.2.1.3; key encipherment is for RSA key transport, which some appliances insist on."""
    return x509.KeyUsage(
        digital_signature=True,
        key_encipherment=encipherment,
        content_commitment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )


