# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The two kinds of TLS client: one collects certificates, one verifies them. Standard library only: appliances run this."""

from __future__ import annotations

import socket
import ssl
from typing import Any

#: up to this version the Certificate message is not encrypted (RFC 8446 section 4.4.2)
LAST_CLEARTEXT_VERSION = ssl.TLSVersion.TLSv1_2
#: X509_V_FLAG_PARTIAL_CHAIN, which Python names since 3.10
PARTIAL_CHAIN = 0x80000


def collecting_context() -> ssl.SSLContext:
    """A context that accepts every certificate, to inspect it. Building one is slow: share it."""
    context = _context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def verifying_context(anchors: str, intermediates: str = "") -> ssl.SSLContext:
    """A context that trusts the anchors (PEM text; empty: nobody) and nothing else.

    A path may end at every anchor, self-signed or not: Java treats its keystores so, and so does a client that pins an
    intermediate. Names are verified as in RFC 9525; the common name counts only if the certificate has no dNSName.

    :param intermediates: CA certificates (PEM text) that the client has and does not trust, for a server that does not send them. With them, a path
        ends at a self-signed anchor only.
    """
    context = _context()
    if anchors:
        context.load_verify_locations(cadata=anchors + intermediates)
    if not intermediates:
        context.verify_flags |= PARTIAL_CHAIN
    return context


def secured(plain: socket.socket, context: ssl.SSLContext, host: str) -> ssl.SSLSocket:
    """Make the handshake of a connection whose end must be announced, so that no answer is cut short unnoticed (RFC 8446 section 6.1).

    :raises OSError: the handshake fails, or the server is not trusted.
    """
    context.options &= ~getattr(ssl, "OP_IGNORE_UNEXPECTED_EOF", 0)  # some releases of Python 3.10 and 3.11 set it
    return context.wrap_socket(plain, server_hostname=host, suppress_ragged_eofs=False)


def _context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if not can_read_every_chain():
        context.maximum_version = LAST_CLEARTEXT_VERSION
    return context


def can_read_every_chain() -> bool:
    """Whether this Python returns the chain of a failed verification, as 3.10 and later do; else it is read off the wire."""
    return hasattr(ssl.SSLObject, "get_unverified_chain") or hasattr(_ssl_socket_type(), "get_unverified_chain")


def _ssl_socket_type() -> Any:
    import _ssl

    return getattr(_ssl, "_SSLSocket", None)
