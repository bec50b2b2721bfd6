# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Probe many endpoints at the same time. Standard library only: appliances run this."""

from __future__ import annotations

import ssl
from concurrent.futures import ThreadPoolExecutor
from typing import Dict, Sequence, Tuple, Union

from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.endpoints import Endpoint
from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.tls_context import collecting_context
from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.tls_probe import ProbeError, probe

#: a chain as it was sent (DER, the server's own certificate first), or why there was no handshake
ProbeResult = Union[Tuple[bytes, ...], ProbeError]


def probe_all(endpoints: Sequence[Endpoint], workers: int, timeout: float) -> Dict[Endpoint, ProbeResult]:
    """Probe all the endpoints, each combination of host, port, address and server name only once.

    :param workers: the largest number of handshakes at the same time.
    :param timeout: seconds for each endpoint.
    """
    context = collecting_context()
    targets = {_target(endpoint): endpoint for endpoint in endpoints}
    with ThreadPoolExecutor(max_workers=min(workers, len(targets)) or 1) as pool:
        futures = {target: pool.submit(_probe, endpoint, timeout, context) for target, endpoint in targets.items()}
    return {endpoint: futures[_target(endpoint)].result() for endpoint in endpoints}


def _target(endpoint: Endpoint) -> Tuple[str, int, str, str]:
    return endpoint.host, endpoint.port, endpoint.address, endpoint.server_name


def _probe(endpoint: Endpoint, timeout: float, context: ssl.SSLContext) -> ProbeResult:
    try:
        return probe(endpoint.host, endpoint.port, endpoint.server_name, endpoint.address or None, timeout, context).chain
    except ProbeError as error:
        return error
