# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Detect the form of a file (PEM, DER, PKCS#7, PKCS#12, Base64 of these) and slice out its certificates.

Pools of thousands pass through here, so only Base64 and lengths are decoded.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import List, Optional, Sequence, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.appliance.formats.ber import definite
from ansible_collections.certmend.tls.plugins.module_utils.appliance.formats.der import bounds
from ansible_collections.certmend.tls.plugins.module_utils.core.sentences import counted
from ansible_collections.certmend.tls.plugins.module_utils.x509.load import pkcs7
from ansible_collections.certmend.tls.plugins.module_utils.x509.load.pem_blocks import Block, blocks, decoded_base64
from ansible_collections.certmend.tls.plugins.module_utils.x509.load.text_encoding import is_binary, is_json, plain

CERTIFICATE_LABELS = ("CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE", "PKCS7", "PKCS #7 SIGNED DATA", "CMS", "PKCS12")
#: other blocks that may stand in a file, and are skipped
OTHER_LABELS = ("PRIVATE KEY", "PUBLIC KEY", "PARAMETERS", "REQUEST", "X509 CRL", "ATTRIBUTE CERTIFICATE", "SSH2 PUBLIC KEY")
#: an encoding within an encoding within an encoding; more do not occur in practice
MAXIMUM_LAYERS = 3
TAG_INTEGER, TAG_OID, TAG_SEQUENCE = 0x02, 0x06, 0x30
PFX_VERSION = b"\x02\x01\x03"
#: octets: no certificate is shorter, and a megabyte holds half a million items of two
SHORTEST = 64
#: warnings about one input: a person reads no more, and each costs time
MAXIMUM_WARNINGS = 100
#: PKCS#12 files in one input: opening each costs as much as its writer asked for
MAXIMUM_PKCS12 = 8


@dataclass
class Encoded:
    """The certificates of a file, not decoded yet.

    :param ders: the bytes of each certificate, in the order of the input, and its position (``the block at line 7``).
    :param warnings: everything that looks like a certificate but is broken.
    :param pkcs12: the PKCS#12 files among the content; each may have a private key.
    """

    ders: Tuple[Tuple[bytes, str], ...] = ()
    warnings: Tuple[str, ...] = ()
    pkcs12: Tuple[bytes, ...] = ()
    #: the number of PKCS#12 files that were opened, or that could not be
    tried: int = 0


def encoded_certificates(data: bytes, password: Optional[str] = None) -> Encoded:
    """Find the certificates in a file's content. Never raises.

    :param password: of a PKCS#12.
    """
    found = _found(data, "the content", password, MAXIMUM_LAYERS)
    found.warnings = few(found.warnings)
    return found


def few(warnings: Sequence[str]) -> Tuple[str, ...]:
    """The first warnings, and how many others there are."""
    others = len(warnings) - MAXIMUM_WARNINGS
    return (
        (*warnings[:MAXIMUM_WARNINGS], "%s not listed" % ("1 further problem is" if others == 1 else "%d further problems are" % others))
        if others > 0
        else tuple(warnings)
    )


def _found(data: bytes, where: str, password: Optional[str], layers: int) -> Encoded:
    if is_binary(data):
        return _in_binary(data, where, password)
    if is_json(data):
        return Encoded(warnings=("%s is a JSON document: give the text of the member that holds the certificate" % where,))
    text = plain(data)
    if b"-----" in text:
        return _in_blocks(text, where, password)
    if not text.strip():
        return Encoded(warnings=("%s is empty" % where,))
    try:
        inner = decoded_base64(text)
    except ValueError:
        return Encoded(warnings=("%s is neither PEM, DER, PKCS#7, PKCS#12 nor Base64 of one of them" % where,))
    if layers == 0 or len(inner) < 2:
        return Encoded(warnings=("%s is Base64 of no certificate" % where,))
    return _found(inner, where, password, layers - 1)


def _in_blocks(text: bytes, where: str, password: Optional[str]) -> Encoded:
    """PEM: block by block, so that a broken block hides no other."""
    ders: List[Tuple[bytes, str]] = []
    warnings: List[str] = []
    others: List[str] = []
    pkcs12: List[bytes] = []
    tried = 0
    for block in blocks(text):
        if isinstance(block, str):
            warnings.append(block)
        elif tried == MAXIMUM_PKCS12:
            warnings.append("%s is skipped: there are %d PKCS#12 above it" % (block.where, tried))
        elif block.label in CERTIFICATE_LABELS:
            found = _in_block(block, password)
            ders += found.ders
            warnings += found.warnings
            pkcs12 += found.pkcs12
            tried += found.tried
        else:
            others.append(block.label)
            if not block.label.endswith(OTHER_LABELS):
                warnings.append("%s has the label %s, which is skipped" % (block.where, block.label))
    if not ders and not warnings:
        warnings.append("%s holds no certificate%s" % (where, ", but: " + ", ".join(dict.fromkeys(others)) if others else ""))
    return Encoded(tuple(ders), tuple(warnings), tuple(pkcs12))


