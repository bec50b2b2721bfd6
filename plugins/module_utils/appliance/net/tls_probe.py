# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One TLS handshake: the chain as the server sent it, and how OpenSSL verified it, also if the verification failed.

Standard library only: appliances run this. Raises nothing but ProbeError.
"""

from __future__ import annotations

import errno
import socket
import ssl
import time
from dataclasses import dataclass
from typing import Optional, Sequence, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.appliance.net import tls_wire
from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.deadline import addresses_of, connect_to_first
from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.tls_client import TlsClient
from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.tls_context import (
    LAST_CLEARTEXT_VERSION,
    can_read_every_chain,
    collecting_context,
)
from ansible_collections.certmend.tls.plugins.module_utils.core.enums import StringEnum


class ProbeCode(StringEnum):
    """Why there was no handshake, as results report it."""

    RESOLVE_FAILED = "RESOLVE-FAILED"
    CONNECT_REFUSED = "CONNECT-REFUSED"
    CONNECT_TIMEOUT = "CONNECT-TIMEOUT"
    HOST_UNREACHABLE = "HOST-UNREACHABLE"
    HANDSHAKE_TIMEOUT = "HANDSHAKE-TIMEOUT"
    NOT_TLS = "NOT-TLS"
    TLS_ALERT = "TLS-ALERT"
    CONNECTION_CLOSED = "CONNECTION-CLOSED"


class ProbeError(Exception):
    """There was no handshake whose certificate could be verified.

    :param code: one of ProbeCode, kept as plain text for results.
    """

    def __init__(self, code: ProbeCode, message: str, advice: str) -> None:
        super().__init__(message)
        self.code: str = code.value
        self.message = message
        self.advice = advice


@dataclass(frozen=True)
class Handshake:
    """The result of a handshake.

    :param chain: DER certificates as sent, the server's own first.
    :param verify_code: OpenSSL's X509_V_ERR number; 0 if the certificate verified, None if it was not verified.
    :param addresses: what the host resolved to; ``address`` is the one that answered.
    """

    chain: Tuple[bytes, ...]
    protocol: str
    cipher: str
    verify_code: Optional[int]
    verify_message: str
    addresses: Tuple[str, ...]
    address: str
    seconds: float


def probe(host: str, port: int, server_name: str, address: Optional[str] = None, timeout: float = 5.0, context: Optional[ssl.SSLContext] = None) -> Handshake:
    """Make one handshake.

    :param server_name: the name to send (SNI) and, with a verifying context, to verify.
    :param address: connect there instead of resolving the host.
    :param timeout: seconds for all of it, from resolving to the last message.
    :raises ProbeError: no TLS server answered.
    """
    context = context or collecting_context()
    started = time.monotonic()
    addresses = (address,) if address else resolve(host, port, started + timeout)
    attempt = _Attempt(addresses, port, server_name, started, started + timeout)
    try:
        return attempt.run(context)
    except ProbeError as error:
        if error.code != ProbeCode.TLS_ALERT or can_read_every_chain() or context.maximum_version != LAST_CLEARTEXT_VERSION:
            raise
    # The server may speak TLS 1.3 only: an old Python then reads no more than the server's own certificate, but can verify it.
    context.maximum_version = ssl.TLSVersion.MAXIMUM_SUPPORTED
    return attempt.run(context)


def resolve(host: str, port: int, deadline: float) -> Tuple[str, ...]:
    """The addresses of a host, in the system's order.

    :param deadline: on the clock time.monotonic.
    :raises ProbeError: RESOLVE-FAILED.
    """
    try:
        return addresses_of(host, port, deadline)
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or error
        advice = "Add it to DNS, or map it on this host (role hosts_mapping)."
        raise ProbeError(ProbeCode.RESOLVE_FAILED, "%s cannot be resolved: %s" % (host, reason), advice) from error


@dataclass(frozen=True)
class _Attempt:
    """A connection to the first address that answers, and a handshake over it, before a deadline (time.monotonic)."""

    addresses: Tuple[str, ...]
    port: int
    server_name: str
    started: float
    deadline: float

    def run(self, context: ssl.SSLContext) -> Handshake:
        sock, address = _connect(self.addresses, self.port, self.deadline)
        with sock:
            client = TlsClient(sock, context, self.server_name, self.deadline)
            code, message = _shake_hands(client, address)
        cipher = client.tls.cipher()
        return Handshake(
            chain=client.chain(),
            protocol=client.tls.version() or "",
            cipher=cipher[0] if cipher else "",
            verify_code=None if context.verify_mode == ssl.CERT_NONE else code,
            verify_message=message,
            addresses=self.addresses,
            address=address,
            seconds=time.monotonic() - self.started,
        )


def _connect(addresses: Sequence[str], port: int, deadline: float) -> Tuple[socket.socket, str]:
    """Connect to the first address that answers; if none does, report why the last one failed."""
    if not addresses:
        raise ProbeError(ProbeCode.RESOLVE_FAILED, "the name resolves to no address", "Give an address.")
    try:
        return connect_to_first(addresses, port, deadline)
    except OSError as error:
        raise _connect_failure(error, "%s port %d" % (getattr(error, "tried", addresses[0]), port)) from error


def _connect_failure(error: OSError, where: str) -> ProbeError:
    if isinstance(error, socket.timeout) or error.errno == errno.ETIMEDOUT:
        return ProbeError(ProbeCode.CONNECT_TIMEOUT, "%s does not answer" % where, "Check address, route and firewall.")
    if error.errno == errno.ECONNREFUSED:
        return ProbeError(ProbeCode.CONNECT_REFUSED, "%s refuses the connection" % where, "Check the port, and that the server runs.")
    message = "%s cannot be reached: %s" % (where, error.strerror or error)
    return ProbeError(ProbeCode.HOST_UNREACHABLE, message, "Check address and route.")


def _shake_hands(client: TlsClient, address: str) -> Tuple[int, str]:
    """OpenSSL's X509_V_ERR number and message; 0 if the handshake was completed."""
    try:
        client.shake_hands()
    except ssl.SSLCertVerificationError as error:
        return error.verify_code, error.verify_message
    except socket.timeout as error:
        message = "%s accepts the connection but does not answer the handshake" % address
        advice = "Check that the port speaks TLS, and that nothing on the way drops the packets."
        raise ProbeError(ProbeCode.HANDSHAKE_TIMEOUT, message, advice) from error
    except OSError as error:
        raise _handshake_failure(error, address, bytes(client.received)) from error
    return 0, ""


def _handshake_failure(error: OSError, address: str, received: bytes) -> ProbeError:
    if received and not tls_wire.is_tls(received):
        advice = "Check the port: it may speak plain HTTP or another protocol."
        return ProbeError(ProbeCode.NOT_TLS, "%s answers, but not with TLS" % address, advice)
    alert = tls_wire.alert(received)
    if alert:
        advice = "Read the reason in the server's log."
        return ProbeError(ProbeCode.TLS_ALERT, "%s ended the handshake with an alert: %s" % (address, alert), advice)
    reason = str(getattr(error, "reason", None) or error).replace("_", " ").lower()
    advice = "Read the server's log. It may not accept the protocol version, the ciphers or the server name of the client."
    return ProbeError(ProbeCode.CONNECTION_CLOSED, "%s ended the handshake: %s" % (address, reason), advice)
