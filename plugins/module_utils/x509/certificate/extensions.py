# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A certificate's extensions (RFC 5280 section 4.2) as plain values. In their texts, characters that are not printable are escaped."""

from __future__ import annotations

import contextlib
from typing import Any, Callable, Dict, List

from ansible_collections.certmend.tls.plugins.module_utils.core.shown_text import one_line, printable_value
from ansible_collections.certmend.tls.plugins.module_utils.x509.backend import oid, serialization, x509
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.encoded_names import decoded_names, without_names
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.policy_extensions import PolicyExtensions, policy_extensions

ExtendedKeyUsageOID, ExtensionOID = oid.ExtendedKeyUsageOID, oid.ExtensionOID

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
#: the extensions that may be critical: those that are processed here, and the points from which others fetch revocation lists. The library
#: decodes more, such as the one that marks a precertificate (RFC 6962 section 3.1)
PROCESSED = (
    ExtensionOID.AUTHORITY_INFORMATION_ACCESS,
    ExtensionOID.AUTHORITY_KEY_IDENTIFIER,
    ExtensionOID.BASIC_CONSTRAINTS,
    ExtensionOID.CERTIFICATE_POLICIES,
    ExtensionOID.CRL_DISTRIBUTION_POINTS,
    ExtensionOID.EXTENDED_KEY_USAGE,
    ExtensionOID.INHIBIT_ANY_POLICY,
    ExtensionOID.KEY_USAGE,
    ExtensionOID.NAME_CONSTRAINTS,
    ExtensionOID.POLICY_CONSTRAINTS,
    ExtensionOID.POLICY_MAPPINGS,
    ExtensionOID.SUBJECT_ALTERNATIVE_NAME,
    ExtensionOID.SUBJECT_KEY_IDENTIFIER,
)


def extension_facts(certificate: x509.Certificate, problems: List[str]) -> Dict[str, Any]:
    """The values of the extensions by the attribute of ``Certificate`` that holds each.

    :param problems: what cannot be decoded is added here.
    """
    try:
        extensions = certificate.extensions
    except Exception as error:  # one malformed extension hides them all
        problems.append("extensions: %s" % reason_of(error))
        return _readable_facts(certificate, problems)
    return _facts_of(extensions, problems)


def _readable_facts(certificate: x509.Certificate, problems: List[str]) -> Dict[str, Any]:
    """What can be read although the library refuses an extension: the names that are plain text or octets, and the others if it refuses only these."""
    der = certificate.public_bytes(serialization.Encoding.DER)
    try:
        names = decoded_names(der)
    except (ValueError, IndexError):  # not the encoding of this extension alone is broken
        return {}
    facts: Dict[str, Any] = {}
    with contextlib.suppress(Exception):  # another extension is malformed
        facts = _facts_of(x509.load_der_x509_certificate(without_names(der)).extensions, problems)
    return dict(facts, **names)


def _facts_of(extensions: x509.Extensions, problems: List[str]) -> Dict[str, Any]:
    found: Dict[str, Any] = {}
    for extension in extensions:
        reader = READERS.get(type(extension.value))
        if reader:
            found.update(reader(extension.value))
    unknown = tuple(extension.oid.dotted_string for extension in extensions if extension.critical and extension.oid not in PROCESSED)
    return dict(found, unknown_critical=unknown, policies=_policies(extensions, problems))


def _policies(extensions: Any, problems: List[str]) -> PolicyExtensions:
    try:
        return policy_extensions(extensions)
    except ValueError as error:
        problems.append("certificate policies: %s" % reason_of(error))
        return PolicyExtensions()


def _alternative_names(value: x509.SubjectAlternativeName) -> Dict[str, Any]:
    return {
        "dns_names": tuple(map(printable_value, value.get_values_for_type(x509.DNSName))),
        "ip_addresses": tuple(str(entry) for entry in value.get_values_for_type(x509.IPAddress)),
        "email_addresses": tuple(map(printable_value, value.get_values_for_type(x509.RFC822Name))),
        "uris": tuple(map(printable_value, value.get_values_for_type(x509.UniformResourceIdentifier))),
    }


def _key_usage(value: x509.KeyUsage) -> Dict[str, Any]:
    used = [name for attribute, name in USAGES if getattr(value, attribute)]
    if value.key_agreement:
        used += [name for name in ("encipherOnly", "decipherOnly") if getattr(value, _snake(name))]
    return {"key_usage": tuple(used)}


def _snake(name: str) -> str:
    return "".join("_" + char.lower() if char.isupper() else char for char in name)


def _ca_issuers(value: x509.AuthorityInformationAccess) -> Dict[str, Any]:
    return {
        "ca_issuers": tuple(
            printable_value(entry.access_location.value)
            for entry in value
            if entry.access_method == oid.AuthorityInformationAccessOID.CA_ISSUERS and isinstance(entry.access_location, x509.UniformResourceIdentifier)
        )
    }


READERS: Dict[type, Callable[[Any], Dict[str, Any]]] = {
    x509.SubjectAlternativeName: _alternative_names,
    x509.BasicConstraints: lambda value: {"is_ca": value.ca, "path_length": value.path_length},
    x509.KeyUsage: _key_usage,
    x509.ExtendedKeyUsage: lambda value: {"extended_key_usage": tuple(PURPOSES.get(purpose, purpose.dotted_string) for purpose in value)},
    x509.NameConstraints: lambda value: {"name_constraints": value},
    x509.SubjectKeyIdentifier: lambda value: {"subject_key_identifier": value.digest},
    x509.AuthorityKeyIdentifier: lambda value: {"authority_key_identifier": value.key_identifier},
    x509.AuthorityInformationAccess: _ca_issuers,
}


def reason_of(error: Exception) -> str:
    """An exception of the backend as the end of a sentence, on one line."""
    return one_line(str(error)) or type(error).__name__
