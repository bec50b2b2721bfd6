# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The certificates of a PKCS#7 SignedData (RFC 2315 section 9, RFC 5652 section 5), each extracted by itself.

A library that decodes the whole refuses all for a single broken certificate; here the others remain.
"""

from __future__ import annotations

from typing import List, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.appliance.formats.der import (
    OBJECT_IDENTIFIER,
    SEQUENCE,
    bounds,
    dotted,
    items,
)

SIGNED_DATA = "1.2.840.113549.1.7.2"
CERTIFICATES, SET, CONSTRUCTED, INDEFINITE = 0xA0, 0x31, 0x20, 0x80
END_OF_CONTENTS = b"\0\0"
MAXIMUM_NESTING = 32


def certificates(content: bytes) -> List[bytes]:
    """The DER of each certificate.

    :param content: a whole ContentInfo, DER or BER.
    :raises ValueError: it is not SignedData, or its lengths do not add up.
    """
    content = definite(content)
    start, end = bounds(content, 0)
    parts = list(items(content[start:end]))
    if len(parts) < 2 or parts[0][0] != OBJECT_IDENTIFIER or dotted(parts[0][1]) != SIGNED_DATA:
        raise ValueError("it is not PKCS#7 SignedData")
    signed_data = parts[1][1]
    start, end = bounds(signed_data, 0)
    found, offset = [], start
    while offset < end:
        inner_start, inner_end = bounds(signed_data, offset)
        if signed_data[offset] == CERTIFICATES:
            found += _elements(signed_data[inner_start:inner_end])
        offset = inner_end
    return found


def _elements(data: bytes) -> List[bytes]:
    """Each SEQUENCE, with its header; anything else (an old attribute certificate) is skipped."""
    found, offset = [], 0
    while offset < len(data):
        _start, end = bounds(data, offset)
        if data[offset] == SEQUENCE:
            found.append(data[offset:end])
        offset = end
    return found


def definite(data: bytes) -> bytes:
    """Rewrite indefinite lengths of BER (X.690 section 8.1.3.6) as definite ones; anything else stays as it is."""
    if len(data) < 2 or data[1] != INDEFINITE:
        return data
    return _definite(data, 0, 0)[0]


def _definite(data: bytes, offset: int, depth: int) -> Tuple[bytes, int]:
    """The item at an offset with definite lengths throughout, and the offset behind it."""
    if offset + 2 > len(data) or depth > MAXIMUM_NESTING:
        raise ValueError("it ends too early" if depth <= MAXIMUM_NESTING else "it is nested too deeply")
    if data[offset + 1] != INDEFINITE:
        end = bounds(data, offset)[1]
        return data[offset:end], end
    tag, inner, offset = data[offset], [], offset + 2
    while data[offset : offset + 2] != END_OF_CONTENTS:
        item, offset = _definite(data, offset, depth + 1)
        inner.append(item)
    content = b"".join(inner)
    return bytes([tag]) + _length(len(content)) + content, offset + 2


def _length(length: int) -> bytes:
    if length < 0x80:
        return bytes([length])
    size = (length.bit_length() + 7) // 8
    return bytes([0x80 | size]) + length.to_bytes(size, "big")
