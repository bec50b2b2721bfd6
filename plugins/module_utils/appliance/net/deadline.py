# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Resolve, connect, send and receive before a deadline (time.monotonic). Standard library only: appliances run this.

The timeout of a socket starts again at each byte: a server that sends one byte per second would hold a client forever.
"""

from __future__ import annotations

import socket
import threading
import time
from typing import Any, List, Sequence, Tuple

#: bytes that are read from a socket at once
PIECE = 64 * 1024
#: addresses of one host that are tried
MOST_ADDRESSES = 16


def seconds_until(deadline: float) -> float:
    """The time that is left, at least a millisecond: a socket timeout of 0 would mean not to wait at all."""
    return max(deadline - time.monotonic(), 0.001)


def addresses_of(host: str, port: int, deadline: float) -> Tuple[str, ...]:
    """The addresses of a host, each once, in the system's order. IPv6 addresses of a link keep their zone.

    The system's resolver knows no deadline, so a thread waits for it.

    :raises OSError: the host cannot be resolved; socket.timeout after the deadline.
    """
    outcome: List[Any] = []

    def ask() -> None:
        try:
            outcome.append(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except BaseException as error:
            outcome.append(error)

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(seconds_until(deadline))
    if not outcome:
        raise socket.timeout("the name was not resolved in time")
    if isinstance(outcome[0], BaseException):
        raise outcome[0]
    return tuple(dict.fromkeys(str(answer[4][0]) for answer in outcome[0]))


def connect_to_first(addresses: Sequence[str], port: int, deadline: float) -> Tuple[socket.socket, str]:
    """Connect to the first address that answers.

    :raises OSError: none answers; the error of the last one that was tried, with its address in ``tried``.
    """
    failure = OSError("the name resolves to no address")
    for address in addresses[:MOST_ADDRESSES]:
        try:
            return socket.create_connection((address, port), seconds_until(deadline)), address
        except OSError as error:
            failure = error
            failure.tried = address  # type: ignore[attr-defined]
        if time.monotonic() >= deadline:
            break
    raise failure


class DeadlineSocket:
    """A connected socket, plain or TLS, that is used until a deadline."""

    def __init__(self, sock: socket.socket, deadline: float) -> None:
        self.sock, self.deadline = sock, deadline

    def send(self, data: bytes) -> None:
        """Send all the bytes. ``sendall`` of a TLS socket would wait anew after each piece.

        :raises OSError: socket.timeout after the deadline.
        """
        view = memoryview(data)
        while view:
            self._prepare()
            view = view[self.sock.send(view[:PIECE]) :]

    def receive(self, most: int = PIECE) -> bytes:
        """The bytes that have arrived; empty if the server closed the connection.

        :raises OSError: socket.timeout after the deadline.
        """
        self._prepare()
        return self.sock.recv(most)

    def _prepare(self) -> None:
        if time.monotonic() >= self.deadline:
            raise socket.timeout("the deadline has passed")
        self.sock.settimeout(seconds_until(self.deadline))
