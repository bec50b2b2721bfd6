# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""All the rules of diagnosis, and the judgement that runs through them. Pure: time and anchors arrive as arguments."""

from __future__ import annotations

from typing import List

from ansible_collections.certmend.tls.plugins.module_utils.core.findings import Finding
from ansible_collections.certmend.tls.plugins.module_utils.x509.path.presented_chain import Chain
from ansible_collections.certmend.tls.plugins.module_utils.x509.rules import (
    chain,
    pins,
    strength,
    trust,
    validity,
)
from ansible_collections.certmend.tls.plugins.module_utils.x509.rules import (
    encoding as form,
)
from ansible_collections.certmend.tls.plugins.module_utils.x509.rules import (
    full_chain as whole_chain,
)
from ansible_collections.certmend.tls.plugins.module_utils.x509.rules import (
    key_match as key,
)
from ansible_collections.certmend.tls.plugins.module_utils.x509.rules import (
    key_usage as usage,
)
from ansible_collections.certmend.tls.plugins.module_utils.x509.rules import (
    names as name,
)
from ansible_collections.certmend.tls.plugins.module_utils.x509.rules import (
    ssl_trust as registration,
)
from ansible_collections.certmend.tls.plugins.module_utils.x509.rules.rule import Context, collected

RULES = collected(name, validity, trust, chain, whole_chain, usage, strength, key, form, registration, pins)


def judge(chain: Chain, context: Context, about: str) -> List[Finding]:
    """Everything that is wrong, most severe first.

    :param about: what the findings are about (``depot.corp.example:443``, a path).
    """
    found = [finding for one in RULES for finding in one.findings(chain, context, about)]
    return sorted(found, key=lambda finding: -finding.severity.rank)
