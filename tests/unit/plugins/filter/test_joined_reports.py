# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Several results of cert_inspect as one."""

from __future__ import annotations

from ansible_collections.certmend.tls.plugins.filter.joined_reports import FilterModule

(joined_reports,) = FilterModule().filters().values()


def report(source, verdict, code):
    finding = {"code": code, "severity": verdict, "waived": None}
    return {"results": [{"source": source, "verdict": verdict, "reachable": True, "findings": [finding] if code else []}]}


def test_the_results_are_summed_up_again():
    joined = joined_reports([report("a:443", "ok", ""), report("b:443", "warning", "VALIDITY-SOON")])
    assert [result["source"] for result in joined["results"]] == ["a:443", "b:443"] and joined["verdict"] == "warning"
    assert (joined["summary"]["sources"], joined["summary"]["ok"], joined["summary"]["codes"]) == (2, 1, {"VALIDITY-SOON": 1})


def test_what_could_not_be_inspected_is_a_finding():
    joined = joined_reports([report("a:443", "ok", "")], failures=[{"source": "the Lookup Service of vc", "message": "no answer\x1b[2J"}])
    (finding,) = joined["findings"]
    assert (finding["code"], finding["about"], finding["severity"]) == ("AUDIT-FAILED", "the Lookup Service of vc", "error")
    assert "\x1b" not in finding["message"] and joined["verdict"] == "error" and joined["summary"]["unreachable"] == 1


def test_a_task_that_was_skipped_has_no_results():
    assert joined_reports([{"skipped": True}])["summary"]["sources"] == 0
