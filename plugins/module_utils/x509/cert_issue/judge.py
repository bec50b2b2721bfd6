# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Judge a certificate before it is imported."""

from __future__ import annotations

import datetime

from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError, raise_all
from ansible_collections.certmend.tls.plugins.module_utils.core.findings import ERROR
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import Certificate
from ansible_collections.certmend.tls.plugins.module_utils.x509.path.presented_chain import chain_of
from ansible_collections.certmend.tls.plugins.module_utils.x509.rules.registry import judge
from ansible_collections.certmend.tls.plugins.module_utils.x509.rules.rule import JudgementContext

#: findings that refuse an import; the handshake afterwards proves trust and chain
REFUSED = ("NAME-", "VALIDITY-EXPIRED", "VALIDITY-NOT-YET")


def check_imported(leaf: Certificate, fqdn: str, profile: str, now: datetime.datetime) -> None:
    """Refuse a certificate that clients would reject because of its names or dates.

    :param fqdn: the name by which clients connect.
    :raises RemediationError: with everything for which they would reject it.
    """
    context = JudgementContext(now=now, name=fqdn, profiles=frozenset([profile]))
    findings = judge(chain_of([leaf], None, first_is_leaf=True), context, "certificate_content")
    raise_all(
        [
            RemediationError("certificate_content: %s" % finding.message, finding.advice)
            for finding in findings
            if finding.severity == ERROR and finding.code.startswith(REFUSED)
        ]
    )
