# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rules about the chain: whether it is complete and in order."""

from __future__ import annotations

from typing import Iterator, Union

from ansible_collections.certmend.tls.plugins.module_utils.appliance.ome import messages as answers
from ansible_collections.certmend.tls.plugins.module_utils.core.findings import ERROR, NOTICE, WARNING
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import Certificate
from ansible_collections.certmend.tls.plugins.module_utils.x509.path import policies
from ansible_collections.certmend.tls.plugins.module_utils.x509.path.builder import Path
from ansible_collections.certmend.tls.plugins.module_utils.x509.path.presented_chain import Chain
from ansible_collections.certmend.tls.plugins.module_utils.x509.path.requirements import SERVER, Aspect, Requirements
from ansible_collections.certmend.tls.plugins.module_utils.x509.rules.rule import (
    OME_MIGRATION,
    JudgementContext,
    ProfileOutcome,
    Suspicion,
    Violation,
    rule,
)

#: what a TLS client requires; the validity has rules of its own
FOR_SERVERS = Requirements(purpose=SERVER)
REORDER = "Put the appliance's certificate first and after each certificate its issuer's, the root last, each of them once."


@rule(
    "CHAIN-INCOMPLETE",
    ERROR,
    cites="RFC 8446 section 4.4.2; article 000011648, scenario 4",
    remedy="server_chain",
    advice="Append the intermediate certificates after the server's certificate; if the issuer is a root, add it to the client's trust store instead.",
    uncertain="no trusted certificates are given and the issuer of the server's certificate is not presented: it may be a root, which may be omitted",
)
def the_intermediates_are_presented(chain: Chain, context: JudgementContext) -> Iterator[Union[str, Suspicion]]:
    """The server presents every certificate between its own and a certificate that the client trusts."""
    if chain.complete or len(chain.path.certificates) > 1:
        return
    issuer = chain.leaf.issuer or "without a name"
    download = "; download it from %s" % ", ".join(chain.leaf.ca_issuers) if chain.leaf.ca_issuers else ""
    if chain.anchors is not None:
        yield "the issuer %s is neither presented nor among the trusted certificates (%d)%s" % (issuer, len(chain.anchors), download)
    elif not chain.leaf.is_ca:  # few CAs issue server certificates by their root; the issuer of a CA certificate often is one
        unknown = "without trusted certificates it cannot be known whether it is a root, which may be omitted, or an intermediate, which clients need"
        yield Suspicion("the issuer %s is not presented; %s%s" % (issuer, unknown, download))


@rule(
    "CHAIN-ORDER",
    WARNING,
    cites="RFC 8446 section 4.4.2; article 000011648: server, intermediate 1, intermediate 2, root",
    remedy="server_chain",
    advice="Put the server's certificate first and after each certificate its issuer's.",
    other_outcomes={OME_MIGRATION: ProfileOutcome(ERROR, "ome_chain", REORDER, str(answers.CHAIN))},
)
def each_certificate_is_followed_by_its_issuer(chain: Chain, context: JudgementContext) -> Iterator[str]:
    """Each certificate is directly followed by its issuer's."""
    chain = chain.without_anchors if OME_MIGRATION in context.profiles else chain  # the path to the root, whatever a client trusts
    positions = [position for position in chain.order if position >= 0]
    if positions != sorted(positions) or (positions and positions[0] != 0):
        path = chain.path.certificates
        presented = [str(path.index(certificate) + 1) for certificate in chain.presented if certificate in path]
        yield "the certificates are presented in the order %s of the path" % ", ".join(presented)


@rule(
    "CHAIN-UNRELATED",
    NOTICE,
    cites="RFC 8446 section 4.4.2",
    remedy="server_chain",
    advice="Remove it from the file: no client needs it, and it makes each handshake longer.",
    other_outcomes={OME_MIGRATION: ProfileOutcome(ERROR, "ome_chain", REORDER, str(answers.CHAIN))},
)
def every_certificate_is_needed(chain: Chain, context: JudgementContext) -> Iterator[Violation]:
    """Every presented certificate belongs to the path."""
    chain = chain.without_anchors if OME_MIGRATION in context.profiles else chain
    for certificate in chain.unused:
        yield Violation(certificate, "signed nothing on the path from %s" % (chain.leaf.subject or "the leaf"))
    for certificate in chain.repeated if OME_MIGRATION in context.profiles else ():  # clients accept it
        yield Violation(certificate, "is presented more than once")


@rule(
    "CHAIN-PATH-INVALID",
    ERROR,
    cites="RFC 5280 section 6.1: 6.1.3 (b), (c) and (f), 6.1.4 (a) and (k) to (n); section 4.2.1.12",
    remedy="server_chain",
    advice="Ask the CA for a certificate from an issuer that may sign it, or build another chain with other certificates of the CA.",
)
def every_issuer_may_sign(chain: Chain, context: JudgementContext) -> Iterator[Union[str, Violation]]:
    """Every issuer of the path may sign the certificates below it: it is a CA, and its purpose, constraints and policies allow them."""
    path = chain.path
    for position, issuer in enumerate(path.certificates[1:], start=1):
        for objection in FOR_SERVERS.of_issuer(issuer, path.certificates[:position], _ends(path, issuer)):
            if objection.aspect not in (Aspect.ENCODING, Aspect.POLICY):
                yield Violation(issuer, objection.text)
    problem = policies.violation(path.certificates[:-1] if _ends(path, path.top) else path.certificates)
    if problem:
        yield problem


def _ends(path: Path, certificate: Certificate) -> bool:
    """Whether the path ends with a certificate, as an anchor, or as one if the client trusts it."""
    return certificate == path.anchor if path.anchor else certificate.self_signed
