# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rules about the period of validity."""

from __future__ import annotations

from typing import Iterator

from ansible_collections.certmend.tls.plugins.module_utils.appliance.ome import messages as answers
from ansible_collections.certmend.tls.plugins.module_utils.core.findings import ERROR, WARNING
from ansible_collections.certmend.tls.plugins.module_utils.core.timestamps import relative_day, timestamp
from ansible_collections.certmend.tls.plugins.module_utils.x509.path.presented_chain import Chain
from ansible_collections.certmend.tls.plugins.module_utils.x509.rules.rule import (
    OME_MIGRATION,
    OME_SINGLE,
    PROFILES,
    JudgementContext,
    ProfileOutcome,
    Violation,
    rule,
)

RENEW = "Renew it before anything else; if it is a CA, install its successor and reissue the certificates that it signed."

CLOCK = "Correct the appliance's clock, or reissue the certificate."
OME_OUTCOMES = {OME_SINGLE: ProfileOutcome(ERROR, "ome_chain", CLOCK), OME_MIGRATION: ProfileOutcome(ERROR, "ome_chain", CLOCK, str(answers.MUTUAL))}


@rule(
    "VALIDITY-EXPIRED",
    ERROR,
    cites="RFC 5280 section 4.1.2.5; article 000011648, troubleshooting",
    remedy="fqdn_certificate",
    advice=RENEW,
    other_outcomes=OME_OUTCOMES,
)
def nothing_has_expired(chain: Chain, context: JudgementContext) -> Iterator[Violation]:
    """No certificate of the path has expired."""
    for certificate in chain.path.certificates:
        if certificate.not_after < context.now:
            yield Violation(certificate, "expired %s (%s)" % (timestamp(certificate.not_after), relative_day(certificate.not_after, context.now)))


@rule(
    "VALIDITY-NOT-YET",
    ERROR,
    cites="RFC 5280 section 4.1.2.5",
    remedy="",
    advice="Compare the clocks of client, server and CA; wait, or reissue the certificate with an earlier start.",
    other_outcomes=OME_OUTCOMES,
)
def everything_is_valid_by_now(chain: Chain, context: JudgementContext) -> Iterator[Violation]:
    """The period of validity of every certificate of the path has begun."""
    for certificate in chain.path.certificates:
        if certificate.not_before > context.now:
            yield Violation(certificate, "is valid only from %s (%s)" % (timestamp(certificate.not_before), relative_day(certificate.not_before, context.now)))


@rule(
    "VALIDITY-SOON",
    WARNING,
    cites="RFC 5280 section 4.1.2.5; article 000011648, troubleshooting",
    remedy="fqdn_certificate",
    advice="Renew it in the next change window.",
    profiles=PROFILES,
)
def nothing_expires_soon(chain: Chain, context: JudgementContext) -> Iterator[Violation]:
    """No certificate of the path expires within the given number of days."""
    for certificate in chain.path.certificates:
        left = certificate.not_after - context.now
        if left.total_seconds() >= 0 and left <= context.expires_within:
            yield Violation(certificate, "expires %s (%s)" % (timestamp(certificate.not_after), relative_day(certificate.not_after, context.now)))
