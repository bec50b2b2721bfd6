# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Endpoints as people write them: ``host``, ``host:port``, ``[::1]:8443`` or a dict."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any, List

from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.hostnames import as_address, host_name_problem, is_address, to_ascii
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError, attempt, raise_all

HOW = "Write host, host:port, [IPv6]:port, or a dict with host and, where wanted, port, address, server_name, name."
KEYS = ("host", "port", "address", "server_name", "name")


@dataclass(frozen=True)
class HostPort:
    """A server's host and port, in the form in which they are compared."""

    host: str
    port: int

    @classmethod
    def of(cls, host: str, port: int) -> HostPort:
        """From a host as people write it."""
        address = as_address(host)
        return cls(to_ascii(host) if address is None else str(address), port)

    def __str__(self) -> str:
        return "%s:%d" % ("[%s]" % self.host if ":" in self.host else self.host, self.port)


@dataclass(frozen=True)
class Endpoint:
    """Where a TLS server is.

    :param address: connect there instead of resolving ``host``; empty: resolve.
    :param server_name: the name sent in the handshake (SNI, RFC 6066 section 3).
    :param name: the name that the certificate must have.
    """

    host: str
    port: int
    address: str
    server_name: str
    name: str

    def __str__(self) -> str:
        return "%s:%d" % ("[%s]" % self.host if ":" in self.host else self.host, self.port)


def parse_endpoints(values: List[Any], name: str = "") -> List[Endpoint]:
    """Read the option ``endpoints``; everything that is wrong in it is one error.

    :param name: the name to compare for endpoints that give none of their own; empty: the endpoint's host.
    """
    errors: List[RemediationError] = []
    endpoints = [attempt(errors, partial(_parse, "endpoints[%d]" % place, value, name)) for place, value in enumerate(values)]
    raise_all(errors)
    return endpoints


def _parse(option: str, value: Any, name: str) -> Endpoint:
    given = dict(value) if isinstance(value, dict) else _split(option, str(value))
    unknown = sorted(set(given) - set(KEYS))
    if unknown or not given.get("host"):
        raise RemediationError(
            "%s: %s" % (option, "unknown key %s" % ", ".join(unknown) if unknown else "host is missing"), HOW
        )
    host = str(given["host"]).strip("[]")
    problem = None if is_address(host) else host_name_problem(host)
    if problem:
        raise RemediationError("%s: %r %s" % (option, host, problem), HOW)
    wanted = str(given.get("name") or name or host)
    return Endpoint(
        host, _port(option, given.get("port", 443)), str(given.get("address") or ""), str(given.get("server_name") or wanted), wanted
    )


def _split(option: str, text: str) -> dict:
    if is_address(text):
        return {"host": text}
    host, colon, port = text.rpartition(":")
    return {"host": host, "port": port} if colon else {"host": text}


def _port(option: str, value: Any) -> int:
    try:
        port = int(value)
    except (TypeError, ValueError):
        port = 0
    if not 0 < port < 65536:
        raise RemediationError("%s: %r is no port (1 to 65535)" % (option, value), HOW)
    return port
