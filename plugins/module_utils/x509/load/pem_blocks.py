# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""PEM blocks (RFC 7468), and warnings about everything that looks like one but is broken."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from typing import Iterator, List, Match, Optional, Union

BOUNDARY = re.compile(rb"-----(BEGIN|END) ([A-Za-z0-9 #/_.]+)-----")
#: a malformed boundary line
LOOSE = re.compile(rb"^[ \t>\"']*-+[ \t]*(?:BEGIN|END)\b[^\n]*", re.MULTILINE | re.IGNORECASE)
#: a line of Base64 outside of any block
STRAY = re.compile(rb"^[ \t]*[A-Za-z0-9+/]{48,}={0,2}[ \t]*$", re.MULTILINE)
#: RFC 1421 section 4.6: a header, which may continue in lines that begin with a blank
HEADER = re.compile(rb"\n*[A-Za-z][A-Za-z0-9-]*:[^\n]*\n(?:[ \t][^\n]*\n)*")
EMPTY_LINE = re.compile(rb"\n[ \t]*\n")
COMMENT = re.compile(rb"^[ \t]*#[^\n]*$", re.MULTILINE)
#: what quoting leaves around pasted lines; none of it is Base64
QUOTES = b"\"',\\ \t\n\f\v"


@dataclass(frozen=True)
class Block:
    """A block between its BEGIN and END lines.

    :param line: of its BEGIN line, counted from 1.
    :param start: its offset in the text, boundaries included; ``end`` likewise.
    """

    label: str
    body: bytes
    line: int
    start: int
    end: int

    @property
    def where(self) -> str:
        """Its position, for messages."""
        return "the block at line %d" % self.line

    def decoded(self) -> bytes:
        """The bytes that it encodes.

        :raises ValueError: it is not Base64, or empty.
        """
        text = self._text()
        return decoded_base64(COMMENT.sub(b"", text) if b"#" in text else text)

    @property
    def objection(self) -> str:
        """Why TLS libraries refuse it although it can be decoded, as the end of a sentence; empty if they do not."""
        return "is broken by an empty line: TLS libraries read what is above it as headers" if EMPTY_LINE.search(self._text().lstrip(b"\n")) else ""

    def _text(self) -> bytes:
        """The body without its headers."""
        offset, header = 0, HEADER.match(self.body)
        while header:
            offset = header.end()
            header = HEADER.match(self.body, offset)
        return self.body[offset:]


def decoded_base64(text: bytes) -> bytes:
    """Decode Base64, however it is wrapped, indented or quoted; missing padding is added.

    :raises ValueError: it is not Base64, or is empty.
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
    """The blocks of a text in their order; a string is a warning about a broken block, with its line.

    :param text: as ``text_encoding.plain`` returns it.
    """
    return _Scan(text).run()


class _Scan:
    """One pass over the boundaries of a text."""

    def __init__(self, text: bytes) -> None:
        self.text = text
        self.lines = _Lines(text)
        self.begin: Optional[Match[bytes]] = None
        self.begin_line = 0
        #: where the text outside of blocks that was not examined yet begins
        self.outside = 0

    def run(self) -> Iterator[Union[Block, str]]:
        """As ``blocks``."""
        for boundary in BOUNDARY.finditer(self.text):
            if self.begin is None:
                yield from self._strays(boundary.start())
            if boundary.group(1) == b"BEGIN":
                if self.begin is not None:
                    yield self._no_end()
                self.begin, self.begin_line = boundary, self.lines.at(boundary.start())
            else:
                yield self._end(boundary)
                self.begin, self.outside = None, boundary.end()
        if self.begin is not None:
            yield self._no_end()
        else:
            yield from self._strays(len(self.text))

    def _no_end(self) -> str:
        return "the block at line %d has no END line" % self.begin_line

    def _end(self, boundary: Match[bytes]) -> Union[Block, str]:
        """The block that an END line closes."""
        if self.begin is None:
            return "line %d is an END line without a BEGIN line" % self.lines.at(boundary.start())
        label, end_label = self.begin.group(2).decode("ascii"), boundary.group(2).decode("ascii")
        if label != end_label:
            return "the block at line %d begins as %s and ends as %s" % (self.begin_line, label, end_label)
        body = self.text[self.begin.end() : boundary.start()]
        return Block(label, body, self.begin_line, self.begin.start(), boundary.end())

    def _strays(self, end: int) -> List[str]:
        """Warnings about lines outside of blocks that look like parts of one."""
        between = self.text[self.outside : end]
        if not between.strip():
            return []
        warnings = [
            "line %d looks like a BEGIN or END line, but is malformed" % self.lines.at(self.outside + match.start()) for match in LOOSE.finditer(between)
        ]
        stray = STRAY.search(between)
        if stray:
            warnings.append("line %d is Base64 outside of any block" % self.lines.at(self.outside + stray.start()))
        return warnings


class _Lines:
    """Line numbers of rising offsets, counted once."""

    def __init__(self, text: bytes) -> None:
        self.text = text
        self.offset = 0
        self.line = 1

    def at(self, offset: int) -> int:
        """The line of an offset; it must not be far below the one before."""
        if offset < self.offset:
            return self.line - self.text.count(b"\n", offset, self.offset)
        self.line += self.text.count(b"\n", self.offset, offset)
        self.offset = offset
        return self.line
