# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which trust entries an update replaces, and by which certificate."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import FrozenSet, List, Mapping, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.hostnames import to_ascii
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import Certificate
from ansible_collections.certmend.tls.plugins.module_utils.x509.lookup_ssl_trust.trust_entries import EndpointTrust, TrustEntry


@dataclass(frozen=True)
class UpdateSpec:
    """What an update replaces.

    :param chain: the new certificate of every host, and those given or served with it; unless there is
    :param by_host: the chain of each host.
    :param old: SHA-1 or SHA-256 fingerprints of old certificates, upper case with colons; empty: every entry of an endpoint that does not
        accept its new certificate is replaced.
    :param hosts: only endpoints of these hosts; empty: of all.
    :param aliases: host names by the other names that urls have for them.
    """

    chain: Tuple[Certificate, ...] = ()
    by_host: Mapping[str, Tuple[Certificate, ...]] = field(default_factory=dict)
    old: Tuple[str, ...] = ()
    hosts: FrozenSet[str] = frozenset()
    aliases: Mapping[str, str] = field(default_factory=dict)

    def host_of(self, trust: EndpointTrust) -> str:
        """The endpoint's host by its proper name, if the url has an alias."""
        host = to_ascii(trust.endpoint.host)
        return self.aliases.get(host, host)

    def chain_for(self, trust: EndpointTrust) -> Tuple[Certificate, ...]:
        """The new chain of an endpoint; empty if the endpoint gets none."""
        return self.by_host.get(self.host_of(trust), ()) if self.by_host else self.chain

    @property
    def new_certificates(self) -> List[Certificate]:
        """Every new certificate."""
        return [chain[0] for chain in ([self.chain] if self.chain else self.by_host.values())]

    def selects(self, trust: EndpointTrust) -> bool:
        """Whether the update is responsible for an endpoint: it replaces trust anchors there, or an earlier run of the same update did."""
        chain = self.chain_for(trust)
        if not chain or not trust.entries or (self.hosts and self.host_of(trust) not in self.hosts):
            return False
        fingerprints = (*self.old, chain[0].fingerprint())
        return not self.old or any(has_fingerprint(certificate, known) for certificate in trust.certificates for known in fingerprints)

    def replaces(self, trust: EndpointTrust, entry: TrustEntry) -> bool:
        """Whether an entry of an endpoint is replaced."""
        chain = self.chain_for(trust)
        if not chain or (self.hosts and self.host_of(trust) not in self.hosts):
            return False
        if not self.old:
            return not trust.accepts(chain)
        certificate = entry.certificate
        return certificate is not None and certificate != chain[0] and any(has_fingerprint(certificate, old) for old in self.old)

    def changes(self, trust: EndpointTrust) -> bool:
        """Whether any entry of an endpoint is replaced."""
        return any(self.replaces(trust, entry) for entry in trust.entries)


def has_fingerprint(certificate: Certificate, fingerprint: str) -> bool:
    """Whether a certificate has this SHA-1 or SHA-256 fingerprint."""
    return fingerprint in (certificate.fingerprint("sha1"), certificate.fingerprint())
