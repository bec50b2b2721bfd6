# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The report of a run that failed, or was killed: it is there, and tells how the hosts are."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from xml.etree import ElementTree

import pytest

from ansible_collections.certmend.tls.tests.support.depot_and_installer import estate_in
from ansible_collections.certmend.tls.tests.support.evidence import problems
from ansible_collections.certmend.tls.tests.support.recorded_runs import GIVEN, attempts, changes, evidence, folder_of, killed_in_the_reload, read


@pytest.fixture
def estate(tmp_path):
    with estate_in(tmp_path / "estate") as made:
        yield made


def verdict_of(folder):
    """What the page says of the run, in a word."""
    (word,) = re.findall(r"<title>([\w ,]+): ", (folder / "report.html").read_text(encoding="utf-8"))
    return word


def failures_of(folder):
    """What failed, as a pipeline reads it: by the name of the host, or run."""
    cases = ElementTree.parse(folder / "junit.xml").getroot().iter("testcase")
    return {case.get("classname"): case.find("failure") for case in cases if case.find("failure") is not None}


def told(estate, outcome, word, **phases):
    """The folder of the only run, whose record, page and JUnit file say the same."""
    folder = folder_of(estate)
    record = read(folder / "record.json")
    assert problems(record) == [] and record["outcome"] == outcome and record["runs"][0]["ended"], record
    assert {host["host"]: host["phase"] for host in record["hosts"]} == phases and verdict_of(folder) == word
    assert failures_of(folder)["run"].get("type") == outcome
    return folder


def ends(estate):
    """The plays that end a transaction, without one that ends the record."""
    return [changes(estate)[-1]]


def test_a_run_that_is_rolled_back_says_so_and_why(estate):
    (estate["depot"] / "ignored").touch()
    done = estate.playbook([evidence("begin"), *attempts(estate), *ends(estate), evidence("end")], **GIVEN)
    (estate["depot"] / "ignored").unlink()
    assert done.returncode != 0 and estate.is_restored() and "record of this run: " in done.stdout, done.stdout
    folder = told(estate, "restored", "Rolled back", depot="restored", installer="restored")
    assert "SERVED-PREVIOUS" in failures_of(folder)["run"].text and "SERVED-PREVIOUS" in (folder / "report.html").read_text(encoding="utf-8")


def test_a_role_that_fails_by_itself_ends_the_record_too(estate):
    """No play takes part that would finish a transaction."""
    (estate["depot"] / "ignored").touch()
    depot, installer, _finish = changes(estate)
    done = estate.playbook([evidence("begin"), installer, depot, evidence("end")], **GIVEN)
    (estate["depot"] / "ignored").unlink()
    assert done.returncode != 0 and estate.is_served(), done.stdout
    told(estate, "partly", "Partly done", depot="restored", installer="verified")


def test_a_host_that_is_lost_in_the_middle_may_not_be_as_before(estate):
    """The installer is lost when it has been changed; then the depot fails."""
    (estate["depot"] / "ignored").touch()
    lose = {"ansible.builtin.file": {"path": str(estate["installer"] / "lost"), "state": "touch"}, "delegate_to": "localhost"}
    first, second = attempts(estate)
    lost = {"hosts": "depot", "gather_facts": False, "tasks": [dict(lose, vars={"ansible_connection": "local"})]}
    end = dict(ends(estate)[0], ignore_unreachable=True)
    done = estate.playbook([evidence("begin"), first, lost, second, end, evidence("end")], **GIVEN)
    (estate["depot"] / "ignored").unlink()
    (estate["installer"] / "lost").unlink()
    assert done.returncode != 0 and estate.is_served() and estate.journals("installer") == ["proved"], done.stdout
    told(estate, "failed", "Failed", depot="restored", installer="failed")
    assert estate.restore(run=read(folder_of(estate) / "record.json")["restore"][0]["run"]).returncode == 0 and estate.is_restored()


