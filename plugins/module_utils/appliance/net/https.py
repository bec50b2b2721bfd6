# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""HTTPS to one service: the connection is kept, and it is never unverified unless that was asked for.

Standard library only; proxy variables are not looked at.
"""

from __future__ import annotations

import datetime
import hashlib
import http.client
import socket
import ssl
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any, Dict, Optional, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.appliance.formats.fingerprints import fingerprint_of, parse_server_fingerprints
from ansible_collections.certmend.tls.plugins.module_utils.appliance.net import tls_probe
from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.tls_context import collecting_context
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError

#: more than any service here answers; what comes beyond is not read
MAXIMUM_ANSWER = 64 * 1024 * 1024


class ConnectionLost(RemediationError):
    """No answer came, though a request may have been carried out."""


@dataclass(frozen=True)
class Trust:
    """How a server is known.

    :param context: verifies, unless pins stand in for that.
    :param pins: SHA-256 fingerprints (hexadecimal, lower case), one of which its certificate must have.
    """

    context: ssl.SSLContext
    pins: Tuple[str, ...] = ()


def trust_of(ca_path: Optional[str], pins: Tuple[str, ...], validate: bool) -> Trust:
    """What the options say.

    :raises RemediationError: the file with the CA certificates cannot be used.
    """
    if pins or not validate:
        return Trust(collecting_context(), pins)
    try:
        return Trust(ssl.create_default_context(cafile=ca_path))
    except (OSError, ssl.SSLError) as error:
        raise RemediationError(
            "ca_path: %s cannot be used: %s" % (ca_path, getattr(error, "strerror", None) or error),
            "Give a PEM file with the CA certificates that vouch for the server.",
        ) from error


def trust_given(params: dict) -> Trust:
    """What the options ``ca_path``, ``server_fingerprint`` and ``validate_certs`` say."""
    return trust_of(params["ca_path"], parse_server_fingerprints(params["server_fingerprint"]), params["validate_certs"])


@dataclass(frozen=True)
class Answer:
    """What came back; ``headers`` by their names in lower case."""

    status: int
    body: bytes
    headers: Dict[str, str]

    def moment(self) -> Optional[datetime.datetime]:
        """The server's clock, where it told it."""
        try:
            return parsedate_to_datetime(self.headers["date"]) if "date" in self.headers else None
        except (TypeError, ValueError):
            return None


class Session:
    """Requests over one connection that is made when it is first needed, and again where the server closed it between two requests."""

    def __init__(self, host: str, port: int, trust: Trust, timeout: float, address: Optional[str] = None) -> None:
        self.host, self.port = host, port
        self._trust, self._timeout, self._address = trust, timeout, address
        self._connection: Optional[http.client.HTTPSConnection] = None
        self._gone: Optional[ConnectionLost] = None

    def post(self, path: str, body: bytes, headers: Dict[str, str], again: bool = False) -> Answer:
        """A POST request; see ``request``."""
        return self.request("POST", path, body, headers, again)

    def request(self, method: str, path: str, body: bytes, headers: Dict[str, str], again: bool = False) -> Answer:
        """One request and its answer.

        :param again: it may be sent twice: where the kept connection turns out to be closed, a new one is made.
        :raises ConnectionLost: the connection ended before the answer; whether the request was carried out is not known.
        :raises RemediationError: there is no connection, or the server is not the one that is meant.
        """
        kept = self._connection is not None
        try:
            return self._exchange(method, path, body, headers)
        except (OSError, http.client.HTTPException) as error:
            self.close()
            if kept and again:
                return self.request(method, path, body, headers)
            raise self._lost(error) from error

    def _exchange(self, method: str, path: str, body: bytes, headers: Dict[str, str]) -> Answer:
        connection = self._connected()
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        data = response.read(MAXIMUM_ANSWER + 1)
        if len(data) > MAXIMUM_ANSWER:
            self.close()
            raise RemediationError(
                "%s answers with more than %d MiB" % (self.where, MAXIMUM_ANSWER >> 20), "Check the address: no such service does."
            )
        if response.will_close:
            self.close()
        return Answer(response.status, data, {name.lower(): value for name, value in response.getheaders()})

    @property
    def where(self) -> str:
        return "%s:%d" % (self.host, self.port)

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _connected(self) -> http.client.HTTPSConnection:
        if self._gone is not None:
            raise self._gone  # asking a dead server once more for each step would take minutes
        if self._connection is None:
            connection = http.client.HTTPSConnection(self.host, self.port, timeout=self._timeout, context=self._trust.context)
            if self._address:
                connection._create_connection = self._elsewhere  # type: ignore[attr-defined]
            try:
                connection.connect()
                connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            except ssl.SSLCertVerificationError as error:
                raise self._untrusted(error) from error
            except (OSError, http.client.HTTPException) as error:
                self._gone = self._lost(error)
                raise self._gone from error
            self._check_pins(connection)
            self._connection = connection
        return self._connection

    def _elsewhere(self, _place: Any, *more: Any) -> socket.socket:
        return socket.create_connection((self._address, self.port), *more)

    def _check_pins(self, connection: http.client.HTTPSConnection) -> None:
        if not self._trust.pins:
            return
        der = connection.sock.getpeercert(True) or b""
        if hashlib.sha256(der).hexdigest() not in self._trust.pins:
            connection.close()
            raise RemediationError(
                "server_fingerprint: %s presents %s, which is not the one that is expected" % (self.where, fingerprint_of(der)),
                "Compare it on the appliance's console; nothing was sent.",
            )

    def _untrusted(self, error: ssl.SSLCertVerificationError) -> RemediationError:
        try:
            chain = tls_probe.probe(self.host, self.port, self.host, self._address, self._timeout).chain
        except tls_probe.ProbeError:
            chain = ()
        seen = "; it presents SHA-256 %s" % fingerprint_of(chain[0]) if chain else ""
        return RemediationError(
            "%s is not trusted: %s%s" % (self.where, error.verify_message, seen),
            "Give ca_path with the CA that vouches for it; or server_fingerprint, after comparing it on the appliance's console.",
        )

    def _lost(self, error: Exception) -> ConnectionLost:
        if isinstance(error, ConnectionLost):
            return error
        if isinstance(error, socket.timeout):
            said = "no answer within %g seconds" % self._timeout
        else:
            said = str(getattr(error, "strerror", None) or error) or type(error).__name__
        return ConnectionLost("%s: %s" % (self.where, said), "Check hostname, port and the service itself, and run it again.")