def _in_block(block: Block, password: Optional[str]) -> Encoded:
    try:
        der = block.decoded()
    except ValueError as error:
        return Encoded(warnings=("%s cannot be read: it is %s" % (block.where, error),))
    found = _in_trusted(der, block.where) if block.label == "TRUSTED CERTIFICATE" else _in_binary(der, block.where, password)
    if block.objection:
        found.warnings += ("%s %s" % (block.where, block.objection),)
    return found


def _in_trusted(der: bytes, where: str) -> Encoded:
    """OpenSSL's form: the certificate, followed by the purposes that it is trusted for."""
    try:
        return Encoded(((der[: bounds(der, 0)[1]], where),))
    except ValueError as error:
        return Encoded(warnings=("%s is not a certificate: %s" % (where, error),))


def _in_binary(data: bytes, where: str, password: Optional[str]) -> Encoded:
    """DER: certificates one after the other, a PKCS#7, or a PKCS#12. Recognised by content: labels and file names are often wrong."""
    try:
        data = definite(data)
        start, end = bounds(data, 0)
        first = data[start : start + 3]
        if first[:1] == bytes([TAG_OID]):
            return _in_pkcs7(data[:end], where)
    except ValueError as error:
        return Encoded(warnings=("%s is not a certificate: %s" % (where, error),))
    if first == PFX_VERSION:
        return _in_pkcs12(data, where, password)
    if first[:1] == bytes([TAG_INTEGER]):
        return Encoded(warnings=("%s is not a certificate but looks like a private key" % where,))
    return _concatenated(data, where)


def _concatenated(data: bytes, where: str) -> Encoded:
    ders: List[Tuple[bytes, str]] = []
    warnings: List[str] = []
    offset = short = 0
    while offset < len(data) and (not offset or data[offset] == TAG_SEQUENCE):
        try:
            end = bounds(data, offset)[1]
        except ValueError as error:
            warnings.append("%s: byte %d is not a certificate: %s" % (where, offset, error))
            offset = len(data)
            break
        if offset and end - offset < SHORTEST:
            short += 1
        else:
            ders.append((data[offset:end], where if not offset else "%s, byte %d" % (where, offset)))
        offset = end
    if data[offset:].strip(b"\0\r\n\t "):
        warnings.append("%s has %s behind its last certificate" % (where, counted(len(data) - offset, "byte")))
    return Encoded(tuple(ders), (*_too_short(where, short), *warnings))


def _too_short(where: str, number: int) -> Tuple[str, ...]:
    items = "an item that is" if number == 1 else "%d items that are" % number
    return ("%s has %s too short for a certificate" % (where, items),) if number else ()


def _in_pkcs7(data: bytes, where: str) -> Encoded:
    try:
        ders = pkcs7.certificates(data)
    except (ValueError, IndexError) as error:
        return Encoded(warnings=("%s is a broken PKCS#7: %s" % (where, error),))
    if not ders:
        return Encoded(warnings=("%s is a PKCS#7 without certificates" % where,))
    long_enough = [(number, der) for number, der in enumerate(ders, start=1) if len(der) >= SHORTEST]
    found = tuple((der, "%s, certificate %d of the PKCS#7" % (where, number)) for number, der in long_enough)
    return Encoded(found, _too_short(where, len(ders) - len(found)))


def _in_pkcs12(data: bytes, where: str, password: Optional[str]) -> Encoded:
    # rarely needed, and slow to import
    from ansible_collections.certmend.tls.plugins.module_utils.x509.load import pkcs12

    try:
        ders = pkcs12.certificates(data, password)
    except ValueError as error:
        return Encoded(warnings=("%s is a PKCS#12 that cannot be opened: %s" % (where, error),), tried=1)
    if not ders:
        return Encoded(warnings=("%s is a PKCS#12 without certificates" % where,), tried=1)
    return Encoded(tuple((der, "%s, certificate %d of the PKCS#12" % (where, number)) for number, der in enumerate(ders, start=1)), pkcs12=(data,), tried=1)
