# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The result of building a chain, or why there is none."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any, Dict, List, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import Certificate, colons, pem
from ansible_collections.certmend.tls.plugins.module_utils.x509.path.builder import SearchResult, missing_issuer
from ansible_collections.certmend.tls.plugins.module_utils.x509.path.requirements import weakness
from ansible_collections.certmend.tls.plugins.module_utils.x509.path.verifiers import Judgement

#: rejections in the result; of more, only the number is reported
REPORTED = 100
#: rejections in an error message
NAMED = 5


@dataclass(frozen=True)
class BuiltChain:
    """A chain, found and judged.

    :param chain: what a server sends, leaf first.
    :param judgements: the verdicts of other verifiers; empty if none was asked.
    """

    found: SearchResult
    chain: Tuple[Certificate, ...]
    judgements: Tuple[Judgement, ...] = ()

    @property
    def leaf(self) -> Certificate:
        """The certificate that the chain is for."""
        return self.found.path.certificates[0]

    @property
    def accepted(self) -> bool:
        """Whether a verifier accepts the chain, or none was asked."""
        return not self.judgements or any(judgement.accepted for judgement in self.judgements)

    @property
    def weaknesses(self) -> List[str]:
        """What a client may refuse although the chain is valid."""
        path = self.found.path
        weaknesses = ["%s is signed with %s, which can be forged" % (certificate.subject, certificate.signature_algorithm) for certificate in path.weak]
        for certificate in path.certificates:
            reason = weakness(certificate.key)
            if reason:
                weaknesses.append("%s: its key (%s) %s" % (certificate.subject, certificate.key, reason))
        return weaknesses

    def as_dict(self, now: datetime.datetime) -> Dict[str, Any]:
        """This part of the documented result."""
        path, missing = self.found.path, missing_issuer(self.found.path)
        return {
            "chain": [certificate.as_dict(now) for certificate in self.chain],
            "pem": "".join(pem(certificate.der) for certificate in self.chain),
            "intermediates": "".join(pem(certificate.der) for certificate in self.chain[1:]),
            "complete": path.anchor is not None,
            "trusted_root": path.anchor.as_dict(now) if path.anchor else None,
            "missing": [missing] if missing else [],
            "rejected": [
                {"certificate": rejected.certificate.as_dict(now), "source": rejected.source, "reason": rejected.reason}
                for rejected in self.found.rejected[:REPORTED]
            ],
            "judgements": [judgement.as_dict() for judgement in self.judgements],
            "weaknesses": self.weaknesses,
        }

    def warnings(self) -> List[str]:
        """What an operator should see although the task goes on."""
        warnings = list(self.weaknesses)
        if len(self.found.rejected) > REPORTED:
            warnings.append("%d candidates were rejected; the result has the first %d" % (len(self.found.rejected), REPORTED))
        if self.found.exhausted:
            warnings.append("the search was stopped: %s" % self.found.exhausted)
        if self.accepted:
            warnings += ["%s refuses this chain: %s" % (verdict.judge, verdict.reason) for verdict in self.judgements if not verdict.accepted]
        return warnings


def no_chain(found: SearchResult) -> RemediationError:
    """The error of a search that reached no anchor: the missing certificate, the one that needs it, and where it can be had."""
    path = found.path
    if path.top.self_signed:
        return RemediationError(
            "the chain ends in %s (SHA-256 %s), which is not among the trusted certificates" % (path.top.subject, path.top.fingerprint()),
            "If the clients do not trust it either, add it to their stores (role trust_anchor) after comparing its fingerprint with one from another "
            "source, and to trusted_path here; or set partial: true.",
        )
    top = path.top
    identifier = " (key identifier %s)" % colons(top.authority_key_identifier) if top.authority_key_identifier else ""
    where = "; it can be had from %s (aia: {} fetches it)" % ", ".join(top.ca_issuers) if top.ca_issuers else ""
    rejected = ["%s (%s): %s" % (candidate.certificate.subject, candidate.source, candidate.reason) for candidate in found.rejected[:NAMED]]
    return RemediationError(
        "no chain: the certificate %s%s is missing, which %s needs%s%s"
        % (top.issuer, identifier, top.subject, where, "; rejected: %s" % "; ".join(rejected) if rejected else ""),
        "Give the missing certificate in candidates; or in trusted_path, if it is the CA that the clients trust.",
    )
