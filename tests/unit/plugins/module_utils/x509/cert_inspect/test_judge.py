# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The judgement of sources, and its sum."""

from __future__ import annotations

import datetime

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.endpoints import HostPort
from ansible_collections.certmend.tls.plugins.module_utils.appliance.pin_store.records import AcceptedPin, PinRecord
from ansible_collections.certmend.tls.plugins.module_utils.appliance.pin_store.store import Store
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_inspect.collect import Criteria
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_inspect.judge import failing_findings, judge_source, overall
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_inspect.questionnaire import QuestionContext
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_inspect.waivers import parse_waivers
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import from_x509
from ansible_collections.certmend.tls.plugins.module_utils.x509.languages.language import Language
from ansible_collections.certmend.tls.plugins.module_utils.x509.path.pool import Pool
from ansible_collections.certmend.tls.plugins.module_utils.x509.rules.inspection import CollectedSource
from ansible_collections.certmend.tls.plugins.module_utils.x509.rules.registered_endpoint import RegisteredEndpoint
from ansible_collections.certmend.tls.plugins.module_utils.x509.rules.rule import JudgementContext
from ansible_collections.certmend.tls.tests.support.clock import FIXED
from ansible_collections.certmend.tls.tests.support.mint import mint

SERVER, OTHER = HostPort("depot.corp.example", 443), HostPort("web.corp.example", 443)
SERVED, FORMER = (from_x509(mint("depot.corp.example", dns=["depot.corp.example"]).x509) for _time in range(2))
CONTEXT = JudgementContext(FIXED.now)


def source(server=SERVER, certificates=(SERVED,)):
    return CollectedSource("depot", "depot.corp.example", certificates, reachable=True, presented=True, host_port=server)


def codes(result):
    return [finding["code"] for finding in result["findings"]]


def test_an_endpoint_is_compared_with_its_own_pins():
    pin = AcceptedPin(FORMER.pin, "2010-06-01T12:00:00Z", "first_use", certificate={"subject": "CN=depot.corp.example"})
    criteria = Criteria(JudgementContext(FIXED.now, profiles=frozenset({"pinned"})), pins=Store({SERVER: PinRecord(SERVER, (pin,))}))
    assert codes(judge_source(source(), criteria, ())) == ["PIN-CHANGED"]
    assert codes(judge_source(source(OTHER), criteria, ())) == []
    assert codes(judge_source(source(None), criteria, ())) == []


def test_an_endpoint_is_compared_with_its_own_registrations():
    registered = (RegisteredEndpoint("cs.identity a", "https://depot.corp.example/sts", SERVER, (FORMER,)),)
    criteria = Criteria(JudgementContext(FIXED.now, registered=registered), anchors=[SERVED])
    assert codes(judge_source(source(), criteria, ())) == ["SSLTRUST-STALE"]
    assert codes(judge_source(source(OTHER), criteria, ())) == []
    assert codes(judge_source(source(None), criteria, ())) == []


def test_a_waived_finding_is_marked_and_does_not_count():
    waivers = parse_waivers([dict(code="TRUST-SELF-SIGNED", about="depot", until="2010-06-15", reason="test system")], datetime.date(2010, 6, 15), 400)
    result = judge_source(source(), Criteria(CONTEXT), waivers)
    assert result["findings"][0]["waived"] == {"until": "2010-06-15", "reason": "test system"} and result["verdict"] == "ok"
    assert judge_source(source(), Criteria(CONTEXT), ())["findings"][0]["waived"] is None


def test_questions_are_answered_if_they_are_asked_and_there_is_a_certificate():
    asked = QuestionContext({"depot.corp.example": "10.77.0.10"}, Pool())
    assert judge_source(source(), Criteria(CONTEXT), (), asked)["questions"][3]["answer"] == "depot.corp.example: 10.77.0.10"
    assert judge_source(source(), Criteria(CONTEXT), ())["questions"] == []
    assert judge_source(source(certificates=()), Criteria(CONTEXT), (), asked)["questions"] == []


def finding(severity, code="CODE", waived=None):
    return {"code": code, "severity": severity, "waived": waived}


def result(verdict, *findings, reachable=None):
    return {"verdict": verdict, "findings": list(findings), "reachable": reachable}


def test_the_sum_counts_sources_verdicts_and_codes():
    results = [
        result("error", finding("error", "B-CODE"), finding("warning", "A-CODE")),
        result("error", finding("error", "B-CODE"), reachable=False),
        result("ok", finding("error", "C-CODE", waived={"until": "2030-01-01"}), reachable=True),
    ]
    total = overall(results)
    assert total["summary"] == dict(ok=1, warning=0, error=2, sources=3, unreachable=1, not_judged=0, codes={"A-CODE": 1, "B-CODE": 2, "C-CODE": 1})
    assert list(total["summary"]["codes"]) == ["A-CODE", "B-CODE", "C-CODE"]
    assert total["verdict"] == "error" and len(total["findings"]) == 4


def test_the_sum_counts_the_sources_whose_trust_was_not_judged_waived_or_not():
    ca = mint("Test CA", ca=True)
    served = from_x509(mint("depot.corp.example", dns=["depot.corp.example"], issuer=ca).x509)
    waivers = parse_waivers([dict(code="TRUST-NOT-JUDGED", about="depot", until="2010-06-15", reason="test system")], datetime.date(2010, 6, 15), 400)
    waived, told = (judge_source(source(certificates=(served,)), Criteria(CONTEXT), given) for given in (waivers, ()))
    assert codes(waived) == codes(told) == ["TRUST-NOT-JUDGED", "CHAIN-INCOMPLETE"] and waived["findings"][0]["waived"]
    judged = judge_source(source(certificates=(served,)), Criteria(CONTEXT, anchors=[from_x509(ca.x509)]), ())
    assert overall([waived, told, judged, judge_source(source(), Criteria(CONTEXT), ())])["summary"]["not_judged"] == 2


def test_waived_findings_and_notices_leave_the_verdict_at_ok():
    assert overall([result("ok", finding("notice"), finding("error", waived={"until": "2030-01-01"}))])["verdict"] == "ok"


def test_findings_reach_fail_on_by_their_severity_unless_they_are_waived():
    findings = [finding("error"), finding("warning"), finding("notice"), finding("error", waived={"until": "2030-01-01"})]
    assert failing_findings(findings, "never") == []
    assert failing_findings(findings, "error") == findings[:1]
    assert failing_findings(findings, "warning") == findings[:2]


@pytest.mark.parametrize("language, advice", [(Language.ENGLISH, "Have"), (Language.FRENCH, "Faites")])
def test_the_findings_of_an_appliance_are_in_the_language_that_is_asked_for(language, advice):
    criteria = Criteria(JudgementContext(FIXED.now, profiles=frozenset({"ome_single"})), language=language)
    found = judge_source(source(certificates=(from_x509(mint("*.corp.example").x509),)), criteria, ())["findings"]
    assert [finding["advice"].split()[0] for finding in found if finding["code"] == "NAME-CN-WILDCARD"] == [advice]
