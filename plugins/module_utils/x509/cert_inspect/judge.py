# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Inspect one source: bytes or a presented chain in, the documented result out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Dict, List, Optional, Sequence, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.endpoints import HostPort
from ansible_collections.certmend.tls.plugins.module_utils.appliance.ome.messages import FILE
from ansible_collections.certmend.tls.plugins.module_utils.appliance.pin_store.store import Store
from ansible_collections.certmend.tls.plugins.module_utils.core.findings import (
    ERROR,
    Finding,
    Verdict,
    verdict_of,
)
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_inspect.questionnaire import Surroundings, answers
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_inspect.waivers import Waiver, marked
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import Certificate
from ansible_collections.certmend.tls.plugins.module_utils.x509.load.reader import Reading
from ansible_collections.certmend.tls.plugins.module_utils.x509.load.strict_pem import form_problem
from ansible_collections.certmend.tls.plugins.module_utils.x509.path.presented_chain import chain_of
from ansible_collections.certmend.tls.plugins.module_utils.x509.rules.registry import judge
from ansible_collections.certmend.tls.plugins.module_utils.x509.rules.rule import OME, Context


@dataclass(frozen=True)
class Material:
    """What was collected from one source.

    :param source: its name in the report.
    :param reachable: None for what is no endpoint.
    :param error: why there is nothing, as a Finding of the probe; None where there is something.
    :param presented: whether a server sent it, its own certificate first.
    :param place: the host and port that were asked; None for what is no endpoint.
    :param data: a file as it was read; empty for what is no file.
    """

    source: str
    name: str = ""
    certificates: Tuple[Certificate, ...] = ()
    warnings: Tuple[str, ...] = ()
    reachable: Optional[bool] = None
    error: Optional[Finding] = None
    presented: bool = False
    place: Optional[Tuple[str, int]] = None
    data: bytes = b""


def inspect(
    material: Material,
    context: Context,
    anchors: Optional[Sequence[Certificate]],
    waivers: Sequence[Waiver],
    around: Optional[Surroundings] = None,
    pins: Optional[Store] = None,
) -> dict:
    """Judge what was collected. The shape is that of ``results`` in the module's documentation.

    :param around: what the article's questions need; None where nobody asked them.
    :param pins: what is pinned; None where nobody asked for it.
    """
    context = replace(context, pin_record=pins.at(HostPort.of(*material.place)) if pins and material.place else None)
    registered = tuple(one for one in context.registered if material.place and one.host_port == HostPort.of(*material.place))
    context = replace(context, name=material.name, registered=registered, form=_form(material, context))
    findings: List[Finding] = [material.error] if material.error else []
    chain = None
    if material.certificates:
        chain = chain_of(material.certificates, anchors, first_is_leaf=material.presented, at=context.now)
        findings += judge(chain, context, material.source)
    elif not findings:
        findings.append(_nothing_to_read(material, context))
    found = marked(findings, waivers, context.now.date())
    return {
        "source": material.source,
        "reachable": material.reachable,
        "error": _error(material.error),
        "certificates": [one.as_dict(context.now) for one in material.certificates],
        "chain": chain.as_dict() if chain else None,
        "findings": found,
        "verdict": verdict_of(open_severities(found)).value,
        "questions": answers(chain, context, around) if chain and around else [],
        "warnings": list(material.warnings),
    }


def _form(material: Material, context: Context) -> str:
    """What keeps the file from being plain PEM; looked at where a profile asks for it, as files may be large."""
    if not material.data or not context.profiles & frozenset(OME):
        return ""
    return form_problem(material.data, Reading(material.certificates, material.warnings))


def _nothing_to_read(material: Material, context: Context) -> Finding:
    return Finding(
        code="FORMAT-NO-CERTIFICATE",
        severity=ERROR,
        message="; ".join(material.warnings) or "there is no certificate in it",
        about=material.source,
        remedy="",
        advice="Give the certificate as PEM or DER.",
        cites="RFC 7468 section 5",
        answer=str(FILE) if context.profiles & frozenset(OME) else "",
    )


def _error(finding: Optional[Finding]) -> Optional[dict]:
    if finding is None:
        return None
    return {"code": finding.code, "message": finding.message, "advice": finding.advice}


def open_severities(findings: Sequence[dict]) -> List[str]:
    """The severities of the findings that nobody waived."""
    return [finding["severity"] for finding in findings if not finding["waived"]]


def overall(results: Sequence[dict]) -> dict:
    """Findings, verdict and summary over all the sources."""
    findings = [finding for result in results for finding in result["findings"]]
    codes: dict = {}
    for finding in findings:
        codes[finding["code"]] = codes.get(finding["code"], 0) + 1
    summary: Dict[str, Any] = {word.value: sum(result["verdict"] == word for result in results) for word in Verdict}
    summary.update(
        sources=len(results),
        unreachable=sum(result["reachable"] is False for result in results),
        codes=dict(sorted(codes.items())),
    )
    return {"findings": findings, "verdict": verdict_of(open_severities(findings)).value, "summary": summary}
