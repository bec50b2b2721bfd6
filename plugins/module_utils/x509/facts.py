# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a certificate says, as plain values: the ``certificate`` dict of the documentation, and the object behind it."""

from __future__ import annotations

import base64
import datetime
import hashlib
from dataclasses import dataclass, field
from typing import Any, Optional

from ansible_collections.certmend.tls.plugins.module_utils.x509 import names
from ansible_collections.certmend.tls.plugins.module_utils.x509.backend import (
    dsa,
    ec,
    ed448,
    ed25519,
    oid,
    rsa,
    serialization,
    x509,
)
from ansible_collections.certmend.tls.plugins.module_utils.x509.signatures import is_signed_by, signature_algorithm

UTC = datetime.timezone.utc
DER = serialization.Encoding.DER
ExtendedKeyUsageOID = oid.ExtendedKeyUsageOID

USAGES = (
    ("digital_signature", "digitalSignature"),
    ("content_commitment", "nonRepudiation"),
    ("key_encipherment", "keyEncipherment"),
    ("data_encipherment", "dataEncipherment"),
    ("key_agreement", "keyAgreement"),
    ("key_cert_sign", "keyCertSign"),
    ("crl_sign", "cRLSign"),
)
PURPOSES = {
    ExtendedKeyUsageOID.SERVER_AUTH: "serverAuth",
    ExtendedKeyUsageOID.CLIENT_AUTH: "clientAuth",
    ExtendedKeyUsageOID.CODE_SIGNING: "codeSigning",
    ExtendedKeyUsageOID.EMAIL_PROTECTION: "emailProtection",
    ExtendedKeyUsageOID.TIME_STAMPING: "timeStamping",
    ExtendedKeyUsageOID.OCSP_SIGNING: "OCSPSigning",
    x509.ObjectIdentifier("2.5.29.37.0"): "anyExtendedKeyUsage",
}


@dataclass(frozen=True)
class Key:
    """A public key: ``type`` RSA, EC, DSA, Ed25519, Ed448 or unknown; size in bits; the curve's name."""

    type: str
    bits: Optional[int] = None
    curve: Optional[str] = None

    def __str__(self) -> str:
        return " ".join(str(part) for part in (self.type, self.curve or self.bits) if part)


@dataclass(frozen=True)
class Certificate:
    """One X.509 certificate (RFC 5280). Two are equal where their DER is.

    ``problems`` names the parts that could not be decoded; what depends on them is empty.
    """

    der: bytes
    x509: x509.Certificate = field(compare=False, repr=False)
    subject: str = field(compare=False)
    issuer: str = field(compare=False)
    common_names: tuple = field(compare=False)
    not_before: datetime.datetime = field(compare=False)
    not_after: datetime.datetime = field(compare=False)
    key: Key = field(compare=False)
    signature_algorithm: str = field(compare=False)
    self_signed: bool = field(compare=False)
    dns_names: tuple = field(compare=False, default=())
    ip_addresses: tuple = field(compare=False, default=())
    email_addresses: tuple = field(compare=False, default=())
    uris: tuple = field(compare=False, default=())
    is_ca: bool = field(compare=False, default=False)
    path_length: Optional[int] = field(compare=False, default=None)
    key_usage: tuple = field(compare=False, default=())
    extended_key_usage: tuple = field(compare=False, default=())
    subject_key_identifier: Optional[bytes] = field(compare=False, default=None)
    authority_key_identifier: Optional[bytes] = field(compare=False, default=None)
    ca_issuers: tuple = field(compare=False, default=())
    pin: str = field(compare=False, default="")
    problems: tuple = field(compare=False, default=())

    @property
    def common_name(self) -> str:
        """The most specific common name; empty where there is none."""
        return self.common_names[-1] if self.common_names else ""

    def fingerprint(self, algorithm: str = "sha256") -> str:
        """As openssl prints it: upper-case hexadecimal with colons."""
        return colons(hashlib.new(algorithm, self.der).digest())

    def as_dict(self, now: datetime.datetime) -> dict:
        """The ``certificate`` of the documentation; ``now`` decides ``days_left``."""
        return {
            "subject": self.subject,
            "issuer": self.issuer,
            "common_name": self.common_name,
            "serial_number": colons(_serial_bytes(self.x509.serial_number)),
            "not_before": timestamp(self.not_before),
            "not_after": timestamp(self.not_after),
            "days_left": (self.not_after - now).days,
            "subject_alternative_name": {
                "dns": list(self.dns_names),
                "ip": list(self.ip_addresses),
                "email": list(self.email_addresses),
                "uri": list(self.uris),
            },
            "key": {"type": self.key.type, "bits": self.key.bits, "curve": self.key.curve},
            "signature_algorithm": self.signature_algorithm,
            "is_ca": self.is_ca,
            "path_length": self.path_length,
            "key_usage": list(self.key_usage),
            "extended_key_usage": list(self.extended_key_usage),
            "subject_key_identifier": colons(self.subject_key_identifier),
            "authority_key_identifier": colons(self.authority_key_identifier),
            "ca_issuers": list(self.ca_issuers),
            "self_signed": self.self_signed,
            "fingerprints": {"sha1": self.fingerprint("sha1"), "sha256": self.fingerprint("sha256")},
            "pin": self.pin,
            "pem": pem(self.der),
        }


def colons(data: Optional[bytes]) -> Optional[str]:
    """Bytes as ``AB:CD``; None stays None."""
    return None if data is None else ":".join("%02X" % byte for byte in data)


