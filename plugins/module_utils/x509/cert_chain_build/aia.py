# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fetch issuers from the addresses in certificates (authority information access, RFC 5280 section 4.2.2.1).

An answer is a candidate like any other, and never trusted. The addresses come from untrusted input: so only http and https, no credentials,
no address that is not public unless allowed, every redirect checked again, and bounds on everything. A name is resolved once, and the
connection goes to an address that was checked.
"""

from __future__ import annotations

import ipaddress
import socket
import time
from dataclasses import dataclass, field
from typing import Any, Dict, List, Mapping, Optional, Tuple, Union
from urllib.parse import SplitResult, urljoin, urlsplit

from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.deadline import DeadlineSocket, addresses_of, connect_to_first, seconds_until
from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.http_answer import AnswerReader, BadAnswer
from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.tls_context import requesting_context, secured
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_chain_build.public_address import is_public

Network = Union[ipaddress.IPv4Network, ipaddress.IPv6Network]
REDIRECTS = (301, 302, 303, 307, 308)
MAXIMUM_REDIRECTS = 3
#: characters of an address
LONGEST_ADDRESS = 2048


class Refused(Exception):
    """An address is not asked, or its answer is not accepted; the text is the reason."""


@dataclass(frozen=True)
class Limits:
    """The limits of fetching.

    :param networks: networks that may be asked although they are not public.
    :param seconds: for one address, redirects included.
    :param size: bytes of an answer.
    :param depth: how many issuers are fetched for one chain.
    :param addresses: how many addresses are asked by one task.
    """

    networks: Tuple[Network, ...] = ()
    seconds: float = 5.0
    size: int = 64 * 1024
    depth: int = 5
    addresses: int = 20

    @property
    def all_seconds(self) -> float:
        """For all the addresses of a task."""
        return self.seconds * self.depth


@dataclass
class Fetcher:
    """Fetches each address once. ``log`` lists every address that was asked, in order, and the first one beyond the limits."""

    limits: Limits
    log: List[Dict[str, Any]] = field(default_factory=list)
    #: when the task stops fetching (time.monotonic); it begins with the first address
    ends: Optional[float] = None

    def fetch(self, url: str) -> Optional[bytes]:
        """The answer's bytes; None if it was refused (the log has the reason), or if the address was asked before."""
        if len(self.log) > self.limits.addresses or any(entry["url"] == url for entry in self.log):
            return None
        entry = {"url": url[:LONGEST_ADDRESS], "bytes": 0, "error": None}
        self.log.append(entry)
        try:
            data = self._follow(url, self._deadline())
        except socket.timeout:
            entry["error"] = "no complete answer within %g s" % self.limits.seconds
            return None
        except (Refused, BadAnswer, OSError, ValueError) as error:
            entry["error"] = " ".join(str(error).split()) or type(error).__name__
            return None
        entry["bytes"] = len(data)
        return data

    def _deadline(self) -> float:
        """Until when the next address can be asked.

        :raises Refused: the task has asked enough.
        """
        now = time.monotonic()
        if self.ends is None:
            self.ends = now + self.limits.all_seconds
        if len(self.log) > self.limits.addresses:
            raise Refused("not asked: the certificates name more than %d addresses" % self.limits.addresses)
        if now >= self.ends:
            raise Refused("not asked: the addresses before it took %g s" % self.limits.all_seconds)
        return min(now + self.limits.seconds, self.ends)

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
        with self._connected(parts, deadline) as sock:
            wire = DeadlineSocket(sock, deadline)
            target = (parts.path or "/") + ("?" + parts.query if parts.query else "")
            lines = ("GET %s HTTP/1.1" % target, "Host: %s" % parts.netloc, "Accept: */*", "Accept-Encoding: identity", "Connection: close", "", "")
            wire.send("\r\n".join(lines).encode("ascii"))
            answer = AnswerReader(wire.receive, self.limits.size).read()
        if answer.status in REDIRECTS:
            if not answer.headers.get("location"):
                raise Refused("a redirect without a Location")
            return b"", answer.headers["location"]
        if answer.status != 200:
            raise Refused("HTTP status %d" % answer.status)
        return answer.body, None

    def _connected(self, parts: SplitResult, deadline: float) -> socket.socket:
        """Connect to an address that was checked: the name is not resolved a second time."""
        secure = parts.scheme == "https"
        host, port = str(parts.hostname), parts.port or (443 if secure else 80)
        plain, _address = connect_to_first(self._allowed(host, addresses_of(host, port, deadline)), port, deadline)
        if not secure:
            return plain
        try:
            plain.settimeout(seconds_until(deadline))
            return secured(plain, requesting_context(), host)
        except BaseException:
            plain.close()
            raise

    def _allowed(self, host: str, addresses: Tuple[str, ...]) -> Tuple[str, ...]:
        """Those addresses of a host that can be asked.

        :raises Refused: there is none.
        """
        allowed = tuple(address for address in addresses if self._is_allowed(address))
        if not allowed:
            raise Refused("%s is %s, which is not a public address (aia.allow_networks can allow it)" % (host, (addresses or ("nowhere",))[0]))
        return allowed

    def _is_allowed(self, address: str) -> bool:
        ip = ipaddress.ip_address(address.partition("%")[0])
        return is_public(ip) or any(ip.version == network.version and ip in network for network in self.limits.networks)


def _checked(url: str) -> SplitResult:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https"):
        raise Refused("only http and https are asked")
    if parts.username is not None or parts.password is not None:
        raise Refused("it carries credentials")
    if not parts.hostname:
        raise Refused("it has no host")
    if any(not " " < char < "\x7f" for char in url):
        raise Refused("it contains a blank, a control character or one that is not ASCII")
    if len(url) > LONGEST_ADDRESS:
        raise Refused("it is longer than %d characters" % LONGEST_ADDRESS)
    return parts


def limits_of(aia: Mapping[str, Any]) -> Limits:
    """The limits in the option ``aia``.

    :raises RemediationError: a network is wrong.
    """
    networks: List[Network] = []
    for text in aia["allow_networks"] or []:
        try:
            networks.append(ipaddress.ip_network(text, strict=False))
        except ValueError as error:
            raise RemediationError("aia.allow_networks: %s" % error, "Give networks such as 10.0.0.0/8.") from error
    return Limits(tuple(networks), aia["timeout"], aia["maximum_bytes"], aia["maximum_depth"])
