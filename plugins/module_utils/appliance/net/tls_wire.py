# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Read a server's messages of a TLS handshake off the wire (RFC 8446, RFC 5246), which Python's ssl before 3.10 does not return.

Only messages that are not encrypted: the Certificate message up to TLS 1.2, and alerts. Never raises.
"""

from __future__ import annotations

from typing import Iterator, List, Tuple

ALERT, HANDSHAKE = 21, 22
CERTIFICATE = 11

#: RFC 8446 section 6, RFC 5246 section 7.2
ALERTS = {
    0: "close notify",
    10: "unexpected message",
    20: "bad record mac",
    40: "handshake failure (no protocol version, cipher or certificate in common)",
    42: "bad certificate",
    43: "unsupported certificate",
    44: "certificate revoked",
    45: "certificate expired",
    46: "certificate unknown",
    47: "illegal parameter",
    48: "unknown CA",
    49: "access denied",
    50: "decode error",
    51: "decrypt error",
    70: "protocol version not supported",
    71: "insufficient security",
    80: "internal error",
    86: "inappropriate fallback",
    90: "user canceled",
    109: "missing extension",
    110: "unsupported extension",
    112: "unrecognized name: no server for this name here",
    116: "certificate required: the server asks for a client certificate",
    120: "no application protocol",
}


def is_tls(data: bytes) -> bool:
    """Whether the bytes begin as a TLS record does."""
    return len(data) >= 3 and 20 <= data[0] <= 23 and data[1] == 3


def records(data: bytes) -> Iterator[Tuple[int, bytes]]:
    """Type and content of each complete record."""
    offset = 0
    while offset + 5 <= len(data):
        end = offset + 5 + int.from_bytes(data[offset + 3 : offset + 5], "big")
        if end > len(data):
            return
        yield data[offset], data[offset + 5 : end]
        offset = end


def alert(data: bytes) -> str:
    """The description of the first fatal alert that is not encrypted; empty if there is none."""
    for kind, content in records(data):
        if kind == ALERT and len(content) == 2 and content[0] == 2:
            return ALERTS.get(content[1], "alert %d" % content[1])
    return ""


def certificates(data: bytes) -> List[bytes]:
    """The DER certificates of the Certificate message, in the order sent; empty if the message is missing or incomplete."""
    messages = b"".join(content for kind, content in records(data) if kind == HANDSHAKE)
    for kind, body in _vectors(messages, type_bytes=1):
        if kind == CERTIFICATE:
            return [certificate for _first, certificate in _vectors(body[3:], type_bytes=0)]
    return []


def _vectors(data: bytes, type_bytes: int) -> Iterator[Tuple[int, bytes]]:
    """The first byte and the content of each complete item with a length of three bytes.

    :param type_bytes: how many bytes stand before the length.
    """
    offset, header = 0, type_bytes + 3
    while offset + header <= len(data):
        start = offset + header
        end = start + int.from_bytes(data[start - 3 : start], "big")
        if end > len(data):
            return
        yield data[offset], data[start:end]
        offset = end
