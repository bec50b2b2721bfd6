# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rules about what others have registered of a server."""

from __future__ import annotations

from typing import Iterator

from ansible_collections.certmend.tls.plugins.module_utils.core.findings import ERROR
from ansible_collections.certmend.tls.plugins.module_utils.x509.path.presented_chain import Chain, vouches
from ansible_collections.certmend.tls.plugins.module_utils.x509.rules.rule import Context, rule

#: services that a message names
NAMED = 3


@rule(
    "SSLTRUST-STALE",
    ERROR,
    cites="KB 322835",
    remedy="ssl_trust",
    advice="Replace the anchors in the Lookup Service by the certificate that is served now; solutions that find the server there "
    "trust nothing else.",
)
def the_lookup_service_knows_the_certificate(chain: Chain, context: Context) -> Iterator[str]:
    """What the Lookup Service holds for the server accepts what it serves."""
    stale = [one for one in context.registered if not any(vouches(anchor, chain.presented) for anchor in one.anchors)]
    if stale:
        held = sorted({anchor.fingerprint("sha1") for one in stale for anchor in one.anchors})
        services = list(dict.fromkeys(one.service for one in stale))
        yield "%d endpoints of %d services (%s%s) hold %s" % (
            len(stale),
            len(services),
            ", ".join(services[:NAMED]),
            " ..." if len(services) > NAMED else "",
            "other certificates (SHA-1 %s)" % ", ".join(held) if held else "what is no certificate",
        )
