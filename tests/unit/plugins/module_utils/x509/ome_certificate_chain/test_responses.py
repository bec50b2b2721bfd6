# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the appliance would answer, and what its answers mean."""

from __future__ import annotations

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.appliance.ome.client import Refusal
from ansible_collections.certmend.tls.plugins.module_utils.appliance.ome.messages import ENCIPHERMENT, KEY, MUTUAL, UPLOAD
from ansible_collections.certmend.tls.plugins.module_utils.core.findings import ERROR, WARNING, Finding
from ansible_collections.certmend.tls.plugins.module_utils.x509.ome_certificate_chain.responses import (
    UNKNOWN_ANSWER,
    UNPREDICTED,
    RefusedUpload,
    connection_answer,
    errors_among,
    finding_of,
    mutual_findings,
    upload_answer,
)
from ansible_collections.certmend.tls.tests.support.ends import doubled_ends


def finding(code, answer="", severity=ERROR):
    return Finding(code, severity, "wrong", "upload.pem", "ome_chain", "Reissue it.", "the article", answer)


def refusal(message_id, argument, raw=None):
    return Refusal("ome:443 refuses UploadCertChain", "Retry the operation.", message_id, argument, raw)


def test_the_first_rule_in_our_order_gives_the_answer():
    findings = [finding("USAGE-NO-CLIENT-AUTH", "third"), finding("CHAIN-ORDER", "second"), finding("KEY-NOT-CSR", "first")]
    assert upload_answer(findings) == "first" and upload_answer(findings[:2]) == "second"


def test_a_rule_without_a_quoted_answer_is_refused_all_the_same():
    assert upload_answer([finding("USAGE-NO-SERVER-AUTH")]) == UNKNOWN_ANSWER


def test_findings_that_the_upload_does_not_depend_on_give_no_answer():
    assert upload_answer([finding("CHAIN-TOO-DEEP", str(MUTUAL)), finding("KEY-WEAK")]) == ""


def test_the_connection_is_refused_by_findings_with_that_answer():
    assert connection_answer([finding("KEY-WEAK"), finding("CHAIN-TOO-DEEP", str(MUTUAL))]) == str(MUTUAL)
    assert connection_answer([finding("KEY-WEAK")]) == ""


@pytest.mark.parametrize(
    "message, chain, code, also",
    [
        (KEY, True, "KEY-NOT-CSR", ""),
        (ENCIPHERMENT, True, "USAGE-NO-KEY-ENCIPHERMENT", ""),
    ],
)
def test_a_refusal_is_the_finding_of_the_rule_with_this_answer(message, chain, code, also):
    found = finding_of(refusal(message.message_id, message.argument), chain, "ome:443")
    assert (found.code, found.severity, found.about, found.answer) == (code, ERROR, "ome:443", str(message))
    assert found.message == "the appliance answers %s %s%s" % (message.message_id, message.argument, also) and found.remedy == "ome_chain"


def test_a_refusal_that_several_rules_explain_names_them_all():
    found = finding_of(refusal("CGEN6002", ""), True, "ome:443")
    assert found.code == "NAME-CN-MISSING" and found.message == "the appliance answers CGEN6002 (the same answer as to NAME-CN-WILDCARD)"


@pytest.mark.parametrize("raw, answer", [("<html>", "<html>"), ({"error": {}}, "")])
def test_a_refusal_that_no_rule_explains_was_not_predicted(raw, answer):
    found = finding_of(refusal("CGEN1008", "Something new.", raw), True, "ome:443")
    assert (found.code, found.message, found.advice) == (UNPREDICTED, "ome:443 refuses UploadCertChain", "Retry the operation.")
    assert found.answer == answer and found.remedy == ""


def test_a_refused_upload_keeps_the_answer_as_it_came():
    refused = RefusedUpload.of(refusal("CGEN1008", "Invalid CSR key.", {"error": 1}), True, "ome:443")
    assert refused.finding.code == "KEY-NOT-CSR" and refused.raw == {"error": 1}


def test_each_refused_direction_of_mutual_tls_is_a_finding():
    found = mutual_findings({"here_to_peer": "the client refuses the server: expired", "peer_to_here": None}, "upload.pem")
    assert [(item.code, item.message, item.answer) for item in found] == [
        ("MUTUAL-REFUSED", "here to peer: the client refuses the server: expired", str(MUTUAL))
    ]


@pytest.mark.parametrize("message", UPLOAD, ids=str)
def test_an_answer_that_ends_as_a_sentence_has_one_end_among_other_errors(message):
    found = finding_of(refusal(message.message_id, message.argument), True, "ome:443")
    both = errors_among([found, found])
    assert message.argument.rstrip(".") in both and "; %s: " % found.code in both and not doubled_ends(both)


def test_only_errors_forbid_an_upload():
    findings = [finding("KEY-WEAK", severity=WARNING), finding("KEY-NOT-CSR"), finding("CHAIN-ORDER")]
    assert errors_among(findings) == "KEY-NOT-CSR: wrong; CHAIN-ORDER: wrong" and errors_among(findings[:1]) == ""
