# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The little of a certificate's DER (X.690, RFC 5280 section 4.1) that an appliance needs to know: its subject, and whether it is a CA.

Standard library only. Meaning is judged on the controller; this only keeps a leaf out of a trust store.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterator, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.appliance.formats import distinguished_name as dn
from ansible_collections.certmend.tls.plugins.module_utils.appliance.formats.fingerprints import fingerprint_of
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError

SEQUENCE, BOOLEAN, OCTET_STRING, OBJECT_IDENTIFIER, BMP_STRING = 0x30, 0x01, 0x04, 0x06, 0x1E
VERSION, EXTENSIONS = 0xA0, 0xA3
BASIC_CONSTRAINTS = "2.5.29.19"


@dataclass(frozen=True)
class CertificateOutline:
    """What was read. ``subject`` as RFC 4514 text."""

    der: bytes
    subject: str
    is_ca: bool

    @property
    def sha256(self) -> str:
        """As openssl prints it."""
        return fingerprint_of(self.der)


def read_outline(der: bytes, option: str) -> CertificateOutline:
    """Read a certificate.

    :raises RemediationError: it is none, naming the option.
    """
    try:
        (_tag, certificate), = items(der)
        fields = [item for item in items(next(items(certificate))[1]) if item[0] != VERSION]
        subject = fields[4][1]  # after serialNumber, signature, issuer and validity
        return CertificateOutline(der, dn.rfc4514(relative_names(subject)), _is_ca(fields))
    except (ValueError, IndexError, StopIteration, UnicodeError) as error:
        raise RemediationError(
            "%s: it holds a block that is no certificate (%s)" % (option, str(error) or "it ends too early"),
            "Export the certificate again, as PEM.",
        ) from error


def items(data: bytes) -> Iterator[Tuple[int, bytes]]:
    """Tag and content of each item; raises ValueError where the lengths do not add up."""
    place = 0
    while place < len(data):
        start, end = bounds(data, place)
        yield data[place], data[start:end]
        place = end


def bounds(data: bytes, place: int) -> Tuple[int, int]:
    """Where the content of the item at a place starts and ends; raises ValueError where the lengths do not add up."""
    if place + 2 > len(data):
        raise ValueError("it ends too early")
    length, start = data[place + 1], place + 2
    if length & 0x80:
        size = length & 0x7F
        if not 1 <= size <= 4:
            raise ValueError("a length is malformed")
        length, start = int.from_bytes(data[start : start + size], "big"), start + size
    if start + length > len(data):
        raise ValueError("it ends too early")
    return start, start + length


@dataclass(frozen=True)
class Fields:
    """The encoded parts of a certificate by which others are found (RFC 5280 section 4.1)."""

    issuer: bytes
    subject: bytes
    public_key: bytes


def fields_of(der: bytes) -> Fields:
    """Slice a certificate, without decoding more than lengths: pools have thousands.

    :raises ValueError: it is no certificate.
    """
    place, _end = bounds(der, bounds(der, 0)[0])
    if der[place : place + 1] == bytes([VERSION]):
        place = bounds(der, place)[1]
    ends = [place]
    for _field in range(6):  # serialNumber, signature, issuer, validity, subject, subjectPublicKeyInfo
        ends.append(bounds(der, ends[-1])[1])
    return Fields(der[ends[2] : ends[3]], der[ends[4] : ends[5]], der[ends[5] : ends[6]])


def relative_names(subject: bytes) -> list:
    """Pairs of OID and value for each relative name, whatever the values are; what cannot be decoded is replaced."""
    names = []
    for _set, relative in items(subject):
        pairs = []
        for _sequence, pair in items(relative):
            (_tag, oid), (kind, value) = items(pair)
            pairs.append((dotted(oid), value.decode("utf-16-be" if kind == BMP_STRING else "utf-8", "replace")))
        names.append(pairs)
    return names


def _is_ca(fields: list) -> bool:
    """The cA flag of basic constraints; false where the extension is missing, as RFC 5280 section 4.2.1.9 has it."""
    extensions = next((content for tag, content in fields if tag == EXTENSIONS), None)
    for _tag, extension in items(next(items(extensions))[1]) if extensions else ():
        parts = list(items(extension))
        if dotted(parts[0][1]) == BASIC_CONSTRAINTS:
            (_sequence, constraints), = items(parts[-1][1])
            return next(iter(items(constraints)), (0, b"\0")) == (BOOLEAN, b"\xff")
    return False


def dotted(oid: bytes) -> str:
    """An object identifier in its usual spelling."""
    numbers, value = [], 0
    for byte in oid:
        value = value << 7 | byte & 0x7F
        if not byte & 0x80:
            numbers.append(value)
            value = 0
    first = numbers[0]
    return ".".join(str(number) for number in [min(first // 40, 2), first - 40 * min(first // 40, 2)] + numbers[1:])
