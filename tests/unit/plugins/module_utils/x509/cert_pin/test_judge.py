# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The judgement of a presented key, at a fixed moment: what is accepted, and what fails."""

from __future__ import annotations

import dataclasses

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.endpoints import HostPort
from ansible_collections.certmend.tls.plugins.module_utils.appliance.pin_store.approvals import Approval
from ansible_collections.certmend.tls.plugins.module_utils.appliance.pin_store.records import AcceptedPin, AnnouncedPin, PinRecord
from ansible_collections.certmend.tls.plugins.module_utils.core.timestamps import timestamp
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_pin.judge import Action, Baseline, Policy, Status, decide
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_pin.observation import Observation, Problem
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import from_x509
from ansible_collections.certmend.tls.tests.support.mint import DAY, NOW, mint

HOST = "vault.corp.example"
VAULT = HostPort(HOST, 443)
OLD, NEW, OTHER = (from_x509(mint(HOST, dns=[HOST]).x509) for _number in range(3))
SINCE = "2026-11-01T12:00:00Z"
FACTS = {"subject": "CN=vault.corp.example", "fingerprints": {"sha256": "AB:CD"}}
PINNED = PinRecord(VAULT, (AcceptedPin(OLD.pin, SINCE, "first_use", certificate=FACTS),))
WRITES = Policy(writes=True, pin_first_use=True, unreachable_fails=True, now=NOW)
READS = dataclasses.replace(WRITES, writes=False)
DOUBTFUL = [
    (mint(HOST, dns=[HOST], starts=NOW - 9 * DAY, ends=NOW - DAY), "expired"),
    (mint(HOST, dns=[HOST], starts=NOW + DAY), "is valid only from"),
    (mint("other.corp.example", dns=["other.corp.example"]), "is not among the names"),
]


def seen(certificate=None, problem=None):
    return Observation(VAULT, HOST, "", certificate, problem)


def approval(old=OLD, new=NEW, expires=NOW + DAY):
    return Approval("approval", VAULT, old.pin, new.pin, "CHG-1", expires)


def announced(*certificates, record=PINNED):
    return dataclasses.replace(record, announced=tuple(AnnouncedPin(certificate.pin, SINCE, "pin") for certificate in certificates))


def test_a_pinned_key_is_ok_whatever_its_certificate_says():
    expired = from_x509(DOUBTFUL[0][0].x509)
    record = PinRecord(VAULT, (AcceptedPin(expired.pin, SINCE, "first_use", certificate=FACTS),))
    decision = decide(seen(expired), Baseline(record), WRITES)
    assert decision.status is Status.OK and decision.action is Action.NONE and decision.problem is None and decision.objections == ()


def test_the_first_key_is_accepted_with_its_facts_and_the_time_of_the_run():
    decision = decide(seen(NEW), Baseline(PinRecord(VAULT)), WRITES)
    assert decision.status is Status.FIRST_USE and decision.action is Action.PINNED
    accepted = decision.accepted
    assert (accepted.pin, accepted.since, accepted.accepted, accepted.ticket) == (NEW.pin, timestamp(NOW), "first_use", "")
    assert accepted.certificate["subject"] == "CN=" + HOST and accepted.certificate["fingerprints"]["sha256"] == NEW.fingerprint()


def test_a_first_key_is_accepted_in_spite_of_objections_which_are_kept():
    decision = decide(seen(from_x509(DOUBTFUL[2][0].x509)), Baseline(PinRecord(VAULT)), WRITES)
    assert decision.action is Action.PINNED and "is not among the names" in decision.objections[0]


def test_nothing_is_accepted_by_a_check():
    for record, baseline_status in ((PinRecord(VAULT), Status.FIRST_USE), (announced(NEW), Status.ANNOUNCED)):
        decision = decide(seen(NEW), Baseline(record), READS)
        assert decision.status is baseline_status and decision.action is Action.NONE and decision.problem is None


