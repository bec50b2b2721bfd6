# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Answers to HTTP requests, read from a real socket: what is complete, and what is refused before it costs memory."""

from __future__ import annotations

import contextlib
import socket
import threading

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.http_answer import AnswerReader, BadAnswer, NoAnswer, TooLong

HEAD = b"HTTP/1.1 200 OK\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"


@pytest.fixture
def read():
    """read(bytes that a server sends before it closes the connection, the longest body) -> the answer."""

    def reading(data, longest=1000, most=65536):
        ours, theirs = socket.socketpair()
        with ours, theirs:
            sender = threading.Thread(target=_send, args=(theirs, data), daemon=True)
            sender.start()
            return AnswerReader(lambda wanted: ours.recv(min(wanted, most)), longest).read()

    return reading


def _send(sock, data):
    with contextlib.suppress(OSError):
        sock.sendall(data)
        sock.shutdown(socket.SHUT_WR)


@pytest.mark.parametrize("most", [1, 7, 65536])
@pytest.mark.parametrize(
    "data, body, closes",
    [
        (HEAD + b"Content-Length: 5\r\n\r\nhello", b"hello", False),
        (HEAD + b"\r\nhello", b"hello", True),
        (CHUNKED + b"2\r\nhe\r\n3;a=b\r\nllo\r\n0\r\nX-Trailer: 1\r\n\r\n", b"hello", False),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n" + HEAD + b"Content-Length: 0\r\n\r\n", b"", False),
        (b"HTTP/1.1 204 No Content\r\n\r\n", b"", False),
        (b"HTTP/1.0 200\r\nContent-Length: 1\r\n\r\nx", b"x", True),
        (b"HTTP/1.0 200 OK\nConnection: Keep-Alive\nContent-Length: 1\n\nx", b"x", False),
        (HEAD + b"Connection: Close\r\nContent-Length: 1\r\n\r\nx", b"x", True),
    ],
)
def test_a_complete_answer_is_read_however_it_arrives(data, body, closes, most, read):
    answer = read(data, most=most)
    assert (answer.body, answer.closes) == (body, closes)


@pytest.mark.parametrize(
    "data",
    [
        HEAD + b"Content-Length: 6\r\n\r\nhello",
        CHUNKED + b"5\r\nhello\r\n",
        CHUNKED + b"5\r\nhel",
        CHUNKED + b"5\r\nhello\r\n0\r\n",
        HEAD + b"Content-Le",
        b"HTTP/1.1 100 Continue\r\n\r\n",
    ],
)
def test_an_answer_that_was_cut_short_is_no_answer(data, read):
    with pytest.raises(BadAnswer, match="cut short"):
        read(data)


def test_a_connection_that_was_closed_before_the_first_byte_is_told_apart(read):
    with pytest.raises(NoAnswer):
        read(b"")


@pytest.mark.parametrize(
    "data, words",
    [
        (HEAD + b"Content-Length: 5\r\nContent-Length: 4\r\n\r\nhello", "content-length occurs twice"),
        (HEAD + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "ambiguous"),
        (HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", "ambiguous"),
        (HEAD + b"Content-Length: -5\r\n\r\nhello", "not a number"),
        (HEAD + b"Content-Length: 1_0\r\n\r\nhello", "not a number"),
        (CHUNKED + b"-1\r\n", "size of a chunk is malformed"),
        (CHUNKED + b"0x5\r\nhello\r\n0\r\n\r\n", "size of a chunk is malformed"),
        (CHUNKED + b"4\r\nhello\r\n0\r\n\r\n", "longer than its size"),
        (HEAD + b"X: 1\r\n  folded\r\n\r\n", "header line is malformed"),
        (b"HTTP/2 200 OK\r\n\r\n", "HTTP/1.1"),
        (b"220 mail.corp.example ESMTP\r\n", "HTTP/1.1"),
        (b"HTTP/1.1 101 Switching Protocols\r\n\r\n", "another protocol"),
    ],
)
def test_an_answer_that_two_readers_could_read_differently_is_refused(data, words, read):
    with pytest.raises(BadAnswer, match=words):
        read(data)


@pytest.mark.parametrize(
    "data, words",
    [
        (HEAD + b"X-Long: " + b"x" * 20000, "line of the answer is longer"),
        (HEAD + b"X: 1\r\n" * 101 + b"\r\n", "more than 100 headers"),
        ((HEAD + b"X: %s\r\n" % (b"x" * 15000) * 5), "headers are longer"),
        (b"HTTP/1.1 100 Continue\r\n\r\n" * 4000, "headers are longer"),
        (CHUNKED + b"1;%s" % (b"x" * 2000), "line of the answer is longer"),
        (CHUNKED + b"1;%s\r\nx\r\n" % (b"x" * 1000) * 20, "chunk extensions are longer"),
        (CHUNKED + b"0\r\n" + b"X: 1\r\n" * 101, "more than 100 headers"),
    ],
)
def test_every_part_of_an_answer_has_a_bound(data, words, read):
    with pytest.raises(BadAnswer, match=words):
        read(data, longest=1 << 30)


@pytest.mark.parametrize(
    "data",
    [
        HEAD + b"Content-Length: 999999999999999\r\n\r\n",
        CHUNKED + b"7fffffffffffff\r\n",
        CHUNKED + b"3e8\r\n%s\r\n1\r\n" % (b"x" * 1000),
        HEAD + b"\r\n" + b"x" * 1001,
    ],
)
def test_a_body_that_is_too_long_is_refused_by_its_announced_length(data, read):
    with pytest.raises(TooLong, match="larger than 1000 bytes"):
        read(data)
