# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The result of a run: evidence of each endpoint, failures, summary, and what is to be re-pinned."""

from __future__ import annotations

import pytest
import yaml

from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.endpoints import HostPort
from ansible_collections.certmend.tls.plugins.module_utils.appliance.pin_store.approvals import Approval, UnapprovedChange, approvals_yaml
from ansible_collections.certmend.tls.plugins.module_utils.appliance.pin_store.records import AcceptedPin, AnnouncedPin, PinRecord
from ansible_collections.certmend.tls.plugins.module_utils.appliance.pin_store.store import Store
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.core.timestamps import timestamp
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_pin.judge import Decision, Status
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_pin.observation import Observation, Problem
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_pin.report import Report, report_on, unlisted_in
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_pin.targets import Targets
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import from_x509
from ansible_collections.certmend.tls.tests.support.mint import NOW, mint

VAULT, OTHER = HostPort("vault.corp.example", 443), HostPort("other.corp.example", 8443)
LEAF = from_x509(mint("vault.corp.example").x509)
SINCE = "2026-11-01T12:00:00Z"
FACTS = {"subject": "CN=vault.corp.example", "fingerprints": {"sha256": "AB:CD"}}
OLD = tuple(AcceptedPin("sha256/%s" % name, SINCE, "first_use", certificate=FACTS) for name in ("first", "last"))
STORE = Store({VAULT: PinRecord(VAULT, OLD, (AnnouncedPin("sha256/next", SINCE, "pin"),))})
TARGETS = Targets(computers={VAULT: ("SRV-FILE01", "SRV-SQL02")})
APPROVAL = Approval("approval", VAULT, OLD[0].pin, LEAF.pin, "CHG-1", NOW)


def repinned(address="", server=VAULT, how="approved"):
    accepted = AcceptedPin(LEAF.pin, SINCE, how, "CHG-1", FACTS)
    approval = APPROVAL if how == "approved" else None
    return Decision(Observation(server, server.host, address, LEAF), Status.CHANGED, accepted, approval)


def failed(number=0):
    server = HostPort("h%d.corp.example" % number, 443)
    problem = Problem("CONNECT-REFUSED", "%s: refused" % server, "Start it.")
    return Decision(Observation(server, server.host, "", problem=problem), Status.UNREACHABLE, problem=problem)


def test_a_result_has_the_evidence_from_before_the_run_and_of_now():
    (result,) = report_on([repinned("10.77.0.12")], STORE, TARGETS).results
    certificate = result.pop("new_certificate")
    assert result == {
        "endpoint": "vault.corp.example:443",
        "host": "vault.corp.example",
        "port": 443,
        "address": "10.77.0.12",
        "computers": ["SRV-FILE01", "SRV-SQL02"],
        "status": "changed",
        "action": "repinned",
        "old_pin": "sha256/last",
        "old_pins": ["sha256/first", "sha256/last"],
        "announced_pins": ["sha256/next"],
        "new_pin": LEAF.pin,
        "since": SINCE,
        "ticket": "CHG-1",
        "old_certificate": FACTS,
        "objections": [],
        "error": None,
    }
    assert certificate["pin"] == LEAF.pin and "pem" not in certificate and "days_left" not in certificate
    assert type(result["status"]) is type(result["action"]) is str


def test_an_endpoint_of_which_nothing_is_known_has_empty_evidence():
    report = report_on([failed()], STORE, TARGETS)
    (result,) = report.results
    assert result["computers"] == result["old_pins"] == result["announced_pins"] == []
    assert [result[name] for name in ("old_pin", "new_pin", "since", "ticket", "old_certificate", "new_certificate")] == [None] * 6
    assert result["error"] == {"code": "CONNECT-REFUSED", "message": "h0.corp.example:443: refused", "advice": "Start it."}
    assert report.failures == (dict(result["error"], endpoint="h0.corp.example:443"),)
    assert report.summary == {"ok": 0, "first_use": 0, "changed": 0, "announced": 0, "unreachable": 1}


def test_a_new_key_that_replaced_an_old_one_is_to_be_repinned_once_for_each_server():
    report = report_on([repinned("10.77.0.1"), failed(), repinned("10.77.0.2"), repinned(how="announced")], STORE, TARGETS)
    (entry,) = report.to_repin
    assert entry == report.results[0] and entry["computers"] == ["SRV-FILE01", "SRV-SQL02"]
    rotated = report_on([repinned(how="announced")], STORE, TARGETS)
    assert [result["action"] for result in rotated.to_repin] == ["rotated"]


