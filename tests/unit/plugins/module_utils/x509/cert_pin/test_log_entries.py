# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The entries of the audit log, and the changes that it has and the store has not."""

from __future__ import annotations

from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.endpoints import HostPort
from ansible_collections.certmend.tls.plugins.module_utils.appliance.pin_store.records import AcceptedPin, PinRecord
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_pin.log_entries import describe_unstored, log_entry, new_event, not_stored

AT = "2026-11-20T12:00:00Z"
VAULT, OTHER = HostPort("vault.corp.example", 443), HostPort("other.corp.example", 8443)
BEFORE = PinRecord(VAULT)
AFTER = PinRecord(VAULT, (AcceptedPin("sha256/new", AT, "first_use", certificate={}),))
ENTRY = log_entry(new_event("pinned", AFTER, ["sha256/new"]), AFTER, "/srv/pins", AT)


def test_an_entry_says_what_changed_where_and_when():
    assert list(ENTRY) == ["at", "event", "host", "port", "pins", "store", "record_sha256"]
    assert (ENTRY["at"], ENTRY["event"], ENTRY["host"], ENTRY["pins"], ENTRY["store"]) == (AT, "pinned", VAULT.host, ["sha256/new"], "/srv/pins")


def test_an_entry_of_a_change_that_the_store_has_is_not_noted():
    assert not_stored([AFTER, PinRecord(OTHER)], {VAULT: ENTRY}) == () == not_stored([BEFORE], {})


def test_an_entry_of_a_change_that_the_store_has_not_is_noted_with_its_pins():
    (note,) = not_stored([PinRecord(OTHER), BEFORE], {VAULT: ENTRY})
    assert note == dict(new_event("not_stored", BEFORE, ["sha256/new"]), logged="pinned", logged_at=AT)
    assert describe_unstored(note).startswith("vault.corp.example:443: the last entry of audit_log (pinned at %s) is not what the store has" % AT)
    assert not_stored([BEFORE], {VAULT: log_entry(note, BEFORE, "/srv/pins", AT)}) == ()


def test_an_entry_that_somebody_has_damaged_is_noted_too():
    (note,) = not_stored([BEFORE], {VAULT: {"store": "/srv/pins"}})
    assert note["pins"] == [] and note["logged"] is None