def test_a_first_key_can_be_refused_unless_it_was_announced():
    refuses = dataclasses.replace(WRITES, pin_first_use=False)
    refused = decide(seen(NEW), Baseline(PinRecord(VAULT)), refuses).problem
    assert refused.code == "PIN-UNKNOWN" and NEW.pin in refused.message and "Announced" not in refused.message
    empty = PinRecord(VAULT)
    unlike = decide(seen(NEW), Baseline(announced(OTHER, record=empty), (OLD.pin, OTHER.pin)), refuses).problem
    assert unlike.message.endswith("Announced: %s, %s" % (OTHER.pin, OLD.pin))
    assert decide(seen(NEW), Baseline(announced(NEW, record=empty)), refuses).action is Action.ROTATED
    assert decide(seen(NEW), Baseline(empty, (NEW.pin,)), refuses).action is Action.ROTATED


def test_an_announced_key_takes_over_but_only_if_it_was_announced_before_the_change():
    assert decide(seen(NEW), Baseline(announced(OTHER, NEW)), WRITES).action is Action.ROTATED
    late = decide(seen(NEW), Baseline(PINNED, announced_now=(NEW.pin,)), WRITES)
    assert late.status is Status.CHANGED and late.problem.code == "PIN-CHANGED" and late.accepted is None


def test_the_message_of_an_unannounced_change_has_all_the_evidence():
    problem = decide(seen(NEW), Baseline(announced(OTHER)), WRITES).problem
    words = ("vault.corp.example:443 presents a public key that is neither pinned nor announced", "Served now: " + NEW.pin, NEW.fingerprint())
    assert all(word in problem.message for word in words + (SINCE, OLD.pin, "AB:CD")) and problem.message.endswith("Announced: " + OTHER.pin)
    assert "who changed the key" in problem.advice and "IT security" in problem.advice


def test_an_approved_key_is_accepted_under_its_ticket():
    decision = decide(seen(NEW), Baseline(PINNED, approvals=(approval(new=OTHER), approval())), WRITES)
    assert decision.status is Status.CHANGED and decision.action is Action.REPINNED and decision.approval == approval()
    assert (decision.accepted.accepted, decision.accepted.ticket) == ("approved", "CHG-1")


def test_an_approval_of_another_change_is_refused_with_the_reasons():
    used = approval().as_used("2026-11-19T12:00:00Z")
    for given, spent, why in (
        (approval(new=OTHER), (), "is not what vault.corp.example:443 serves"),
        (approval(old=OTHER), (), "is not a pin of vault.corp.example:443"),
        (approval(expires=NOW), (), "it expired at"),
        (approval(), (used,), "it was used at 2026-11-19T12:00:00Z and works once"),
    ):
        decision = decide(seen(NEW), Baseline(PINNED, approvals=(given,), used_approvals=spent), WRITES)
        assert decision.problem.code == "APPROVAL-REFUSED" and why in decision.problem.message and decision.accepted is None
        assert "approval (ticket CHG-1) does not cover this change" in decision.problem.message and NEW.pin in decision.problem.message


@pytest.mark.parametrize("minted, why", DOUBTFUL)
def test_an_unusable_certificate_does_not_succeed_another_one_even_if_it_was_approved_or_announced(minted, why):
    new = from_x509(minted.x509)
    approved = decide(seen(new), Baseline(PINNED, approvals=(approval(new=new),)), WRITES)
    rotated = decide(seen(new), Baseline(announced(new)), WRITES)
    for decision, permission in ((approved, "was approved (ticket CHG-1), but"), (rotated, "was announced, but")):
        assert decision.problem.code == "PIN-REFUSED" and decision.accepted is None and decision.approval is None
        assert why in decision.problem.message and permission in decision.problem.message and why in decision.objections[0]


def test_a_server_that_did_not_answer_fails_or_is_reported():
    problem = Problem("CONNECT-REFUSED", "refused", "Start it.")
    failing = decide(seen(problem=problem), Baseline(PINNED), WRITES)
    assert failing.status is Status.UNREACHABLE and failing.problem == problem
    reporting = decide(seen(problem=problem), Baseline(PINNED), dataclasses.replace(WRITES, unreachable_fails=False))
    assert reporting.status is Status.UNREACHABLE and reporting.problem is None
