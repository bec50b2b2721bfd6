# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Read a subject alternative name (RFC 5280 section 4.2.1.6) that the library refuses as a whole, entry by entry."""

from __future__ import annotations

import ipaddress
from typing import Dict, Iterator, List, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.appliance.formats.der import EXTENSIONS, bounds, items
from ansible_collections.certmend.tls.plugins.module_utils.core.shown_text import printable_value

#: the object identifier of the extension, and one that nothing has, of the same length
SUBJECT_ALTERNATIVE_NAME = bytes.fromhex("551d11")
NOTHING = bytes.fromhex("551d7f")
#: the attribute of Certificate for each kind of entry, by its tag (context-specific, primitive)
TEXTS = {0x81: "email_addresses", 0x82: "dns_names", 0x86: "uris"}
IP_ADDRESS = 0x87
ADDRESS_LENGTHS = (4, 16)


def decoded_names(certificate: bytes) -> Dict[str, Tuple[str, ...]]:
    """The entries that are plain IA5 text, or an address of 4 or 16 octets, by the attribute of Certificate; any other entry is left out.

    :param certificate: DER.
    :raises ValueError, IndexError: the lengths do not add up, or there is no such extension.
    """
    start, end = _extension(certificate)
    value = list(items(certificate[start:end]))[-1][1]  # the OCTET STRING after the object identifier and the criticality
    ((_sequence, names),) = items(value)
    found: Dict[str, List[str]] = {attribute: [] for attribute in (*TEXTS.values(), "ip_addresses")}
    for tag, content in items(names):
        if tag in TEXTS and content.isascii():
            found[TEXTS[tag]].append(printable_value(content.decode("ascii")))
        elif tag == IP_ADDRESS and len(content) in ADDRESS_LENGTHS:
            found["ip_addresses"].append(str(ipaddress.ip_address(content)))
    return {attribute: tuple(values) for attribute, values in found.items()}


def without_names(certificate: bytes) -> bytes:
    """The certificate with an unknown extension in the place of this one, so that the library decodes the others. Its signature is not valid any more.

    :raises ValueError, IndexError: as ``decoded_names``.
    """
    start, _end = _extension(certificate)
    identifier = bounds(certificate, start)[0]
    return certificate[:identifier] + NOTHING + certificate[identifier + len(NOTHING) :]


def _extension(certificate: bytes) -> Tuple[int, int]:
    """Where the content of the extension begins and ends."""
    fields_start = bounds(certificate, bounds(certificate, 0)[0])[0]
    fields_end = bounds(certificate, bounds(certificate, 0)[0])[1]
    for offset in _offsets(certificate, fields_start, fields_end):
        if certificate[offset] == EXTENSIONS:
            start, end = bounds(certificate, bounds(certificate, offset)[0])
            for extension in _offsets(certificate, start, end):
                inside = bounds(certificate, extension)
                first, last = bounds(certificate, inside[0])
                if certificate[first:last] == SUBJECT_ALTERNATIVE_NAME:
                    return inside
    raise ValueError("there is no subject alternative name")


def _offsets(data: bytes, start: int, end: int) -> Iterator[int]:
    """Where each item of a content begins."""
    while start < end:
        yield start
        start = bounds(data, start)[1]
