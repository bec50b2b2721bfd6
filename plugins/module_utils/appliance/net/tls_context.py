# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The two kinds of TLS client: one that looks, one that verifies. Standard library only: appliances run this."""

from __future__ import annotations

import ssl
from typing import Any

#: RFC 8446 section 4.4.2: up to this version the Certificate message travels in the clear
IN_THE_CLEAR = ssl.TLSVersion.TLSv1_2


def collecting_context() -> ssl.SSLContext:
    """A context that accepts every certificate, to look at it. Building one is slow: share it."""
    context = _context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def verifying_context(anchors: str) -> ssl.SSLContext:
    """A context that trusts the anchors (PEM text) and nothing else.

    Every anchor ends a path, self-signed or not: Java reads its keystores so, and an operator who pins an intermediate
    means it. Names are checked as RFC 9525 has it; a common name counts only where there is no dNSName at all.
    """
    context = _context()
    context.load_verify_locations(cadata=anchors)
    context.verify_flags |= 0x80000  # X509_V_FLAG_PARTIAL_CHAIN, which Python names from 3.10 on
    return context


def _context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if not sees_every_chain():
        context.maximum_version = IN_THE_CLEAR
    return context


def sees_every_chain() -> bool:
    """Python 3.10 and later can tell the chain of a failed verification; before, it is read off the wire."""
    return hasattr(ssl.SSLObject, "get_unverified_chain") or hasattr(_ssl_socket_type(), "get_unverified_chain")


def _ssl_socket_type() -> Any:
    import _ssl

    return _ssl._SSLSocket
