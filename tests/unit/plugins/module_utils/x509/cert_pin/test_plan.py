# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What becomes of a record, and the steps that write it."""

from __future__ import annotations

import json

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.endpoints import HostPort
from ansible_collections.certmend.tls.plugins.module_utils.appliance.pin_store.approvals import Approval
from ansible_collections.certmend.tls.plugins.module_utils.appliance.pin_store.records import AcceptedPin, AnnouncedPin, PinRecord, UsedApproval
from ansible_collections.certmend.tls.plugins.module_utils.appliance.pin_store.store import Store, parse, record_digest
from ansible_collections.certmend.tls.plugins.module_utils.core.timestamps import timestamp
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_pin.announcements import Announcement
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_pin.judge import Decision, Status
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_pin.log_entries import LogPlan
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_pin.observation import Observation
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_pin.plan import (
    AppendLog,
    Change,
    WriteStore,
    accept,
    announce,
    describe_record,
    list_repinned,
    make_steps,
    remove,
    restore,
)
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import from_x509
from ansible_collections.certmend.tls.tests.support.mint import NOW, mint

AT, SINCE = "2026-11-20T12:00:00Z", "2026-11-01T12:00:00Z"
VAULT = HostPort("vault.corp.example", 443)
OLD, NEW, OTHER = (from_x509(mint("vault.corp.example").x509) for _number in range(3))
FACTS = {"subject": "CN=vault.corp.example", "fingerprints": {"sha256": "AB:CD"}}


def pinned(certificate, how="first_use", ticket=""):
    return AcceptedPin(certificate.pin, SINCE, how, ticket, FACTS)


def coming(certificate):
    return AnnouncedPin(certificate.pin, SINCE, "next.csr")


def decision(certificate, how="", approval=None):
    accepted = AcceptedPin(certificate.pin, AT, how, approval.ticket if approval else "", FACTS) if how else None
    return Decision(Observation(VAULT, VAULT.host, "", certificate), Status.CHANGED, accepted, approval)


UNREACHABLE = Decision(Observation(VAULT, VAULT.host, ""), Status.UNREACHABLE)
RECORD = PinRecord(VAULT, (pinned(OLD),), (coming(NEW), coming(OTHER)))
APPROVAL = Approval("approval", VAULT, OLD.pin, NEW.pin, "CHG-1", NOW)


def test_an_accepted_pin_replaces_the_old_one_and_is_no_longer_announced():
    change = accept(RECORD, [decision(NEW, "announced")], keep_old=False)
    assert change.before == RECORD and change.after.accepted_pins == (NEW.pin,) and change.after.announced_pins == (OTHER.pin,)
    (event,) = change.events
    assert event == {
        "event": "rotated",
        "host": "vault.corp.example",
        "port": 443,
        "pins": [NEW.pin],
        "old_pins": [OLD.pin],
        "subject": "CN=vault.corp.example",
        "fingerprint": "AB:CD",
    }


@pytest.mark.parametrize("others, keep_old", [([], True), ([decision(OLD)], False), ([UNREACHABLE], False)])
def test_an_old_pin_stays_if_it_is_to_be_kept_or_another_address_may_present_its_key(others, keep_old):
    change = accept(RECORD, others + [decision(NEW, "announced")], keep_old)
    assert change.after.accepted_pins == (OLD.pin, NEW.pin)


def test_two_addresses_with_the_same_new_key_are_one_pin_and_one_event():
    change = accept(RECORD, [decision(NEW, "announced"), decision(NEW, "announced"), decision(OTHER, "announced")], keep_old=False)
    assert change.after.accepted_pins == (NEW.pin, OTHER.pin) and len(change.events) == 2


def test_an_approved_pin_names_its_ticket_and_uses_its_approval():
    change = accept(RECORD, [decision(NEW, "approved", APPROVAL)], keep_old=False)
    assert change.approvals == (APPROVAL,) and change.after.pins[0].ticket == "CHG-1"
    assert (change.events[0]["event"], change.events[0]["ticket"], change.events[0]["expires"]) == ("repinned", "CHG-1", timestamp(NOW))


def test_without_an_accepted_pin_nothing_changes():
    assert accept(RECORD, [decision(OTHER), UNREACHABLE], keep_old=False) == Change(RECORD, RECORD)


def test_a_pin_is_announced_unless_the_record_has_it():
    change = announce(Change(PinRecord(VAULT, (pinned(OLD),)), RECORD), [Announcement(pin.pin, "next.csr") for pin in (OLD, NEW)], AT)
    assert change.events == () and change.after == RECORD
    change = announce(Change(RECORD, PinRecord(VAULT, (pinned(OLD),))), [Announcement(pin.pin, "a") for pin in (NEW, OLD, OTHER, NEW)], AT)
    assert change.after.announced == (AnnouncedPin(NEW.pin, AT, "a"), AnnouncedPin(OTHER.pin, AT, "a"))
    assert change.events == ({"event": "announced", "host": VAULT.host, "port": 443, "pins": [NEW.pin, OTHER.pin]},)


def test_some_or_all_pins_are_removed():
    some = remove(RECORD, [OLD.pin, OTHER.pin])
    assert some.after == PinRecord(VAULT, (), (coming(NEW),)) and some.events[0]["pins"] == [OLD.pin, OTHER.pin]
    everything = remove(RECORD, [])
    assert everything.after == PinRecord(VAULT) and everything.events[0]["event"] == "removed"
    assert remove(RECORD, ["sha256/unknown"]).events == remove(PinRecord(VAULT), []).events == ()


