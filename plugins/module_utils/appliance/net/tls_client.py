# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A TLS client that keeps what the server sent. Standard library only: appliances run this."""

from __future__ import annotations

import socket
import ssl
from typing import Any, Sequence, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.appliance.net import tls_wire
from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.deadline import DeadlineSocket
from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.hostnames import is_address, to_ascii

#: bytes that a server may send during a handshake; OpenSSL accepts a chain of 100 KiB
LONGEST_HANDSHAKE = 1024 * 1024


class TlsClient:
    """A TLS client over memory buffers, so that the server's messages can be read in every version of Python."""

    def __init__(self, sock: socket.socket, context: ssl.SSLContext, server_name: str, deadline: float) -> None:
        name = server_name if is_address(server_name) else to_ascii(server_name)
        self._wire = DeadlineSocket(sock, deadline)
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.received = bytearray()
        self.tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=name or None)

    def shake_hands(self) -> None:
        """Exchange messages until the handshake ends.

        :raises OSError: it failed; socket.timeout after the deadline.
        """
        while True:
            try:
                self.tls.do_handshake()
                self._send()
                return
            except ssl.SSLWantReadError:
                self._send()
                self._receive()

    def _send(self) -> None:
        data = self._outgoing.read()
        if data:
            self._wire.send(data)

    def _receive(self) -> None:
        data = self._wire.receive()
        if not data:
            raise ConnectionResetError("closed during the handshake")
        if len(self.received) + len(data) > LONGEST_HANDSHAKE:
            raise OSError("the server sends more than %d bytes in its handshake" % LONGEST_HANDSHAKE)
        self.received += data
        self._incoming.write(data)

    def chain(self) -> Tuple[bytes, ...]:
        """The DER certificates that the server sent, its own first; empty if it sent none."""
        inner: Any = getattr(self.tls, "_sslobj", None)
        outer: Any = self.tls
        if hasattr(outer, "get_unverified_chain"):  # public since Python 3.13
            chain = [bytes(certificate) for certificate in outer.get_unverified_chain() or ()]
        elif hasattr(inner, "get_unverified_chain"):  # since Python 3.10
            chain = [ssl.PEM_cert_to_DER_cert(certificate.public_bytes()) for certificate in inner.get_unverified_chain() or ()]
        else:
            chain = []
        return tuple(chain or tls_wire.certificates(bytes(self.received)) or self._own_certificate())

    def _own_certificate(self) -> Sequence[bytes]:
        """The server's own certificate, which every version of Python returns after a completed handshake."""
        try:
            der = self.tls.getpeercert(True)
        except ValueError:  # the handshake was not completed
            return ()
        return (der,) if der else ()
