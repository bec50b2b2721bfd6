# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The contexts of all TLS of this collection: to collect certificates, or to verify them. Standard library only: appliances run this.

One strictness for all of them, whatever the release of Python (docs/adr/0016-one-strictness.md). ``ssl.create_default_context`` sets other flags since
Python 3.13, so that the same server would be refused on one controller and accepted on another. Nothing else makes contexts.
"""

from __future__ import annotations

import socket
import ssl
from typing import Any, Optional

#: up to this version the Certificate message is not encrypted (RFC 8446 section 4.4.2)
LAST_CLEARTEXT_VERSION = ssl.TLSVersion.TLSv1_2
#: X509_V_FLAG_PARTIAL_CHAIN, which Python names since 3.10: a path may end at any anchor
PARTIAL_CHAIN = 0x80000
#: X509_V_FLAG_X509_STRICT: refuse what RFC 5280 forbids a CA to issue although a client can verify it, such as a CA without key identifiers
X509_STRICT = 0x20


def new_context(protocol: int) -> ssl.SSLContext:
    """The base of every context: a client's or a server's, with nobody trusted yet.

    A path is validated as RFC 5280 section 6.1 says, and no more is asked of its certificates. ``cert_inspect`` reports what stricter clients
    refuse (TRUST-STRICT-REFUSES). A path may end at every anchor, self-signed or not: Java treats its keystores so, and so does a client that
    pins an intermediate.
    """
    context = ssl.SSLContext(protocol)
    context.verify_flags = ssl.VerifyFlags(context.verify_flags & ~X509_STRICT | PARTIAL_CHAIN)
    return context


def collecting_context() -> ssl.SSLContext:
    """A context that accepts every certificate, to inspect it. Building one is slow: share it."""
    context = _probing(new_context(ssl.PROTOCOL_TLS_CLIENT))
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def verifying_context(anchors: str, intermediates: str = "") -> ssl.SSLContext:
    """A context for a handshake that trusts the anchors (PEM text; empty: nobody) and nothing else.

    Names are verified as in RFC 9525; the common name counts only if the certificate has no dNSName.

    :param intermediates: CA certificates (PEM text) that the client has and does not trust, for a server that does not send them. With them, a path
        ends at a self-signed anchor only.
    """
    context = _probing(new_context(ssl.PROTOCOL_TLS_CLIENT))
    if anchors:
        context.load_verify_locations(cadata=anchors + intermediates)
    if intermediates:
        context.verify_flags = ssl.VerifyFlags(context.verify_flags & ~PARTIAL_CHAIN)
    return context


def requesting_context(anchors: Optional[str] = None) -> ssl.SSLContext:
    """A context for requests over HTTPS, which verifies as ``verifying_context`` does. No chain is read, so every version of TLS will do.

    :param anchors: PEM text; None: the trust store of the system.
    """
    context = new_context(ssl.PROTOCOL_TLS_CLIENT)
    if anchors is None:
        context.load_default_certs()
    else:
        context.load_verify_locations(cadata=anchors)
    return context


def secured(plain: socket.socket, context: ssl.SSLContext, host: str) -> ssl.SSLSocket:
    """Make the handshake of a connection whose end must be announced, so that no answer is cut short unnoticed (RFC 8446 section 6.1).

    :raises OSError: the handshake fails, or the server is not trusted.
    """
    context.options &= ~getattr(ssl, "OP_IGNORE_UNEXPECTED_EOF", 0)  # some releases of Python 3.10 and 3.11 set it
    return context.wrap_socket(plain, server_hostname=host, suppress_ragged_eofs=False)


def _probing(context: ssl.SSLContext) -> ssl.SSLContext:
    if not can_read_every_chain():
        context.maximum_version = LAST_CLEARTEXT_VERSION
    return context


def can_read_every_chain() -> bool:
    """Whether this Python returns the chain of a failed verification, as 3.10 and later do; else it is read off the wire."""
    return hasattr(ssl.SSLObject, "get_unverified_chain") or hasattr(_ssl_socket_type(), "get_unverified_chain")


def _ssl_socket_type() -> Any:
    import _ssl

    return getattr(_ssl, "_SSLSocket", None)
