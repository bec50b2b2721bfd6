# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""See which keys servers show: by a handshake with each, or out of one that was made elsewhere."""

from __future__ import annotations

from typing import Any, Dict, List, Sequence

from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.endpoints import Endpoint, HostPort
from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.probe_all import probe_all
from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.tls_probe import ProbeError
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_pin.judge import Visit
from ansible_collections.certmend.tls.plugins.module_utils.x509.load.base64_text import decode_base64
from ansible_collections.certmend.tls.plugins.module_utils.x509.load.reader import Reading, read_certificates


def visit_all(endpoints: Sequence[Endpoint], params: Dict[str, Any]) -> List[Visit]:
    """One visit for each endpoint, in their order.

    :param params: with ``presented``, ``workers`` and ``timeout``.
    """
    if params["presented"] is not None:
        ders = [decode_base64(text, "presented[0]") for text in params["presented"][:1]]  # the server's own, whatever follows it
        reading = read_certificates(ders[0]) if ders else Reading()
        return [_visit(one, reading) for one in endpoints]
    answers = probe_all(list(endpoints), params["workers"], params["timeout"])
    return [_answered(one, answers[one]) for one in endpoints]


def place_of(endpoint: Endpoint) -> HostPort:
    """Where an endpoint's pins are kept."""
    return HostPort.of(endpoint.host, endpoint.port)


def _answered(endpoint: Endpoint, answer: Any) -> Visit:
    if isinstance(answer, ProbeError):
        return _nothing(endpoint, answer.code, answer.message, answer.advice)
    return _visit(endpoint, read_certificates(answer[0]) if answer else Reading())  # a server's own certificate comes first


def _visit(endpoint: Endpoint, reading: Reading) -> Visit:
    if not reading.certificates:
        message = "; ".join(reading.warnings) or "it presented no certificate"
        return _nothing(endpoint, "FORMAT-NO-CERTIFICATE", message, "Look at what it serves (cert_inspect).")
    return Visit(place_of(endpoint), endpoint.name, endpoint.address, reading.certificates[0])


def _nothing(endpoint: Endpoint, code: str, message: str, advice: str) -> Visit:
    place = place_of(endpoint)
    return Visit(place, endpoint.name, endpoint.address, None, {"code": code, "message": "%s: %s" % (place, message), "advice": advice})
