# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Make plain text, with line feeds, of any encoding, line ends and escapes."""

from __future__ import annotations

import codecs

from ansible_collections.certmend.tls.plugins.module_utils.appliance.formats.json_text import parse_json

UTF_16_BOMS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
#: enough of a file to tell its encoding by
SAMPLE = 4096
#: the share of ASCII in a text that is mostly Base64
MOSTLY = 0.8


def plain(data: bytes) -> bytes:
    """Text as UTF-8 without a byte order mark; every line end, also an escaped one (as in JSON), becomes a line feed.

    For text only: check ``is_binary`` first.
    """
    data = _utf_8(data)
    if b"\r" in data:  # a transfer as text, done twice, leaves two carriage returns
        data = data.replace(b"\r\r\n", b"\n").replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if b"\\n" in data and b"-----BEGIN " in data:
        for escaped in (b"\\\\r\\\\n", b"\\\\n", b"\\r\\n", b"\\n"):
            data = data.replace(escaped, b"\n")
    return data


def _utf_8(data: bytes) -> bytes:
    encoding = _utf_16(data)
    if encoding:
        return data.decode(encoding, "replace").encode("utf-8", "replace")
    return data[len(codecs.BOM_UTF8) :] if data.startswith(codecs.BOM_UTF8) else data


def _utf_16(data: bytes) -> str:
    """The UTF-16 encoding of a file of mostly ASCII text, recognised by its byte order mark or by the position of its zeros; else empty."""
    if data.startswith(UTF_16_BOMS):
        return "utf-16"
    sample = data[:SAMPLE]
    low, high = sample[::2], sample[1::2]
    if len(sample) < 4:
        return ""
    if 0 not in low and high.count(0) >= MOSTLY * len(high):
        return "utf-16-le"
    return "utf-16-be" if 0 not in high and low.count(0) >= MOSTLY * len(low) else ""


def is_json(text: bytes) -> bool:
    """Whether it is a complete JSON object or list; a pasted string from one is not."""
    if text.lstrip()[:1] not in (b"{", b"["):
        return False
    try:
        parse_json(text)
    except ValueError:
        return False
    return True


def is_binary(data: bytes) -> bool:
    """Whether it is DER (or BER) and not text: it begins with a SEQUENCE whose length cannot be the second byte of a text."""
    return data[:1] == b"0" and len(data) > 1 and (data[1] >= 0x80 or data[1] + 2 == len(data))