def test_a_first_key_is_nothing_to_repin_even_if_it_was_announced():
    report = report_on([repinned(server=OTHER, how="announced"), repinned(how="first_use")], STORE, TARGETS)
    assert [result["action"] for result in report.results] == ["rotated", "pinned"] and report.to_repin == []


def test_what_no_worklist_has_is_reported_with_the_pin_that_clients_have():
    report = report_on([repinned("10.77.0.1"), repinned("10.77.0.2")], STORE, TARGETS)
    unlisted = AcceptedPin(LEAF.pin, SINCE, "announced", certificate=FACTS, unlisted="sha256/before")
    (entry,) = unlisted_in([PinRecord(VAULT, (*OLD, unlisted)), PinRecord(OTHER, (unlisted,))], report)
    changed = {"action": "rotated", "old_pin": "sha256/before", "ticket": None, "new_certificate": FACTS}
    assert entry == dict(report.results[0], **changed) and unlisted_in([PinRecord(VAULT, OLD)], report) == []
    approved = unlisted_in([PinRecord(VAULT, (AcceptedPin(LEAF.pin, SINCE, "approved", "CHG-1", FACTS, "sha256/last"),))], report)
    assert (approved[0]["action"], approved[0]["ticket"]) == ("repinned", "CHG-1")


def test_objections_to_an_accepted_key_are_a_warning():
    decision = repinned(how="first_use")
    doubtful = Decision(decision.observation, Status.FIRST_USE, decision.accepted, objections=("it expired", "it has another name"))
    refused = Decision(decision.observation, Status.CHANGED, objections=("it expired",))
    assert report_on([doubtful, refused, decision], STORE, TARGETS).warnings == ("vault.corp.example:443 is pinned, although it expired; it has another name",)


def test_no_failure_is_no_error():
    report_on([repinned()], STORE, TARGETS).raise_failures(NOW)
    Report().raise_failures(NOW)


def test_many_failures_are_one_error_that_describes_the_first_and_names_the_others():
    with pytest.raises(RemediationError) as raised:
        report_on([failed(number) for number in range(12)], STORE, TARGETS).raise_failures(NOW)
    assert raised.value.message.count(": refused") == 10 and "2 more: h10.corp.example:443, h11.corp.example:443" in raised.value.message


def changed(*objections, server=VAULT, code="PIN-CHANGED"):
    problem = Problem(code, "%s: the key changed" % server, "Find out who changed it.")
    return Decision(Observation(server, server.host, "", LEAF), Status.CHANGED, problem=problem, objections=objections)


@pytest.mark.parametrize("code", ["PIN-CHANGED", "APPROVAL-REFUSED"])
def test_a_failure_ends_with_the_approval_that_would_accept_it_once_for_each_server(code):
    with pytest.raises(RemediationError) as raised:
        report_on([changed(code=code), changed(code=code), failed()], STORE, TARGETS).raise_failures(NOW)
    assert "approvals of cert_pin" in raised.value.advice and "pins_approvals" in raised.value.advice
    lines = str(raised.value).splitlines()
    assert len(lines) == 3 and lines[2] == "Nothing was stored."
    (approval,) = yaml.safe_load(lines[1])["pins_approvals"]
    pins = {"old_pin": "sha256/last", "new_pin": LEAF.pin}
    assert approval == {"host": VAULT.host, "port": 443, "ticket": "", "expires": timestamp(NOW), **pins}


def test_a_host_that_is_an_ipv6_address_is_quoted():
    server = HostPort("fd00::1", 8443)
    (approval,) = yaml.safe_load(approvals_yaml([UnapprovedChange(server, "sha256/a+/=", "sha256/b")], NOW))["pins_approvals"]
    assert (approval["host"], approval["port"], approval["old_pin"]) == ("fd00::1", 8443, "sha256/a+/=")


def test_what_no_approval_can_accept_has_none():
    for decision in (changed("it expired"), changed(code="PIN-REFUSED"), failed()):
        with pytest.raises(RemediationError) as raised:
            report_on([decision], STORE, TARGETS).raise_failures(NOW)
        assert "pins_approvals" not in str(raised.value)


def test_a_failure_has_both_pins_if_there_are_two():
    pins = {"old_pin": "sha256/last", "new_pin": LEAF.pin}
    assert report_on([changed()], STORE, TARGETS).failures == (dict(changed().problem.as_dict(), endpoint="vault.corp.example:443", **pins),)
    assert "old_pin" not in report_on([failed()], STORE, TARGETS).failures[0]
