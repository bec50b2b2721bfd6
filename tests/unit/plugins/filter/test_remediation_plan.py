# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The plan of the playbook remediate: who repairs which finding, and whether an approved plan may still be carried out."""

from __future__ import annotations

import copy

import pytest

from ansible_collections.certmend.tls.plugins.filter.remediation_plan import FilterModule
from ansible_collections.certmend.tls.plugins.plugin_utils.remediation_plan import WrongPlan

(remediation_plan,) = FilterModule().filters().values()
HOSTS = {
    "www": {"sources": ["www.corp.example:443"], "groups": ["webservers"]},
    "depot1": {"sources": ["one.corp.example:443"], "groups": ["depots"]},
    "depot2": {"sources": ["two.corp.example:443"], "groups": ["depots"]},
    "installer": {"sources": [], "groups": ["installers"]},
    "vc1": {"sources": ["vc1.corp.example:443"], "groups": ["vcenters", "webservers"]},
}


def finding(code, remedy, severity="error", **more):
    return dict({"code": code, "severity": severity, "about": "x", "message": "m", "remedy": remedy, "advice": "Ask the CA.", "waived": None}, **more)


def result(source, *findings, served="AA"):
    return {"source": source, "certificates": [{"fingerprints": {"sha256": served}}] if served else [], "findings": list(findings)}


ONE, TWO = (result(name + ".corp.example:443", finding("NAME-MISMATCH", "fqdn_certificate")) for name in ("one", "two"))
WWW = result("www.corp.example:443", finding("CHAIN-INCOMPLETE", "server_chain"), finding("KEY-WEAK", "", severity="warning"))


def steps(plan):
    return [(step["playbook"], step["host"], [item["code"] for item in step["findings"]]) for step in plan["steps"]]


def test_a_host_is_repaired_by_the_playbook_of_its_group_in_the_order_of_a_run():
    vcenter = result("vc1.corp.example:443", finding("SSLTRUST-STALE", "ssl_trust"), finding("NAME-MISMATCH", "fqdn_certificate"))
    plan = remediation_plan([TWO, vcenter, WWW, ONE], HOSTS)
    assert steps(plan) == [
        ("server_chain", "vc1", ["NAME-MISMATCH"]),
        ("server_chain", "www", ["CHAIN-INCOMPLETE"]),
        ("offline_depot", "depot1", ["NAME-MISMATCH"]),
        ("offline_depot", "depot2", ["NAME-MISMATCH"]),
        ("ssl_trust", "vc1", ["SSLTRUST-STALE"]),
    ]
    assert [(left["host"], left["code"], left["who"]) for left in plan["left"]] == [("www", "KEY-WEAK", "Ask the CA.")]


def test_what_is_waived_or_only_a_notice_is_not_planned():
    waived = finding("NAME-MISMATCH", "fqdn_certificate", waived={"reason": "old"})
    plan = remediation_plan([result("www.corp.example:443", waived, finding("CHAIN-ORDER", "server_chain", severity="notice"))], HOSTS)
    assert plan["steps"] == plan["left"] == []


def test_a_source_of_no_host_is_left_with_the_group_that_would_have_it_repaired():
    plan = remediation_plan([result("printer:443", finding("CHAIN-INCOMPLETE", "server_chain"))], HOSTS)
    assert [(left["host"], left["who"]) for left in plan["left"]] == [
        ("printer:443", "Add the server of x to the inventory's group webservers, whose playbook repairs this. Ask the CA.")
    ]


def test_a_handshake_that_a_client_could_not_verify_is_repaired_with_the_depots():
    shakes = [
        {"client": "installer", "name": "one.corp.example", "error": {"code": "TRUST-UNKNOWN-CA", "message": "m", "advice": "a"}},
        {"client": "installer", "name": "one.corp.example", "error": {"code": "CONNECT-REFUSED", "message": "m", "advice": "a"}},
        {"client": "installer", "name": "two.corp.example", "error": None},
    ]
    plan = remediation_plan([], HOSTS, handshakes=shakes)
    assert steps(plan) == [("offline_depot", "installer", ["TRUST-UNKNOWN-CA"])]
    assert [(left["code"], left["about"]) for left in plan["left"]] == [("CONNECT-REFUSED", "one.corp.example from installer")]


