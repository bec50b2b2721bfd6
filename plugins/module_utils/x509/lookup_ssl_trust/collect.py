# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the run reads from the network: the registrations, and the certificates that their urls serve now."""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass
from functools import partial
from typing import Dict, List, Mapping, Optional, Sequence, Tuple
from urllib.parse import urlsplit

from ansible_collections.certmend.tls.plugins.module_utils.appliance.lookup_service.client import LookupService
from ansible_collections.certmend.tls.plugins.module_utils.appliance.lookup_service.registration import Registration
from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.endpoints import HostPort
from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.hostnames import to_ascii
from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.https import Session
from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.probe_all import ProbeResult, probe_all
from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.tls_probe import ProbeError
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError, attempt, raise_all
from ansible_collections.certmend.tls.plugins.module_utils.core.timestamps import timestamp
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import Certificate
from ansible_collections.certmend.tls.plugins.module_utils.x509.load.reader import merge_readings, read_certificates
from ansible_collections.certmend.tls.plugins.module_utils.x509.lookup_ssl_trust.options import Options
from ansible_collections.certmend.tls.plugins.module_utils.x509.lookup_ssl_trust.trust_entries import EndpointTrust
from ansible_collections.certmend.tls.plugins.module_utils.x509.lookup_ssl_trust.update_spec import UpdateSpec

#: how a registration names an STS: product and type of the service, protocol and type of the endpoint
STS_SERVICE = ("com.vmware.cis", "cs.identity")
STS_ENDPOINT = ("wsTrust", "com.vmware.cis.cs.identity.sso")
#: where an STS is served (5.1: /ims); the last part is the SSO domain
STS_PATH = re.compile(r"/(?:sts|ims)/STSService(?:/[A-Za-z0-9][A-Za-z0-9.-]*)?/?\Z")


_NO_HOSTS: Mapping[str, Tuple[Certificate, ...]] = {}


@dataclass(frozen=True)
class Served:
    """What a host and port answered to a TLS handshake.

    :param chain: as it was sent; empty if there was none.
    :param error: why the chain is empty or incomplete.
    """

    chain: Tuple[Certificate, ...] = ()
    error: str = ""


@dataclass(frozen=True)
class Sts:
    """A Security Token Service; all values are empty if none is registered.

    Anybody may answer the request for the list, and a registration of the list may have any url: its host is no place to send a password to.
    """

    url: str = ""

    @property
    def domain(self) -> str:
        """The SSO domain: the last part of the url's path."""
        return self.url.rstrip("/").rpartition("/")[2]

    @property
    def path(self) -> str:
        """The url's path, if it is that of an STS; else empty."""
        path = _path_of(self.url)
        return path if STS_PATH.match(path) else ""


def _path_of(url: str) -> str:
    try:
        return urlsplit(url).path
    except ValueError:  # brackets without an IPv6 address
        return ""


def session_to(options: Options, host: str, port: int) -> Session:
    """A connection to a node, verified as the options say."""
    return Session(host, port, options.trust, options.timeout, options.addresses.get(to_ascii(host)))


def read_registrations(options: Options, service: Optional[LookupService]) -> List[Registration]:
    """The registrations that the service lists; without a service, those in the option ``listed``."""
    if service is not None:
        return service.list()
    from ansible_collections.certmend.tls.plugins.module_utils.appliance.lookup_service.lstool import parse_list

    return parse_list(options.listed or "")


def find_sts(registrations: Sequence[Registration], hostname: str) -> Sts:
    """The STS of the node that was asked; if that has none, the first that is registered."""
    endpoints = [
        endpoint
        for registration in registrations
        if (registration.product, registration.type) == STS_SERVICE
        for endpoint in registration.endpoints
        if (endpoint.protocol, endpoint.type) == STS_ENDPOINT
    ]
    own = [endpoint for endpoint in endpoints if endpoint.host == hostname.lower()]
    return Sts((own or endpoints)[0].url) if endpoints else Sts()


def probe_endpoints(trusts: Sequence[EndpointTrust], options: Options) -> Dict[HostPort, Served]:
    """Probe the host and port of every url once, all at the same time."""
    hosts = {trust.host_port for trust in trusts if trust.entries and not trust.unprobed_reason}
    targets = {host_port: options.target(host_port.host, host_port.port) for host_port in sorted(hosts, key=str)}
    answers = probe_all(list(targets.values()), options.workers, options.probe_timeout)
    return {host_port: served(answers[target]) for host_port, target in targets.items()}


def served(result: ProbeResult) -> Served:
    """The certificates in the result of a probe."""
    if isinstance(result, ProbeError):
        return Served(error="%s: %s" % (result.code, result.message))
    reading = merge_readings([read_certificates(der) for der in result])
    return Served(reading.certificates, "; ".join(reading.warnings))


def update_spec(options: Options, now: datetime.datetime) -> UpdateSpec:
    """The replacements that the options ask for, with the certificates that are served now if ``live`` is true.

    :raises RemediationError: a new certificate is not valid now, or the served certificate is not the expected one.
    """
    chain, by_host = options.new_chain, _NO_HOSTS
    if options.live and options.hosts:
        by_host = live_chains(options, sorted(options.hosts))
    elif options.live:
        (chain,) = live_chains(options, [to_ascii(options.hostname or "localhost")]).values()
    spec = UpdateSpec(chain, by_host, options.old_fingerprints, options.hosts, options.aliases)
    errors: List[RemediationError] = []
    for certificate in spec.new_certificates:
        attempt(errors, partial(check_validity, certificate, now))
    raise_all(errors)
    return spec


def check_validity(certificate: Certificate, now: datetime.datetime) -> None:
    """A certificate that clients refuse must not be registered.

    :raises RemediationError: the certificate is not valid now.
    """
    if not certificate.not_before <= now <= certificate.not_after:
        raise RemediationError(
            "new_certificate: %s is valid from %s to %s only" % (certificate.subject, timestamp(certificate.not_before), timestamp(certificate.not_after)),
            "Give the certificate that is served now.",
        )


def live_chains(options: Options, hosts: Sequence[str]) -> Dict[str, Tuple[Certificate, ...]]:
    """The chain that each host serves now.

    :raises RemediationError: a host does not answer, or serves a certificate without one of the expected fingerprints.
    """
    targets = {host: options.target(host, options.live_port) for host in hosts}
    answers = probe_all(list(targets.values()), options.workers, options.probe_timeout)
    chains = {host: served(answers[target]) for host, target in targets.items()}
    errors: List[RemediationError] = []
    for host, target in targets.items():
        attempt(errors, partial(_check_expected, str(target), chains[host], options.expected_fingerprints))
    raise_all(errors)
    return {host: chain.chain for host, chain in chains.items()}


def _check_expected(server: str, answer: Served, expected: Sequence[str]) -> None:
    if not answer.chain:
        raise RemediationError("live: %s: %s" % (server, answer.error), "Give new_certificate; or addresses, if this machine cannot resolve the host name.")
    if answer.chain[0].fingerprint() not in expected:
        raise RemediationError(
            "expected_fingerprint: %s serves a certificate with another fingerprint, %s" % (server, answer.chain[0].fingerprint()),
            "Compare it on the appliance: a proxy or load balancer in between may have answered. Nothing was changed.",
        )
