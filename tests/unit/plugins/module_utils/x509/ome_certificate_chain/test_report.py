# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The result has the documented keys, as far as the run got."""

from __future__ import annotations

import datetime

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.appliance.ome.client import Refusal
from ansible_collections.certmend.tls.plugins.module_utils.appliance.ome.messages import UPLOAD
from ansible_collections.certmend.tls.plugins.module_utils.core.findings import ERROR, WARNING, Finding
from ansible_collections.certmend.tls.plugins.module_utils.x509.ome_certificate_chain.collect import HandshakeResult
from ansible_collections.certmend.tls.plugins.module_utils.x509.ome_certificate_chain.judge import Examination
from ansible_collections.certmend.tls.plugins.module_utils.x509.ome_certificate_chain.report import (
    RequestOutcome,
    clock_skew,
    examination_facts,
    handshake_facts,
)
from ansible_collections.certmend.tls.plugins.module_utils.x509.ome_certificate_chain.responses import RefusedUpload
from ansible_collections.certmend.tls.tests.support.clock import FIXED
from ansible_collections.certmend.tls.tests.support.ends import doubled_ends

WEAK = Finding("KEY-WEAK", WARNING, "weak", "upload.pem", "", "Reissue it.", "the article")
REFUSED = Finding("KEY-NOT-CSR", ERROR, "refused", "ome:443", "ome_chain", "Request again.", "the article", "CGEN1008")
EXAMINATION = Examination(FIXED.now, (), (WEAK,), (), "", "")


@pytest.mark.parametrize("seconds, skew", [(0, 0), (-90.4, -90), (7200.6, 7201)])
def test_the_clock_skew_is_in_whole_seconds(seconds, skew):
    assert clock_skew(FIXED.now + datetime.timedelta(seconds=seconds), FIXED.now) == skew


def test_an_unknown_clock_has_no_skew():
    assert clock_skew(None, FIXED.now) is None


def test_a_request_has_a_backup_only_if_a_file_was_written():
    assert RequestOutcome(None, ("there is no request yet",)).as_dict() == {"csr": None, "reasons": ["there is no request yet"]}
    assert RequestOutcome("PEM", (), {}).as_dict() == {"csr": "PEM", "reasons": [], "backup_files": {}}


def test_a_handshake_is_a_dictionary_or_null():
    result = HandshakeResult(False, None, "CN=CA-Racine", "refused")
    assert handshake_facts(result) == {"verified": False, "protocol": None, "trusting": "CN=CA-Racine", "error": "refused"}
    assert handshake_facts(None) is None


@pytest.mark.parametrize("message", UPLOAD, ids=str)
def test_an_answer_that_ends_as_a_sentence_is_followed_by_the_advice(message):
    refused = RefusedUpload.of(Refusal("ome:443 refuses it", "Retry the operation.", message.message_id, message.argument, None), True, "ome:443")
    (error,) = examination_facts(EXAMINATION, refused)["errors"]
    assert message.argument.rstrip(".") in error and error.endswith(". " + refused.finding.advice) and not doubled_ends(error)


def test_an_accepted_chain_has_its_judgement():
    facts = examination_facts(EXAMINATION, None)
    assert facts == {
        "accepted": True,
        "answer": "",
        "connection_answer": "",
        "certificates": [],
        "findings": [dict(WEAK.as_dict(), waived=None)],
        "errors": [],
        "verdict": "warning",
    }


def test_a_refused_upload_replaces_the_prediction():
    facts = examination_facts(EXAMINATION, RefusedUpload(REFUSED, {"error": 1}))
    assert (facts["accepted"], facts["answer"], facts["verdict"], facts["refusal"]) == (False, "CGEN1008", "error", {"error": 1})
    assert [finding["code"] for finding in facts["findings"]] == ["KEY-WEAK", "KEY-NOT-CSR"]
    assert facts["errors"] == ["KEY-NOT-CSR: %s. %s" % (REFUSED.message, REFUSED.advice)]


def test_a_run_that_did_not_end_reports_no_certificates():
    assert "certificates" not in examination_facts(EXAMINATION, None, complete=False)


def test_each_direction_of_mutual_tls_has_its_error():
    examination = Examination(FIXED.now, (), (), (), "", "", {"here_to_peer": None, "peer_to_here": "expired"})
    assert examination_facts(examination, None)["mutual"] == {
        "here_to_peer": {"verified": True, "error": None},
        "peer_to_here": {"verified": False, "error": "expired"},
    }
