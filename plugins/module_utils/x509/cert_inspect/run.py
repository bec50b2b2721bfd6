# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A run of ``cert_inspect``: collect certificates and judge them. It changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, List, Mapping, Optional, Sequence

from ansible_collections.certmend.tls.plugins.module_utils.core.converge import Step
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.core.run import Run, RunContext
from ansible_collections.certmend.tls.plugins.module_utils.core.sentences import clauses, counted
from ansible_collections.certmend.tls.plugins.module_utils.x509.backend import require
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_inspect.collect import Criteria, collect_criteria, collect_sources
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_inspect.judge import Result, failing_findings, judge_source, overall
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_inspect.options import Options
from ansible_collections.certmend.tls.plugins.module_utils.x509.rules.inspection import CollectedSource
from ansible_collections.certmend.tls.plugins.module_utils.x509.rules.rule import JudgementContext

if TYPE_CHECKING:
    from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_inspect.questionnaire import QuestionContext


class InspectRun(Run[None]):
    """It has no steps: the sources are judged in place of a plan."""

    def __init__(self, options: Options) -> None:
        super().__init__()
        self.options = options
        self.criteria = Criteria(JudgementContext(options.now))
        self.sources: Sequence[CollectedSource] = ()
        #: what the answers to the questions need; None if they were not asked for
        self.questions: Optional[QuestionContext] = None
        #: None until the sources are judged
        self.results: Optional[List[Result]] = None
        self.selected: Dict[str, Any] = {}

    @classmethod
    def from_params(cls, params: Mapping[str, Any], context: RunContext) -> InspectRun:
        """A run of the module's parameters."""
        require()
        return cls(Options.from_params(params, context.now))

    def collect(self) -> None:
        """Read the criteria first: if one of their files cannot be read, no server is contacted."""
        self.criteria = collect_criteria(self.options)
        self.warnings += self.criteria.warnings
        self.sources = collect_sources(self.options)
        if self.options.questions:
            from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_inspect.questionnaire import collect_question_context

            leaves = [certificate for source in self.sources for certificate in source.certificates[:1]]
            self.questions = collect_question_context(leaves, self.options.workers, self.options.timeout, self.options.resolved)

    def plan(self) -> Sequence[Step[None]]:
        """Judge the sources; nothing is ever changed."""
        self.results = [judge_source(source, self.criteria, self.options.waivers, self.questions) for source in self.sources]
        self.warnings += ["%s: %s" % (source.source, warning) for source in self.sources for warning in source.warnings]
        return []

    def verify(self, steps: Sequence[Step[None]]) -> None:
        """Evaluate the query, and fail if findings reach ``fail_on``."""
        facts = self.facts()
        if self.options.query is not None:
            from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_inspect.query import select

            self.selected = {"selected": select(self.options.query, facts)}
        failing = failing_findings(facts["findings"], self.options.fail_on)
        if failing:
            reach = "%s %s fail_on" % (counted(len(failing), "finding"), "reaches" if len(failing) == 1 else "reach")
            raise RemediationError(
                "%s: %s" % (reach, clauses("%(code)s (%(about)s): %(message)s" % finding for finding in failing)),
                "Repair the certificates (each finding names its remedy), or waive the findings with a date and a reason in waivers.",
            )

    def facts(self) -> Dict[str, Any]:
        """The documented result; empty if nothing was judged, because no findings would look like a good verdict."""
        if self.results is None:
            return {}
        return dict({"results": self.results}, **overall(self.results), **self.selected)
