# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the article says that OpenManage Enterprise takes and refuses, written down a second time: nothing here is the collection's.

Certificates are those of ``cryptography``; the first thing that is wrong is the answer.
"""

from __future__ import annotations

import datetime
import re

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

PEM_FILE = re.compile(rb"-----BEGIN CERTIFICATE-----\s+[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----")
DEEPEST = 10
MUTUAL = (
    "Unable to mutually authenticate and connect to the remote appliance. Please check the source and target appliances has valid "
    "certificate chain uploaded which are signed by the same CA."
)


class Refused(Exception):
    """An entry of ``@Message.ExtendedInfo``; without a message the article gives none."""

    def __init__(self, message_id="", message="", *arguments, resolution="Retry the operation. If the issue persists, contact your system administrator."):
        super().__init__(message)
        self.entry = {
            "MessageId": message_id,
            "RelatedProperties": [],
            "Message": message,
            "MessageArgs": list(arguments),
            "Severity": "Critical",
            "Resolution": resolution,
        }

    @property
    def text(self):
        """As a person reads it."""
        told = "%(MessageId)s: %(Message)s" % self.entry if self.entry["MessageId"] else self.entry["Message"]
        return told + "".join(" (%s)" % one for one in self.entry["MessageArgs"])

    @property
    def body(self):
        """As the appliance answers it."""
        return {
            "error": {
                "code": "Base.1.0.GeneralError",
                "message": "A general error has occurred. See ExtendedInfo for more information.",
                "@Message.ExtendedInfo": [self.entry] if self.entry["Message"] else [],
            }
        }


def general(argument):
    return Refused("CGEN1008", "Unable to process the request because an error occurred.", argument)


def bad_file():
    return Refused(
        "CSEC9002",
        "Unable to upload the certificate because the certificate file provided is invalid.",
        resolution="Make sure the CA certificate and private key are correct and retry the operation.",
    )


def bad_name():
    return Refused("CGEN6002", "Unable to complete the request because the input value for DistinguishedName is missing or an invalid value is entered.")


def chain(data, key):
    """Upload of a chain: the certificates, or Refused.

    :param key: the public key of the last request.
    """
    certificates = _certificates(data)
    leaf = certificates[0]
    # a chain whose order is another one still shows whether it is for this appliance
    if not any(_same_key(one, key) for one in certificates):
        raise general("Invalid CSR key.")
    if len(certificates) < 2 or not _same_key(leaf, key) or not _linked(certificates):
        raise general("Invalid certificate chain provided.")
    _names(certificates)
    purposes = _extension(leaf, x509.ExtendedKeyUsage)
    if not purposes or not {ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH} <= set(purposes):
        raise general("No Client/Server authentication EKU present in leaf certificate.")
    if not _enciphers(leaf):
        raise general("User Certificate is not a web server certificate.")
    return certificates


def single(data, key):
    """Upload of one certificate."""
    certificates = _certificates(data)[:1]
    if not _same_key(certificates[0], key):
        raise general("Invalid CSR key.")
    _names(certificates)
    if ExtendedKeyUsageOID.SERVER_AUTH not in (_extension(certificates[0], x509.ExtendedKeyUsage) or ()):
        raise Refused()
    if not _enciphers(certificates[0]):
        raise bad_file()
    return certificates


def connection(mine, theirs, clock):
    """What is compared when a migration verifies the connection of two appliances."""
    for certificates in (mine, theirs):
        if len(certificates) > DEEPEST or any(not _begins(one) <= clock <= _ends(one) for one in certificates):
            raise Refused("", MUTUAL)
    if len(mine) != len(theirs) or mine[0].issuer != theirs[0].issuer:
        raise Refused("", MUTUAL)
    if any((one.subject, one.issuer) != (two.subject, two.issuer) for one, two in zip(mine[1:], theirs[1:])):
        raise Refused("", MUTUAL)


def _certificates(data):
    blocks = PEM_FILE.findall(data)
    if not blocks or len(blocks) != data.count(b"-----BEGIN"):
        raise bad_file()
    try:
        return [x509.load_pem_x509_certificate(block) for block in blocks]
    except ValueError:
        raise bad_file() from None


def _same_key(certificate, key):
    form = serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    return certificate.public_key().public_bytes(*form) == key.public_bytes(*form)


def _linked(certificates):
    """Whether each is signed by the next and the last by itself, none of them twice (which the article leaves open)."""
    if len({one.fingerprint(hashes.SHA256()) for one in certificates}) != len(certificates):
        return False
    return all(_signed(one, issuer) for one, issuer in zip(certificates, certificates[1:] + certificates[-1:]))


def _signed(certificate, issuer):
    if certificate.issuer != issuer.subject:
        return False
    key, made = issuer.public_key(), (certificate.signature, certificate.tbs_certificate_bytes)
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(*made, padding.PKCS1v15(), certificate.signature_hash_algorithm)
        else:
            key.verify(*made, ec.ECDSA(certificate.signature_hash_algorithm))
    except InvalidSignature:
        return False
    return True


def _names(certificates):
    for certificate in certificates:
        names = [one.value for one in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
        if not "".join(names).strip() or any("*" in name for name in names):
            raise bad_name()


def _extension(certificate, kind):
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def _enciphers(certificate):
    usage = _extension(certificate, x509.KeyUsage)
    return usage is not None and usage.key_encipherment


def _begins(certificate):
    return getattr(certificate, "not_valid_before_utc", None) or _aware(certificate.not_valid_before)


def _ends(certificate):
    return getattr(certificate, "not_valid_after_utc", None) or _aware(certificate.not_valid_after)


def _aware(moment):
    return moment.replace(tzinfo=datetime.timezone.utc)
