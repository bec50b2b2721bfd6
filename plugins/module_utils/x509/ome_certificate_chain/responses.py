# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What OpenManage Enterprise would answer, and what its answers mean. Pure functions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, List, Mapping, Optional, Sequence

from ansible_collections.certmend.tls.plugins.module_utils.appliance.ome.client import Refusal
from ansible_collections.certmend.tls.plugins.module_utils.appliance.ome.messages import MUTUAL, UPLOAD, OmeMessage
from ansible_collections.certmend.tls.plugins.module_utils.core.findings import ERROR, Finding
from ansible_collections.certmend.tls.plugins.module_utils.core.sentences import clauses
from ansible_collections.certmend.tls.plugins.module_utils.x509.rules.registry import RULES
from ansible_collections.certmend.tls.plugins.module_utils.x509.rules.rule import OME_MIGRATION, OME_SINGLE, Profile

#: the code of a refusal that no rule explains
UNPREDICTED = "OME-REFUSED"
#: the answer if the article does not quote one: a single certificate without server authentication
UNKNOWN_ANSWER = "the appliance refuses it (the article does not say with which message)"
#: the rules about an upload, in our order: the order in which the appliance applies them is unknown
UPLOAD_CODES = (
    "FORMAT-NO-CERTIFICATE",
    "FORMAT-NOT-PEM",
    "KEY-NOT-CSR",
    "CHAIN-ROOT-MISSING",
    "CHAIN-ORDER",
    "CHAIN-UNRELATED",
    "NAME-CN-MISSING",
    "NAME-CN-WILDCARD",
    "USAGE-NO-SERVER-AUTH",
    "USAGE-NO-CLIENT-AUTH",
    "USAGE-NO-KEY-ENCIPHERMENT",
)
ARTICLE = "Dell's article on OME migrations"


def profile_of(chain: bool) -> Profile:
    """The rules that apply to a chain or to a single certificate."""
    return OME_MIGRATION if chain else OME_SINGLE


def upload_answer(findings: Sequence[Finding]) -> str:
    """What the appliance would answer to the upload, word for word; empty if it would accept it.

    :param findings: under the profile of the upload.
    """
    for code in UPLOAD_CODES:
        for finding in findings:
            if finding.code == code:
                return finding.answer or UNKNOWN_ANSWER
    return ""


def connection_answer(findings: Sequence[Finding]) -> str:
    """What a migration would answer when it verifies the connection; empty if no finding speaks against it."""
    return str(MUTUAL) if any(finding.answer == str(MUTUAL) for finding in findings) else ""


@dataclass(frozen=True)
class RefusedUpload:
    """An upload that the appliance refused.

    :param raw: the appliance's answer, decoded if it is JSON.
    """

    finding: Finding
    raw: Any

    @classmethod
    def of(cls, refusal: Refusal, chain: bool, about: str) -> RefusedUpload:
        """Explain a refusal.

        :param about: host and port of the appliance.
        """
        return cls(finding_of(refusal, chain, about), refusal.raw)


def finding_of(refusal: Refusal, chain: bool, about: str) -> Finding:
    """The appliance's refusal as a finding: that of the first rule with this answer, or UNPREDICTED."""
    profile = profile_of(chain)
    message = next((message for message in UPLOAD if _matches(message, refusal)), None)
    rules = [rule for rule in RULES if message and profile in rule.outcomes and rule.outcomes[profile].answer == str(message)]
    if not rules:
        answer = refusal.raw if isinstance(refusal.raw, str) else ""
        return Finding(UNPREDICTED, ERROR, refusal.message, about, "", refusal.advice, ARTICLE, answer)
    text = "the appliance answers %s" % " ".join(part for part in (refusal.message_id, refusal.argument) if part)
    if rules[1:]:
        text += " (the same answer as to %s)" % ", ".join(rule.code for rule in rules[1:])
    outcome = rules[0].outcomes[profile]
    return Finding(rules[0].code, ERROR, text, about, outcome.remedy, outcome.advice, rules[0].cites, outcome.answer)


def mutual_findings(directions: Mapping[str, Optional[str]], about: str) -> List[Finding]:
    """A finding for each direction of mutual TLS in which one side refused the other.

    :param directions: as ``mutual_handshakes`` returns them.
    """
    return [
        Finding(
            "MUTUAL-REFUSED",
            ERROR,
            "%s: %s" % (direction.replace("_", " "), error),
            about,
            "ome_chain",
            "Have the same CA issue both certificates for server and client authentication, and upload the whole chain to both appliances.",
            ARTICLE,
            str(MUTUAL),
        )
        for direction, error in directions.items()
        if error
    ]


def errors_among(findings: Sequence[Finding]) -> str:
    """The findings that are errors, as one sentence; empty if there are none."""
    return clauses("%s: %s" % (finding.code, finding.message) for finding in findings if finding.severity == ERROR)


def _matches(message: OmeMessage, refusal: Refusal) -> bool:
    return message.message_id == refusal.message_id and (not message.argument or message.argument == refusal.argument)
