# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fetch issuers from the addresses in certificates (authority information access, RFC 5280 section 4.2.2.1).

An answer is a candidate like any other, and never trusted. The addresses come from untrusted input: so only http and https, no credentials,
no private addresses unless allowed, every redirect checked again, and bounds on everything.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import threading
import time
from dataclasses import dataclass, field
from typing import Any, Dict, List, Mapping, Optional, Tuple, Union
from urllib.parse import SplitResult, urljoin, urlsplit

from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError

Network = Union[ipaddress.IPv4Network, ipaddress.IPv6Network]
REDIRECTS = (301, 302, 303, 307, 308)
MAXIMUM_REDIRECTS = 3
CHUNK = 16 * 1024


class Refused(Exception):
    """An address is not asked, or its answer is not accepted; the text is the reason."""


@dataclass(frozen=True)
class Limits:
    """The limits of fetching.

    :param networks: networks that may be asked although they are private, loopback or link-local.
    :param seconds: for one address, redirects included.
    :param size: bytes of an answer.
    :param depth: how many issuers are fetched for one chain.
    """

    networks: Tuple[Network, ...] = ()
    seconds: float = 5.0
    size: int = 64 * 1024
    depth: int = 5


@dataclass
class Fetcher:
    """Fetches each address once. ``log`` lists every address that was asked, in order."""

    limits: Limits
    log: List[Dict[str, Any]] = field(default_factory=list)

    def fetch(self, url: str) -> Optional[bytes]:
        """The answer's bytes; None if it was refused (the log has the reason), or if the address was asked before."""
        if any(entry["url"] == url for entry in self.log):
            return None
        entry = {"url": url, "bytes": 0, "error": None}
        self.log.append(entry)
        try:
            data = self._follow(url, time.monotonic() + self.limits.seconds)
        except (Refused, OSError, http.client.HTTPException, ValueError) as error:
            entry["error"] = " ".join(str(error).split()) or type(error).__name__
            return None
        entry["bytes"] = len(data)
        return data

    def _follow(self, url: str, deadline: float) -> bytes:
        for _hop in range(MAXIMUM_REDIRECTS + 1):
            answer, location = self._ask(url, deadline)
            if location is None:
                return answer
            url = urljoin(url, location)
        raise Refused("more than %d redirects" % MAXIMUM_REDIRECTS)

    def _ask(self, url: str, deadline: float) -> Tuple[bytes, Optional[str]]:
        """Make one request; return the body, or the address that it redirects to."""
        parts = _checked(url)
        connection = self._connection(parts, deadline)
        # a server that sends a header byte by byte would outlive any timeout of the socket
        watchdog = threading.Timer(max(0.0, deadline - time.monotonic()), connection.sock.shutdown, [socket.SHUT_RDWR])
        watchdog.daemon = True
        watchdog.start()
        try:
            target = (parts.path or "/") + ("?" + parts.query if parts.query else "")
            connection.request("GET", target, headers={"Host": parts.netloc, "Accept": "*/*", "Connection": "close"})
            response = connection.getresponse()
            if response.status in REDIRECTS:
                location = response.headers.get("Location")
                if not location:
                    raise Refused("a redirect without a Location")
                return b"", location
            if response.status != 200:
                raise Refused("HTTP status %d" % response.status)
            return self._body(response, connection, deadline), None
        finally:
            watchdog.cancel()
            connection.close()

    def _body(self, response: http.client.HTTPResponse, connection: http.client.HTTPConnection, deadline: float) -> bytes:
        """Read no more bytes than allowed, whatever the header says, and not beyond the deadline."""
        data = b""
        while True:
            left = deadline - time.monotonic()
            if left <= 0:
                raise Refused("no complete answer within %g s" % self.limits.seconds)
            if connection.sock:
                connection.sock.settimeout(left)
            chunk = response.read1(min(CHUNK, self.limits.size + 1 - len(data)))
            if not chunk:
                return data
            data += chunk
            if len(data) > self.limits.size:
                raise Refused("the answer is larger than %d bytes" % self.limits.size)

    def _connection(self, parts: SplitResult, deadline: float) -> http.client.HTTPConnection:
        """Connect to an address that was checked: the name is not resolved a second time."""
        secure = parts.scheme == "https"
        host, port = str(parts.hostname), parts.port or (443 if secure else 80)
        family, address = self._address(host, port)
        left = max(0.1, deadline - time.monotonic())
        plain = socket.socket(family, socket.SOCK_STREAM)
        plain.settimeout(left)
        try:
            plain.connect(address)
            sock = ssl.create_default_context().wrap_socket(plain, server_hostname=host) if secure else plain
        except BaseException:
            plain.close()
            raise
        connection = http.client.HTTPConnection(host, port, timeout=left)
        connection.sock = sock
        return connection

    def _address(self, host: str, port: int) -> Tuple[int, Tuple[Any, ...]]:
        """The first address of a host, checked."""
        for family, _kind, _protocol, _name, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
            ip = ipaddress.ip_address(str(address[0]).partition("%")[0])
            ip = getattr(ip, "ipv4_mapped", None) or ip
            if not ip.is_global and not any(ip.version == network.version and ip in network for network in self.limits.networks):
                raise Refused("%s is %s, which is not a public address (aia.allow_networks can allow it)" % (host, ip))
            return family, address
        raise Refused("%s has no address" % host)


def _checked(url: str) -> SplitResult:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https"):
        raise Refused("only http and https are asked")
    if parts.username is not None or parts.password is not None:
        raise Refused("it carries credentials")
    if not parts.hostname:
        raise Refused("it has no host")
    if any(char <= " " or char == "\x7f" for char in url):
        raise Refused("it contains a blank or a control character")
    return parts


def limits_of(aia: Mapping[str, Any]) -> Limits:
    """The limits in the option ``aia``.

    :raises RemediationError: a network or a number is wrong.
    """
    networks: List[Network] = []
    for text in aia["allow_networks"] or []:
        try:
            networks.append(ipaddress.ip_network(text, strict=False))
        except ValueError as error:
            raise RemediationError("aia.allow_networks: %s" % error, "Give networks such as 10.0.0.0/8.") from error
    for option in ("timeout", "maximum_bytes", "maximum_depth"):
        if aia[option] <= 0:
            raise RemediationError("aia.%s: %s is not more than 0" % (option, aia[option]), "Leave it out for the default.")
    return Limits(tuple(networks), aia["timeout"], aia["maximum_bytes"], aia["maximum_depth"])
