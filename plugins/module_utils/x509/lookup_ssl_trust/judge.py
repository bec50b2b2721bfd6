# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which trust anchors are stale: each endpoint's entries are compared with what its url serves now."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any, Dict, List, Mapping, NamedTuple, Sequence, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.endpoints import HostPort
from ansible_collections.certmend.tls.plugins.module_utils.core.enums import StringEnum
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import Certificate
from ansible_collections.certmend.tls.plugins.module_utils.x509.lookup_ssl_trust.collect import Served
from ansible_collections.certmend.tls.plugins.module_utils.x509.lookup_ssl_trust.trust_entries import EndpointTrust, short_form
from ansible_collections.certmend.tls.plugins.module_utils.x509.path.presented_chain import vouches


class Status(StringEnum):
    """How an endpoint is judged, in the order of the result's ``summary``."""

    OK = "ok"
    CA_ANCHOR = "ca_anchor"
    STALE = "stale"
    EXPIRED_ANCHOR = "expired_anchor"
    UNREACHABLE = "unreachable"
    NOT_PROBED = "not_probed"
    MALFORMED = "malformed"


#: endpoints with one of these are in the result's ``stale``
STALE_STATUSES = (Status.STALE, Status.EXPIRED_ANCHOR, Status.MALFORMED, Status.CA_ANCHOR)


class Judgement(NamedTuple):
    """The status of an endpoint, and the reason; the reason of OK can be empty."""

    status: Status
    reason: str


@dataclass(frozen=True)
class Audit:
    """The endpoints and what their urls serve, to be judged at a moment.

    :param served: by host and port; those that were not probed are missing.
    :param strict: whether a trust anchor that is a CA is reported.
    """

    trusts: Tuple[EndpointTrust, ...]
    served: Mapping[HostPort, Served]
    now: datetime.datetime
    strict: bool

    def judge(self, trust: EndpointTrust) -> Judgement:
        """Compare an endpoint's entries with what its url serves."""
        if trust.entries and not trust.certificates:
            return Judgement(Status.MALFORMED, "; ".join(entry.problem for entry in trust.entries))
        if trust.unprobed_reason or not trust.entries:
            return Judgement(Status.NOT_PROBED, trust.unprobed_reason or "the endpoint has no trust anchor")
        served = self.served.get(trust.host_port, Served(error="the url was not probed"))
        if served.chain:
            return self._compare(trust.certificates, served.chain)
        expired = expiry(trust.certificates, self.now)
        if expired:
            return Judgement(Status.EXPIRED_ANCHOR, "%s; %s" % (expired, served.error))
        return Judgement(Status.UNREACHABLE, served.error)

    def _compare(self, certificates: Sequence[Certificate], chain: Sequence[Certificate]) -> Judgement:
        vouching = [certificate for certificate in certificates if vouches(certificate, chain)]
        if not vouching:
            return Judgement(Status.STALE, "the url serves %s" % chain[0].fingerprint())
        expired = expiry(vouching, self.now)
        if expired:
            return Judgement(Status.EXPIRED_ANCHOR, expired)
        if chain[0] not in vouching:
            return Judgement(Status.CA_ANCHOR if self.strict else Status.OK, "the trust anchor is the CA %s" % vouching[0].subject)
        return Judgement(Status.OK, "")

    def report(self) -> Dict[str, Any]:
        """The documented ``endpoints``, ``stale``, ``summary`` and ``certificates``."""
        judgements = [self.judge(trust) for trust in self.trusts]
        endpoints = [self._endpoint(trust, judgement) for trust, judgement in zip(self.trusts, judgements)]
        return {
            "endpoints": endpoints,
            "stale": [endpoint for endpoint, judgement in zip(endpoints, judgements) if judgement.status in STALE_STATUSES],
            "summary": {status.value: sum(judgement.status is status for judgement in judgements) for status in Status},
            "certificates": self._certificates(),
        }

    def _endpoint(self, trust: EndpointTrust, judgement: Judgement) -> Dict[str, Any]:
        registration, endpoint = trust.registration, trust.endpoint
        served = self.served.get(trust.host_port) if trust.entries and not trust.unprobed_reason else None
        return {
            "service_id": registration.service_id,
            "service_type": "%s/%s" % (registration.product, registration.type),
            "node_id": registration.node_id or None,
            "owner_id": registration.owner_id,
            "site_id": registration.site_id,
            "url": endpoint.url,
            "uses_ip": trust.uses_ip,
            "endpoint_type": {"protocol": endpoint.protocol, "type": endpoint.type},
            "ssl_trust": [entry.as_dict(self.now) for entry in trust.entries],
            "served": short_form(served.chain[0], self.now) if served and served.chain else None,
            "status": judgement.status.value,
            "reason": judgement.reason,
        }

    def _certificates(self) -> Dict[str, Dict[str, Any]]:
        """Every certificate that is registered or served, by its SHA-256 fingerprint."""
        certificates: List[Certificate] = [certificate for trust in self.trusts for certificate in trust.certificates]
        certificates += [certificate for served in self.served.values() for certificate in served.chain[:1]]
        return {certificate.fingerprint(): certificate.as_dict(self.now) for certificate in dict.fromkeys(certificates)}


def expiry(certificates: Sequence[Certificate], now: datetime.datetime) -> str:
    """When the last of the certificates expired; empty unless all of them did."""
    if any(certificate.not_after >= now for certificate in certificates):
        return ""
    return "expired on %s" % max(certificate.not_after for certificate in certificates).date()
