# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A journal from its opening to its end: proved, restored, found by the next run, held by another one."""

from __future__ import annotations

import json
import os

import pytest

from ansible_collections.certmend.tls.tests.support.clock import FIXED, REAL

ME = {"id": "me", "controller": "here/0", "process": "1-2-3"}
OTHER = dict(ME, id="other")


@pytest.fixture
def ask(run_module, tmp_path):
    """ask(state, **params): what the module returns about the journal `hosts`."""

    def run(state, check=False, **params):
        return run_module("journal", dict(dict(name="hosts", folder=str(tmp_path / "journals"), run=ME, state=state), **params), check)

    return run


@pytest.fixture
def hosts(tmp_path):
    path = tmp_path / "hosts"
    path.write_text("127.0.0.1 localhost\n", encoding="ascii")
    path.chmod(0o640)
    return path


@pytest.fixture
def mapped(run_module, hosts):
    """mapped(journal, name): map a name, recorded in the journal."""

    def run(opened, name="a.example"):
        entry = dict(address="10.0.0.1", names=[name], path=str(hosts), journal=opened["path"], backup=False)
        return run_module("hosts_entry", entry)

    return run


def test_a_change_is_recorded_proved_and_restored_later(ask, mapped, hosts):
    before, status = hosts.read_bytes(), hosts.stat()
    opened = ask("opened")
    assert opened["changed"] and not opened["unfinished"] and opened["journal_state"] == "open"
    mapped(opened)
    proved = ask("proved")
    assert proved["journal_state"] == "proved" and proved["changes"] == [{"path": str(hosts), "existed": True, "now": "as_written"}]
    assert not ask("proved")["changed"]
    restored = ask("restored")
    assert restored["restored"] == [str(hosts)] and restored["left"] == [] and restored["journal_state"] == "restored"
    assert hosts.read_bytes() == before and (hosts.stat().st_mode, hosts.stat().st_mtime_ns) == (status.st_mode, status.st_mtime_ns)
    assert not ask("restored")["changed"]
    assert ask("closed")["changed"] and not os.path.exists(opened["path"]) and not ask("closed")["changed"]


def test_a_run_that_changed_nothing_leaves_nothing(ask):
    opened = ask("opened")
    assert ask("proved")["journal_state"] is None and not os.path.exists(opened["path"])


def test_check_mode_predicts_and_writes_nothing(ask, mapped, hosts, tmp_path):
    predicted = ask("opened", check=True)
    assert predicted["changed"] and not (tmp_path / "journals").exists()
    mapped(ask("opened"))
    after = hosts.read_bytes()
    assert ask("restored", check=True)["changed"] and hosts.read_bytes() == after
    assert ask("restored")["changed"]


def test_a_run_that_was_lost_is_found_by_the_next_one(ask, mapped, hosts):
    before = hosts.read_bytes()
    mapped(ask("opened", run=OTHER, notes={"first": 1}))
    held = ask("opened")
    assert held["failed"] and held["held_by"]["id"] == "other" and "in use by another run (process 2 on here)" in held["msg"]
    found = ask("opened", lost_run="other", notes={"first": 2, "second": 2})
    assert found["unfinished"] and found["run"]["id"] == "me" and found["notes"] == {"first": 1, "second": 2}
    assert not ask("opened", notes={"first": 2, "second": 2})["changed"]
    ask("restored")
    assert hosts.read_bytes() == before
    again = ask("opened")
    assert again["unfinished"], "the service may still use the file that was restored"


def test_a_run_on_another_controller_counts_as_lost_after_a_while(ask, mapped):
    opened = ask("opened", run=OTHER)
    mapped(opened)
    record = json.loads(open(opened["path"] + "/journal.json", encoding="utf-8").read())
    record["updated"] = FIXED.now.strftime("%Y-%m-%dT%H:%M:%SZ")
    with open(opened["path"] + "/journal.json", "w", encoding="utf-8") as stream:
        json.dump(record, stream)
    assert FIXED.now.year < REAL.now.year and ask("opened")["unfinished"]


def test_the_journals_of_a_host_are_listed_those_of_former_runs_too(ask, mapped, hosts):
    for number in range(4):
        mapped(ask("opened", run=dict(ME, id="run%d" % number), keep=2), "host%d.example" % number)
        ask("proved", run=dict(ME, id="run%d" % number))
    listed = ask("listed", name=None)["journals"]
    assert sorted(journal["run"]["id"] for journal in listed) == ["run1", "run2", "run3"], "two are kept beside the present one"
    assert {tuple(journal["files"]) for journal in listed} == {(str(hosts),)} and {journal["journal_state"] for journal in listed} == {"proved"}


def test_what_somebody_else_changed_is_left_and_the_task_fails(ask, mapped, hosts):
    mapped(ask("opened"))
    hosts.write_text("theirs\n", encoding="ascii")
    failed = ask("restored")
    assert failed["failed"] and failed["left"] == [{"path": str(hosts), "reason": "somebody else changed it after this run"}]
    assert hosts.read_text(encoding="ascii") == "theirs\n" and failed["journal_state"] == "open"
    assert "NOT restored" in failed["msg"] and "journal.json says which file is which" in failed["advice"]
    assert ask("closed")["failed"]


def test_what_a_tool_of_this_run_changed_once_more_is_restored_too(ask, mapped, hosts):
    before = hosts.read_bytes()
    mapped(ask("opened"))
    hosts.write_text("by the system's tool\n", encoding="ascii")
    assert ask("written")["changed"] and not ask("written")["changed"]
    assert ask("restored")["restored"] == [str(hosts)] and hosts.read_bytes() == before


def test_a_folder_that_others_can_enter_is_refused(ask, tmp_path):
    (tmp_path / "journals").mkdir(mode=0o777)
    (tmp_path / "journals").chmod(0o777)
    assert "is not a folder that only user ID" in ask("opened")["msg"]


def test_no_content_of_a_file_is_in_the_result(ask, mapped, hosts):
    hosts.write_text("127.0.0.1 secret-name\n", encoding="ascii")
    opened = ask("opened")
    mapped(opened)
    assert "secret-name" not in json.dumps([ask(state) for state in ("proved", "listed", "restored", "closed")])
