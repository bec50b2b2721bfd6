# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rules about the chain: whether it is whole and in order."""

from __future__ import annotations

from typing import Iterator

from ansible_collections.certmend.tls.plugins.module_utils.appliance.ome import messages as answers
from ansible_collections.certmend.tls.plugins.module_utils.core.findings import ERROR, NOTICE, WARNING
from ansible_collections.certmend.tls.plugins.module_utils.x509.path.presented_chain import Chain
from ansible_collections.certmend.tls.plugins.module_utils.x509.path.requirements import Requirements
from ansible_collections.certmend.tls.plugins.module_utils.x509.rules.rule import (
    OME_MIGRATION,
    Context,
    Seen,
    Words,
    rule,
)

REORDER = "Put the appliance's certificate first and below each certificate the one that signed it, the root last, each of them once."


@rule(
    "CHAIN-INCOMPLETE",
    ERROR,
    cites="RFC 8446 section 4.4.2; article 000011648, scenario 4",
    remedy="server_chain",
    advice="Append the intermediate certificates below the server's own; where the issuer is a root, add it to the client's trust "
    "store instead.",
)
def the_intermediates_are_presented(chain: Chain, context: Context) -> Iterator[str]:
    """The server presents every certificate between its own and one that the client trusts."""
    if chain.complete is False and len(chain.path.certificates) == 1 and not chain.leaf.self_signed:
        where = "; it can be had from %s" % ", ".join(chain.leaf.ca_issuers) if chain.leaf.ca_issuers else ""
        yield "the issuer %s is neither presented nor among the %d trusted certificates%s" % (
            chain.leaf.issuer,
            len(chain.anchors or ()),
            where,
        )


@rule(
    "CHAIN-ORDER",
    WARNING,
    cites="RFC 8446 section 4.4.2; article 000011648: server, intermediate 1, intermediate 2, root",
    remedy="server_chain",
    advice="Put the server's certificate first and below each certificate the one that signed it.",
    special={OME_MIGRATION: Words(ERROR, "ome_chain", REORDER, str(answers.CHAIN))},
)
def each_certificate_is_followed_by_its_issuer(chain: Chain, context: Context) -> Iterator[str]:
    """Each certificate is directly followed by the one that signed it."""
    chain = chain.alone if OME_MIGRATION in context.profiles else chain  # it goes up to the root, whomever a client trusts
    places = [place for place in chain.order if place >= 0]
    if places != sorted(places) or (places and places[0] != 0):
        yield "the certificates stand in the order %s of the path" % ", ".join(
            str(chain.path.certificates.index(one) + 1) for one in chain.presented if one in chain.path.certificates
        )


@rule(
    "CHAIN-UNRELATED",
    NOTICE,
    cites="RFC 8446 section 4.4.2",
    remedy="server_chain",
    advice="Take it out of the file: it helps no client and makes each handshake longer.",
    special={OME_MIGRATION: Words(ERROR, "ome_chain", REORDER, str(answers.CHAIN))},
)
def every_certificate_is_needed(chain: Chain, context: Context) -> Iterator[Seen]:
    """Every presented certificate belongs to the path."""
    chain = chain.alone if OME_MIGRATION in context.profiles else chain
    for certificate in chain.unused:
        yield Seen(certificate, "signed nothing on the path from %s" % (chain.leaf.subject or "the leaf"))
    for certificate in chain.repeated if OME_MIGRATION in context.profiles else ():  # clients do not mind
        yield Seen(certificate, "is there more than once")


@rule(
    "CHAIN-PATH-INVALID",
    ERROR,
    cites="RFC 5280 section 6.1.4 (k) to (n), section 6.1.3 (b) and (c)",
    remedy="server_chain",
    advice="Ask the CA for a certificate from an issuer that may sign it, or build another chain from the CA's other certificates.",
)
def every_issuer_may_sign(chain: Chain, context: Context) -> Iterator[Seen]:
    """Every issuer of the path may sign what is below it: it is a CA, and its constraints allow it."""
    certificates = chain.path.certificates
    for place, issuer in enumerate(certificates[1:], start=1):
        for objection in Requirements.of_place(issuer, certificates[:place], issuer == chain.path.anchor):
            yield Seen(issuer, objection)
        for number in issuer.unknown_critical:
            yield Seen(issuer, "its critical extension %s is unknown, so clients must reject it" % number)
