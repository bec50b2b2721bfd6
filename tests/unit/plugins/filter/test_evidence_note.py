# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is noted about a host, note by note."""

from __future__ import annotations

import json

import pytest

from ansible_collections.certmend.tls.plugins.filter.evidence_note import FilterModule
from ansible_collections.certmend.tls.plugins.plugin_utils.evidence_changes import LONGEST
from ansible_collections.certmend.tls.tests.support import evidence, mint, shown
from ansible_collections.certmend.tls.tests.support.clock import REAL

(evidence_note,) = FilterModule().filters().values()
KEY = mint.mint(key=shown.RSA, **REAL.days()).key_pem
WHOLE_RUN = {"host": "depot", "run": "admin1.1-2-3", "at": "2026-11-20T12:09:00Z", "role": ""}


def test_each_note_adds_to_the_step_of_its_role():
    record = evidence.noted("depot", "fqdn_certificate", "changing")
    assert record["phase"] == "changing" and record["steps"][0]["changed"] is False and record["steps"][0]["files"] == []
    record = evidence.noted("depot", "fqdn_certificate", "changing", evidence.CHANGED, evidence.VERIFIED)
    (step,) = record["steps"]
    assert (step["phase"], step["changed"], step["started"], step["ended"]) == ("verified", True, "2026-11-20T12:01:07Z", "2026-11-20T12:03:07Z")
    (diff,) = step["diffs"]
    assert diff["path"] == "/etc/nginx/tls/depot.pem" and "-  subject: CN=10.77.0.10\n+  subject: CN=depot.corp.example" in diff["diff"]
    assert [event["phase"] for event in record["events"]] == ["changing", "changed", "verified"]


def test_a_host_is_as_bad_as_its_worst_step():
    record = evidence.noted("depot", "hosts_mapping", "changing", "verified")
    record = evidence_note(record, dict(WHOLE_RUN, role="trust_anchor", journal="/j", phase="changing"))
    assert record["phase"] == "changing" and [step["phase"] for step in record["steps"]] == ["verified", "changing"]


@pytest.mark.parametrize("phase", ["restored", "failed"])
def test_a_rollback_of_the_whole_run_counts_for_all_steps_that_changed_something(phase):
    record = evidence.noted("depot", "hosts_mapping", "changing", evidence.CHANGED, "verified")
    record = evidence_note(record, dict(WHOLE_RUN, phase=phase, said="installer failed"))
    assert (record["phase"], record["steps"][0]["phase"], record["steps"][0]["said"]) == (phase, phase, "installer failed")


def test_the_end_of_a_run_leaves_what_was_not_verified():
    record = evidence.noted("depot", "ome_chain", "changing", evidence.CHANGED)
    journals = [{"path": "/j", "run": {"id": "admin1.1-2-3"}, "files": ["/etc/hosts"]}, {"path": "/old", "run": {"id": "other"}, "files": ["/etc/hosts"]}]
    proof = {"server": "depot:443", "by": "installer", "anchor": "CN=Root", "until": "2027-01-01"}
    ending = [{"verified": [proof, "by hand"], "undo": "undo-it", "next": ["look at it"]}]
    record = evidence_note(record, dict(WHOLE_RUN, phase="verified", ending=ending, journals=journals))
    assert record["phase"] == "changed" and record["backups"] == ["/j"] and record["undo"] == ["undo-it"] and record["next"] == ["look at it"]
    assert record["verified"] == ["depot:443 from installer anchor CN=Root until 2027-01-01", "by hand"]


@pytest.mark.parametrize("said", [{"error": "no"}, ["no"], True, 5])
def test_an_error_that_an_old_ansible_took_for_a_value_is_a_text(said):
    """Before 2.19, a text such as ``{"error": "no"}`` becomes a dictionary when it is passed on."""
    record = evidence_note({}, dict(WHOLE_RUN, role="pins", phase="failed", said=said, names=[10, "depot"]))
    assert record["steps"][0]["said"] == record["events"][0]["said"] == str(said) and record["names"] == ["10", "depot"]
    assert evidence.problems(dict(evidence.begun({}), hosts=[record])) == []


def test_a_phase_that_does_not_exist_is_refused():
    with pytest.raises(ValueError, match="evidence_phase: done is not one of failed, changing, restored, stopped, changed, verified"):
        evidence.noted("depot", "hosts_mapping", "done")


def test_nothing_secret_of_a_result_gets_into_the_record():
    secret = {"before": "password: Hide-Me-Pw1\n", "after": "x\n" + KEY, "before_header": "/etc/web.conf", "after_header": "https://ops:Url-Pw1@web/"}
    result = {"diff": [secret], "invocation": {"module_args": {"password": "Arg-Pw1"}}, "stdout": "Out-Pw1", "results": [{"diff": secret, "stdout": "Out-Pw1"}]}
    note = ("failed", {"results": [result], "said": "the server answered Hide-Me-Pw1 and " + KEY})
    record = evidence.noted("depot", "fqdn_certificate", "changing", note, hide=["Hide-Me-Pw1"])
    text = json.dumps(record)
    assert shown.shown_of(shown.words_of(KEY), text) == [] and "Pw1" not in text, text
    assert "(a private key: not shown)" in record["steps"][0]["said"]


def test_hostile_texts_are_escaped_and_diffs_keep_their_lines():
    diff = {"before": "a %s\n" % shown.HOSTILE, "after": "b\n", "after_header": shown.HOSTILE}
    record = evidence.noted(shown.HOSTILE, "hosts_mapping", ("failed", {"said": shown.HOSTILE, "results": [{"diff": diff}]}))
    lines = record["steps"][0]["diffs"][0].pop("diff")
    assert shown.acted_upon(lines, several_lines=True) == [] and lines.count("\n") >= 2
    assert shown.forbidden_in(record) == {}


def test_a_long_diff_is_cut_and_says_by_how_much():
    diff = {"before": "", "after": "".join("line %d\n" % number for number in range(3 * LONGEST))}
    (found,) = evidence.noted("depot", "trust_anchor", ("changed", {"results": [{"diff": diff}]}))["steps"][0]["diffs"]
    assert found["diff"].count("\n") == LONGEST - 1 and found["omitted"] == 2 * LONGEST + 1


def test_a_diff_of_nothing_is_no_change():
    same = {"diff": [{"before": "a", "after": "a"}, "no diff"]}
    assert evidence.noted("depot", "hosts_mapping", "changing", ("verified", {"results": [same, None]}))["steps"][0]["changed"] is False
