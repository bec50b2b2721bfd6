# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One TLS handshake: the chain as the server sent it, and OpenSSL's verdict on it, also when the verdict is no.

Standard library only: appliances run this. Never raises anything but ProbeError.
"""

from __future__ import annotations

import errno
import socket
import ssl
import time
from dataclasses import dataclass
from typing import Any, List, Optional, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.appliance.net import tls_wire
from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.hostnames import is_address, to_ascii
from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.tls_context import IN_THE_CLEAR, collecting_context, sees_every_chain


class ProbeError(Exception):
    """There was no handshake to judge.

    :param code: RESOLVE-FAILED, CONNECT-REFUSED, CONNECT-TIMEOUT, HOST-UNREACHABLE, HANDSHAKE-TIMEOUT, NOT-TLS,
        TLS-ALERT, CONNECTION-CLOSED.
    """

    def __init__(self, code: str, message: str, advice: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.advice = advice


@dataclass(frozen=True)
class Handshake:
    """What a handshake showed.

    :param chain: DER certificates as sent, the server's own first.
    :param verify_code: OpenSSL's X509_V_ERR number; 0 where it verified, None where nobody asked.
    :param addresses: what the host resolved to; the one that answered is ``address``.
    """

    chain: Tuple[bytes, ...]
    protocol: str
    cipher: str
    verify_code: Optional[int]
    verify_message: str
    addresses: Tuple[str, ...]
    address: str
    seconds: float


def probe(
    host: str,
    port: int,
    server_name: str,
    address: Optional[str] = None,
    timeout: float = 5.0,
    context: Optional[ssl.SSLContext] = None,
) -> Handshake:
    """Make one handshake.

    :param server_name: the name to send (SNI) and, with a verifying context, to check.
    :param address: connect there instead of resolving the host.
    :param timeout: seconds for all of it, from resolving to the last message.
    :raises ProbeError: no TLS server answered.
    """
    context = context or collecting_context()
    started = time.monotonic()
    addresses = [address] if address else resolve(host, port)
    try:
        return _attempt(addresses, port, context, server_name, started, started + timeout)
    except ProbeError as error:
        if error.code != "TLS-ALERT" or sees_every_chain() or context.maximum_version != IN_THE_CLEAR:
            raise
    # A server of TLS 1.3 alone: an old Python then sees its own certificate at most, but verifies all the same.
    context.maximum_version = ssl.TLSVersion.MAXIMUM_SUPPORTED
    return _attempt(addresses, port, context, server_name, started, started + timeout)


def _attempt(
    addresses: List[str], port: int, context: ssl.SSLContext, server_name: str, started: float, deadline: float
) -> Handshake:
    sock, reached = _connect(addresses, port, deadline)
    with sock:
        return _shake(sock, context, server_name, deadline, tuple(addresses), reached, started)


def resolve(host: str, port: int) -> List[str]:
    """The addresses of a host, in the system's order.

    :raises ProbeError: RESOLVE-FAILED.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError) as error:
        raise ProbeError(
            "RESOLVE-FAILED",
            "%s cannot be resolved: %s" % (host, getattr(error, "strerror", None) or error),
            "Add it to DNS, or map it on this host (role hosts_mapping).",
        ) from error
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def _connect(addresses: List[str], port: int, deadline: float) -> Tuple[socket.socket, str]:
    """The first address that answers; the last refusal where none does."""
    refusal: Optional[ProbeError] = None
    for address in addresses:
        try:
            return socket.create_connection((address, port), max(deadline - time.monotonic(), 0.001)), address
        except OSError as error:
            refusal = _refusal(error, address, port)
    raise refusal or ProbeError("RESOLVE-FAILED", "there is no address to connect to", "Give an address.")


def _refusal(error: OSError, address: str, port: int) -> ProbeError:
    where = "%s port %d" % (address, port)
    if isinstance(error, socket.timeout) or error.errno == errno.ETIMEDOUT:
        return ProbeError("CONNECT-TIMEOUT", "%s does not answer" % where, "Check address, route and firewall.")
    if error.errno == errno.ECONNREFUSED:
        return ProbeError("CONNECT-REFUSED", "%s refuses the connection" % where, "Check the port and that the server runs.")
    return ProbeError(
        "HOST-UNREACHABLE", "%s cannot be reached: %s" % (where, error.strerror or error), "Check address and route."
    )


