# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rules about the key that belongs to the certificate."""

from __future__ import annotations

from typing import Iterator

from ansible_collections.certmend.tls.plugins.module_utils.appliance.ome import messages as answers
from ansible_collections.certmend.tls.plugins.module_utils.core.findings import ERROR
from ansible_collections.certmend.tls.plugins.module_utils.x509.path.presented_chain import Chain
from ansible_collections.certmend.tls.plugins.module_utils.x509.rules.rule import OME, JudgementContext, ProfileOutcome, rule

NEW_REQUEST = "Make a new request on this appliance and have the certificate issued for it; earlier requests are no longer valid."


@rule(
    "KEY-NOT-PRIVATE-KEY",
    ERROR,
    cites="RFC 8446 section 4.4.3 (the server proves that it has the private key)",
    remedy="fqdn_certificate",
    advice="Find the private key that the request was made with, or make a new key and request.",
)
def the_private_key_belongs_to_the_certificate(chain: Chain, context: JudgementContext) -> Iterator[str]:
    """The given private key belongs to the certificate."""
    if context.private_key_pin and context.private_key_pin != chain.leaf.pin:
        yield "the certificate's key is %s, the private key's is %s" % (chain.leaf.pin, context.private_key_pin)


@rule(
    "KEY-NOT-CSR",
    ERROR,
    cites="RFC 2986 section 3 (the certificate contains the public key of the request)",
    remedy="fqdn_certificate",
    advice="Have the certificate issued for this request.",
    other_outcomes=dict.fromkeys(OME, ProfileOutcome(ERROR, "ome_chain", NEW_REQUEST, str(answers.KEY))),
)
def the_request_belongs_to_the_certificate(chain: Chain, context: JudgementContext) -> Iterator[str]:
    """The given certificate signing request was made for the certificate's key."""
    if context.csr_pin and context.csr_pin != chain.leaf.pin:
        yield "the certificate's key is %s, the request's is %s" % (chain.leaf.pin, context.csr_pin)
