# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rules about a chain that an appliance presents to another appliance: complete up to the root, and the same CAs on both sides."""

from __future__ import annotations

from itertools import zip_longest
from typing import Any, Iterator, List, Optional

from ansible_collections.certmend.tls.plugins.module_utils.appliance.ome import messages as answers
from ansible_collections.certmend.tls.plugins.module_utils.core.findings import ERROR
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import Certificate
from ansible_collections.certmend.tls.plugins.module_utils.x509.path.presented_chain import Chain, chain_of
from ansible_collections.certmend.tls.plugins.module_utils.x509.rules.rule import OME_MIGRATION, JudgementContext, ProfileOutcome, rule_by_profile

#: the number of certificates that OpenManage Enterprise accepts in one chain
LONGEST = 10
INCLUDE = "Include every CA certificate up to the self-signed root (cert_chain_build with include_root)."
SHORTEN = "Have the certificate issued by a CA that is nearer to the root."
SAME_PATH = "Have both certificates issued by the same CA, and give both chains the same CA certificates."


@rule_by_profile(
    "CHAIN-ROOT-MISSING",
    cites="Dell's article on OME migrations: chain of certificates with the root",
    outcomes={OME_MIGRATION: ProfileOutcome(ERROR, "ome_chain", INCLUDE, str(answers.CHAIN))},
)
def the_root_is_included(chain: Chain, context: JudgementContext) -> Iterator[str]:
    """The chain includes every CA up to the self-signed root."""
    top = chain.without_anchors.path.top
    if not top.self_signed:
        yield "the issuer %s of %s is missing" % (top.issuer, top.subject or "the leaf")
    elif top == chain.leaf:
        yield "the certificate is self-signed; the chain contains no CA"


@rule_by_profile(
    "CHAIN-TOO-DEEP",
    cites="Dell's article on OME migrations: maximum depth",
    outcomes={OME_MIGRATION: ProfileOutcome(ERROR, "", SHORTEN, str(answers.MUTUAL))},
)
def the_chain_is_short_enough(chain: Chain, context: JudgementContext) -> Iterator[str]:
    """The chain has no more than 10 certificates."""
    if len(chain.presented) > LONGEST:
        yield "the chain has %d certificates; at most %d are accepted" % (len(chain.presented), LONGEST)


@rule_by_profile(
    "CHAIN-PEER-DIFFERS",
    cites="Dell's article on OME migrations: issued to and issued by, level by level",
    outcomes={OME_MIGRATION: ProfileOutcome(ERROR, "ome_chain", SAME_PATH, str(answers.MUTUAL))},
)
def both_sides_name_the_same_cas(chain: Chain, context: JudgementContext) -> Iterator[str]:
    """The CAs of both sides have the same names at each level."""
    if not context.peer:
        return
    other = chain_of(context.peer, None, first_is_leaf=True).path.certificates
    different = [
        "level %d: %s here, %s there" % (level, _described(here, level), _described(there, level))
        for level, (here, there) in enumerate(zip_longest(chain.without_anchors.path.certificates, other))
        if _names(here, level) != _names(there, level)
    ]
    if different:
        yield "; ".join(different)


def _names(certificate: Optional[Certificate], level: int) -> List[Any]:
    """The names that must be the same: issuer and subject; at level 0 the issuer only, because each appliance has its own name."""
    if certificate is None:
        return []
    return [certificate.issuer_name] if level == 0 else [certificate.subject_name, certificate.issuer_name]


def _described(certificate: Optional[Certificate], level: int) -> str:
    if certificate is None:
        return "nothing"
    return "issued by %s" % certificate.issuer if level == 0 else "%s issued by %s" % (certificate.subject, certificate.issuer)
