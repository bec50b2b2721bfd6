# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Judge the collected sources, and sum up the results. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Dict, List, Mapping, Optional, Sequence, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.core.findings import ERROR, WARNING, Severity, Verdict, verdict_of
from ansible_collections.certmend.tls.plugins.module_utils.core.shown_text import printable
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_inspect.collect import Criteria
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_inspect.waivers import Waiver, waiver_of
from ansible_collections.certmend.tls.plugins.module_utils.x509.languages.language import findings_in
from ansible_collections.certmend.tls.plugins.module_utils.x509.rules.inspection import CollectedSource, inspect_source, open_severities
from ansible_collections.certmend.tls.plugins.module_utils.x509.rules.rule import JudgementContext
from ansible_collections.certmend.tls.plugins.module_utils.x509.rules.trust import the_trusted_certificates_are_given

if TYPE_CHECKING:
    from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_inspect.questionnaire import QuestionContext

Result = Dict[str, Any]
NOT_JUDGED = the_trusted_certificates_are_given.code
#: the severities with which a finding fails the task, by ``fail_on``
FAILING: Mapping[str, Tuple[Severity, ...]] = {"never": (), "error": (ERROR,), "warning": (ERROR, WARNING)}


def judge_source(source: CollectedSource, criteria: Criteria, waivers: Sequence[Waiver], questions: Optional[QuestionContext] = None) -> Result:
    """Judge one source; an item of the documented ``results``.

    :param questions: what the answers to the article's questions need; None if they were not asked for.
    """
    now = criteria.context.now
    inspection = inspect_source(source, _context_for(source, criteria), criteria.anchors, criteria.ask)
    inspection = replace(inspection, findings=findings_in(criteria.language, inspection.findings))
    result = inspection.as_dict(now, lambda finding: waiver_of(finding, waivers, now.date()))
    if questions is not None and inspection.chain:
        from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_inspect.questionnaire import answer_questions

        result["questions"] = answer_questions(inspection.chain, source.name, now, questions)
    return result


def _context_for(source: CollectedSource, criteria: Criteria) -> JudgementContext:
    """The context with what is known about this endpoint."""
    if source.host_port is None:
        return replace(criteria.context, registered=())
    return replace(
        criteria.context,
        pin_record=criteria.pins.at(source.host_port) if criteria.pins else None,
        registered=tuple(endpoint for endpoint in criteria.context.registered if endpoint.host_port == source.host_port),
    )


def not_inspected(source: str, message: str) -> Result:
    """A result for what an audit could not inspect at all.

    :param message: why, in one sentence; what a server or a module said.
    """
    from ansible_collections.certmend.tls.plugins.module_utils.core.codes import entry_of  # rare, so the catalogue of codes is not loaded before

    entry = entry_of("AUDIT-FAILED")
    error = {"code": entry.code, "message": printable(message), "advice": entry.advice}
    finding = dict(error, severity=ERROR.value, about=source, remedy="", cites=entry.cites, answer="", waived=None)
    nothing: Result = {"certificates": [], "chain": None, "questions": [], "warnings": []}
    return dict(nothing, source=source, reachable=False, error=error, findings=[finding], verdict=Verdict.ERROR.value)


def overall(results: Sequence[Result]) -> Dict[str, Any]:
    """Findings, verdict and summary of all the sources."""
    findings = [finding for result in results for finding in result["findings"]]
    codes: Dict[str, int] = {}
    for finding in findings:
        codes[finding["code"]] = codes.get(finding["code"], 0) + 1
    summary: Dict[str, Any] = {verdict.value: sum(result["verdict"] == verdict for result in results) for verdict in Verdict}
    summary.update(
        sources=len(results),
        unreachable=sum(result["reachable"] is False for result in results),
        not_judged=sum(any(finding["code"] == NOT_JUDGED for finding in result["findings"]) for result in results),
        codes=dict(sorted(codes.items())),
    )
    return {"findings": findings, "verdict": verdict_of(open_severities(findings)).value, "summary": summary}


def failing_findings(findings: Sequence[Dict[str, Any]], fail_on: str) -> List[Dict[str, Any]]:
    """The findings that fail the task: not waived, and at least as severe as ``fail_on``."""
    return [finding for finding in findings if not finding["waived"] and finding["severity"] in FAILING[fail_on]]
