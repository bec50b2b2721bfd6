# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The documented result of ``ome_certificate_chain``."""

from __future__ import annotations

import dataclasses
import datetime
from dataclasses import dataclass
from typing import Any, Dict, Mapping, Optional, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.core.findings import ERROR, Verdict
from ansible_collections.certmend.tls.plugins.module_utils.core.sentences import sentences
from ansible_collections.certmend.tls.plugins.module_utils.x509.ome_certificate_chain.collect import HandshakeResult
from ansible_collections.certmend.tls.plugins.module_utils.x509.ome_certificate_chain.judge import Examination
from ansible_collections.certmend.tls.plugins.module_utils.x509.ome_certificate_chain.responses import RefusedUpload


@dataclass(frozen=True)
class RequestOutcome:
    """A certificate signing request, as far as the run got.

    :param csr: the request as PEM: the new one, or in check mode the present one; None if there is none.
    :param reasons: why a new request is due.
    :param backup_files: the former request, by the path of the file; None if no file was written.
    """

    csr: Optional[str]
    reasons: Tuple[str, ...]
    backup_files: Optional[Mapping[str, str]] = None

    def as_dict(self) -> Dict[str, Any]:
        """The result of ``state: csr``."""
        facts: Dict[str, Any] = {"csr": self.csr, "reasons": list(self.reasons)}
        if self.backup_files is not None:
            facts["backup_files"] = dict(self.backup_files)
        return facts


def clock_skew(clock: Optional[datetime.datetime], now: datetime.datetime) -> Optional[int]:
    """Seconds by which the appliance's clock is ahead; None if its clock is unknown."""
    return None if clock is None else round((clock - now).total_seconds())


def handshake_facts(handshake: Optional[HandshakeResult]) -> Optional[Dict[str, Any]]:
    """None if there was no appliance, or no root to trust."""
    return None if handshake is None else dataclasses.asdict(handshake)


def examination_facts(examination: Examination, refused: Optional[RefusedUpload], complete: bool = True) -> Dict[str, Any]:
    """The judgement, and what became of it if the appliance refused the upload all the same.

    :param complete: whether the run got to its end; otherwise the result is to be short, without the certificates.
    """
    findings = [*examination.findings, *([refused.finding] if refused else [])]
    facts: Dict[str, Any] = {
        "accepted": not examination.answer,
        "answer": examination.answer,
        "connection_answer": examination.connection_answer,
        "findings": [dict(finding.as_dict(), waived=None) for finding in findings],
        "errors": [sentences("%s: %s" % (finding.code, finding.message), finding.advice) for finding in findings if finding.severity is ERROR],
        "verdict": examination.verdict.value,
    }
    if complete:
        facts["certificates"] = [certificate.as_dict(examination.now) for certificate in examination.certificates]
    if examination.mutual is not None:
        facts["mutual"] = {way: {"verified": error is None, "error": error} for way, error in examination.mutual.items()}
    if refused:
        facts.update(accepted=False, answer=refused.finding.answer, verdict=Verdict.ERROR.value, refusal=refused.raw)
    return facts
