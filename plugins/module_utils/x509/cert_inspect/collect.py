# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Collect the bytes that ``cert_inspect`` is asked about: from endpoints, a file, text, or a handshake made elsewhere."""

from __future__ import annotations

import base64
import binascii
from typing import List

from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.read import read_file
from ansible_collections.certmend.tls.plugins.module_utils.appliance.net import tls_probe
from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.endpoints import Endpoint, parse_endpoints
from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.hostnames import to_ascii
from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.probe_all import probe_all
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.core.findings import ERROR, Finding
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_inspect.judge import Material
from ansible_collections.certmend.tls.plugins.module_utils.x509.load.reader import Reading, merge_readings, read_certificates

SOURCES = ("endpoints", "path", "content", "content_base64", "presented")


def collect(params: dict) -> List[Material]:
    """Collect from the one source that the options name."""
    name = params["name"] or ""
    if params["endpoints"] is not None:
        return _from_endpoints(parse_endpoints(params["endpoints"], name), params["workers"], params["timeout"])
    if params["presented"] is not None:
        ders = [_decoded("presented[%d]" % place, text) for place, text in enumerate(params["presented"])]
        return [_material("presented", name, merge_readings([read_certificates(der) for der in ders]), True)]
    if params["path"] is not None:
        source, data = params["path"], read_file(params["path"], "path")
    elif params["content"] is not None:
        source, data = "content", params["content"].encode("utf-8")
    else:
        source, data = "content_base64", _decoded("content_base64", params["content_base64"])
    reading = read_certificates(data, params["password"])
    return [_material(source, name, reading, False, data)]


def _material(source: str, name: str, reading: Reading, sent: bool, data: bytes = b"") -> Material:
    return Material(source, name, reading.certificates, reading.warnings, presented=sent, data=data)


def _decoded(option: str, text: str) -> bytes:
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise RemediationError("%s is not Base64: %s" % (option, error), "Give the file's bytes, encoded once.") from error


def _from_endpoints(endpoints: List[Endpoint], workers: int, timeout: float) -> List[Material]:
    answers = probe_all(endpoints, workers, timeout)
    return [_answered(endpoint, answers[endpoint]) for endpoint in endpoints]


def _answered(endpoint: Endpoint, answer: object) -> Material:
    if isinstance(answer, tls_probe.ProbeError):
        return Material(str(endpoint), endpoint.name, reachable=False, error=_unreachable(endpoint, answer))
    reading = merge_readings([read_certificates(der) for der in answer])  # type: ignore[attr-defined]
    place = to_ascii(endpoint.host), endpoint.port
    return Material(str(endpoint), endpoint.name, reading.certificates, reading.warnings, True, presented=True, place=place)


def _unreachable(endpoint: Endpoint, error: tls_probe.ProbeError) -> Finding:
    return Finding(error.code, ERROR, error.message, str(endpoint), "", error.advice, "RFC 8446 section 4")
