# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the building of a chain tells: the result, and why there is none."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field
from typing import List, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import Certificate, colons, pem
from ansible_collections.certmend.tls.plugins.module_utils.x509.path.builder import Found, missing_issuer
from ansible_collections.certmend.tls.plugins.module_utils.x509.path.requirements import weakness
from ansible_collections.certmend.tls.plugins.module_utils.x509.path.verifiers import Judgement

#: rejections that are told one by one; of more, only their number
TOLD = 100
#: rejections that an error names
NAMED = 5


@dataclass
class Built:
    """A chain as it was found and judged.

    :param chain: what a server sends, leaf first.
    """

    found: Found
    chain: Tuple[Certificate, ...]
    judged: List[Judgement] = field(default_factory=list)

    @property
    def accepted(self) -> bool:
        """Whether a verifier accepts the chain, or none was asked."""
        return not self.judged or any(judgement.accepted for judgement in self.judged)

    @property
    def weaknesses(self) -> List[str]:
        """What a client may refuse although the chain is right."""
        path = self.found.path
        told = ["%s is signed with %s, which can be forged" % (one.subject, one.signature_algorithm) for one in path.weak]
        for one in path.certificates:
            reason = weakness(one.key)
            if reason:
                told.append("%s: its key (%s) %s" % (one.subject, one.key, reason))
        return told

    def as_dict(self, now: datetime.datetime) -> dict:
        """The result of the module's documentation."""
        path, missing = self.found.path, missing_issuer(self.found.path)
        return {
            "chain": [one.as_dict(now) for one in self.chain],
            "pem": "".join(pem(one.der) for one in self.chain),
            "complete": path.anchor is not None,
            "trusted_root": path.anchor.as_dict(now) if path.anchor else None,
            "missing": [missing] if missing else [],
            "rejected": [
                {"certificate": one.certificate.as_dict(now), "source": one.source, "reason": one.reason}
                for one in self.found.rejected[:TOLD]
            ],
            "judgements": [judgement.as_dict() for judgement in self.judged],
            "weaknesses": self.weaknesses,
        }

    def warnings(self) -> List[str]:
        """What an operator should see although the task goes on."""
        told = list(self.weaknesses)
        if len(self.found.rejected) > TOLD:
            told.append("%d candidates were rejected; the first %d are told" % (len(self.found.rejected), TOLD))
        if self.found.exhausted:
            told.append("the search was stopped: %s" % self.found.exhausted)
        if self.accepted:
            told += ["%s refuses this chain: %s" % (one.judge, one.reason) for one in self.judged if not one.accepted]
        return told


def no_chain(found: Found) -> RemediationError:
    """The error of a search that reached no anchor: what is missing, who needs it, where it can be had."""
    path = found.path
    if path.top.self_signed:
        return RemediationError(
            "the chain ends in %s (SHA-256 %s), which is not among the trusted certificates"
            % (path.top.subject, path.top.fingerprint()),
            "Where clients do not know it either, add it to their stores (role trust_anchor) after comparing its fingerprint with one "
            "from another source, and to trusted here; or partial: true.",
        )
    top = path.top
    identifier = " (key identifier %s)" % colons(top.authority_key_identifier) if top.authority_key_identifier else ""
    where = "; it can be had from %s (aia: {} fetches it)" % ", ".join(top.ca_issuers) if top.ca_issuers else ""
    rejected = ["%s (%s): %s" % (one.certificate.subject, one.source, one.reason) for one in found.rejected[:NAMED]]
    return RemediationError(
        "no chain: the certificate %s%s is missing, which %s needs%s%s"
        % (top.issuer, identifier, top.subject, where, "; rejected: %s" % "; ".join(rejected) if rejected else ""),
        "Give the missing certificate in candidates; or, where it is the CA that the clients trust, in trusted.",
    )