def _serial_bytes(serial: int) -> bytes:
    return abs(serial).to_bytes(max(1, (abs(serial).bit_length() + 7) // 8), "big")


def timestamp(moment: datetime.datetime) -> str:
    """UTC as ``2026-11-20T12:00:00Z``."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def pem(der: bytes) -> str:
    """A certificate as PEM (RFC 7468), one line break at its end."""
    text = base64.b64encode(der).decode("ascii")
    lines = [text[start : start + 64] for start in range(0, len(text), 64)]
    return "\n".join(["-----BEGIN CERTIFICATE-----"] + lines + ["-----END CERTIFICATE-----", ""])


def spki_pin(spki: bytes) -> str:
    """The pin of a DER SubjectPublicKeyInfo (RFC 7469 section 2.4)."""
    return "sha256/" + base64.b64encode(hashlib.sha256(spki).digest()).decode("ascii")


def pin_of(public_key: Any) -> str:
    """The pin of a public key."""
    return spki_pin(public_key.public_bytes(DER, serialization.PublicFormat.SubjectPublicKeyInfo))


def key_facts(public_key: Any) -> Key:
    """What kind of key it is."""
    if isinstance(public_key, rsa.RSAPublicKey):
        return Key("RSA", public_key.key_size)
    if isinstance(public_key, ec.EllipticCurvePublicKey):
        return Key("EC", public_key.curve.key_size, public_key.curve.name)
    if isinstance(public_key, dsa.DSAPublicKey):
        return Key("DSA", public_key.key_size)
    if isinstance(public_key, ed25519.Ed25519PublicKey):
        return Key("Ed25519", 256, None)
    if isinstance(public_key, ed448.Ed448PublicKey):
        return Key("Ed448", 456, None)
    return Key("unknown")


def from_x509(certificate: x509.Certificate) -> Certificate:
    """Collect the facts of a parsed certificate. Whatever cannot be decoded is a problem, not an exception."""
    problems: list = []
    key, pin = Key("unknown"), ""
    try:
        key, pin = key_facts(certificate.public_key()), pin_of(certificate.public_key())
    except Exception as error:  # unsupported curves and broken keys raise whatever the backend raises
        problems.append("public key: %s" % _reason(error))
    return Certificate(
        der=certificate.public_bytes(DER),
        x509=certificate,
        subject=names.rfc4514(certificate.subject),
        issuer=names.rfc4514(certificate.issuer),
        common_names=tuple(names.common_names(certificate.subject)),
        not_before=_aware(certificate, "not_valid_before"),
        not_after=_aware(certificate, "not_valid_after"),
        key=key,
        pin=pin,
        signature_algorithm=signature_algorithm(certificate),
        self_signed=certificate.subject == certificate.issuer and is_signed_by(certificate, certificate),
        **_extension_facts(certificate, problems),
        problems=tuple(problems),
    )


def _reason(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__


def _aware(certificate: x509.Certificate, attribute: str) -> datetime.datetime:
    """cryptography 42 added the ``_utc`` properties and warns about the naive ones."""
    if hasattr(certificate, attribute + "_utc"):
        return getattr(certificate, attribute + "_utc")
    return getattr(certificate, attribute).replace(tzinfo=UTC)


def _extension_facts(certificate: x509.Certificate, problems: list) -> dict:
    try:
        extensions = certificate.extensions
    except Exception as error:  # one malformed extension hides them all
        problems.append("extensions: %s" % _reason(error))
        return {}
    found: dict = {}
    for extension in extensions:
        reader = READERS.get(type(extension.value))
        if reader:
            found.update(reader(extension.value))
    return found


def _alternative_names(value: x509.SubjectAlternativeName) -> dict:
    return {
        "dns_names": tuple(value.get_values_for_type(x509.DNSName)),
        "ip_addresses": tuple(str(entry) for entry in value.get_values_for_type(x509.IPAddress)),
        "email_addresses": tuple(value.get_values_for_type(x509.RFC822Name)),
        "uris": tuple(value.get_values_for_type(x509.UniformResourceIdentifier)),
    }


def _key_usage(value: x509.KeyUsage) -> dict:
    used = [name for attribute, name in USAGES if getattr(value, attribute)]
    if value.key_agreement:
        used += [name for name in ("encipherOnly", "decipherOnly") if getattr(value, _snake(name))]
    return {"key_usage": tuple(used)}


def _snake(name: str) -> str:
    return "".join("_" + char.lower() if char.isupper() else char for char in name)


def _ca_issuers(value: x509.AuthorityInformationAccess) -> dict:
    return {
        "ca_issuers": tuple(
            entry.access_location.value
            for entry in value
            if entry.access_method == oid.AuthorityInformationAccessOID.CA_ISSUERS
            and isinstance(entry.access_location, x509.UniformResourceIdentifier)
        )
    }


READERS = {
    x509.SubjectAlternativeName: _alternative_names,
    x509.BasicConstraints: lambda value: {"is_ca": value.ca, "path_length": value.path_length},
    x509.KeyUsage: _key_usage,
    x509.ExtendedKeyUsage: lambda value: {
        "extended_key_usage": tuple(PURPOSES.get(purpose, purpose.dotted_string) for purpose in value)
    },
    x509.SubjectKeyIdentifier: lambda value: {"subject_key_identifier": value.digest},
    x509.AuthorityKeyIdentifier: lambda value: {"authority_key_identifier": value.key_identifier},
    x509.AuthorityInformationAccess: _ca_issuers,
}
