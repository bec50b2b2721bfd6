# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The record of a run as it lies on the controller."""

from __future__ import annotations

import copy
import json

import pytest
from ansible.errors import AnsibleLookupError

from ansible_collections.certmend.tls.plugins.lookup.evidence import LookupModule
from ansible_collections.certmend.tls.tests.support import evidence


def look(*paths):
    """The record that the lookup returns."""
    (record,) = LookupModule().run([str(path) for path in paths], {})
    return record


def write(folder, record, hosts=()):
    """A folder as the role writes it."""
    (folder / "hosts").mkdir(parents=True)
    (folder / "record.json").write_text(json.dumps(record), encoding="utf-8")
    for host in hosts:
        (folder / "hosts" / (host["host"] + ".json")).write_text(json.dumps(host), encoding="utf-8")
    return folder


def test_the_record_of_a_run_that_was_killed_has_its_hosts_and_the_way_back(tmp_path):
    hosts = [evidence.noted("depot", "fqdn_certificate", "changing"), evidence.noted("www", "server_chain", "changing", evidence.CHANGED, "verified")]
    record = look(write(tmp_path / "run", evidence.begun({}), hosts))
    assert record["outcome"] == "unfinished" and [host["phase"] for host in record["hosts"]] == ["changing", "verified"]
    assert record["restore"][0]["hosts"] == ["depot", "www"] and evidence.RUN["id"] in record["restore"][0]["command"]
    assert evidence.problems(record) == []


def test_what_a_host_noted_last_counts(tmp_path):
    early, late = evidence.noted("depot", "fqdn_certificate", "changing"), evidence.noted("depot", "fqdn_certificate", "changing", evidence.CHANGED, "verified")
    record = look(write(tmp_path / "run", dict(evidence.begun({}), hosts=[early]), [late]))
    assert record["hosts"] == [late]


def test_slices_are_joined_from_folders_and_from_files(tmp_path):
    first = write(tmp_path / "first", evidence.begun({}, run="run1"), [evidence.noted("depot", "server_chain", "changing", run="run1")])
    second = write(tmp_path / "second", evidence.begun({}, run="run2"), [evidence.noted("www", "server_chain", "changing", run="run2")])
    assert [host["host"] for host in look(first, second)["hosts"]] == ["depot", "www"]
    assert [run["id"] for run in look(first / "record.json", second)["runs"]] == ["run1", "run2"]


def test_a_link_to_the_record_of_a_run_that_was_killed_has_its_hosts(tmp_path):
    folder = write(tmp_path / "run", evidence.begun({}), [evidence.noted("depot", "fqdn_certificate", "changing")])
    (tmp_path / "latest.json").symlink_to(folder / "record.json")
    (tmp_path / "latest").symlink_to(folder)
    assert look(tmp_path / "latest.json") == look(tmp_path / "latest") == look(folder) and look(folder)["restore"][0]["hosts"] == ["depot"]


@pytest.mark.parametrize("content, words", [("{", "is not JSON"), ("[]", "is no record of a run"), ('{"format": 2}', "is no record of a run")])
def test_what_is_no_record_is_named(content, words, tmp_path):
    (tmp_path / "record.json").write_text(content, encoding="utf-8")
    with pytest.raises(AnsibleLookupError, match=words):
        look(tmp_path)


def test_a_folder_that_is_not_there_is_named_with_the_option_once(tmp_path):
    with pytest.raises(AnsibleLookupError, match="^evidence: [^:]*nowhere cannot be read"):
        look(tmp_path / "nowhere")


UNDONE_BY = {"module": "cert_pin", "options": {"pins_path": "/p", "audit_log": "/p.log", "state": "absent", "endpoints": ["a:1"], "pins": []}}


def parts_of(value, path=()):
    """The place of each part of a value."""
    for name, part in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield (*path, name)
        yield from parts_of(part, (*path, name))


def test_a_record_with_a_part_of_another_kind_is_refused_and_named(tmp_path):
    """Whatever somebody has written into it: its readers rely on the form."""
    pinned = evidence.noted("vault", "pins", "changing", ("changed", {"undone_by": [UNDONE_BY]}))
    record = dict(evidence.begun({}), hosts=[pinned])
    folder = write(tmp_path / "run", record)
    for place in parts_of(look(folder)):
        if place[0] in ("summary", "outcome", "restore"):
            continue
        for other in (None, {}, [], 1.5, "x", ["x"], float("nan")):
            wrong = copy.deepcopy(record)
            part = wrong
            for name in place[:-1]:
                part = part[name]
            part[place[-1]] = other
            (folder / "record.json").write_text(json.dumps(wrong), encoding="utf-8")
            try:
                look(folder)
            except AnsibleLookupError as error:
                assert "record.json is no record of a run, or of another release: " in str(error), (place, other)


@pytest.mark.parametrize(
    "undone_by",
    [
        dict(UNDONE_BY, module="ansible.builtin.command"),
        dict(UNDONE_BY, options=dict(UNDONE_BY["options"], state="pinned")),
        dict(UNDONE_BY, role="remediation", variables={}),
        {"role": "ssl_trust", "variables": {"ssl_trust_state": "updated", "ssl_trust_backup_path": "/b"}},
        {},
    ],
)
def test_a_record_that_would_undo_something_by_other_means_is_refused(undone_by, tmp_path):
    host = evidence.noted("vault", "pins", "changing", ("changed", {"undone_by": [undone_by]}))
    with pytest.raises(AnsibleLookupError, match=r"steps\[0\].undone_by\[0\] is not as docs/evidence.schema.json describes it"):
        look(write(tmp_path / "run", evidence.begun({}), [host]))


def test_what_somebody_has_written_into_a_record_is_shown_as_it_is(tmp_path):
    """A message of restore names the hosts of the record."""
    host = dict(evidence.noted("www", "server_chain", "changing"), host="www\x1b[2J\ud800")
    record = look(write(tmp_path / "run", dict(evidence.begun({}), hosts=[host])))
    assert record["restore"][0]["hosts"] == [r"www\u{1B}[2J\u{D800}"] and json.dumps(record).isprintable()