def test_a_record_is_restored_if_it_differs():
    backup = PinRecord(VAULT, (pinned(NEW),))
    change = restore(RECORD, backup)
    assert change.after == backup and change.events == ({"event": "put_back", "host": VAULT.host, "port": 443, "pins": [NEW.pin]},)
    assert restore(RECORD, RECORD).events == ()


LOG = LogPlan("/srv/log", "/srv/store/pins")


def steps(changes, log=LOG, used=()):
    return make_steps(Store({VAULT: RECORD}, used), changes, used, "/srv/pins", log, AT)


def test_the_plan_is_one_write_of_the_store_and_one_addition_to_the_log():
    used = (UsedApproval("CHG-0", VAULT, NEW.pin, OLD.pin, SINCE, SINCE),)
    change = accept(RECORD, [decision(NEW, "approved", APPROVAL)], keep_old=False)
    other = HostPort("other.corp.example", 443)
    idle = Change(PinRecord(other), PinRecord(other))
    append, write = steps([idle, change], used=used)
    assert isinstance(write.payload, WriteStore) and isinstance(append.payload, AppendLog)
    store = parse(write.payload.replacement.content, "store")
    assert store.at(VAULT) == change.after and other not in store.records
    assert store.used_approvals == used + (APPROVAL.as_used(AT),)
    assert (write.target, write.payload.replacement.path, append.target, append.payload.path) == ("/srv/pins", "/srv/pins", "/srv/log", "/srv/log")
    written = {"store": "/srv/store/pins", "record_sha256": record_digest(change.after)}
    assert append.payload.entries == (dict(change.events[0], at=AT, **written),) and list(append.payload.entries[0])[0] == "at"
    assert append.before == "" and [json.loads(line) for line in append.after.splitlines()] == list(change.events)


def test_a_change_that_cannot_be_stored_has_an_entry_that_says_so():
    change = accept(RECORD, [decision(NEW, "approved", APPROVAL)], keep_old=False)
    append, _write = steps([change])
    entry = {"at": AT, "event": "not_stored", "host": VAULT.host, "port": 443, "pins": [NEW.pin], "store": "/srv/store/pins"}
    assert append.payload.withdrawal == (dict(entry, record_sha256=record_digest(RECORD)),)


def test_what_the_log_has_and_the_store_has_not_is_noted_before_the_changes():
    note = {"event": "not_stored", "host": VAULT.host, "port": 443, "pins": [OTHER.pin]}
    (append,) = steps([], log=LogPlan("/srv/log", "/srv/pins", (note,)))
    assert append.payload.entries == (dict(note, at=AT, store="/srv/pins", record_sha256=record_digest(RECORD)),) and append.payload.withdrawal == ()
    append, _write = steps([remove(RECORD, [])], log=LogPlan("/srv/log", "/srv/pins", (note,)))
    assert [entry["event"] for entry in append.payload.entries] == ["not_stored", "removed"]


def test_a_pin_that_replaced_another_one_is_unlisted_until_it_is_listed():
    change = accept(RECORD, [decision(NEW, "approved", APPROVAL)], keep_old=False)
    assert [pin.unlisted for pin in change.after.pins] == [OLD.pin]
    assert [pin.unlisted for pin in accept(change.after, [decision(OTHER, "announced")], keep_old=False).after.pins] == [OLD.pin]
    assert [pin.unlisted for pin in accept(PinRecord(VAULT), [decision(NEW, "first_use")], keep_old=False).after.pins] == [""]
    assert list_repinned(change.after, [OTHER.pin]).events == list_repinned(RECORD, []).events == ()
    for pins in ([], [NEW.pin]):
        listed = list_repinned(change.after, pins)
        assert listed.events[0]["event"] == "listed" and listed.events[0]["pins"] == [NEW.pin] and listed.after.pins[0].unlisted == ""
    assert "  not in a worklist yet: %s, for clients that have %s\n" % (NEW.pin, OLD.pin) in steps([change], log=None)[0].after


def test_without_a_log_the_store_alone_is_written_and_without_a_change_nothing():
    assert len(steps([remove(RECORD, [])], log=None)) == 1
    assert steps([Change(RECORD, RECORD)]) == [] == steps([])


def test_a_diff_shows_pins_and_subjects_and_no_time():
    (step,) = steps([accept(RECORD, [decision(NEW, "approved", APPROVAL)], keep_old=False)], log=None)
    before = "vault.corp.example:443\n  pin: %s (first_use; CN=vault.corp.example; sha256 AB:CD)\n" % OLD.pin
    assert step.before == before + "".join("  announced: %s (from next.csr)\n" % pin.pin for pin in (NEW, OTHER))
    assert "  pin: %s (approved, ticket CHG-1; CN=vault.corp.example; sha256 AB:CD)\n" % NEW.pin in step.after
    assert "2026" not in step.before + step.after
    assert describe_record(PinRecord(VAULT)) == "vault.corp.example:443\n  no pin\n"
    assert "(first_use; no subject; sha256 unknown)" in describe_record(PinRecord(VAULT, (AcceptedPin(OLD.pin, SINCE, "first_use"),)))
