# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The endpoints of a task, and the computers that connect to each of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import Any, Dict, List, Mapping, Sequence, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.endpoints import Endpoint, HostPort, parse_endpoints
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError, attempt, raise_all

COMPUTERS = "computers"


@dataclass(frozen=True)
class Targets:
    """The endpoints of a task.

    :param endpoints: the addresses to connect to, without duplicates.
    :param computers: the names of the computers that connect to a server, if the task has them.
    """

    endpoints: Tuple[Endpoint, ...] = ()
    computers: Mapping[HostPort, Tuple[str, ...]] = field(default_factory=dict)

    @property
    def servers(self) -> Tuple[HostPort, ...]:
        """The hosts and ports to which pins belong, in the order of the endpoints, without duplicates."""
        return tuple(dict.fromkeys(server_of(endpoint) for endpoint in self.endpoints))


def server_of(endpoint: Endpoint) -> HostPort:
    """The host and port to which an endpoint's pins belong."""
    return HostPort.of(endpoint.host, endpoint.port)


def parse_targets(values: Sequence[Any], name: str) -> Targets:
    """Read the option ``endpoints``.

    :param name: the name that certificates must have, for endpoints that have no name of their own.
    :raises RemediationError: with everything that is wrong in the option.
    """
    errors: List[RemediationError] = []
    named = [attempt(errors, partial(_computers, "endpoints[%d]" % index, value)) or () for index, value in enumerate(values)]
    endpoints = attempt(errors, lambda: parse_endpoints([_without_computers(value) for value in values], name)) or []
    raise_all(errors)
    computers: Dict[HostPort, Tuple[str, ...]] = {}
    for endpoint, names in zip(endpoints, named):
        server = server_of(endpoint)
        computers[server] = tuple(dict.fromkeys(computers.get(server, ()) + names))
    return Targets(tuple(dict.fromkeys(endpoints)), computers)


def _without_computers(value: Any) -> Any:
    return {key: item for key, item in value.items() if key != COMPUTERS} if isinstance(value, dict) else value


def _computers(option: str, value: Any) -> Tuple[str, ...]:
    """The computers of an endpoint: a list, or text with commas, as Ansible reads lists."""
    names = value.get(COMPUTERS) if isinstance(value, dict) else None
    if isinstance(names, str):
        names = [name.strip() for name in names.split(",") if name.strip()]
    if names is None:
        return ()
    if not isinstance(names, (list, tuple)) or not all(isinstance(name, (str, int)) for name in names):
        raise RemediationError("%s.%s: %.80r is not a list of names" % (option, COMPUTERS, names), "Write it as [SRV-FILE01, SRV-SQL02].")
    return tuple(str(name) for name in names)
