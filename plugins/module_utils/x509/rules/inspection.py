# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Inspect the certificates of one source: judge them by the rules, and put the documented result together."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, replace
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.endpoints import HostPort
from ansible_collections.certmend.tls.plugins.module_utils.appliance.ome.messages import FILE
from ansible_collections.certmend.tls.plugins.module_utils.core.findings import ERROR, Finding, verdict_of
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import Certificate
from ansible_collections.certmend.tls.plugins.module_utils.x509.path.builder import Path
from ansible_collections.certmend.tls.plugins.module_utils.x509.path.presented_chain import Chain, chain_of
from ansible_collections.certmend.tls.plugins.module_utils.x509.rules.registry import judge
from ansible_collections.certmend.tls.plugins.module_utils.x509.rules.rule import CLIENTS, OME, JudgementContext

#: why another verifier, strict or not, refuses a path at a time and for a name; empty if it accepts
Ask = Callable[[Path, datetime.datetime, str, bool], str]
#: the waiver of a finding as the result shows it (``until``, ``reason``); None if the finding is not waived
Waive = Callable[[Finding], Optional[Dict[str, str]]]


@dataclass(frozen=True)
class CollectedSource:
    """The certificates that were read from one source: an endpoint, a file, a text.

    :param source: the name of the source in the report.
    :param name: the name by which clients connect; empty: names are not compared.
    :param warnings: what could not be read.
    :param reachable: whether the endpoint presented a certificate; None for other sources.
    :param error: why nothing could be read from the endpoint; None if something was.
    :param presented: whether a server sent the certificates, its own first.
    :param host_port: the endpoint; None for other sources.
    :param data: the content of the file or text; empty for other sources.
    """

    source: str
    name: str = ""
    certificates: Tuple[Certificate, ...] = ()
    warnings: Tuple[str, ...] = ()
    reachable: Optional[bool] = None
    error: Optional[Finding] = None
    presented: bool = False
    host_port: Optional[HostPort] = None
    data: bytes = b""


@dataclass(frozen=True)
class Inspection:
    """The judgement of one source.

    :param chain: the certificates as a chain; None if there are none.
    :param findings: the most severe first.
    """

    source: CollectedSource
    chain: Optional[Chain]
    findings: Tuple[Finding, ...]

    def as_dict(self, now: datetime.datetime, waive: Waive = lambda _finding: None) -> Dict[str, Any]:
        """An item of the documented ``results``, without the answers to the questions.

        :param now: the time of the judgement, from which ``days_left`` counts.
        """
        source = self.source
        findings = [dict(finding.as_dict(), waived=waive(finding)) for finding in self.findings]
        return {
            "source": source.source,
            "reachable": source.reachable,
            "error": _error(source.error),
            "certificates": [certificate.as_dict(now) for certificate in source.certificates],
            "chain": self.chain.as_dict() if self.chain else None,
            "findings": findings,
            "verdict": verdict_of(open_severities(findings)).value,
            "questions": [],
            "warnings": list(source.warnings),
        }


def inspect_source(
    source: CollectedSource, context: JudgementContext, anchors: Optional[Sequence[Certificate]] = None, ask: Optional[Ask] = None
) -> Inspection:
    """Judge the certificates of one source.

    :param context: as for ``judge``; name and form are those of the source.
    :param anchors: the certificates that the client trusts; None: unknown.
    :param ask: asked about a path to an anchor against which no rule has an error; None: nobody is asked.
    """
    context = replace(context, name=source.name, form=_form(source, context))
    if source.certificates:
        chain = chain_of(source.certificates, anchors, first_is_leaf=source.presented, at=context.now)
        findings = judge(chain, context, source.source)
        asked = _asked(chain, context, findings, ask)
        return Inspection(source, chain, tuple(findings if asked == context else judge(chain, asked, source.source)))
    return Inspection(source, None, (source.error or _no_certificate(source, context),))


def _asked(chain: Chain, context: JudgementContext, findings: Sequence[Finding], ask: Optional[Ask]) -> JudgementContext:
    """The context with why the other verifier refuses the chain. Whoever accepts strictly accepts, so that most chains are asked about once."""
    if ask is None or chain.path.anchor is None or not context.profiles & frozenset(CLIENTS) or any(finding.severity == ERROR for finding in findings):
        return context
    strict = ask(chain.path, context.now, context.name, True)
    usual = ask(chain.path, context.now, context.name, False) if strict else ""
    return replace(context, refusal=usual, strict_refusal="" if usual else strict)


def open_severities(findings: Sequence[Dict[str, Any]]) -> List[str]:
    """The severities of the findings that are not waived."""
    return [finding["severity"] for finding in findings if not finding["waived"]]


def _form(source: CollectedSource, context: JudgementContext) -> str:
    """Why the file is not plain PEM; only for the profiles that require it, because files may be large."""
    if not source.data or not context.profiles & frozenset(OME):
        return ""
    from ansible_collections.certmend.tls.plugins.module_utils.x509.load.reader import Reading
    from ansible_collections.certmend.tls.plugins.module_utils.x509.load.strict_pem import form_problem

    return form_problem(source.data, Reading(source.certificates, source.warnings))


def _no_certificate(source: CollectedSource, context: JudgementContext) -> Finding:
    """Rare, so the catalogue of codes is not loaded before."""
    from ansible_collections.certmend.tls.plugins.module_utils.core.codes import citation_of

    code = "FORMAT-NO-CERTIFICATE"
    return Finding(
        code=code,
        severity=ERROR,
        message="; ".join(source.warnings) or "%s contains no certificate" % source.source,
        about=source.source,
        remedy="",
        advice="Give the certificate as PEM or DER.",
        cites=citation_of(code),
        answer=str(FILE) if context.profiles & frozenset(OME) else "",
    )


def _error(finding: Optional[Finding]) -> Optional[Dict[str, str]]:
    if finding is None:
        return None
    return {"code": finding.code, "message": finding.message, "advice": finding.advice}