def test_a_run_that_cannot_work_says_that_nothing_was_changed(estate):
    (estate["depot"] / "invalid").touch()
    stop = {"ansible.builtin.include_role": {"name": "certmend.tls.remediation", "tasks_from": "stop.yml"}}
    run = [evidence("begin"), *attempts(estate, remediation_preflight=True), {"hosts": "all", "gather_facts": False, "tasks": [stop]}, evidence("end")]
    done = estate.playbook(run, **GIVEN)
    (estate["depot"] / "invalid").unlink()
    assert done.returncode != 0 and estate.is_restored() and "Nothing was changed on any host." in done.stdout, done.stdout
    folder = told(estate, "stopped", "Stopped", depot="stopped")
    assert "Check the configuration" in failures_of(folder)["run"].text and "Check the configuration" in (folder / "report.html").read_text(encoding="utf-8")


def test_check_mode_that_finds_an_error_says_so(estate):
    (estate["depot"] / "invalid").touch()
    done = estate.playbook([evidence("begin"), *attempts(estate), *ends(estate), evidence("end")], "--check", **GIVEN)
    (estate["depot"] / "invalid").unlink()
    assert done.returncode != 0 and estate.is_restored(), done.stdout
    folder = told(estate, "stopped", "Stopped", depot="stopped")
    assert "in check mode" in (folder / "report.html").read_text(encoding="utf-8")


def test_hosts_that_keep_their_changes_are_told_from_one_that_failed(estate):
    """As many hosts fail as the operator allows: the run goes on, and its end says so once more."""
    (estate["depot"] / "ignored").touch()
    end = dict(ends(estate)[0], ignore_errors=True)
    done = estate.playbook([evidence("begin"), *attempts(estate), end, evidence("end")], **GIVEN, remediation_max_fail_percentage=60)
    (estate["depot"] / "ignored").unlink()
    assert estate.is_served() and estate.journals("installer") == ["proved"], done.stdout
    told(estate, "partly", "Partly done", depot="restored", installer="verified")


def test_a_record_that_is_lost_does_not_hide_why_the_run_failed(estate):
    """The folder is lost when the check of the new configuration runs, which then fails."""
    change = estate.certificate()
    change["vars"]["fqdn_certificate_check_command"] = ["sh", "-c", "test ! -d {0} || {{ rm -r {0}; exit 1; }}".format(estate.controller / "evidence")]
    done = estate.playbook([evidence("begin"), {"hosts": "depot", "gather_facts": False, "tasks": [change]}], **GIVEN)
    assert done.returncode != 0 and estate.is_restored() and "All changes of this role on depot were rolled back." in done.stdout, done.stdout
    assert "The record of this run could not be written in " in done.stdout


def test_the_end_of_a_record_that_is_lost_is_an_error_unless_the_run_has_one(estate):
    lose = {"ansible.builtin.file": {"path": "{{ evidence_folder }}", "state": "absent"}}
    losing = {"hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": [lose]}
    done = estate.playbook([evidence("begin"), losing, evidence("end", evidence_failed=True), evidence("end")], **GIVEN)
    assert done.returncode != 0 and done.stdout.count("The record of this run could not be written in ") == 1, done.stdout


def test_a_run_that_was_killed_has_a_report_and_one_command_writes_it_anew(estate):
    killed_in_the_reload(estate)
    folder = folder_of(estate)
    assert verdict_of(folder) == "Broken off" and failures_of(folder)["run"].get("type") == "unfinished"
    page = (folder / "report.html").read_text(encoding="utf-8")
    (command,) = re.findall(r"<pre>(ansible localhost .*)</pre>", page)
    words = command.replace("&#39;", "'").replace("FOLDER", "evidence/" + folder.name)
    environment = dict(os.environ, ANSIBLE_HOME=str(estate.home), PATH=os.path.dirname(sys.executable) + ":" + os.environ["PATH"])
    done = subprocess.run(words, shell=True, cwd=estate.controller, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    anew = (folder / "report.html").read_text(encoding="utf-8")
    assert verdict_of(folder) == "Broken off" and anew != page and "changed, not verified" in anew
    assert "depot" in failures_of(folder) or "certmend.tls.restore -e restore_run=" in anew
