# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Collect the certificates that servers present: by a handshake with each, or from a chain that another host collected."""

from __future__ import annotations

from typing import List, Optional, Sequence

from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.endpoints import Endpoint
from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.probe_all import ProbeResult, probe_all
from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.tls_probe import ProbeError
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_pin.observation import Observation, Problem
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_pin.targets import server_of
from ansible_collections.certmend.tls.plugins.module_utils.x509.load.reader import read_certificates

INSPECT = "Inspect what the server presents (module cert_inspect)."


def observe(endpoints: Sequence[Endpoint], presented: Optional[bytes], workers: int, timeout: float) -> List[Observation]:
    """One observation of each endpoint, in their order.

    :param presented: the first certificate of a chain that was collected elsewhere, empty if the chain is; None: connect.
    :param workers: the largest number of handshakes at the same time.
    :param timeout: seconds for each handshake.
    """
    if presented is not None:
        return [_observation(endpoint, presented) for endpoint in endpoints]
    answers = probe_all(endpoints, workers, timeout)
    return [_answered(endpoint, answers[endpoint]) for endpoint in endpoints]


def _answered(endpoint: Endpoint, answer: ProbeResult) -> Observation:
    if isinstance(answer, ProbeError):
        return _failed(endpoint, answer.code, answer.message, answer.advice)
    return _observation(endpoint, answer[0] if answer else b"")  # a server sends its own certificate first (RFC 8446 section 4.4.2)


def _observation(endpoint: Endpoint, data: bytes) -> Observation:
    if not data:
        return _failed(endpoint, "FORMAT-NO-CERTIFICATE", "the server presented no certificate", INSPECT)
    reading = read_certificates(data)
    if not reading.certificates:
        return _failed(endpoint, "FORMAT-NO-CERTIFICATE", "; ".join(reading.warnings) or "the server presented no certificate", INSPECT)
    return Observation(server_of(endpoint), endpoint.name, endpoint.address, reading.certificates[0])


def _failed(endpoint: Endpoint, code: str, message: str, advice: str) -> Observation:
    server = server_of(endpoint)
    problem = Problem(code, "%s: %s" % (server, message), advice)
    return Observation(server, endpoint.name, endpoint.address, problem=problem)
