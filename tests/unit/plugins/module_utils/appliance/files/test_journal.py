# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A journal is written before the change, and read by whoever comes after."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.journal import Journal, JournalState
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.snapshot import Snapshot
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.tests.support.clock import deadline
from ansible_collections.certmend.tls.tests.support.journal import new_journal, new_record
from ansible_collections.certmend.tls.tests.support.locks import waits_for_a_lock


@pytest.fixture
def journal(tmp_path):
    return new_journal(tmp_path / "journal")


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"old")
    path.chmod(0o640)
    return path


def test_changes_are_recorded_in_their_order_with_the_old_content(journal, file, tmp_path):
    journal.record([(str(file), Snapshot.of(str(file)), b"new")])
    journal.record([(str(tmp_path / "created"), None, b"x"), (str(file), Snapshot.of(str(file)), None)])
    first, second, third = Journal(journal.folder).read().changes
    assert [first.path, second.path, third.path] == [str(file), str(tmp_path / "created"), str(file)]
    assert journal.saved_content(first.before) == b"old" and first.before.metadata.mode == 0o640
    assert second.before is None and third.after is None


def test_a_person_can_read_it_and_nobody_else(journal, file):
    journal.record([(str(file), Snapshot.of(str(file)), b"new")])
    text = json.loads(open(journal.path, encoding="utf-8").read())
    assert text["state"] == "open" and text["changes"][0]["path"] == str(file) and text["changes"][0]["before"]["metadata"]["mode"] == "0640"
    assert {os.stat(os.path.join(journal.folder, name)).st_mode & 0o777 for name in os.listdir(journal.folder)} == {0o600}


def test_a_saved_file_that_was_changed_is_not_used(journal, file):
    journal.record([(str(file), Snapshot.of(str(file)), b"new")])
    change = journal.read().changes[0]
    with open(os.path.join(journal.folder, change.before.name), "wb") as stream:
        stream.write(b"swapped")
    with pytest.raises(RemediationError, match="journal: .*0001 is not what was saved in it"):
        journal.saved_content(change.before)


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"format": 1}', "\xff", '{"state": "odd", "changes": []}'])
def test_a_damaged_record_is_named_with_a_way_out(journal, text):
    with open(journal.path, "w", encoding="latin-1") as stream:
        stream.write(text)
    with pytest.raises(RemediationError, match="journal: .*journal.json is damaged") as refused:
        journal.read()
    assert "remove the folder" in refused.value.advice


def test_it_is_removed_with_the_old_contents(journal, file):
    journal.record([(str(file), Snapshot.of(str(file)), b"new")])
    journal.remove()
    assert not os.path.exists(journal.folder)


def test_a_journal_that_cannot_be_written_stops_the_change(tmp_path):
    with pytest.raises(RemediationError, match="journal: .*/none cannot be opened: No such file"):
        Journal(str(tmp_path / "none")).record([])


RECORD = """
import sys
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.journal import Journal
Journal(sys.argv[1]).record([("/etc/hosts", None, b"new")])
"""


def test_a_module_of_a_lost_run_that_records_a_change_does_not_undo_the_take_over(journal):
    """The module still runs on the host while the next run makes the journal its own."""
    with journal.lock():
        found = journal.read()
        module = subprocess.Popen([sys.executable, "-c", RECORD, journal.folder])
        until = deadline()
        while module.poll() is None and not waits_for_a_lock(module.pid):
            assert deadline(0) < until
        journal.write(dataclasses.replace(found, run=dict(found.run, id="next")))
    assert module.wait() == 0
    record = journal.read()
    assert record.run["id"] == "next" and [change.path for change in record.changes] == ["/etc/hosts"]


def test_a_record_of_an_older_release_is_read(journal):
    text = json.loads(open(journal.path, encoding="utf-8").read())
    del text["unproved"]
    with open(journal.path, "w", encoding="utf-8") as stream:
        json.dump(text, stream)
    assert journal.read().unproved is False


def test_states_are_the_words_of_the_record(journal):
    assert [str(state) for state in JournalState] == ["open", "restored", "proved"] and journal.read().state is JournalState.OPEN


def exchanged(record, *path, value):
    """A record with another value somewhere."""
    inner = record
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return record


@pytest.mark.parametrize(
    "path, value",
    [
        (("changes", 0, "path"), 5),
        (("changes", 0, "after_sha256"), ["a"]),
        (("changes", 0, "before", "saved_as"), "../../etc/shadow"),
        (("changes", 0, "before", "saved_as"), ".."),
        (("changes", 0, "before", "metadata", "owner"), "root"),
        (("changes", 0, "before", "metadata", "group"), float("inf")),
        (("changes", 0, "before", "metadata"), []),
        (("changes",), {"a": 1}),
        (("run",), "somebody"),
        (("run", "id"), None),
        (("notes",), 7),
        (("opened",), 2026),
        (("state",), "unknown"),
        (("name",), {}),
    ],
)
def test_a_record_with_a_value_of_another_type_is_damaged(tmp_path, path, value):
    before = {"saved_as": "0001", "sha256": "00", "metadata": {"mode": "0644", "owner": 0, "group": 0, "modified": 0, "extended": {}}}
    record = dict(new_record().as_dict(), changes=[{"path": "/a", "before": before, "after_sha256": "00", "foreign": False}])
    (tmp_path / "journal.json").write_text(json.dumps(record))
    assert Journal(str(tmp_path)).read().changes[0].path == "/a"
    (tmp_path / "journal.json").write_text(json.dumps(exchanged(record, *path, value=value)))
    with pytest.raises(RemediationError, match="journal: .*/journal.json is damaged"):
        Journal(str(tmp_path)).read()
