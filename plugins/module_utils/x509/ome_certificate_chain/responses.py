# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What OpenManage Enterprise would answer to an upload, and what its answers mean. Pure."""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Sequence

from ansible_collections.certmend.tls.plugins.module_utils.appliance.ome.client import Refusal
from ansible_collections.certmend.tls.plugins.module_utils.appliance.ome.messages import MUTUAL, UPLOAD
from ansible_collections.certmend.tls.plugins.module_utils.core.findings import ERROR, Finding
from ansible_collections.certmend.tls.plugins.module_utils.x509.rules.registry import RULES
from ansible_collections.certmend.tls.plugins.module_utils.x509.rules.rule import OME_MIGRATION, OME_SINGLE

UNFORETOLD = "OME-REFUSED"
#: where the article gives no answer: a single certificate without server authentication
UNTOLD = "it refuses it (the article does not say how)"
#: what is looked at when something is uploaded, in our order: the appliance's own is not known
AT_UPLOAD = (
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


def profile_of(chain: bool) -> str:
    """The rules for an upload."""
    return OME_MIGRATION if chain else OME_SINGLE


def upload_answer(findings: Sequence[dict]) -> str:
    """What the upload would be answered, word for word; empty where it would be taken.

    :param findings: of the profile of the upload, as dicts.
    """
    by_code = {finding["code"]: finding["answer"] or UNTOLD for finding in reversed(findings)}
    return next((by_code[code] for code in AT_UPLOAD if code in by_code), "")


def connection_answer(findings: Sequence[dict]) -> str:
    """What a migration would be answered when it verifies the connection; empty where nothing is known against it."""
    return str(MUTUAL) if any(finding["answer"] == str(MUTUAL) for finding in findings) else ""


def finding_of(refusal: Refusal, chain: bool, about: str) -> Finding:
    """The appliance's refusal as a finding, of the first rule that has this answer."""
    profile = profile_of(chain)
    answer = next((one for one in UPLOAD if _is(one, refusal)), None)
    rules = [one for one in RULES if answer and profile in one.words and one.words[profile].answer == str(answer)]
    message = "the appliance answers %s" % " ".join(part for part in (refusal.message_id, refusal.argument) if part) if rules else refusal.message
    if not rules:
        return Finding(UNFORETOLD, ERROR, message, about, "", refusal.advice, ARTICLE, _text(refusal.raw))
    words, others = rules[0].words[profile], [one.code for one in rules[1:]]
    if others:
        message += " (which %s would be answered as well)" % ", ".join(others)
    return Finding(rules[0].code, ERROR, message, about, words.remedy, words.advice, rules[0].cites, words.answer)


def unauthenticated(directions: Dict[str, dict], about: str) -> List[dict]:
    """Findings for the directions of mutual TLS in which one side refused the other."""
    return [
        dict(
            Finding(
                "MUTUAL-REFUSED",
                ERROR,
                "%s: %s" % (name.replace("_", " "), one["error"]),
                about,
                "ome_chain",
                "Have both certificates issued by the same CA for server and client, and give both appliances the whole chain.",
                ARTICLE,
                str(MUTUAL),
            ).as_dict(),
            waived=None,
        )
        for name, one in directions.items()
        if not one["verified"]
    ]


def _is(answer: Any, refusal: Refusal) -> bool:
    return answer.message_id == refusal.message_id and (not answer.argument or answer.argument == refusal.argument)


def _text(raw: Any) -> str:
    return raw if isinstance(raw, str) else ""


def against(findings: List[dict]) -> Optional[str]:
    """The errors among findings that nobody waived, as one sentence; None where there are none."""
    errors = ["%(code)s: %(message)s" % one for one in findings if one["severity"] == ERROR and not one["waived"]]
    return "; ".join(errors) or None
