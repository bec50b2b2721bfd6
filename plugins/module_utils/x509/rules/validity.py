# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rules about time."""

from __future__ import annotations

from typing import Iterator

from ansible_collections.certmend.tls.plugins.module_utils.appliance.ome import messages as answers
from ansible_collections.certmend.tls.plugins.module_utils.core.findings import ERROR, WARNING
from ansible_collections.certmend.tls.plugins.module_utils.core.timestamps import timestamp
from ansible_collections.certmend.tls.plugins.module_utils.x509.path.presented_chain import Chain
from ansible_collections.certmend.tls.plugins.module_utils.x509.rules.rule import (
    OME_MIGRATION,
    OME_SINGLE,
    PROFILES,
    Context,
    Seen,
    Words,
    rule,
)

RENEW = "Renew it before anything else; where it is a CA, get its successor and reissue what it signed."

CLOCK = "Mend the appliance's clock, or reissue the certificate."
OME_WORDS = {OME_SINGLE: Words(ERROR, "ome_chain", CLOCK), OME_MIGRATION: Words(ERROR, "ome_chain", CLOCK, str(answers.MUTUAL))}


@rule(
    "VALIDITY-EXPIRED",
    ERROR,
    cites="RFC 5280 section 4.1.2.5; article 000011648, troubleshooting",
    remedy="fqdn_certificate",
    advice=RENEW,
    special=OME_WORDS,
)
def nothing_has_expired(chain: Chain, context: Context) -> Iterator[Seen]:
    """No certificate of the path has expired."""
    for certificate in chain.path.certificates:
        if certificate.not_after < context.now:
            days = (context.now - certificate.not_after).days
            yield Seen(certificate, "expired %s (%d days ago)" % (timestamp(certificate.not_after), days))


@rule(
    "VALIDITY-NOT-YET",
    ERROR,
    cites="RFC 5280 section 4.1.2.5",
    remedy="",
    advice="Compare the clocks of client, server and CA; wait, or reissue it with an earlier start.",
    special=OME_WORDS,
)
def everything_is_valid_already(chain: Chain, context: Context) -> Iterator[Seen]:
    """Every certificate of the path is valid already."""
    for certificate in chain.path.certificates:
        if certificate.not_before > context.now:
            yield Seen(certificate, "is valid only from %s" % timestamp(certificate.not_before))


@rule(
    "VALIDITY-SOON",
    WARNING,
    cites="RFC 5280 section 4.1.2.5; article 000011648, troubleshooting",
    remedy="fqdn_certificate",
    advice="Renew it in the next change window.",
    profiles=PROFILES,
)
def nothing_expires_soon(chain: Chain, context: Context) -> Iterator[Seen]:
    """No certificate of the path expires within the days asked for."""
    for certificate in chain.path.certificates:
        left = certificate.not_after - context.now
        if left.total_seconds() >= 0 and left <= context.expires_within:
            yield Seen(certificate, "expires %s (%d days left)" % (timestamp(certificate.not_after), left.days))
