# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rules about a vCenter's Lookup Service, in which the endpoints of a server are registered with their trust anchors."""

from __future__ import annotations

from typing import Iterator

from ansible_collections.certmend.tls.plugins.module_utils.core.findings import ERROR
from ansible_collections.certmend.tls.plugins.module_utils.core.sentences import counted
from ansible_collections.certmend.tls.plugins.module_utils.x509.path.presented_chain import Chain, vouches
from ansible_collections.certmend.tls.plugins.module_utils.x509.rules.rule import JudgementContext, rule

#: how many services a message names
NAMED = 3


@rule(
    "SSLTRUST-STALE",
    ERROR,
    cites="KB 322835",
    remedy="ssl_trust",
    advice="Replace the anchors in the Lookup Service with the certificate that the server presents now; solutions that look the server "
    "up there trust nothing else.",
)
def the_lookup_service_trusts_the_certificate(chain: Chain, context: JudgementContext) -> Iterator[str]:
    """The Lookup Service's trust anchors for the server accept the certificate that it presents."""
    stale = [endpoint for endpoint in context.registered if not any(vouches(anchor, chain.presented) for anchor in endpoint.anchors)]
    if stale:
        fingerprints = sorted({anchor.fingerprint() for endpoint in stale for anchor in endpoint.anchors})
        services = list(dict.fromkeys(endpoint.service for endpoint in stale))
        yield "%s of %s (%s%s) %s %s" % (
            counted(len(stale), "endpoint"),
            counted(len(services), "service"),
            ", ".join(services[:NAMED]),
            " ..." if len(services) > NAMED else "",
            "trusts" if len(stale) == 1 else "trust",
            "other certificates (SHA-256 %s)" % ", ".join(fingerprints) if fingerprints else "no readable certificate",
        )
