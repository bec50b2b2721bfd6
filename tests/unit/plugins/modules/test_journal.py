# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A journal from its opening to its end: proved, restored, found by the next run, held by another one."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.process import identity_of
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.replacement import Replacement
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.transaction import Transaction
from ansible_collections.certmend.tls.plugins.module_utils.appliance.formats.fingerprints import fingerprint_of
from ansible_collections.certmend.tls.tests.support import mint
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


def test_a_former_run_is_restored_from_the_journal_that_was_kept(ask, mapped, hosts):
    """Also if the same run opened the journal again after another one; the newest part comes first."""
    before = hosts.read_bytes()
    contents = []
    for run, name in ((ME, "a.example"), (OTHER, "b.example"), (ME, "c.example"), (OTHER, "d.example")):
        contents.append(hosts.read_bytes())
        mapped(ask("opened", run=run), name)
        assert ask("proved", run=run)["journal_state"] == "proved"
    assert ask("restored", only_run="me")["left"] == [{"path": str(hosts), "reason": "somebody else changed it after this run"}], "the other run, after it"
    for run, content in (("other", contents[3]), ("me", contents[2]), ("other", contents[1]), ("me", before)):
        assert ask("restored", only_run=run)["journal_state"] == "restored" and hosts.read_bytes() == content
        assert ask("closed", only_run=run)["changed"]
    listed = ask("listed", name=None)
    assert listed["journals"] == [] and listed["restored_runs"] == ["me", "other"]
    assert ask("restored", only_run="me")["journal_state"] is None


def test_a_kept_journal_is_not_restored_while_another_run_has_the_current_one_open(ask, mapped, hosts):
    mapped(ask("opened"))
    ask("proved")
    mapped(ask("opened", run=OTHER), "b.example")
    both = hosts.read_bytes()
    for check in (True, False):
        refused = ask("restored", check, only_run="me", run=dict(ME, id="third"))
        assert refused["held_by"]["id"] == "other" and "is in use by another run" in refused["msg"]
    assert hosts.read_bytes() == both
    assert ask("restored", only_run="me", lost_run="other")["left"], "that run has ended, and its change stays"


def test_the_certificates_of_a_restored_file_are_returned(ask, run_module, tmp_path):
    path, old = tmp_path / "served.pem", mint.mint("old.example", **REAL.days())
    path.write_text(old.pem + old.key_pem, encoding="ascii")
    opened = ask("opened")
    issue = dict(provider="self_signed", fqdn="new.example", private_key_path=str(tmp_path / "new.key"), certificate_path=str(path))
    run_module("cert_issue", dict(issue, journal=opened["path"], backup=False))
    asked = [str(path), str(tmp_path / "missing.pem")]
    assert ask("restored", True, certificates_of=asked)["certificates"] == {}, "nothing is restored yet"
    for _again in range(2):
        restored = ask("restored", certificates_of=asked)
        assert restored["certificates"] == {asked[0]: [fingerprint_of(old.der)], asked[1]: []}


def test_the_certificates_of_a_file_that_the_server_reads_through_a_link_are_returned(ask, run_module, tmp_path):
    path, old = tmp_path / "served.pem", mint.mint("old.example", **REAL.days())
    (tmp_path / "real.pem").write_text(old.pem, encoding="ascii")
    path.symlink_to("real.pem")
    ask("opened")
    restored = ask("restored", certificates_of=[str(path)])
    assert restored["certificates"] == {str(path): [fingerprint_of(old.der)]}, restored


def test_a_journal_says_when_its_run_opened_it_by_the_controllers_clock(ask):
    first, second = ask("opened", run=dict(ME, opened="1")), ask("opened", run=dict(ME, opened="2"))
    assert [first["run"]["opened"], second["run"]["opened"]] == ["1", "1"] and not second["changed"]


def test_files_that_cannot_be_restored_keep_their_journal_however_many_they_are(ask, run_module, tmp_path):
    """Of a long list of reasons a failed task would show nothing, and whoever asks for reasons would see none."""
    opened, files = ask("opened"), [tmp_path / ("hosts%d" % number) for number in range(9)]
    for file in files:
        file.write_text("127.0.0.1 localhost\n", encoding="ascii")
        run_module("hosts_entry", dict(address="10.0.0.1", names=["a.example"], path=str(file), journal=opened["path"], backup=False))
    ask("proved")
    for file in files[:-1]:
        file.write_text("of somebody else\n", encoding="ascii")
    files[-1].unlink()
    files[-1].mkdir()
    check, run = ask("restored", check=True), ask("restored")
    assert check["failed"] and run["failed"] and len(run["left"]) == len(check["left"]) == 9
    assert "has the old files of changes that were not restored" in ask("closed")["msg"]
    assert ask("opened")["changes"][-1]["now"] == "changed_since"


