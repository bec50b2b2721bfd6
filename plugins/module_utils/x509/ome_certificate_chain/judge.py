# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Judge a chain before it is uploaded: all the rules, the appliance's answer, and the other appliance of a migration."""

from __future__ import annotations

import dataclasses
import datetime
from dataclasses import dataclass
from typing import TYPE_CHECKING, Dict, List, Optional, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.core.findings import Finding, Verdict, verdict_of
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import Certificate
from ansible_collections.certmend.tls.plugins.module_utils.x509.ome_certificate_chain.expectations import Expectations
from ansible_collections.certmend.tls.plugins.module_utils.x509.ome_certificate_chain.options import Upload
from ansible_collections.certmend.tls.plugins.module_utils.x509.ome_certificate_chain.responses import (
    connection_answer,
    mutual_findings,
    profile_of,
    upload_answer,
)
from ansible_collections.certmend.tls.plugins.module_utils.x509.rules.inspection import CollectedSource, inspect_source
from ansible_collections.certmend.tls.plugins.module_utils.x509.rules.registry import RULES
from ansible_collections.certmend.tls.plugins.module_utils.x509.rules.rule import GENERIC, JudgementContext

if TYPE_CHECKING:
    from ansible_collections.certmend.tls.plugins.module_utils.x509.ome_certificate_chain.mutual_tls import SubstituteKeys


@dataclass(frozen=True)
class Examination:
    """The judgement on a chain or a single certificate.

    :param now: the moment of the judgement.
    :param answer: what the appliance would answer to the upload; empty if it would accept it.
    :param connection_answer: what a migration would answer when it verifies the connection; empty if nothing speaks against it.
    :param mutual: for each direction of mutual TLS, why one side refused the other (None: both authenticated); None if it was not tried.
    """

    now: datetime.datetime
    certificates: Tuple[Certificate, ...]
    findings: Tuple[Finding, ...]
    warnings: Tuple[str, ...]
    answer: str
    connection_answer: str
    mutual: Optional[Dict[str, Optional[str]]] = None

    @property
    def verdict(self) -> Verdict:
        """The most serious severity of the findings."""
        return verdict_of(finding.severity for finding in self.findings)


def examine(upload: Upload, expected: Expectations, now: datetime.datetime, keys: Optional[SubstituteKeys] = None) -> Examination:
    """Judge what would be uploaded.

    :param now: the moment of the judgement, by the appliance's clock if it is known.
    :param keys: those of the stand-ins, if one of the two chains has them.
    """
    findings = _findings(upload, expected, now)
    mutual = None
    if expected.peer and upload.path and upload.path[-1].self_signed:
        mutual = _mutual(upload.path, expected.peer, keys)
    return Examination(
        now=now,
        certificates=upload.reading.certificates,
        findings=(*findings, *mutual_findings(mutual or {}, upload.source)),
        warnings=upload.reading.warnings,
        answer=upload_answer(findings),
        connection_answer=connection_answer(findings),
        mutual=mutual,
    )


def _mutual(here: Tuple[Certificate, ...], peer: Tuple[Certificate, ...], keys: Optional[SubstituteKeys]) -> Dict[str, Optional[str]]:
    # generates keys and TLS contexts: imported only if there is a peer
    from ansible_collections.certmend.tls.plugins.module_utils.x509.ome_certificate_chain.mutual_tls import mutual_handshakes

    return mutual_handshakes(here, peer, keys)


def _findings(upload: Upload, expected: Expectations, now: datetime.datetime) -> List[Finding]:
    source = CollectedSource(upload.source, certificates=upload.reading.certificates, warnings=upload.reading.warnings, data=upload.data)
    context = JudgementContext(now, frozenset([profile_of(upload.chain)]), csr_pin=expected.csr_pin, peer=expected.peer)
    inspection = inspect_source(source, context)
    findings = list(inspection.findings)
    if inspection.chain and expected.name:
        # the appliance does not compare names, but its clients do
        clients = dataclasses.replace(context, profiles=frozenset([GENERIC]), name=expected.name)
        mismatch = next(rule for rule in RULES if rule.code == "NAME-MISMATCH")
        findings += mismatch.findings(inspection.chain, clients, upload.source)
    return findings
