# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The few fields of a certificate (DER: X.690, RFC 5280 section 4.1) that appliances need: its names, its end, and whether it is a CA.

Standard library only. Certificates are judged on the controller; this is enough to keep a leaf out of a trust store.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterator, List, Optional, Sequence, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.appliance.formats import distinguished_name as dn
from ansible_collections.certmend.tls.plugins.module_utils.appliance.formats.fingerprints import fingerprint_of
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError

SEQUENCE, BOOLEAN, OCTET_STRING, OBJECT_IDENTIFIER, BMP_STRING = 0x30, 0x01, 0x04, 0x06, 0x1E
UTC_TIME, GENERALIZED_TIME = 0x17, 0x18
VERSION, EXTENSIONS = 0xA0, 0xA3
BASIC_CONSTRAINTS = "2.5.29.19"
TRUNCATED = "it ends too early"
#: octets of an object identifier; those of certificates have 30 at most, and a longer one is quadratic work
LONGEST_OID = 128


@dataclass(frozen=True)
class CertificateOutline:
    """The fields of a certificate that a trust store needs.

    :param subject: as RFC 4514 text, like ``issuer``.
    :param not_after: as results have it, such as ``2027-03-01T00:00:00Z``; None if it cannot be read.
    """

    der: bytes
    subject: str
    is_ca: bool
    issuer: str
    not_after: Optional[str]

    @property
    def sha256(self) -> str:
        """The SHA-256 fingerprint as openssl prints it."""
        return fingerprint_of(self.der)


def read_outline(der: bytes, option: str) -> CertificateOutline:
    """Read a certificate.

    :raises RemediationError: the bytes are not a certificate; the message names the option.
    """
    try:
        ((_tag, certificate),) = items(der)
        fields = [item for item in items(next(items(certificate))[1]) if item[0] != VERSION]
        issuer, validity, subject = fields[2][1], fields[3][1], fields[4][1]  # after serialNumber and signature
        names = [dn.rfc4514(relative_names(name)) for name in (subject, issuer)]
        return CertificateOutline(der, names[0], _is_ca(fields), names[1], _not_after(validity))
    except (ValueError, IndexError, StopIteration, UnicodeError) as error:
        raise RemediationError(
            "%s: contains a block that is not a certificate (%s)" % (option, str(error) or TRUNCATED),
            "Export the certificate again, as PEM.",
        ) from error


def items(data: bytes) -> Iterator[Tuple[int, bytes]]:
    """Tag and content of each item.

    :raises ValueError: a length is wrong.
    """
    offset = 0
    while offset < len(data):
        start, end = bounds(data, offset)
        yield data[offset], data[start:end]
        offset = end


def bounds(data: bytes, offset: int) -> Tuple[int, int]:
    """Start and end of the content of the item at an offset.

    :raises ValueError: a length is wrong.
    """
    if offset + 2 > len(data):
        raise ValueError(TRUNCATED)
    length, start = data[offset + 1], offset + 2
    if length & 0x80:
        size = length & 0x7F
        if not 1 <= size <= 4:
            raise ValueError("a length is malformed")
        length, start = int.from_bytes(data[start : start + size], "big"), start + size
    if start + length > len(data):
        raise ValueError(TRUNCATED)
    return start, start + length


@dataclass(frozen=True)
class Fields:
    """The encoded fields of a certificate by which related certificates are found (RFC 5280 section 4.1)."""

    issuer: bytes
    subject: bytes
    public_key: bytes


def fields_of(der: bytes) -> Fields:
    """Slice a certificate. Only lengths are decoded, because a pool can have thousands of certificates.

    :raises ValueError: the bytes are not a certificate.
    """
    offset, _end = bounds(der, bounds(der, 0)[0])
    if der[offset : offset + 1] == bytes([VERSION]):
        offset = bounds(der, offset)[1]
    ends = [offset]
    for _field in range(6):  # serialNumber, signature, issuer, validity, subject, subjectPublicKeyInfo
        ends.append(bounds(der, ends[-1])[1])
    return Fields(der[ends[2] : ends[3]], der[ends[4] : ends[5]], der[ends[5] : ends[6]])


def relative_names(subject: bytes) -> List[List[Tuple[str, str]]]:
    """Pairs of OID and value for each relative distinguished name. Characters that cannot be decoded are replaced."""
    names = []
    for _set, relative in items(subject):
        pairs = []
        for _sequence, pair in items(relative):
            (_tag, oid), (kind, value) = items(pair)
            pairs.append((dotted(oid), value.decode("utf-16-be" if kind == BMP_STRING else "utf-8", "replace")))
        names.append(pairs)
    return names


def _not_after(validity: bytes) -> Optional[str]:
    """The end of a validity (RFC 5280 section 4.1.2.5): two digits of a year below 50 are of this century."""
    _not_before, (tag, data) = items(validity)
    digits = data.decode("ascii", "replace")[:-1]
    if tag == UTC_TIME:
        digits = ("20" if digits[:2] < "50" else "19") + digits
    if tag not in (UTC_TIME, GENERALIZED_TIME) or len(digits) != 14 or not digits.isdigit():
        return None
    return "%s-%s-%sT%s:%s:%sZ" % (digits[:4], digits[4:6], digits[6:8], digits[8:10], digits[10:12], digits[12:])


def _is_ca(fields: Sequence[Tuple[int, bytes]]) -> bool:
    """The cA flag of basic constraints; false if the extension is missing (RFC 5280 section 4.2.1.9)."""
    extensions = next((content for tag, content in fields if tag == EXTENSIONS), None)
    for _tag, extension in items(next(items(extensions))[1]) if extensions else ():
        parts = list(items(extension))
        if dotted(parts[0][1]) == BASIC_CONSTRAINTS:
            ((_sequence, constraints),) = items(parts[-1][1])
            return next(iter(items(constraints)), (0, b"\0")) == (BOOLEAN, b"\xff")
    return False


def dotted(oid: bytes) -> str:
    """An object identifier as text, such as ``2.5.29.19``.

    :raises ValueError: it is empty, cut off, or too long.
    """
    if not oid or oid[-1] & 0x80 or len(oid) > LONGEST_OID:
        raise ValueError("an object identifier is malformed")
    numbers, value = [], 0
    for byte in oid:
        value = value << 7 | byte & 0x7F
        if not byte & 0x80:
            numbers.append(value)
            value = 0
    first = numbers[0]
    return ".".join(str(number) for number in [min(first // 40, 2), first - 40 * min(first // 40, 2)] + numbers[1:])