def test_what_somebody_else_wrote_after_a_lost_run_is_what_the_next_run_restores(ask, mapped, hosts):
    mapped(ask("opened", run=OTHER))
    hosts.write_text(hosts.read_text(encoding="ascii") + "10.9.9.9 theirs.example\n", encoding="ascii")
    theirs = hosts.read_bytes()
    opened = ask("opened", lost_run="other")
    ask("written")
    assert ask("restored")["left"] and hosts.read_bytes() == theirs, "before this run has written"
    mapped(opened, "b.example")
    assert ask("restored")["restored"] == [str(hosts)] and hosts.read_bytes() == theirs


@pytest.mark.reliability(
    "two runs at once",
    playbooks=["restore"],
    afterwards="the journal of a run that goes on is neither restored nor closed by another",
)
def test_nobody_else_restores_or_closes_the_journal_of_a_live_run(ask, mapped, hosts):
    mapped(ask("opened", run=OTHER))
    after = hosts.read_bytes()
    for state in ("restored", "closed"):
        assert "in use by another run" in ask(state, only_run="other")["msg"] and hosts.read_bytes() == after
    assert ask("restored", only_run="other", lost_run="other")["journal_state"] == "restored"


def test_a_proof_is_refused_if_the_journal_is_no_longer_that_of_the_run(ask, mapped):
    mapped(ask("opened"))
    ask("restored"), ask("closed")
    assert "no longer the journal of this run, because it was removed" in ask("proved", only_run="me")["msg"]
    ask("opened", run=OTHER)
    assert "another run (other) has taken it over" in ask("proved", only_run="me")["msg"]


def test_a_late_module_of_a_lost_run_changes_nothing(ask, mapped, hosts):
    opened = ask("opened")
    mapped(opened)
    ask("proved")
    before = hosts.read_bytes()
    late = mapped(opened, "late.example")
    assert late["failed"] and "is proved, so nothing is changed" in late["msg"] and hosts.read_bytes() == before


def test_a_damaged_journal_and_one_of_another_release_do_not_hide_the_others(ask, mapped, tmp_path):
    mapped(ask("opened"))
    for name, text in (("torn", "{"), ("newer", json.dumps({"format": 99}))):
        (tmp_path / "journals" / name).mkdir(mode=0o700)
        (tmp_path / "journals" / name / "journal.json").write_text(text, encoding="ascii")
    journals = {journal["name"]: journal for journal in ask("listed", name=None)["journals"]}
    assert journals["hosts"]["error"] is None and "is damaged" in journals["torn"]["error"] and "its format is 99, not 1" in journals["newer"]["error"]
    assert "its format is 99" in ask("opened", name="newer")["msg"]


@pytest.mark.parametrize("state", ["listed", "restored"])
def test_a_journal_whose_record_is_a_link_to_nothing_is_damaged_and_hides_no_other(ask, mapped, tmp_path, state):
    mapped(ask("opened"))
    for name in ("gone", "hosts@me", "hosts@me@2"):
        (tmp_path / "journals" / name).mkdir(mode=0o700)
        (tmp_path / "journals" / name / "journal.json").symlink_to(tmp_path / "nowhere")
    seen = ask(state, name=None) if state == "listed" else ask(state, name="hosts", only_run="me")
    assert not seen.get("failed"), seen
    if state == "listed":
        journals = {journal["name"]: journal for journal in seen["journals"]}
        assert "cannot be read" in journals["gone"]["error"] and journals["hosts"]["error"] is None


def test_a_kept_journal_whose_record_is_a_link_to_nothing_is_an_error_that_names_it(ask, tmp_path):
    ask("opened")
    for name in ("hosts@them", "hosts@them@2"):
        (tmp_path / "journals" / name).mkdir(mode=0o700)
        (tmp_path / "journals" / name / "journal.json").symlink_to(tmp_path / "nowhere")
    seen = ask("restored", only_run="them")
    assert seen["failed"] and "journal.json cannot be read" in seen["msg"] and "exception" not in seen


