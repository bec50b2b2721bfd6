# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A run over two hosts with a record: what it has after each step, after a failure, and after a kill."""

from __future__ import annotations

import re

import pytest
import yaml

from ansible_collections.certmend.tls.plugins.plugin_utils.evidence_files import record_of
from ansible_collections.certmend.tls.plugins.plugin_utils.evidence_record import PHASES
from ansible_collections.certmend.tls.tests.support.depot_and_installer import estate_in
from ansible_collections.certmend.tls.tests.support.evidence import problems
from ansible_collections.certmend.tls.tests.support.recorded_runs import GIVEN, attempts, audit, changes, evidence, folder_of, killed_in_the_reload, plays, read
from ansible_collections.certmend.tls.tests.support.rendered import COLLECTION
from ansible_collections.certmend.tls.tests.support.shown import shown_of, words_of


def linked():
    """A play in the middle of a run that keeps another name for each file of the record: what is written into a file later would be seen under it."""
    script = "cd {{ evidence_folder }} && mkdir -p ../../linked && ln record.json hosts/depot.json ../../linked/"
    return {"hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": [{"ansible.builtin.shell": script}]}


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """A run that changed both hosts; one of them has a password."""
    with estate_in(tmp_path_factory.mktemp("recorded")) as estate:
        depot, *others = changes(estate)
        done = estate.playbook(plays(estate, depot, linked(), *others), **GIVEN, evidence_title="Depot, as Hide-Me-Pw1 wants it", depot_password="Hide-Me-Pw1")
        assert done.returncode == 0, done.stdout
        yield estate, done


def test_the_record_says_who_changed_what_and_how_it_was_verified(recorded):
    estate, done = recorded
    record = read(folder_of(estate) / "record.json")
    assert problems(record) == []
    assert (record["operator"], record["ticket"], record["title"], record["check_mode"]) == ("ops", "CHG-1", "Depot, as ******** wants it", False)
    assert record["window"]["reason"] == "It is open." and record["plan"][0]["codes"] == ["NAME-CN-IS-IP"]
    depot, installer = record["hosts"]
    assert [event["phase"] for event in depot["events"]] == ["changing", "changed", "verified", "verified"]
    assert [(step["role"], step["phase"], step["changed"]) for host in (depot, installer) for step in host["steps"]] == [
        ("fqdn_certificate", "verified", True),
        ("hosts_mapping", "verified", True),
    ]
    (step,) = depot["steps"]
    assert "-  subject: CN=10.77.0.10" in step["diffs"][0]["diff"] and step["files"][0]["path"].endswith("/depot/web.pem")
    assert step["journal"] in depot["backups"]
    assert "from installer" in depot["verified"][0]
    (endpoint,) = record["endpoints"]
    assert endpoint["host"] == "depot" and endpoint["mended"] == ["NAME-MISMATCH", "NAME-SAN-MISSING"] and endpoint["remaining"] == ["TRUST-SELF-SIGNED"]
    assert "record of this run: %s" % folder_of(estate) in done.stdout


def test_the_folder_is_named_by_time_and_run_and_is_not_for_everybody(recorded):
    estate, _done = recorded
    (run,) = estate.runs("depot")
    folder = folder_of(estate)
    assert re.fullmatch(r"\d{8}T\d{6}Z-" + re.escape(run), folder.name)
    assert sorted(path.name for path in folder.rglob("*")) == ["depot.json", "hosts", "installer.json", "junit.xml", "record.json", "report.html"]
    assert not [path for path in [folder, *folder.rglob("*")] if path.stat().st_mode & 0o007]


def test_a_file_of_the_record_is_replaced_and_never_written_into(recorded):
    """Whatever is killed, and whenever: whoever opens a file has the whole of an earlier or of a later record."""
    estate, _done = recorded
    linked = estate.controller / "linked"
    assert [event["phase"] for event in read(linked / "depot.json")["events"]] == ["changing", "changed", "verified"]
    assert read(linked / "record.json")["runs"][0]["ended"] is None and read(linked / "record.json")["hosts"] == []


def test_no_secret_is_in_any_of_the_files(recorded):
    estate, _done = recorded
    key = words_of((estate["depot"] / "web.key").read_text(encoding="ascii"))
    for path in [path for path in folder_of(estate).rglob("*") if path.is_file()]:
        text = path.read_text(encoding="utf-8")
        assert "Hide-Me-Pw1" not in text and shown_of(key, text) == [], path


