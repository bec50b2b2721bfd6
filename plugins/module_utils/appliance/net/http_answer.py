# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Read the answer to an HTTP/1.1 request (RFC 9112) from a server that may be hostile. Standard library only.

Every part has a bound, which is compared before memory is used. An answer that was cut short, or whose length is ambiguous, is no answer.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Callable, Dict, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.deadline import PIECE

#: bytes of a line, line break included
LONGEST_LINE = 16 * 1024
#: bytes of all the lines before the body, those of interim answers (100 Continue) included; and of all trailers
LONGEST_HEAD = 64 * 1024
#: header fields of an answer
MOST_FIELDS = 100
#: bytes of the line with the size of a chunk, and of all chunk extensions of an answer
LONGEST_CHUNK_LINE, LONGEST_EXTENSIONS = 1024, 16 * 1024

STATUS = re.compile(rb"HTTP/1\.([01]) ([1-5][0-9]{2})(?: [^\r\n]*)?\Z")
FIELD = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\r\n\0]*?)[ \t]*\Z")
DIGITS = re.compile(r"[0-9]{1,18}\Z")
CHUNK = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(;[^\r\n]*)?\Z")


class BadAnswer(Exception):
    """The bytes are no complete answer; the text is the reason."""


class NoAnswer(BadAnswer):
    """The server closed the connection before the first byte."""


class TooLong(BadAnswer):
    """The body is longer than allowed."""


@dataclass(frozen=True)
class RawAnswer:
    """An answer as it came.

    :param headers: by their names in lower case; the last value if a name occurs several times.
    :param closes: whether no further answer comes over this connection.
    """

    status: int
    headers: Dict[str, str]
    body: bytes
    closes: bool


class AnswerReader:
    """Reads one answer.

    :param receive: returns the next bytes, at most as many as it is told; empty at the end.
    :param longest: bytes of a body.
    """

    def __init__(self, receive: Callable[[int], bytes], longest: int) -> None:
        self._receive, self._longest = receive, longest
        self._buffer = bytearray()
        self._ended = False

    def read(self) -> RawAnswer:
        """The final answer; interim answers are skipped.

        :raises BadAnswer: the answer is not complete, not HTTP/1.1, or a part of it is too long.
        """
        if not self._fill():
            raise NoAnswer("the server closed the connection without an answer")
        version, status, headers = self._head()
        body, until_end = self._body(status, headers)
        announced = [option.strip().lower() for option in headers.get("connection", "").split(",")]
        closes = until_end or "close" in announced or (version == 0 and "keep-alive" not in announced)
        # bytes that nobody asked for would be taken for the answer to the next request
        return RawAnswer(status, headers, body, closes or bool(self._buffer))

    def _head(self) -> Tuple[int, int, Dict[str, str]]:
        """Minor version, status and headers of the final answer."""
        left = LONGEST_HEAD
        while True:
            line = self._line(LONGEST_LINE)
            match = STATUS.match(line)
            if not match:
                raise BadAnswer("the server does not answer in HTTP/1.1")
            headers, left = self._fields(left - len(line))
            status = int(match.group(2))
            if status == 101:
                raise BadAnswer("the server switches to another protocol")
            if status >= 200:
                return int(match.group(1)), status, headers

    def _fields(self, left: int) -> Tuple[Dict[str, str], int]:
        """The header fields up to the empty line, and how many bytes may still follow."""
        headers: Dict[str, str] = {}
        for _number in range(MOST_FIELDS + 1):
            line = self._line(LONGEST_LINE)
            left -= len(line) + 2
            if left < 0:
                raise BadAnswer("the headers are longer than %d bytes" % LONGEST_HEAD)
            if not line:
                return headers, left
            match = FIELD.match(line)
            if not match:
                raise BadAnswer("a header line is malformed")
            name, value = match.group(1).decode("ascii").lower(), match.group(2).decode("latin-1")
            if name in ("content-length", "transfer-encoding") and name in headers:
                raise BadAnswer("the header %s occurs twice" % name)
            headers[name] = value
        raise BadAnswer("the answer has more than %d headers" % MOST_FIELDS)

    def _body(self, status: int, headers: Dict[str, str]) -> Tuple[bytes, bool]:
        """The body, and whether it lasts until the connection ends (RFC 9112 section 6.3)."""
        encoding, length = headers.get("transfer-encoding"), headers.get("content-length")
        if encoding is not None and (encoding.lower() != "chunked" or length is not None):
            raise BadAnswer("the length of the answer is ambiguous (Transfer-Encoding: %s)" % encoding)
        if length is not None and not DIGITS.match(length):
            raise BadAnswer("Content-Length is not a number")
        if status in (204, 304):
            return b"", False
        if encoding is not None:
            return self._chunked(), False
        if length is None:
            return self._until_end(), True
        body = bytearray()
        self._append(int(length), body)
        return bytes(body), False

    def _chunked(self) -> bytes:
        body = bytearray()
        extensions = LONGEST_EXTENSIONS
        while True:
            match = CHUNK.match(self._line(LONGEST_CHUNK_LINE))
            if not match:
                raise BadAnswer("the size of a chunk is malformed")
            extensions -= len(match.group(2) or b"")
            if extensions < 0:
                raise BadAnswer("the chunk extensions are longer than %d bytes" % LONGEST_EXTENSIONS)
            size = int(match.group(1), 16)
            if not size:
                self._fields(LONGEST_HEAD)  # the trailers, which nobody needs
                return bytes(body)
            self._append(size, body)
            if self._line(LONGEST_CHUNK_LINE):
                raise BadAnswer("a chunk is longer than its size")

    def _append(self, size: int, body: bytearray) -> None:
        """Append the next bytes of the answer to the body."""
        self._check_length(len(body) + size)
        while size:
            if not self._buffer and not self._fill(size):
                raise BadAnswer("the answer was cut short")
            piece = self._buffer[:size]
            del self._buffer[:size]
            body += piece
            size -= len(piece)

    def _until_end(self) -> bytes:
        while self._fill():
            self._check_length(len(self._buffer))
        body = bytes(self._buffer)
        self._buffer.clear()
        self._check_length(len(body))
        return body

    def _check_length(self, length: int) -> None:
        if length > self._longest:
            raise TooLong("the answer is larger than %d bytes" % self._longest)

    def _line(self, longest: int) -> bytes:
        """The next line without its line break."""
        start = 0
        while True:
            end = self._buffer.find(b"\n", start, longest)
            if end >= 0:
                line = bytes(self._buffer[:end])
                del self._buffer[: end + 1]
                return line[:-1] if line.endswith(b"\r") else line
            start = len(self._buffer)
            if start >= longest:
                raise BadAnswer("a line of the answer is longer than %d bytes" % longest)
            if not self._fill():
                raise BadAnswer("the answer was cut short")

    def _fill(self, most: int = PIECE) -> bool:
        """Receive more; False at the end."""
        if not self._ended:
            data = self._receive(min(most, PIECE))
            self._ended = not data
            self._buffer += data
        return not self._ended
