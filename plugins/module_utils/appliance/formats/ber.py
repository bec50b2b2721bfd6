# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Indefinite lengths of BER (X.690 section 8.1.3.6), as some programs write them. Standard library only."""

from __future__ import annotations

from typing import Tuple

from ansible_collections.certmend.tls.plugins.module_utils.appliance.formats.der import TRUNCATED, bounds

INDEFINITE = 0x80
END_OF_CONTENTS = b"\0\0"
MAXIMUM_NESTING = 32


def definite(data: bytes) -> bytes:
    """Rewrite indefinite lengths as definite ones; anything else stays as it is.

    :raises ValueError: it ends too early, or is nested too deeply.
    """
    if len(data) < 2 or data[1] != INDEFINITE:
        return data
    return _definite(data, 0, 0)[0]


def _definite(data: bytes, offset: int, depth: int) -> Tuple[bytes, int]:
    """The item at an offset with definite lengths throughout, and the offset behind it."""
    if offset + 2 > len(data) or depth > MAXIMUM_NESTING:
        raise ValueError(TRUNCATED if depth <= MAXIMUM_NESTING else "it is nested too deeply")
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
