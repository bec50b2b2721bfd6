# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Judge a chain by the rules of the profiles asked for. Pure: time and anchors arrive as arguments."""

from __future__ import annotations

from typing import List

from ansible_collections.certmend.tls.plugins.module_utils.core.findings import SEVERITIES, Finding
from ansible_collections.certmend.tls.plugins.module_utils.x509.path.presented_chain import Chain
from ansible_collections.certmend.tls.plugins.module_utils.x509.rules.registry import RULES
from ansible_collections.certmend.tls.plugins.module_utils.x509.rules.rule import Context


def judge(chain: Chain, context: Context, about: str) -> List[Finding]:
    """Everything that is wrong, most severe first.

    :param about: what the findings are about (``depot.corp.example:443``, a path).
    """
    found = [finding for one in RULES for finding in one.findings(chain, context, about)]
    return sorted(found, key=lambda finding: -SEVERITIES.index(finding.severity))
