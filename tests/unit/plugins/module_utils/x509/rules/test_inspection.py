# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The inspection of one source."""

from __future__ import annotations

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.core.findings import ERROR, Finding
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import from_x509
from ansible_collections.certmend.tls.plugins.module_utils.x509.rules.inspection import CollectedSource, inspect_source, open_severities
from ansible_collections.certmend.tls.plugins.module_utils.x509.rules.rule import JudgementContext
from ansible_collections.certmend.tls.tests.support.clock import FIXED
from ansible_collections.certmend.tls.tests.support.mint import authority, mint
from ansible_collections.certmend.tls.tests.support.ome.chains import Cas

ROOT = from_x509(authority().x509)
CONTEXT = JudgementContext(FIXED.now)


def leaf(**more):
    return from_x509(mint("depot.corp.example", dns=["depot.corp.example"], **more).x509)


def codes(source, context=CONTEXT, anchors=None):
    return [finding.code for finding in inspect_source(source, context, anchors).findings]


def test_the_certificates_are_judged_as_a_chain():
    certificate = leaf()
    inspection = inspect_source(CollectedSource("depot", certificates=(certificate,)), CONTEXT)
    assert inspection.chain.leaf == certificate and [finding.about for finding in inspection.findings] == ["depot"]
    assert codes(inspection.source, anchors=[certificate]) == []


def test_the_source_s_name_is_compared():
    assert "NAME-MISMATCH" in codes(CollectedSource("depot", "web.corp.example", (leaf(),)))
    assert "NAME-MISMATCH" not in codes(CollectedSource("depot", "depot.corp.example", (leaf(),)))


def test_a_server_sends_its_own_certificate_first_and_a_file_may_be_shuffled():
    root = authority()
    own, ca = leaf(issuer=root), from_x509(root.x509)
    assert inspect_source(CollectedSource("depot", certificates=(ca, own), presented=True), CONTEXT).chain.leaf == ca
    assert inspect_source(CollectedSource("depot", certificates=(ca, own)), CONTEXT).chain.leaf == own


@pytest.mark.parametrize("profile, found", [("ome_single", True), ("ome_migration", True), ("generic", False)])
def test_the_form_of_the_file_matters_to_openmanage_enterprise_only(profile, found):
    minted = Cas(FIXED).leaf()
    source = CollectedSource("content", certificates=(from_x509(minted.x509),), data=minted.der)
    assert ("FORMAT-NOT-PEM" in codes(source, JudgementContext(FIXED.now, profiles=frozenset([profile])))) == found


@pytest.mark.parametrize("profile, answer", [("generic", ""), ("ome_single", "CSEC9002: ")])
def test_a_source_without_certificates_is_a_finding(profile, answer):
    (finding,) = inspect_source(CollectedSource("content"), JudgementContext(FIXED.now, profiles=frozenset([profile]))).findings
    assert (finding.code, finding.severity, finding.message) == ("FORMAT-NO-CERTIFICATE", ERROR, "content contains no certificate")
    assert finding.answer.startswith(answer) and bool(finding.answer) == bool(answer) and finding.cites == "RFC 7468 section 5"


@pytest.mark.parametrize(
    "strict, usual, found, asked",
    [
        ("", "", [], [True]),
        ("no key identifier", "", ["TRUST-STRICT-REFUSES"], [True, False]),
        ("no key identifier; no purpose", "no purpose", ["TRUST-OPENSSL-REFUSES"], [True, False]),
    ],
)
def test_whoever_accepts_strictly_is_not_asked_again(strict, usual, found, asked):
    questions = []

    def ask(path, at, name, is_strict):
        questions.append(is_strict)
        return strict if is_strict else usual

    root = authority()
    source = CollectedSource("depot", certificates=(leaf(issuer=root),))
    inspection = inspect_source(source, CONTEXT, [from_x509(root.x509)], ask)
    assert ([finding.code for finding in inspection.findings], questions) == (found, asked)


def test_what_could_not_be_read_is_the_message_of_that_finding():
    (finding,) = inspect_source(CollectedSource("content", warnings=("the block at line 1 is broken", "so is the next")), CONTEXT).findings
    assert finding.message == "the block at line 1 is broken; so is the next"


def test_an_endpoint_without_a_handshake_has_the_probe_s_finding():
    error = Finding("CONNECT-REFUSED", ERROR, "10.77.0.10 port 443 refuses the connection", "depot:443", "", "Check the port.", "RFC 9293")
    inspection = inspect_source(CollectedSource("depot:443", reachable=False, error=error), CONTEXT)
    assert inspection.findings == (error,) and inspection.chain is None
    result = inspection.as_dict(FIXED.now)
    assert result["error"] == {"code": "CONNECT-REFUSED", "message": error.message, "advice": "Check the port."}
    assert (result["chain"], result["reachable"], result["verdict"]) == (None, False, "error")


def test_the_result_has_the_documented_shape():
    source = CollectedSource("depot", certificates=(leaf(),), warnings=("something",), reachable=True, presented=True)
    result = inspect_source(source, CONTEXT).as_dict(FIXED.now)
    assert list(result) == ["source", "reachable", "error", "certificates", "chain", "findings", "verdict", "questions", "warnings"]
    assert (result["source"], result["reachable"], result["error"], result["warnings"], result["questions"]) == ("depot", True, None, ["something"], [])
    assert result["chain"]["complete"] is True and result["certificates"][0]["common_name"] == "depot.corp.example"
    assert [(finding["code"], finding["severity"], finding["waived"]) for finding in result["findings"]] == [("TRUST-SELF-SIGNED", "error", None)]


def test_waived_findings_do_not_count_in_the_verdict():
    inspection = inspect_source(CollectedSource("depot", certificates=(leaf(),)), CONTEXT)
    assert inspection.as_dict(FIXED.now)["verdict"] == "error"
    result = inspection.as_dict(FIXED.now, lambda finding: {"until": "2030-01-01", "reason": finding.code})
    assert result["verdict"] == "ok" and result["findings"][0]["waived"]["reason"] == "TRUST-SELF-SIGNED"


def test_open_severities_are_those_of_findings_that_are_not_waived():
    assert open_severities([{"severity": "error", "waived": {"until": "2030-01-01"}}, {"severity": "warning", "waived": None}]) == ["warning"]
