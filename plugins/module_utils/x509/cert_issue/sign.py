# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Make certificate signing requests and certificates (RFC 2986, RFC 5280)."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field
from typing import Any, List, Optional, Sequence, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.core.timestamps import timestamp
from ansible_collections.certmend.tls.plugins.module_utils.x509.backend import rsa, serialization, x509
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.request import Request
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import Certificate, from_x509, pem, pin_of
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.extensions import PURPOSES
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.signatures import digest_for

#: the clocks of appliances run behind, and every client refuses a certificate that is not valid yet
BACKDATED = datetime.timedelta(hours=1)
PURPOSE_OIDS = {name: purpose for purpose, name in PURPOSES.items()}
DEFAULT_PURPOSES = ("serverAuth",)


@dataclass(frozen=True)
class Authority:
    """A CA that can sign: its certificate and private key.

    :param key: None: it is elsewhere, and this run issues nothing.
    :param chain: the certificates that follow a server certificate of this CA.
    :param certificates: all that were given, the root too; the CA's own is the first.
    """

    certificate: Certificate
    key: Any = field(repr=False)
    chain: Tuple[Certificate, ...] = ()
    certificates: Tuple[Certificate, ...] = ()


def make_authority(certificates: Sequence[Certificate], key: Any, now: datetime.datetime) -> Authority:
    """Check a CA before it signs.

    :param certificates: the CA's certificate and, in any order, those above it.
    :param key: None: it is elsewhere, and the first certificate is the CA's.
    :raises RemediationError: no certificate belongs to the key, or the CA must not sign, or it is outside its validity.
    """
    ca = certificates[0] if key is None else _certificate_of(key, certificates)
    problem = _authority_problem(ca, now)
    if problem:
        raise RemediationError("signing_ca: %s %s" % (ca.subject, problem), "Give the certificate of a valid CA.")
    above = [certificate for certificate in certificates if certificate != ca]
    chain = tuple(certificate for certificate in [ca, *above] if not certificate.self_signed)
    return Authority(ca, key, chain, (ca, *above))


def _certificate_of(key: Any, certificates: Sequence[Certificate]) -> Certificate:
    pin = pin_of(key.public_key())
    ca = next((certificate for certificate in certificates if certificate.pin == pin), None)
    if ca is None:
        raise RemediationError(
            "signing_ca_private_key does not belong to the CA certificate (the key's pin is %s)" % pin,
            "Give the private key that belongs to signing_ca_path or signing_ca_content.",
        )
    return ca


def _authority_problem(ca: Certificate, now: datetime.datetime) -> Optional[str]:
    """Why a CA cannot sign, as the end of a sentence."""
    if not ca.is_ca or (ca.key_usage and "keyCertSign" not in ca.key_usage):
        return "is not allowed to sign certificates (basic constraints, key usage)"
    if not ca.not_before <= now <= ca.not_after:
        return "is outside its validity (%s to %s)" % (timestamp(ca.not_before), timestamp(ca.not_after))
    return None


def authority_pem(authority: Optional[Authority]) -> Optional[str]:
    """The certificates of a CA as PEM text, its own first; None without a CA."""
    return "".join(pem(certificate.der) for certificate in authority.certificates) if authority else None


def make_csr(request: Request, key: Any) -> bytes:
    """A certificate signing request as PEM."""
    builder = x509.CertificateSigningRequestBuilder().subject_name(request.name())
    for extension, critical in _leaf_extensions(request, key.public_key()):
        builder = builder.add_extension(extension, critical)
    return builder.sign(key, digest_for(key)).public_bytes(serialization.Encoding.PEM)


def issue(request: Request, key: Any, authority: Optional[Authority], now: datetime.datetime, valid_days: int) -> Certificate:
    """A certificate for the key, signed by the authority or, without one, by the key itself.

    :param key: a private key; with an authority, anything with a ``public_key()``, such as a signing request.
    """
    public_key = key.public_key()
    signer = _key_of(authority) if authority else key
    start, end = _validity(authority, now, valid_days)
    builder = (
        x509.CertificateBuilder()
        .subject_name(request.name())
        .issuer_name(authority.certificate.x509.subject if authority else request.name())
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(end)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
        .add_extension(_authority_key_identifier(authority, signer.public_key()), critical=False)
    )
    for extension, critical in _leaf_extensions(request, public_key):
        builder = builder.add_extension(extension, critical)
    return from_x509(builder.sign(signer, digest_for(signer)))


def _key_of(authority: Authority) -> Any:
    if authority.key is None:
        raise RemediationError(
            "certificate_content: a new certificate is due, and neither this certificate nor the private key of the CA is given",
            "Have a request signed (provider csr without csr_path) and give the certificate here, or give signing_ca_private_key_path "
            "or signing_ca_private_key_content.",
        )
    return authority.key


def _validity(authority: Optional[Authority], now: datetime.datetime, valid_days: int) -> Tuple[datetime.datetime, datetime.datetime]:
    """From an hour ago, for that many days from now; never longer than the certificate of the CA."""
    start, end = now - BACKDATED, now + datetime.timedelta(days=valid_days)
    if authority is None:
        return start, end
    return max(start, authority.certificate.not_before), min(end, authority.certificate.not_after)


def _authority_key_identifier(authority: Optional[Authority], issuer_key: Any) -> Any:
    """The subject key identifier in the CA's certificate, which need not be the hash of its key (RFC 5280 4.2.1.2)."""
    if authority and authority.certificate.subject_key_identifier:
        return x509.AuthorityKeyIdentifier(authority.certificate.subject_key_identifier, None, None)
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key)


def _leaf_extensions(request: Request, public_key: Any) -> List[Tuple[Any, bool]]:
    return [
        (request.alternative_names(), False),
        (x509.BasicConstraints(ca=False, path_length=None), True),
        (_key_usage(encipherment=isinstance(public_key, rsa.RSAPublicKey)), True),
        (x509.ExtendedKeyUsage([_purpose(text) for text in request.extended_key_usage or DEFAULT_PURPOSES]), False),
    ]


def _purpose(text: str) -> Any:
    """A purpose by its name or by the digits of its identifier, as certificates have it."""
    return PURPOSE_OIDS[text] if text in PURPOSE_OIDS else x509.ObjectIdentifier(text)


def _key_usage(encipherment: bool) -> Any:
    """RFC 5280 section 4.2.1.3. Key encipherment is for RSA key transport; some appliances require it."""
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
