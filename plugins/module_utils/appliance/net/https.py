# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""HTTPS requests to a service over a kept connection. The server is verified unless the options switch that off.

Standard library only. The environment's proxy variables are not used.
"""

from __future__ import annotations

import hashlib
import re
import socket
import ssl
import time
from dataclasses import dataclass
from typing import Any, Dict, Mapping, Optional, Set, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.read import read_file
from ansible_collections.certmend.tls.plugins.module_utils.appliance.formats.fingerprints import fingerprint_of, parse_server_fingerprints
from ansible_collections.certmend.tls.plugins.module_utils.appliance.net import tls_probe
from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.answer import Answer
from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.deadline import DeadlineSocket, addresses_of, connect_to_first, seconds_until
from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.hostnames import to_ascii
from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.http_answer import AnswerReader, BadAnswer, NoAnswer, TooLong
from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.tls_context import collecting_context, requesting_context, secured
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError

#: bytes; an answer that is longer is an error, and is not read to its end
MAXIMUM_ANSWER = 64 * 1024 * 1024
#: what a request target and the value of a header may contain: nothing that begins another line
TARGET, VALUE = re.compile(r"/[\x21-\x7e]*\Z"), re.compile(r"[\x20-\x7e]*\Z")


class ConnectionLost(RemediationError):
    """The connection ended after the request was sent and before the answer came: the request may have been carried out."""


class ConnectionFailed(RemediationError):
    """No connection could be made; nothing was sent."""


@dataclass(frozen=True)
class Trust:
    """How a server's certificate is verified.

    :param context: verifies by CA certificates; if there are pins, or verification is switched off, it accepts every certificate.
    :param pins: SHA-256 fingerprints (hexadecimal, lower case), one of which the server's certificate must have. Empty: no pins.
    """

    context: ssl.SSLContext
    pins: Tuple[str, ...] = ()


def trust_of(path: Optional[str], pins: Tuple[str, ...], validate: bool, content: Optional[str] = None) -> Trust:
    """Pins take precedence over CA certificates.

    :param path: a PEM file with CA certificates; None, and no ``content``: the trust store of the system.
    :raises RemediationError: the file cannot be used.
    """
    if pins or not validate:
        return Trust(collecting_context(), pins)
    # OpenSSL would wait for the writer of a FIFO; and text around PEM blocks may be in any encoding, but Python wants ASCII
    content = read_file(path, "trusted_path").decode("ascii", "ignore") if path else content
    try:
        if content is not None and not content.strip():
            raise ValueError("it contains no certificate")
        return Trust(requesting_context(content))
    except (OSError, ValueError, ssl.SSLError) as error:
        raise RemediationError(
            "%s cannot be used: %s" % ("trusted_path: %s" % path if path else "trusted_content:", getattr(error, "strerror", None) or error),
            "Give the CA certificates that the server's certificate is verified with, as PEM.",
        ) from error


def trust_from_params(params: Mapping[str, Any]) -> Trust:
    """Read the options ``trusted_path``, ``trusted_content``, ``server_fingerprint`` and ``validate_certs``.

    :raises RemediationError: the file cannot be used, or a fingerprint is not SHA-256.
    """
    return trust_of(params["trusted_path"], parse_server_fingerprints(params["server_fingerprint"]), params["validate_certs"], params["trusted_content"])


class Session:
    """Requests over a connection that is made at the first request, and again if the server closed it between two requests.

    :param timeout: seconds for a request and its whole answer, from resolving the name to the last byte.
    :param address: connect there instead of resolving ``host``; the certificate is still verified for ``host``.
    """

    def __init__(self, host: str, port: int, trust: Trust, timeout: float, address: Optional[str] = None) -> None:
        self.host, self.port = host, port
        self._trust, self._timeout, self._address = trust, timeout, address
        self._connection: Optional[ssl.SSLSocket] = None
        #: what is sent in requests and may not be shown; whoever signs in adds the password and the token
        self.secrets: Set[str] = set()

    def post(self, path: str, body: bytes, headers: Dict[str, str], again: bool = False) -> Answer:
        """A POST request; see ``request``."""
        return self.request("POST", path, body, headers, again)

    def request(self, method: str, path: str, body: bytes, headers: Dict[str, str], again: bool = False) -> Answer:
        """Send a request and read its answer.

        :param again: whether the request may be sent twice: if the server has closed the kept connection, it is sent over a new one.
        :raises ConnectionLost: no complete answer came; whether the request was carried out is unknown.
        :raises ConnectionFailed: no connection could be made.
        :raises RemediationError: the server is not trusted. Nothing was sent.
        """
        deadline = time.monotonic() + self._timeout
        message = self._message(method, path, body, headers)
        kept = self._connection is not None
        try:
            return self._exchange(message, deadline)
        except (ConnectionError, NoAnswer, ssl.SSLError) as error:
            if not (kept and again):
                raise self._lost(error) from error
        except (OSError, BadAnswer) as error:
            raise self._lost(error) from error
        return self.request(method, path, body, headers)

    def _exchange(self, message: bytes, deadline: float) -> Answer:
        """Send a message and read the answer. Unless all of it came, the connection is of no further use."""
        wire = DeadlineSocket(self._connected(deadline), deadline)
        complete = False
        try:
            wire.send(message)
            raw = AnswerReader(wire.receive, MAXIMUM_ANSWER).read()
            complete = not raw.closes
        finally:
            if not complete:
                self.close()
        return Answer(raw.status, raw.body, raw.headers, frozenset(self.secrets))

    def _message(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> bytes:
        host = to_ascii(self.host.strip("[]"))
        fields = {"Host": ("[%s]" % host if ":" in host else host) + ("" if self.port == 443 else ":%d" % self.port), "Accept-Encoding": "identity"}
        if body or method not in ("GET", "DELETE"):
            fields["Content-Length"] = str(len(body))
        fields.update(headers)
        if not TARGET.match(path) or not all(VALUE.match(value) for value in fields.values()):
            raise RemediationError("%s: the path or a header of the request contains a blank or a control character" % self.where, "Check the options.")
        lines = ["%s %s HTTP/1.1" % (method, path), *("%s: %s" % field for field in fields.items()), "", ""]
        return "\r\n".join(lines).encode("ascii") + body

    @property
    def where(self) -> str:
        """Host and port, for messages."""
        return "%s:%d" % (self.host, self.port)

    def close(self) -> None:
        """Close the connection; the next request makes a new one."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _connected(self, deadline: float) -> ssl.SSLSocket:
        """The kept connection, or a new one to a server that is trusted."""
        if self._connection is None:
            try:
                connection = self._connect(deadline)
            except ssl.SSLCertVerificationError as error:
                raise self._untrusted(error, deadline) from error
            except (OSError, ValueError) as error:
                raise ConnectionFailed(*self._description_of(error)) from error
            self._check_pins(connection)
            self._connection = connection
        return self._connection

    def _connect(self, deadline: float) -> ssl.SSLSocket:
        """Connect and make the handshake."""
        host = self.host.strip("[]")
        addresses = (self._address,) if self._address else addresses_of(host, self.port, deadline)
        plain, _address = connect_to_first(addresses, self.port, deadline)
        try:
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            plain.settimeout(seconds_until(deadline))
            return secured(plain, self._trust.context, host)
        except BaseException:
            plain.close()
            raise

    def _check_pins(self, connection: ssl.SSLSocket) -> None:
        if not self._trust.pins:
            return
        der = connection.getpeercert(True) or b""
        if hashlib.sha256(der).hexdigest() not in self._trust.pins:
            connection.close()
            raise RemediationError(
                "server_fingerprint: %s presents a certificate with SHA-256 %s, which is not among the fingerprints given" % (self.where, fingerprint_of(der)),
                "Compare the fingerprint on the console of the appliance. Nothing was sent.",
            )

    def _untrusted(self, error: ssl.SSLCertVerificationError, deadline: float) -> RemediationError:
        """The reason of the verification, and the fingerprint that a person can compare."""
        try:
            chain = tls_probe.probe(self.host, self.port, self.host, self._address, seconds_until(deadline)).chain
        except tls_probe.ProbeError:
            chain = ()
        presented = "; it presents SHA-256 %s" % fingerprint_of(chain[0]) if chain else ""
        return RemediationError(
            "%s is not trusted: %s%s" % (self.where, error.verify_message, presented),
            "Set trusted_path to the CA certificates that issued the server's certificate; or, after comparing the fingerprint on the console of the "
            "appliance, set server_fingerprint.",
        )

    def _lost(self, error: Exception) -> ConnectionLost:
        if isinstance(error, TooLong):
            message = "%s sends an answer of more than %d MiB" % (self.where, MAXIMUM_ANSWER >> 20)
            return ConnectionLost(message, "Check hostname and port: this is probably another service.")
        return ConnectionLost(*self._description_of(error))

    def _description_of(self, error: Exception) -> Tuple[str, str]:
        """Message and advice for an error of the connection."""
        if isinstance(error, socket.timeout):
            reason = "no complete answer within %g seconds" % self._timeout
        else:
            reason = str(getattr(error, "strerror", None) or error) or type(error).__name__
        return "%s: %s" % (self.where, reason), "Check hostname, port, and that the service runs; then run the task again."
