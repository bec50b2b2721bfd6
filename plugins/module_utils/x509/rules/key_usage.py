# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rules about what the certificate may be used for."""

from __future__ import annotations

from typing import Iterator, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.appliance.ome import messages as answers
from ansible_collections.certmend.tls.plugins.module_utils.core.findings import ERROR
from ansible_collections.certmend.tls.plugins.module_utils.x509.path.presented_chain import Chain
from ansible_collections.certmend.tls.plugins.module_utils.x509.rules.rule import (
    OME,
    OME_MIGRATION,
    OME_SINGLE,
    Context,
    Words,
    rule,
    rule_of,
)

ANY = "anyExtendedKeyUsage"
TEMPLATE = "Have it issued again from a template with "
BOTH = TEMPLATE + "both server and client authentication: in a migration each appliance is server and client."
ENCIPHERMENT = TEMPLATE + "key encipherment."
#: key transport is for RSA keys; the appliance asks for the word all the same
RSA_ALONE = " A CA that has no such template for another key issues it for an RSA key."


def _told(purposes: Tuple[str, ...]) -> str:
    return ", ".join(purposes) or "missing"


@rule(
    "USAGE-NO-SERVER-AUTH",
    ERROR,
    cites="RFC 5280 section 4.2.1.12; Dell's article on OME migrations: extended key usage",
    remedy="fqdn_certificate",
    advice=TEMPLATE + "server authentication.",
    special={
        OME_SINGLE: Words(ERROR, "ome_chain", TEMPLATE + "server authentication."),
        OME_MIGRATION: Words(ERROR, "ome_chain", BOTH, str(answers.PURPOSES)),
    },
)
def it_may_be_a_server(chain: Chain, context: Context) -> Iterator[str]:
    """The certificate's extended key usage allows server authentication."""
    purposes = chain.leaf.extended_key_usage
    # without the extension a certificate is for any use; OpenManage Enterprise wants to read the word
    named = bool(purposes) and ANY not in purposes
    if "serverAuth" not in purposes and (named or context.profiles & frozenset(OME)):
        yield "its extended key usage lacks serverAuth (%s)" % _told(purposes)


@rule_of(
    "USAGE-NO-CLIENT-AUTH",
    cites="Dell's article on OME migrations: extended key usage",
    words={OME_MIGRATION: Words(ERROR, "ome_chain", BOTH, str(answers.PURPOSES))},
)
def it_may_be_a_client(chain: Chain, context: Context) -> Iterator[str]:
    """The certificate's extended key usage allows client authentication."""
    purposes = chain.leaf.extended_key_usage
    if "clientAuth" not in purposes:
        yield "its extended key usage lacks clientAuth (%s)" % _told(purposes)


@rule_of(
    "USAGE-NO-KEY-ENCIPHERMENT",
    cites="Dell's article on OME migrations: key encipherment",
    words={
        OME_SINGLE: Words(ERROR, "ome_chain", ENCIPHERMENT + " For a migration, upload the chain." + RSA_ALONE, str(answers.FILE)),
        OME_MIGRATION: Words(ERROR, "ome_chain", ENCIPHERMENT + RSA_ALONE, str(answers.ENCIPHERMENT)),
    },
)
def it_may_encipher_keys(chain: Chain, context: Context) -> Iterator[str]:
    """The certificate's key usage has key encipherment."""
    if "keyEncipherment" not in chain.leaf.key_usage:
        yield "its key usage lacks keyEncipherment (%s)" % _told(chain.leaf.key_usage)
