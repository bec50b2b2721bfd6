# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Read a server's half of a TLS handshake off the wire (RFC 8446, RFC 5246): what Python's ssl before 3.10 does not tell.

Only what travels in the clear: the Certificate message up to TLS 1.2, and alerts. Never raises.
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
    """Whether bytes begin as a TLS record does."""
    return len(data) >= 3 and 20 <= data[0] <= 23 and data[1] == 3


def records(data: bytes) -> Iterator[Tuple[int, bytes]]:
    """Type and content of each whole record."""
    place = 0
    while place + 5 <= len(data):
        length = int.from_bytes(data[place + 3 : place + 5], "big")
        if place + 5 + length > len(data):
            return
        yield data[place], data[place + 5 : place + 5 + length]
        place += 5 + length


def alert(data: bytes) -> str:
    """The description of a fatal alert in the clear; empty where there is none."""
    for kind, content in records(data):
        if kind == ALERT and len(content) == 2 and content[0] == 2:
            return ALERTS.get(content[1], "alert %d" % content[1])
    return ""


def certificates(data: bytes) -> List[bytes]:
    """The DER certificates of the Certificate message, as sent; empty where it was not seen whole."""
    messages = b"".join(content for kind, content in records(data) if kind == HANDSHAKE)
    for kind, body in _vectors(messages, tag=True):
        if kind == CERTIFICATE:
            return [one for _kind, one in _vectors(body[3:], tag=False)]
    return []


def _vectors(data: bytes, tag: bool) -> Iterator[Tuple[int, bytes]]:
    """Items with a length of three bytes, each with a byte of type before it where ``tag`` says so."""
    place, head = 0, 4 if tag else 3
    while place + head <= len(data):
        length = int.from_bytes(data[place + head - 3 : place + head], "big")
        if place + head + length > len(data):
            return
        yield data[place], data[place + head : place + head + length]
        place += head + length
