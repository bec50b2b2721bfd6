# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The sslTrust entries of an endpoint, read as certificates."""

from __future__ import annotations

import datetime
import functools
from dataclasses import dataclass
from typing import Any, Dict, List, Optional, Sequence, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.appliance.lookup_service.registration import Registration, ServiceEndpoint
from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.endpoints import HostPort
from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.hostnames import as_address, is_address
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import Certificate
from ansible_collections.certmend.tls.plugins.module_utils.x509.load.reader import read_certificates
from ansible_collections.certmend.tls.plugins.module_utils.x509.path.presented_chain import vouches


@dataclass(frozen=True)
class TrustEntry:
    """An sslTrust text. White space, line breaks and a second encoding in Base64 make no difference: DER is compared.

    :param certificate: None if the text is not exactly one certificate; ``problem`` then has the reason.
    """

    text: str
    certificate: Optional[Certificate]
    problem: str = ""

    @property
    def fingerprint(self) -> str:
        """SHA-256; in a diff, a description takes its place if the entry is malformed."""
        return self.certificate.fingerprint() if self.certificate else "malformed (%d characters)" % len(self.text)

    def as_dict(self, now: datetime.datetime) -> Dict[str, Any]:
        """The short form of the certificate; the result's ``certificates`` has all of it, once."""
        return short_form(self.certificate, now) if self.certificate else {"error": self.problem}


@dataclass(frozen=True)
class EndpointTrust:
    """An endpoint of a registration, with its trust entries."""

    registration: Registration
    endpoint: ServiceEndpoint
    entries: Tuple[TrustEntry, ...]

    @property
    def uses_ip(self) -> bool:
        """Whether the url has an address instead of a host name."""
        return is_address(self.endpoint.host)

    @property
    def host_port(self) -> HostPort:
        """The host and port that serve the url."""
        return HostPort(self.endpoint.host, self.endpoint.port)

    @property
    def certificates(self) -> List[Certificate]:
        """The certificates of the entries that can be read."""
        return [entry.certificate for entry in self.entries if entry.certificate]

    @property
    def unprobed_reason(self) -> str:
        """Why the url is never probed; empty if it is."""
        endpoint = self.endpoint
        if not endpoint.url.strip():
            return "the url is empty"
        if endpoint.scheme != "https":
            return "the url is not https"
        if not endpoint.host or not endpoint.port:
            return "the url contains no valid host and port"
        address = as_address(endpoint.host)
        if endpoint.host == "localhost" or endpoint.host.endswith(".localhost") or (address is not None and address.is_loopback):
            return "the url is local to the appliance (%s)" % endpoint.host
        return ""

    def accepts(self, chain: Sequence[Certificate]) -> bool:
        """Whether a client that trusts the entries accepts this chain."""
        return any(vouches(certificate, chain) for certificate in self.certificates)


def endpoint_trusts(registrations: Sequence[Registration]) -> List[EndpointTrust]:
    """Every endpoint. Thousands of endpoints hold a handful of certificates: each text is read once."""
    read = functools.lru_cache(maxsize=None)(read_entry)
    return [
        EndpointTrust(registration, endpoint, tuple(read(text) for text in endpoint.ssl_trust))
        for registration in registrations
        for endpoint in registration.endpoints
    ]


def read_entry(text: str) -> TrustEntry:
    """Read an sslTrust text."""
    reading = read_certificates(text.encode("utf-8"))
    if len(reading.certificates) == 1 and not reading.warnings:
        return TrustEntry(text, reading.certificates[0])
    return TrustEntry(text, None, "; ".join(reading.warnings) or "the entry contains %d certificates instead of one" % len(reading.certificates))


def short_form(certificate: Certificate, now: datetime.datetime) -> Dict[str, Any]:
    """What distinguishes a certificate from others."""
    whole = certificate.as_dict(now)
    return {name: whole[name] for name in ("subject", "common_name", "not_before", "not_after", "days_left", "is_ca", "fingerprints")}
