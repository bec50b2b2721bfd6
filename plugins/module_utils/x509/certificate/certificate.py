# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A certificate's contents as plain values: the ``certificate`` dict of the documentation, and the object behind it."""

from __future__ import annotations

import base64
import datetime
import functools
import hashlib
from dataclasses import dataclass, field
from typing import Any, Callable, Dict, List, Optional, Tuple, TypeVar

from ansible_collections.certmend.tls.plugins.module_utils.appliance.formats.der import Fields, fields_of
from ansible_collections.certmend.tls.plugins.module_utils.appliance.formats.fingerprints import fingerprint_of, with_colons
from ansible_collections.certmend.tls.plugins.module_utils.core.timestamps import relative_day, timestamp
from ansible_collections.certmend.tls.plugins.module_utils.x509.backend import serialization, x509
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate import names
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.extensions import extension_facts, reason_of
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.keys import Key, key_facts
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.policy_extensions import PolicyExtensions
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.signatures import is_signed_by, public_key_of, signature_algorithm

Value = TypeVar("Value")
UTC = datetime.timezone.utc
DER = serialization.Encoding.DER
UNKNOWN_DATE = datetime.datetime(1, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Certificate:
    """An X.509 certificate (RFC 5280). Two are equal if their DER is.

    :param name_constraints: the extension as cryptography decodes it.
    :param unknown_critical: object identifiers of the critical extensions that are not processed here.
    :param problems: the parts that could not be decoded; what depends on them is empty.
    """

    der: bytes
    x509: x509.Certificate = field(compare=False, repr=False)
    subject: str = field(compare=False)
    issuer: str = field(compare=False)
    common_names: Tuple[str, ...] = field(compare=False)
    not_before: datetime.datetime = field(compare=False)
    not_after: datetime.datetime = field(compare=False)
    key: Key = field(compare=False)
    signature_algorithm: str = field(compare=False)
    dns_names: Tuple[str, ...] = field(compare=False, default=())
    ip_addresses: Tuple[str, ...] = field(compare=False, default=())
    email_addresses: Tuple[str, ...] = field(compare=False, default=())
    uris: Tuple[str, ...] = field(compare=False, default=())
    is_ca: bool = field(compare=False, default=False)
    path_length: Optional[int] = field(compare=False, default=None)
    key_usage: Tuple[str, ...] = field(compare=False, default=())
    extended_key_usage: Tuple[str, ...] = field(compare=False, default=())
    subject_key_identifier: Optional[bytes] = field(compare=False, default=None)
    authority_key_identifier: Optional[bytes] = field(compare=False, default=None)
    ca_issuers: Tuple[str, ...] = field(compare=False, default=())
    name_constraints: Any = field(compare=False, default=None, repr=False)
    unknown_critical: Tuple[str, ...] = field(compare=False, default=())
    policies: PolicyExtensions = field(compare=False, default=PolicyExtensions())
    pin: str = field(compare=False, default="")
    problems: Tuple[str, ...] = field(compare=False, default=())

    @functools.cached_property
    def encoded(self) -> Fields:
        """The names and the public key as encoded."""
        return fields_of(self.der)

    @functools.cached_property
    def subject_name(self) -> names.ComparableName:
        """The subject in the form in which names are compared (RFC 5280 section 7.1)."""
        return names.comparable(self.encoded.subject)

    @functools.cached_property
    def issuer_name(self) -> names.ComparableName:
        """The issuer in the form in which names are compared (RFC 5280 section 7.1)."""
        return names.comparable(self.encoded.issuer)

    @functools.cached_property
    def general_names(self) -> Tuple[Any, ...]:
        """All the subject alternative names, as cryptography decodes them."""
        try:
            return tuple(self.x509.extensions.get_extension_for_class(x509.SubjectAlternativeName).value)
        except (x509.ExtensionNotFound, ValueError):
            return ()

    @property
    def self_issued(self) -> bool:
        """Whether issuer and subject are the same name (RFC 5280 section 3.2)."""
        return self.subject_name == self.issuer_name

    @functools.cached_property
    def self_signed(self) -> bool:
        """Whether the certificate is signed with its own key; the signature is verified."""
        return self.self_issued and is_signed_by(self.x509, self.x509)

    @property
    def common_name(self) -> str:
        """The most specific common name; empty if there is none."""
        return self.common_names[-1] if self.common_names else ""

    @property
    def alternative_names(self) -> Dict[str, List[str]]:
        """The subject alternative name by type."""
        return {
            "dns": list(self.dns_names),
            "ip": list(self.ip_addresses),
            "email": list(self.email_addresses),
            "uri": list(self.uris),
        }

    def fingerprint(self, algorithm: str = "sha256") -> str:
        """As openssl prints it: upper-case hexadecimal with colons."""
        return fingerprint_of(self.der, algorithm)

    def as_dict(self, now: datetime.datetime) -> Dict[str, Any]:
        """The ``certificate`` of the documentation; ``now`` decides ``days_left`` and ``expiry``."""
        return {
            "subject": self.subject,
            "issuer": self.issuer,
            "common_name": self.common_name,
            "serial_number": colons(_serial_bytes(self.x509.serial_number)),
            **self._validity(now),
            "subject_alternative_name": self.alternative_names,
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

    def _validity(self, now: datetime.datetime) -> Dict[str, Any]:
        return {
            "not_before": timestamp(self.not_before),
            "not_after": timestamp(self.not_after),
            "days_left": (self.not_after - now).days,
            "expiry": relative_day(self.not_after, now),
        }


def colons(data: Optional[bytes]) -> Optional[str]:
    """Bytes as ``AB:CD``; None stays None."""
    return None if data is None else with_colons(data)


def _serial_bytes(serial: int) -> bytes:
    return abs(serial).to_bytes(max(1, (abs(serial).bit_length() + 7) // 8), "big")


def pem(der: bytes) -> str:
    """A certificate as PEM (RFC 7468), with one line break at its end."""
    text = base64.b64encode(der).decode("ascii")
    lines = [text[start : start + 64] for start in range(0, len(text), 64)]
    return "\n".join(["-----BEGIN CERTIFICATE-----"] + lines + ["-----END CERTIFICATE-----", ""])


def spki_pin(spki: bytes) -> str:
    """The pin of a DER SubjectPublicKeyInfo (RFC 7469 section 2.4)."""
    return "sha256/" + base64.b64encode(hashlib.sha256(spki).digest()).decode("ascii")


def pin_of(public_key: Any) -> str:
    """The pin of a public key."""
    return spki_pin(public_key.public_bytes(DER, serialization.PublicFormat.SubjectPublicKeyInfo))


def from_x509(certificate: x509.Certificate) -> Certificate:
    """Decode a parsed certificate. A part that cannot be decoded is reported in ``problems``, not raised."""
    problems: List[str] = []
    encoded = certificate.public_bytes(DER)
    parts = fields_of(encoded)
    subject, common_names = _name("subject", lambda: certificate.subject, parts.subject, problems)
    return Certificate(
        der=encoded,
        x509=certificate,
        subject=subject,
        issuer=_name("issuer", lambda: certificate.issuer, parts.issuer, problems)[0],
        common_names=common_names,
        not_before=_attempt("notBefore", lambda: _aware(certificate, "not_valid_before"), UNKNOWN_DATE, problems),
        not_after=_attempt("notAfter", lambda: _aware(certificate, "not_valid_after"), UNKNOWN_DATE, problems),
        key=_attempt("public key", lambda: key_facts(public_key_of(certificate)), Key("unknown"), problems),
        pin=spki_pin(parts.public_key),
        signature_algorithm=_attempt("signature algorithm", lambda: signature_algorithm(certificate), "", problems),
        **extension_facts(certificate, problems),
        problems=tuple(problems),
    )


def _attempt(what: str, decode: Callable[[], Value], default: Value, problems: List[str]) -> Value:
    try:
        return decode()
    except Exception as error:  # the backend raises many kinds of exception for what it cannot decode
        problems.append("%s: %s" % (what, reason_of(error)))
        return default


def _name(what: str, decode: Callable[[], Any], encoded: bytes, problems: List[str]) -> Tuple[str, Tuple[str, ...]]:
    """A name as text, and its common names; if the library refuses the name, as far as its encoding can be parsed."""
    try:
        name = decode()
        return names.rfc4514(name), tuple(names.common_names(name))
    except Exception as error:  # an empty country, a string with other octets than its type allows
        problems.append("%s: %s" % (what, reason_of(error)))
        return names.as_encoded(encoded)


def _aware(certificate: x509.Certificate, attribute: str) -> datetime.datetime:
    """cryptography 42 added the ``_utc`` properties and warns about the naive ones."""
    if hasattr(certificate, attribute + "_utc"):
        aware: datetime.datetime = getattr(certificate, attribute + "_utc")
        return aware
    naive: datetime.datetime = getattr(certificate, attribute)
    return naive.replace(tzinfo=UTC)