def test_a_client_that_made_no_handshake_is_left_to_a_person():
    lost = {"client": "installer", "name": "one.corp.example", "unreachable": True, "msg": "Connection timed out"}
    plan = remediation_plan([], HOSTS, handshakes=[lost, lost])
    assert plan["steps"] == [] and [(left["host"], left["code"], left["about"], left["message"]) for left in plan["left"]] == [
        ("installer", "AUDIT-FAILED", "one.corp.example from installer", "installer could not connect: Connection timed out")
    ]


def test_what_a_client_of_a_web_server_does_not_trust_is_repaired_with_the_server():
    shake = {"client": "elsewhere", "server": "www", "name": "www.corp.example"}
    codes = ("TRUST-UNKNOWN-CA", "RESOLVE-FAILED")
    plan = remediation_plan([], HOSTS, handshakes=[dict(shake, error={"code": code, "message": "m", "advice": "a"}) for code in codes])
    assert steps(plan) == [("server_chain", "www", ["TRUST-UNKNOWN-CA"])] and plan["steps"][0]["findings"][0]["about"] == "www.corp.example from elsewhere"
    assert [(left["host"], left["code"]) for left in plan["left"]] == [("www", "RESOLVE-FAILED")]


def test_what_several_addresses_of_a_server_report_is_planned_once():
    seen = result("www.corp.example:443", finding("CHAIN-INCOMPLETE", "server_chain"))
    assert [len(step["findings"]) for step in remediation_plan([seen, seen], HOSTS)["steps"]] == [1]


def approved(results, change=lambda plan: None):
    plan = copy.deepcopy(remediation_plan(results, HOSTS))
    change(plan)
    return plan


def test_an_approved_plan_is_done_without_what_was_removed_from_it_and_what_is_repaired_by_now():
    plan = approved([ONE, TWO, WWW], lambda plan: plan["steps"].pop(0))
    assert steps(remediation_plan([ONE, TWO, WWW], HOSTS, approved=plan)) == [
        (name, host, ["NAME-MISMATCH"]) for name, host in (("offline_depot", "depot1"), ("offline_depot", "depot2"))
    ]
    assert remediation_plan([WWW], HOSTS, approved=plan)["steps"] == []


@pytest.mark.parametrize(
    "change, now, words",
    [
        (
            lambda plan: None,
            [dict(WWW, certificates=[{"fingerprints": {"sha256": "BB"}}])],
            "it presents the certificate with the SHA-256 fingerprint BB, and not AA",
        ),
        (lambda plan: None, [result(WWW["source"], finding("NAME-MISMATCH", "fqdn_certificate"))], "its findings were CHAIN-INCOMPLETE, and are NAME-MISMATCH"),
        (lambda plan: plan.update(format=2), [WWW], "This is no plan"),
        (lambda plan: plan["steps"][0].update(playbook="shutdown"), [WWW], "A step of the plan is not understood"),
        (lambda plan: plan["steps"][0].pop("served"), [WWW], "A step of the plan is not understood"),
        (lambda plan: plan["steps"][0].update(playbook=["pins"]), [WWW], "A step of the plan is not understood"),
        (lambda plan: plan["steps"][0].update(findings=None), [WWW], "A step of the plan is not understood"),
        (lambda plan: plan["steps"][0].update(findings=["CHAIN-INCOMPLETE"]), [WWW], "A step of the plan is not understood"),
        (lambda plan: plan["steps"][0].update(served="\x1b[31m"), [WWW], r"and not \\u\{1B\}\[31m\."),
    ],
)
def test_a_plan_of_another_state_of_the_world_is_refused(change, now, words):
    with pytest.raises(WrongPlan, match=words):
        remediation_plan(now, HOSTS, approved=approved([WWW], change))


def test_hosts_that_change_together_are_approved_together():
    with pytest.raises(WrongPlan, match=r"depot2 \(offline_depot\): it is not in the plan, and this playbook changes all its hosts together"):
        remediation_plan([ONE, TWO], HOSTS, approved=approved([ONE]))
