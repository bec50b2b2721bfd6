# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Endpoints as people write them: ``host``, ``host:port``, ``[::1]:8443`` or a dict."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any, Dict, List

from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.hostnames import as_address, host_name_problem, is_address, to_ascii
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError, attempt, raise_all
from ansible_collections.certmend.tls.plugins.module_utils.core.option_values import PORT, short

FORMS = "Write host, host:port, [IPv6]:port, or a dict with host and optionally port, address, server_name and name."
KEYS = ("host", "port", "address", "server_name", "name")


@dataclass(frozen=True)
class HostPort:
    """A server's host and port, in the form in which they are compared."""

    host: str
    port: int

    @classmethod
    def of(cls, host: str, port: int) -> HostPort:
        """A host name is normalized, an IP address too."""
        address = as_address(host)
        return cls(to_ascii(host) if address is None else str(address), port)

    def __str__(self) -> str:
        return "%s:%d" % ("[%s]" % self.host if ":" in self.host else self.host, self.port)


@dataclass(frozen=True)
class Endpoint:
    """A TLS server to connect to.

    :param address: connect there instead of resolving ``host``; empty: resolve it.
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
    """Read the option ``endpoints``.

    :param name: the name that the certificates must have, for endpoints without a ``name``; empty: each endpoint's host.
    :raises RemediationError: with everything that is wrong.
    """
    errors: List[RemediationError] = []
    parsed = [attempt(errors, partial(parse_endpoint, "endpoints[%d]" % index, value, name)) for index, value in enumerate(values)]
    raise_all(errors)
    return [endpoint for endpoint in parsed if endpoint is not None]


def parse_endpoint(option: str, value: Any, name: str = "") -> Endpoint:
    """Read one endpoint; see ``parse_endpoints``.

    :param option: the option that it is from, for messages.
    """
    fields = dict(value) if isinstance(value, dict) else _split(str(value))
    unknown = sorted(set(fields) - set(KEYS))
    if unknown:
        raise RemediationError("%s: unknown key %s" % (option, ", ".join(unknown)), FORMS)
    if not fields.get("host"):
        raise RemediationError("%s: host is missing" % option, FORMS)
    if any(isinstance(part, str) and "@" in part for part in fields.values()):
        raise RemediationError("%s: an account before the host is not allowed" % option, "Leave out user, password and @. " + FORMS)
    host = str(fields["host"]).strip("[]")
    problem = None if is_address(host) else host_name_problem(host)
    if problem:
        raise RemediationError("%s: %r %s" % (option, host, problem), FORMS)
    expected_name = str(fields.get("name") or name or host)
    server_name = str(fields.get("server_name") or expected_name)
    return Endpoint(host, _port(option, fields.get("port", 443)), str(fields.get("address") or ""), server_name, expected_name)


def _split(text: str) -> Dict[str, str]:
    if is_address(text):
        return {"host": text}
    host, colon, port = text.rpartition(":")
    return {"host": host, "port": port} if colon else {"host": text}


def _port(option: str, value: Any) -> int:
    try:
        port = int(value) if isinstance(value, (int, str)) and not isinstance(value, bool) else 0
    except ValueError:
        port = 0
    if not PORT[0] <= port <= PORT[1]:
        quoted = repr(value) if value is None or isinstance(value, str) else short(value)
        raise RemediationError("%s: %.40s is not a port (%d to %d)" % (option, quoted, *PORT), FORMS)
    return port
