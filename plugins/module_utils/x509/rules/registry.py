# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""All the rules, and the judgement by all of them. Pure: the time and the trust anchors are arguments."""

from __future__ import annotations

from typing import List

from ansible_collections.certmend.tls.plugins.module_utils.core.findings import Finding
from ansible_collections.certmend.tls.plugins.module_utils.x509.path.presented_chain import Chain
from ansible_collections.certmend.tls.plugins.module_utils.x509.rules import (
    chain,
    encoding,
    full_chain,
    key_match,
    key_usage,
    names,
    pins,
    ssl_trust,
    strength,
    trust,
    validity,
)
from ansible_collections.certmend.tls.plugins.module_utils.x509.rules.rule import JudgementContext, collected

#: in the order in which findings of the same severity are reported
RULES = collected(
    names,
    validity,
    trust,
    chain,
    full_chain,
    key_usage,
    strength,
    key_match,
    encoding,
    ssl_trust,
    pins,
)


def judge(presented: Chain, context: JudgementContext, about: str) -> List[Finding]:
    """Every violation of every rule, the most severe first.

    :param about: what the findings are about (``depot.corp.example:443``, a path).
    """
    findings = [finding for rule in RULES for finding in rule.findings(presented, context, about)]
    return sorted(findings, key=lambda finding: -finding.severity.rank)