def test_the_restore_command_of_the_record_works(recorded):
    estate, _done = recorded
    (restore,) = read(folder_of(estate) / "record.json")["restore"]
    estate.keep()
    program, *words = restore["command"].split()
    assert program == "ansible-playbook" and words[:3] == ["-i", str(estate.controller / "inventory.yml"), "certmend.tls.restore"]
    done = estate.playbook("certmend.tls.restore", *words[3:])
    assert done.returncode == 0 and estate.is_restored(), done.stdout
    estate.reset()


@pytest.fixture
def estate(tmp_path):
    with estate_in(tmp_path / "estate") as made:
        yield made


def test_a_run_that_was_killed_leaves_a_record_from_which_it_is_restored(estate):
    killed_in_the_reload(estate)
    assert read(folder_of(estate) / "hosts" / "depot.json")["phase"] == "changed" and read(folder_of(estate) / "record.json")["hosts"] == []
    record = record_of([str(folder_of(estate))])
    assert record["outcome"] == "unfinished" and problems(record) == [] and record["restore"][0]["hosts"] == ["depot"]
    done = estate.restore(run=record["restore"][0]["run"])
    assert done.returncode == 0 and estate.is_restored(), done.stdout


def test_a_run_that_fails_is_recorded_as_rolled_back_with_the_error(estate):
    (estate["depot"] / "ignored").touch()
    done = estate.playbook([evidence("begin"), *attempts(estate), changes(estate)[-1], evidence("end")], **GIVEN)
    (estate["depot"] / "ignored").unlink()
    assert done.returncode != 0 and estate.is_restored(), done.stdout
    record = read(folder_of(estate) / "record.json")
    assert problems(record) == [] and record["outcome"] == "restored" and record["restore"] == [], record
    depot, installer = record["hosts"]
    assert depot["phase"] == installer["phase"] == "restored"
    assert "SERVED-PREVIOUS" in depot["steps"][0]["said"] and [event["phase"] for event in installer["events"]][-1] == "restored"


def test_without_a_record_nothing_is_changed(estate):
    """The folder of the run is lost between its creation and the first change."""
    lose = {"ansible.builtin.file": {"path": "{{ evidence_folder }}", "state": "absent"}}
    losing = {"hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": [lose]}
    done = estate.playbook([evidence("begin"), losing, changes(estate)[1]], **GIVEN)
    assert done.returncode != 0 and "Write the record of this host" in done.stdout and estate.is_restored(), done.stdout
    assert estate.journals("installer") == []


def test_a_record_that_cannot_be_written_any_more_does_not_undo_a_change(estate):
    """The folder of the run is lost after the first note: before the change is noted, when the certificate is served."""
    change = estate.certificate()
    change["vars"]["fqdn_certificate_check_command"] = ["sh", "-c", "test ! -d {0} || rm -r {0}".format(estate.controller / "evidence")]
    done = estate.playbook([evidence("begin"), {"hosts": "depot", "gather_facts": False, "tasks": [change]}], **GIVEN)
    assert done.returncode == 0 and not estate.is_served() and estate.journals("depot") == ["proved"], done.stdout
    assert "The record of depot could not be written: " in done.stdout


def test_an_audit_is_recorded_in_one_step_and_check_mode_says_that_it_was_one(estate):
    found = dict.fromkeys(("evidence_before", "evidence_after"), "{{ audit_result }}")
    begin = {"ansible.builtin.include_role": {"name": "certmend.tls.evidence"}, "vars": found}
    plays = [audit(estate), {"hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": [begin]}, changes(estate)[1]]
    done = estate.playbook(plays, "--check", **dict(GIVEN, evidence_operator=""), awx_user_name="grace", awx_job_id=4711)
    assert done.returncode == 0 and estate.is_restored(), done.stdout
    record = read(folder_of(estate) / "record.json")
    assert problems(record) == [] and record["check_mode"] and record["hosts"] == [] and record["outcome"] == "remaining"
    assert record["operator"] == "grace" and record["runs"][0]["job"] == "4711" and record["endpoints"][0]["after"]


def test_nothing_is_recorded_unless_it_is_asked_for(estate):
    done = estate.playbook([evidence("begin"), changes(estate)[1], evidence("end")])
    assert done.returncode == 0 and not (estate.controller / "evidence").exists() and "Note it in the record" not in done.stdout, done.stdout


@pytest.mark.parametrize("phase", ["changing", "changed", "verified", "restored", "stopped", "failed"])
def test_the_phases_of_the_role_are_those_of_the_record(phase):
    choices = yaml.safe_load((COLLECTION / "roles/evidence/meta/argument_specs.yml").read_text(encoding="utf-8"))["argument_specs"]["main"]["options"]
    assert phase in choices["evidence_phase"]["choices"] and set(choices["evidence_phase"]["choices"]) == set(PHASES)
    assert choices["evidence_entry"]["type"] == "dict"