def _shake(
    sock: socket.socket,
    context: ssl.SSLContext,
    server_name: str,
    deadline: float,
    addresses: Tuple[str, ...],
    address: str,
    started: float,
) -> Handshake:
    """Drive the handshake over memory, so that the bytes can be looked at whatever Python's version."""
    incoming, outgoing, seen = ssl.MemoryBIO(), ssl.MemoryBIO(), bytearray()
    name = server_name if is_address(server_name) else to_ascii(server_name)
    tls = context.wrap_bio(incoming, outgoing, server_hostname=name or None)
    code, message = (None if context.verify_mode == ssl.CERT_NONE else 0), ""
    try:
        _drive(sock, tls, incoming, outgoing, seen, deadline)
    except ssl.SSLCertVerificationError as error:
        code, message = error.verify_code, error.verify_message
    except socket.timeout as error:
        raise ProbeError(
            "HANDSHAKE-TIMEOUT",
            "%s accepts the connection and does not answer the handshake" % address,
            "Check that the port speaks TLS and that nothing in between holds the packets.",
        ) from error
    except (ssl.SSLError, OSError) as error:
        raise _no_handshake(error, address, bytes(seen)) from error
    chain = _chain_of(tls) or tls_wire.certificates(bytes(seen)) or _own_certificate(tls)
    cipher = tls.cipher()
    return Handshake(
        chain=tuple(chain),
        protocol=tls.version() or "",
        cipher=cipher[0] if cipher else "",
        verify_code=code,
        verify_message=message,
        addresses=addresses,
        address=address,
        seconds=time.monotonic() - started,
    )


def _drive(sock: socket.socket, tls: Any, incoming: Any, outgoing: Any, seen: bytearray, deadline: float) -> None:
    while True:
        try:
            tls.do_handshake()
            _send(sock, outgoing, deadline)
            return
        except ssl.SSLWantReadError:
            _send(sock, outgoing, deadline)
            left = deadline - time.monotonic()
            if left <= 0:
                raise socket.timeout from None
            sock.settimeout(left)
            data = sock.recv(65536)
            if not data:
                raise ConnectionResetError("closed during the handshake") from None
            seen += data
            incoming.write(data)


def _send(sock: socket.socket, outgoing: Any, deadline: float) -> None:
    data = outgoing.read()
    if data:
        sock.settimeout(max(deadline - time.monotonic(), 0.001))
        sock.sendall(data)


def _no_handshake(error: Exception, address: str, seen: bytes) -> ProbeError:
    if seen and not tls_wire.is_tls(seen):
        return ProbeError(
            "NOT-TLS", "%s answers, but not with TLS" % address, "Check the port: it may speak plain HTTP or another protocol."
        )
    alert = tls_wire.alert(seen)
    if alert:
        return ProbeError("TLS-ALERT", "%s ends the handshake: %s" % (address, alert), "See the server's log for the reason.")
    reason = getattr(error, "reason", None) or str(error)
    return ProbeError(
        "CONNECTION-CLOSED",
        "%s ended the handshake: %s" % (address, str(reason).replace("_", " ").lower()),
        "See the server's log; protocol versions, ciphers or the server name may not fit.",
    )


def _chain_of(tls: Any) -> Optional[List[bytes]]:
    """The chain as sent, where this Python can tell it."""
    if hasattr(tls, "get_unverified_chain"):  # public from 3.13 on
        return [bytes(one) for one in tls.get_unverified_chain() or []]
    inner = getattr(tls, "_sslobj", None)
    if hasattr(inner, "get_unverified_chain"):  # there since 3.10
        return [ssl.PEM_cert_to_DER_cert(one.public_bytes()) for one in inner.get_unverified_chain() or []]
    return None


def _own_certificate(tls: Any) -> List[bytes]:
    """The server's own certificate, which every Python tells after a finished handshake."""
    try:
        der = tls.getpeercert(True)
    except ValueError:  # the handshake was not finished
        return []
    return [der] if der else []
