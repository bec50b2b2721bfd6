# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Collect the chains that TLS servers present."""

from __future__ import annotations

from typing import List, Sequence

from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.endpoints import Endpoint, HostPort
from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.probe_all import ProbeResult, probe_all
from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.tls_probe import ProbeError
from ansible_collections.certmend.tls.plugins.module_utils.core.codes import citation_of
from ansible_collections.certmend.tls.plugins.module_utils.core.findings import ERROR, Finding
from ansible_collections.certmend.tls.plugins.module_utils.x509.load.reader import merge_readings, read_certificates
from ansible_collections.certmend.tls.plugins.module_utils.x509.rules.inspection import CollectedSource


def collect_endpoints(endpoints: Sequence[Endpoint], workers: int, timeout: float) -> List[CollectedSource]:
    """One source for each endpoint, in their order; an endpoint without a TLS handshake is a source with an error.

    :param workers: the largest number of handshakes at the same time.
    :param timeout: seconds for each.
    """
    results = probe_all(list(endpoints), workers, timeout)
    return [_source(endpoint, results[endpoint]) for endpoint in endpoints]


def _source(endpoint: Endpoint, result: ProbeResult) -> CollectedSource:
    if isinstance(result, ProbeError):
        finding = Finding(result.code, ERROR, result.message, str(endpoint), "", result.advice, citation_of(result.code))
        return CollectedSource(str(endpoint), endpoint.name, reachable=False, error=finding)
    reading = merge_readings([read_certificates(der) for der in result])
    return CollectedSource(
        str(endpoint),
        endpoint.name,
        reading.certificates,
        reading.warnings,
        reachable=True,
        presented=True,
        host_port=HostPort.of(endpoint.host, endpoint.port),
    )
