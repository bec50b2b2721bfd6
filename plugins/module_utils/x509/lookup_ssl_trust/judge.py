# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which anchors are stale: what each url serves now, beside what its endpoint holds."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Dict, List, Sequence, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.endpoints import Endpoint as Place
from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.hostnames import as_address
from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.probe_all import probe_all
from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.tls_probe import ProbeError
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import Certificate
from ansible_collections.certmend.tls.plugins.module_utils.x509.load.reader import merge_readings, read_certificates
from ansible_collections.certmend.tls.plugins.module_utils.x509.lookup_ssl_trust.trust_entries import Line, brief
from ansible_collections.certmend.tls.plugins.module_utils.x509.path.presented_chain import vouches

OK, CA_ANCHOR, STALE, EXPIRED, UNREACHABLE, NOT_PROBED, MALFORMED = (
    "ok",
    "ca_anchor",
    "stale",
    "expired_anchor",
    "unreachable",
    "not_probed",
    "malformed",
)
#: what makes an endpoint one of the result's ``stale``
WRONG = (STALE, EXPIRED, MALFORMED, CA_ANCHOR)
STATUSES = (OK, CA_ANCHOR, STALE, EXPIRED, UNREACHABLE, NOT_PROBED, MALFORMED)


@dataclass(frozen=True)
class Served:
    """What one host and port answered.

    :param chain: as it was sent; empty where ``error`` says why there is none.
    """

    chain: Tuple[Certificate, ...] = ()
    error: str = ""


def probed(lines: Sequence[Line], addresses: Dict[str, str], workers: int, timeout: float) -> Dict[Tuple[str, int], Served]:
    """Ask every url's host and port once, all at the same time.

    :param addresses: where to connect for hosts that are not to be resolved.
    """
    wanted = {(line.endpoint.host, line.endpoint.port) for line in lines if line.held and not why_not(line)}
    places = [Place(host, port, addresses.get(host, ""), host, host) for host, port in sorted(wanted)]
    answers = probe_all(places, workers, timeout)
    return {(place.host, place.port): served(answers[place]) for place in places}


def served(answer: object) -> Served:
    """What a probe brought, read."""
    if isinstance(answer, ProbeError):
        return Served(error="%s: %s" % (answer.code, answer.message))
    reading = merge_readings([read_certificates(der) for der in answer])  # type: ignore[attr-defined]
    return Served(reading.certificates, "; ".join(reading.warnings))


def why_not(line: Line) -> str:
    """Why a url is never probed; empty where it is."""
    endpoint = line.endpoint
    if not endpoint.url.strip():
        return "the url is empty"
    if endpoint.scheme != "https":
        return "the url is not https"
    if not endpoint.host or not endpoint.port:
        return "the url names no host"
    address = as_address(endpoint.host)
    if endpoint.host == "localhost" or endpoint.host.endswith(".localhost") or (address is not None and address.is_loopback):
        return "the url is the appliance's own (%s)" % endpoint.host
    return ""


@dataclass(frozen=True)
class Audit:
    """Everything that was seen, and how it is judged."""

    lines: List[Line]
    served: Dict[Tuple[str, int], Served]
    now: datetime.datetime
    strict: bool

    def status(self, line: Line) -> Tuple[str, str]:
        """One of STATUSES, and why."""
        readable = [one.certificate for one in line.held if one.certificate]
        if line.held and not readable:
            return MALFORMED, "; ".join(one.problem for one in line.held)
        if why_not(line) or not line.held:
            return NOT_PROBED, why_not(line) or "no anchor is held"
        seen = self.served.get((line.endpoint.host, line.endpoint.port), Served(error="not asked"))
        if not seen.chain:
            gone = self._expired(readable)
            return (EXPIRED, "%s; %s" % (gone, seen.error)) if gone else (UNREACHABLE, seen.error)
        return self._compared(readable, seen)

    def _compared(self, readable: List[Certificate], seen: Served) -> Tuple[str, str]:
        vouching = [one for one in readable if vouches(one, seen.chain)]
        if not vouching:
            return STALE, "the url serves %s" % seen.chain[0].fingerprint()
        gone = self._expired(vouching)
        if gone:
            return EXPIRED, gone
        if seen.chain[0] not in vouching:
            return (CA_ANCHOR if self.strict else OK), "the anchor is the CA %s" % vouching[0].subject
        return OK, ""

    def _expired(self, certificates: List[Certificate]) -> str:
        """What is said where every one of them is over."""
        if any(one.not_after >= self.now for one in certificates):
            return ""
        return "expired on %s" % max(one.not_after for one in certificates).date()

    def results(self) -> List[dict]:
        """The ``endpoints`` of the documentation."""
        return [self._result(line) for line in self.lines]

    def _result(self, line: Line) -> dict:
        status, reason = self.status(line)
        registration, endpoint = line.registration, line.endpoint
        seen = self.served.get((endpoint.host, endpoint.port)) if line.held and not why_not(line) else None
        return {
            "service_id": registration.service_id,
            "service_type": "%s/%s" % (registration.product, registration.type),
            "node_id": registration.node_id or None,
            "owner_id": registration.owner_id,
            "site_id": registration.site_id,
            "url": endpoint.url,
            "uses_ip": line.uses_ip,
            "endpoint_type": {"protocol": endpoint.protocol, "type": endpoint.type},
            "ssl_trust": [one.as_dict(self.now) for one in line.held],
            "served": brief(seen.chain[0], self.now) if seen and seen.chain else None,
            "status": status,
            "reason": reason,
        }

    def certificates(self) -> Dict[str, dict]:
        """Every certificate that is held or served, whole, by its SHA-256."""
        every = [one.certificate for line in self.lines for one in line.held if one.certificate]
        every += [one for seen in self.served.values() for one in seen.chain[:1]]
        return {one.fingerprint(): one.as_dict(self.now) for one in dict.fromkeys(every)}
