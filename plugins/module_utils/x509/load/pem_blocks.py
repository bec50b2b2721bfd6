# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""PEM blocks (RFC 7468), and everything that was meant to be one and is not."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from typing import Iterator, List, Optional, Tuple, Union

BOUNDARY = re.compile(rb"-----(BEGIN|END) ([A-Za-z0-9 #/_.]+)-----")
#: a line that somebody meant to be a boundary
LOOSE = re.compile(rb"^[ \t>\"']*-+[ \t]*(?:BEGIN|END)\b[^\n]*", re.MULTILINE | re.IGNORECASE)
#: a line of Base64 that stands in no block
STRAY = re.compile(rb"^[ \t]*[A-Za-z0-9+/]{48,}={0,2}[ \t]*$", re.MULTILINE)
#: RFC 1421 section 4.6: a header, which may go on in lines that begin with a blank
HEADER = re.compile(rb"[A-Za-z][A-Za-z0-9-]*:[^\n]*\n(?:[ \t][^\n]*\n)*")
EMPTY_LINE = re.compile(rb"\n[ \t]*\n")
COMMENT = re.compile(rb"^[ \t]*#[^\n]*$", re.MULTILINE)
#: what quoting leaves around pasted lines; none of it is Base64
QUOTES = b"\"',\\ \t\n\f\v"


@dataclass(frozen=True)
class Block:
    """A block between its BEGIN and END lines.

    ``start`` and ``end`` are its place in the text, boundaries included; ``line`` counts from 1.
    """

    label: str
    body: bytes
    line: int
    start: int
    end: int

    @property
    def where(self) -> str:
        """Its place, for messages."""
        return "the block at line %d" % self.line

    @property
    def is_private_key(self) -> bool:
        """Whether it must not be shown."""
        return self.label.endswith("PRIVATE KEY")

    def decoded(self) -> bytes:
        """The bytes that it encodes.

        :raises ValueError: it is not Base64, or empty.
        """
        body = self.body.lstrip(b"\n")
        while HEADER.match(body):
            body = body[HEADER.match(body).end() :].lstrip(b"\n")  # type: ignore[union-attr]
        if EMPTY_LINE.search(body):
            raise ValueError("broken by an empty line, above which TLS libraries look for headers")
        return decoded_base64(COMMENT.sub(b"", body) if b"#" in body else body)


def decoded_base64(text: bytes) -> bytes:
    """Base64 however it is wrapped, indented or quoted; padding that was lost is put back.

    :raises ValueError: it is something else, or empty.
    """
    text = text.translate(None, QUOTES)
    try:
        data = base64.b64decode(text + b"=" * (-len(text) % 4), validate=True)
    except binascii.Error as error:
        raise ValueError("not Base64: %s" % error) from error
    if not data:
        raise ValueError("empty")
    return data


def blocks(text: bytes) -> Iterator[Union[Block, str]]:
    """The blocks of a text in their order; a string is a warning about what is none, with its line.

    :param text: as ``texts.plain`` makes it.
    """
    count = _Lines(text)
    begun: Optional[Tuple[bytes, re.Match, int]] = None
    outside = 0
    for boundary in BOUNDARY.finditer(text):
        word, label = boundary.groups()
        line = count.at(boundary.start())
        if word == b"BEGIN":
            if begun:
                yield "the block at line %d has no END line" % begun[2]
            else:
                yield from _strays(text, outside, boundary.start(), count)
            begun = label, boundary, line
            continue
        if begun is None:
            yield from _strays(text, outside, boundary.start(), count)
            yield "line %d ends a block that was never begun" % line
        elif begun[0] != label:
            yield "the block at line %d begins as %s and ends as %s" % (begun[2], begun[0].decode(), label.decode())
        else:
            start = begun[1]
            yield Block(label.decode("ascii"), text[start.end() : boundary.start()], begun[2], start.start(), boundary.end())
        begun, outside = None, boundary.end()
    if begun:
        yield "the block at line %d has no END line" % begun[2]
    else:
        yield from _strays(text, outside, len(text), count)


def _strays(text: bytes, start: int, end: int, count: _Lines) -> List[str]:
    """Warnings about lines between blocks that were meant to belong to one."""
    between = text[start:end]
    if not between.strip():
        return []
    warnings = [
        "line %d looks like the BEGIN or END line of a block and is none" % count.at(start + match.start())
        for match in LOOSE.finditer(between)
    ]
    stray = STRAY.search(between)
    if stray:
        warnings.append("line %d is Base64 that stands in no block" % count.at(start + stray.start()))
    return warnings


class _Lines:
    """Line numbers of rising places, counted once."""

    def __init__(self, text: bytes) -> None:
        self.text = text
        self.place = 0
        self.line = 1

    def at(self, place: int) -> int:
        """The line of a place; places asked for must not go far back."""
        if place < self.place:
            return self.line - self.text.count(b"\n", place, self.place)
        self.line += self.text.count(b"\n", self.place, place)
        self.place = place
        return self.line
