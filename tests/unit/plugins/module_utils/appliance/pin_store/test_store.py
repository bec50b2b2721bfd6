# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The text of a pin store: complete, or an error that names the line."""

from __future__ import annotations

import base64
from dataclasses import replace

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.endpoints import HostPort
from ansible_collections.certmend.tls.plugins.module_utils.appliance.pin_store.records import AcceptedPin, AnnouncedPin, PinRecord, UsedApproval
from ansible_collections.certmend.tls.plugins.module_utils.appliance.pin_store.store import Store, dump, load, parse, record_digest
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError

DIGEST = bytes(range(31)) + b"\xff"
PIN, OTHER = ("sha256/" + base64.b64encode(digest).decode("ascii") for digest in (DIGEST, DIGEST[::-1]))
SINCE = "2026-11-20T12:00:00Z"
CERTIFICATE = {"subject": "CN=würzburg.example", "fingerprints": {"sha256": "AB:CD"}}
SERVERS = [HostPort.of(host, port) for host, port in (("vault.corp.example", 443), ("vault.corp.example", 8443), ("2001:DB8::1", 443))]
ACCEPTED = (AcceptedPin(PIN, SINCE, "approved", "CHG-1", CERTIFICATE), AcceptedPin(OTHER, SINCE, "first_use", "", CERTIFICATE))
USED = UsedApproval("CHG-1", SERVERS[0], OTHER, PIN, SINCE, SINCE)
FULL = Store({server: PinRecord(server, ACCEPTED, (AnnouncedPin(OTHER, SINCE, "vault.csr"),)) for server in SERVERS}, (USED,))


def test_a_written_store_is_read_again_as_it_was():
    assert parse(dump(FULL), "store") == FULL and parse(dump(Store()), "store") == Store()
    assert dump(parse(dump(FULL), "store")) == dump(FULL)


def test_a_pin_that_is_in_no_worklist_is_stored_as_such_and_earlier_releases_read_all_others():
    unlisted = Store({SERVERS[0]: PinRecord(SERVERS[0], (replace(ACCEPTED[0], unlisted=OTHER),))})
    assert parse(dump(unlisted), "store") == unlisted and b"unlisted" not in dump(FULL)
    with pytest.raises(RemediationError, match="line 2: unreadable pin"):
        parse(dump(unlisted).replace(b'"unlisted": "sha256/', b'"unlisted": "'), "store")


def test_a_digest_is_that_of_a_record_with_all_that_is_stored_of_it():
    record = FULL.records[SERVERS[0]]
    others = [PinRecord(SERVERS[0]), PinRecord(SERVERS[1], *[record.pins, record.announced]), replace(record, announced=())]
    others += [replace(record, pins=(replace(ACCEPTED[0], unlisted=OTHER), ACCEPTED[1]))]
    digests = [record_digest(each) for each in [record, *others]]
    assert len(set(digests)) == len(digests) and digests[0] == record_digest(parse(dump(FULL), "store").at(SERVERS[0]))


def test_a_truncated_store_is_never_taken_for_a_complete_one():
    data = dump(FULL)
    for length in range(len(data)):
        with pytest.raises(RemediationError, match=r"store, line \d+: "):
            parse(data[:length], "store")


def test_a_line_that_is_removed_repeated_or_moved_to_the_top_is_noticed():
    lines = dump(FULL).splitlines(keepends=True)
    for index in range(len(lines)):
        without, twice, turned = lines[:index] + lines[index + 1 :], lines[: index + 1] + lines[index:], lines[index:] + lines[:index]
        for damaged in (without, twice) + ((turned,) if index else ()):
            with pytest.raises(RemediationError, match=r"store, line \d+: "):
                parse(b"".join(damaged), "store")


BROKEN = [
    ("line 1: not a JSON object", lambda lines: [b"# my pins"] + lines[1:]),
    ("line 1: version 2 is not supported", lambda lines: [lines[0].replace(b'"version": 1', b'"version": 2')] + lines[1:]),
    ("line 1: not a valid entry", lambda lines: [b"[]"] + lines[1:]),
    (r"line 1: not a valid entry \(.*true", lambda lines: [lines[0].replace(b"4", b"true")] + lines[1:]),
    ("line 2: unreadable pin: 'sha1/.* is not a pin", lambda lines: [lines[0], lines[1].replace(b"sha256/", b"sha1/")] + lines[2:]),
    ("line 2: port is missing", lambda lines: [lines[0], lines[1].replace(b'"port"', b'"prot"')] + lines[2:]),
    ("line 2: not a valid host and port", lambda lines: [lines[0], lines[1].replace(b": 443", b": 70000")] + lines[2:]),
    ("line 2: unknown key x", lambda lines: [lines[0], lines[1].replace(b'"announced"', b'"x": 1, "announced"')] + lines[2:]),
    ("line 3: .* has two entries", lambda lines: [lines[0], lines[1], lines[1]] + lines[3:]),
    ("line 5: not a valid entry", lambda lines: lines[:4] + [lines[4].replace(b'"ticket"', b'"tikcet"')] + lines[5:]),
    ("line 1: not a valid entry", lambda lines: [lines[0].replace(b"certmend", b"somebody")] + lines[1:]),
    ("line 2: not a valid entry", lambda lines: [lines[0], lines[1].replace(b'"CHG-1"', b"1")] + lines[2:]),
]


@pytest.mark.parametrize("problem, damage", BROKEN)
def test_a_damaged_line_is_reported_by_its_number(problem, damage):
    with pytest.raises(RemediationError, match="store, " + problem) as raised:
        parse(b"\n".join(damage(dump(FULL).split(b"\n"))), "store")
    assert "not changed" in raised.value.advice


def test_a_store_that_does_not_exist_is_empty_unless_it_must_exist(tmp_path):
    path = str(tmp_path / "pins")
    assert load(path) == Store()
    with pytest.raises(RemediationError, match="backup_path: .*/pins cannot be read"):
        load(path, "backup_path", must_exist=True)
    (tmp_path / "pins").write_bytes(dump(FULL))
    assert load(path) == FULL


def test_a_dangling_link_is_not_an_empty_store(tmp_path):
    (tmp_path / "pins").symlink_to(tmp_path / "gone")
    with pytest.raises(RemediationError, match="pins_path: .*/pins cannot be read"):
        load(str(tmp_path / "pins"))


def test_an_unknown_server_has_an_empty_record_and_an_empty_record_removes_its_server():
    unknown = HostPort.of("new.corp.example", 443)
    assert FULL.at(unknown) == PinRecord(unknown)
    other = PinRecord(SERVERS[1], ACCEPTED[:1])
    changed = FULL.with_records([PinRecord(SERVERS[0]), other], ())
    assert changed.at(SERVERS[0]) == PinRecord(SERVERS[0]) and SERVERS[0] not in changed.records
    assert changed.at(SERVERS[1]) == other and changed.at(SERVERS[2]) == FULL.at(SERVERS[2]) and changed.used_approvals == ()
    assert FULL.at(SERVERS[0]).pins == ACCEPTED, "the store itself stays as it was"