def test_a_damaged_kept_journal_does_not_keep_a_run_from_opening_its_own(ask, mapped, tmp_path):
    mapped(ask("opened"), "a.example")
    ask("proved")
    for name in ("hosts@old", "hosts@older"):
        (tmp_path / "journals" / name).mkdir(mode=0o700)
        (tmp_path / "journals" / name / "journal.json").symlink_to(tmp_path / "nowhere")
    assert ask("opened", run=OTHER, keep=1)["changed"]


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


@pytest.mark.reliability(
    "somebody else changes the file meanwhile",
    playbooks=["server_chain", "restore"],
    afterwards="left alone, and reported with the folder that has the old content",
)
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


#: a process can be killed before each of these calls in the test's folder, and before it opens a file to write it
CALLS = ("os.rename", "os.remove", "os.mkdir", "os.rmdir")


def run_killed_at(step, folder, run):
    """Run a function in a process that is killed before its n-th call in a folder; whether it was killed."""
    child = os.fork()
    if child == 0:
        remaining = [step]

        def count(event, arguments):
            writes = event in CALLS or (event == "open" and arguments[2] & (os.O_WRONLY | os.O_RDWR))
            # a name without a path is one in an opened folder
            if writes and (str(folder) in str(arguments) or "/" not in str(arguments[0])):
                remaining[0] -= 1
                if remaining[0] == 0:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(count)
        try:
            run()
        finally:
            os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


class Change:
    """A certificate and its key, replaced by runs with a journal."""

    def __init__(self, folder, ask):
        self._ask, self.folder, self.journals = ask, folder / "tls", folder / "journals"
        self.folder.mkdir()

    def ask(self, state, run):
        return self._ask(state, run=dict(ME, id=run), lost_run="lost" + run.lstrip("abcdefghijklmnopqrstuvwxyz"), keep=1)

    def replace(self, run, text):
        files = [Replacement(str(self.folder / name), text.encode(), "path", mode="0600") for name in ("key", "certificate")]
        Transaction(files, backup=False, journal=self.ask("opened", run)["path"]).commit()

    def begin(self, step):
        """The proved journal of a former run, and the files as they were before the present one."""
        if step == 1:
            self.write_old()
        self.replace("former%d" % step, "former")
        self.ask("proved", "former%d" % step)
        self.write_old()

    def write_old(self):
        for name in ("key", "certificate"):
            (self.folder / name).write_text("old", encoding="ascii")
            (self.folder / name).chmod(0o640)

    def found(self):
        return {(path.read_text(encoding="ascii"), path.stat().st_mode & 0o777) for path in self.folder.iterdir()}

    def left(self):
        """Temporary files, and journals without a record."""
        temporary = [str(path) for path in self.folder.parent.rglob(".certmend-*")]
        return temporary + [str(path) for path in self.journals.iterdir() if path.is_dir() and not (path / "journal.json").exists()]


def proved(change, run):
    change.replace(run, run)
    change.ask("proved", run)


def restored(change, run):
    change.replace(run, run)
    change.ask("restored", run)
    change.ask("closed", run)


@pytest.mark.parametrize("lost", [proved, restored])
@pytest.mark.parametrize("then", [proved, restored])
@pytest.mark.reliability(
    "the module is killed",
    playbooks=["offline_depot", "server_chain", "restore"],
    afterwards="whichever call it was killed at, the next run completes or restores both files; no temporary file is left",
)
def test_a_kill_at_any_call_of_a_run_is_finished_or_restored_by_the_next_run(ask, tmp_path, lost, then):
    """Afterwards the files are those of one run, and nothing else is left: no temporary file, no old content without a record."""
    change, step, killed = Change(tmp_path, ask), 0, True
    while killed:
        step += 1
        change.begin(step)
        killed = run_killed_at(step, tmp_path, lambda run="lost%d" % step: lost(change, run))
        opened, run = change.ask("opened", "next%d" % step), "next%d" % step
        if then is proved:
            proved(change, run)
            assert change.found() == {(run, 0o600)}, step
        else:
            change.ask("restored", run)
            change.ask("closed", run)
            assert change.found() == {("old", 0o640)} or (not opened["unfinished"] and change.found() == {("lost%d" % step, 0o600)}), step
        assert change.left() == [], step
        assert step < 100
    assert step > 10


def test_the_temporary_files_of_a_killed_module_are_removed_when_its_run_restores_its_journal(ask, mapped, hosts):
    """The run goes on after the module was killed, and rolls back."""
    mapped(ask("opened"))
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        left = hosts.parent / (".certmend-%s_key" % identity_of(process.pid))
        left.write_text("a private key", encoding="ascii")
        process.communicate(b"\n")
    ask("restored")
    assert not left.exists()
