# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rules about key usage and extended key usage."""

from __future__ import annotations

from typing import Iterator, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.appliance.ome import messages as answers
from ansible_collections.certmend.tls.plugins.module_utils.core.findings import ERROR
from ansible_collections.certmend.tls.plugins.module_utils.x509.path.presented_chain import Chain
from ansible_collections.certmend.tls.plugins.module_utils.x509.path.requirements import SERVER, Aspect, Requirements
from ansible_collections.certmend.tls.plugins.module_utils.x509.rules.rule import (
    OME,
    OME_MIGRATION,
    OME_SINGLE,
    JudgementContext,
    ProfileOutcome,
    rule,
    rule_by_profile,
)

ANY = "anyExtendedKeyUsage"
TEMPLATE = "Have the certificate issued again from a template with "
BOTH = TEMPLATE + "both server and client authentication: in a migration each appliance is server and client."
ENCIPHERMENT = TEMPLATE + "key encipherment."
#: key encipherment is meant for RSA keys (RFC 5280 section 4.2.1.3); the appliance requires it of every key
RSA_ONLY = " If the CA has no such template for your type of key, use an RSA key."


def _listed(purposes: Tuple[str, ...]) -> str:
    return ", ".join(purposes) or "missing"


@rule(
    "USAGE-NO-SERVER-AUTH",
    ERROR,
    cites="RFC 5280 section 4.2.1.12; Dell's article on OME migrations: extended key usage",
    remedy="fqdn_certificate",
    advice=TEMPLATE + "server authentication.",
    other_outcomes={
        OME_SINGLE: ProfileOutcome(ERROR, "ome_chain", TEMPLATE + "server authentication."),
        OME_MIGRATION: ProfileOutcome(ERROR, "ome_chain", BOTH, str(answers.PURPOSES)),
    },
)
def server_authentication_is_allowed(chain: Chain, context: JudgementContext) -> Iterator[str]:
    """The certificate's extended key usage allows server authentication."""
    purposes = chain.leaf.extended_key_usage
    # without the extension a certificate may be used for anything; OpenManage Enterprise requires serverAuth by name
    restricted = bool(purposes) and ANY not in purposes
    if "serverAuth" not in purposes and (restricted or context.profiles & frozenset(OME)):
        yield "its extended key usage lacks serverAuth (%s)" % _listed(purposes)


@rule(
    "USAGE-NO-TLS",
    ERROR,
    cites="RFC 5280 section 4.2.1.3; RFC 8446 section 4.4.2.2",
    remedy="fqdn_certificate",
    advice=TEMPLATE + "digital signature (and, for RSA keys and old clients, key encipherment).",
)
def the_key_may_be_used_for_tls(chain: Chain, context: JudgementContext) -> Iterator[str]:
    """The certificate's key usage, if it has one, allows a TLS handshake: digital signature, key encipherment or key agreement."""
    for objection in Requirements(purpose=SERVER).of_leaf(chain.leaf):
        if objection.aspect is Aspect.KEY_USAGE:
            yield objection.text


@rule_by_profile(
    "USAGE-NO-CLIENT-AUTH",
    cites="Dell's article on OME migrations: extended key usage",
    outcomes={OME_MIGRATION: ProfileOutcome(ERROR, "ome_chain", BOTH, str(answers.PURPOSES))},
)
def client_authentication_is_allowed(chain: Chain, context: JudgementContext) -> Iterator[str]:
    """The certificate's extended key usage allows client authentication."""
    purposes = chain.leaf.extended_key_usage
    if "clientAuth" not in purposes:
        yield "its extended key usage lacks clientAuth (%s)" % _listed(purposes)


@rule_by_profile(
    "USAGE-NO-KEY-ENCIPHERMENT",
    cites="Dell's article on OME migrations: key encipherment",
    outcomes={
        OME_SINGLE: ProfileOutcome(ERROR, "ome_chain", ENCIPHERMENT + " For a migration, upload the chain." + RSA_ONLY, str(answers.FILE)),
        OME_MIGRATION: ProfileOutcome(ERROR, "ome_chain", ENCIPHERMENT + RSA_ONLY, str(answers.ENCIPHERMENT)),
    },
)
def key_encipherment_is_allowed(chain: Chain, context: JudgementContext) -> Iterator[str]:
    """The certificate's key usage allows key encipherment."""
    if "keyEncipherment" not in chain.leaf.key_usage:
        yield "its key usage lacks keyEncipherment (%s)" % _listed(chain.leaf.key_usage)
