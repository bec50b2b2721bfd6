# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbook restore on two hosts: a depot whose certificate a run has replaced, and an installer on which the run has mapped its name."""

from __future__ import annotations

import json
import os
import re

import pytest

from ansible_collections.certmend.tls.plugins.action.journal import controller
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.process import identity_of
from ansible_collections.certmend.tls.plugins.module_utils.appliance.formats.fingerprints import fingerprint_of
from ansible_collections.certmend.tls.tests.support.depot_and_installer import NAME, RESTORE, estate_in


@pytest.fixture(scope="module")
def changed(tmp_path_factory):
    with estate_in(tmp_path_factory.mktemp("restored")) as estate:
        estate.change()
        estate.keep()
        yield estate


@pytest.fixture
def estate(changed):
    changed.reset()
    assert not changed.is_served() and changed.picture() != changed.before
    return changed


def told(done, host):
    """The last lines about a host: an ending, or the message of a failure."""
    (lines,) = re.findall(r'"%s: .*|\["%s: .*?\](?=[,}])' % (host, host), done.stdout)[-1:] or [""]
    start = done.stdout.rindex(lines)
    return done.stdout[start:].split("]")[0]


def hold(estate, host, state):
    """Have another run, which is alive, hold the journal of a host."""
    path = next((estate[host] / "state").glob("certmend/journal/*/journal.json"))
    record = json.loads(path.read_text(encoding="utf-8"))
    record["run"].update(controller=controller(), process=identity_of(os.getpid()))
    path.write_text(json.dumps(dict(record, state=state)), encoding="utf-8")


@pytest.mark.reliability(
    "the change is not wanted any more",
    playbooks=["restore"],
    afterwards="restored on all hosts, the newest change first, and verified by a handshake; a second restore changes nothing",
)
def test_what_was_changed_last_is_restored_first_and_the_old_certificate_is_seen_to_be_served(estate):
    check = estate.restore("--check")
    assert check.returncode == 0 and "depot: check mode, would restore" in check.stdout and not estate.is_restored(), check.stdout
    done = estate.restore()
    assert done.returncode == 0 and estate.is_restored(), done.stdout
    order = re.findall(r"roll_back.yml for [\w, ]+ => \(item=(\w+): ", done.stdout)
    assert order == ["installer", "depot"], "the newest change first"
    said = told(done, "depot")
    assert "VERIFIED %s:%d presents the restored certificate (SHA-256 %s) to installer" % (NAME, estate.port, fingerprint_of(estate.old.der)) in said
    assert said.count("\n") <= 3 and estate.journals("depot") == estate.journals("installer") == []
    again = estate.restore(restore_record="elsewhere")
    assert again.returncode == 0 and re.findall(r"changed=(\d+)", again.stdout) == ["0", "0"], again.stdout
    assert "restore_record: %s/elsewhere is not on this machine" % estate.controller in " ".join(again.stdout.split())
    assert "nothing to restore; the run %s was rolled back or restored here before" % estate.run in again.stdout


@pytest.mark.reliability(
    "the plan cannot work", playbooks=["restore"], afterwards="every host says what is in the way, in check mode too, before the first write on any host"
)
def test_everything_that_is_in_the_way_is_told_at_once_before_the_first_write(estate):
    changed = estate.picture()
    (estate["installer"] / "lost").touch()
    hold(estate, "depot", "open")
    for arguments in (["--check"], []):
        done = estate.restore(*arguments)
        assert done.returncode != 0 and "installer cannot be reached" in done.stdout and "is in use by another run (process %d on" % os.getpid() in done.stdout
        assert "leave it out with --limit" in done.stdout and done.stdout.count("Nothing was changed on any host.") >= 2, done.stdout
    (estate["installer"] / "lost").unlink()
    unknown = estate.restore(run="ctl.1-2-3")
    assert unknown.returncode != 0 and "restore_run: none of depot, installer has a journal of the run ctl.1-2-3" in unknown.stdout
    assert estate.picture() == changed


def test_the_list_of_journals_says_which_is_damaged(estate):
    torn = next((estate["depot"] / "state").glob("certmend/journal")) / "torn"
    torn.mkdir(mode=0o700)
    (torn / "journal.json").write_text("{", encoding="ascii")
    listed = estate.restore(run="")
    assert listed.returncode == 0 and "None" not in listed.stdout and "%s is damaged" % torn in listed.stdout, listed.stdout
    assert estate.run in listed.stdout


def test_a_closed_gate_is_asked_before_the_first_write_and_check_mode_passes(estate):
    """Its relative path is relative to where the playbook is started, not to where it lies."""
    changed = estate.picture()
    gate = estate.controller / "gates" / "closed.yml"
    gate.parent.mkdir(exist_ok=True)
    gate.write_text(json.dumps([{"name": "Closed", "ansible.builtin.fail": {"msg": "frozen until Monday"}}]), encoding="ascii")
    closed = estate.restore(remediation_gate="gates/closed.yml")
    assert closed.returncode != 0 and "frozen until Monday. Nothing was changed on any host." in closed.stdout and estate.picture() == changed, closed.stdout
    check = estate.restore("--check", remediation_gate="gates/closed.yml")
    assert check.returncode == 0 and "frozen" not in check.stdout


@pytest.mark.reliability(
    "a host is lost in the middle",
    "a host that verifies cannot be reached",
    playbooks=["restore"],
    afterwards="the other hosts are restored, and the server verifies itself; the lost host is named and its journal stays; once more restores it",
)
def test_a_host_that_is_lost_in_the_middle_is_named_and_the_others_are_restored(estate):
    """The installer is lost when it has told of its journals."""
    gate = estate.controller / "lose.yml"
    lose = {"name": "Lose the installer", "ansible.builtin.file": {"path": str(estate["installer"] / "lost"), "state": "touch"}, "delegate_to": "depot"}
    gate.write_text(json.dumps([lose]), encoding="ascii")
    done = estate.restore(remediation_gate="lose.yml")
    assert done.returncode != 0 and "installer: NOT restored" in done.stdout and "installer cannot be reached any more, and its journal stays" in done.stdout, (
        done.stdout
    )
    assert estate.presented() == fingerprint_of(estate.old.der) and estate.journals("depot") == [] and estate.journals("installer") == ["proved"]
    assert ") to depot" in told(done, "depot")
    (estate["installer"] / "lost").unlink()
    again = estate.restore()
    assert again.returncode == 0 and estate.is_restored() and estate.journals("installer") == [], again.stdout


#: what the service does to a reload, and the words for it
CASES = {
    "invalid": ("non-zero return code", {}),
    "hangs": ("did not end within 5 seconds", {"remediation_timeout": 5}),
    "ignored": ("s after the reload of the restored file, the server still presents its previous certificate (SHA-256 ", {}),
}


@pytest.mark.reliability(
    "the last step fails",
    "the reload hangs",
    "the check of the new configuration fails",
    "the proof fails",
    playbooks=["restore"],
    afterwards="the files are restored on all hosts; what the service did not do is named, and the journal stays; once more finishes it",
)
def test_a_service_that_does_not_take_the_restored_file_is_named_and_finished_by_the_next_restore(estate):
    for what, (words, variables) in CASES.items():
        (estate["depot"] / what).touch()
        done = estate.restore(**variables)
        (estate["depot"] / what).unlink()
        assert done.returncode != 0 and "depot: NOT restored: " in done.stdout and words in done.stdout, done.stdout
        assert "run the same command again" in done.stdout and estate.picture() == estate.before, "the files are as before"
        assert estate.journals("depot") == ["restored"] and estate.journals("installer") == [] and not estate.is_served()
    last = estate.restore()
    assert last.returncode == 0 and estate.is_restored() and estate.journals("depot") == [], last.stdout


@pytest.mark.reliability(
    "the rollback fails too",
    "somebody else changes the file meanwhile",
    playbooks=["restore"],
    afterwards="what somebody else has changed is left alone and named with the folder of the old content; the other hosts are restored",
)
def test_what_cannot_be_restored_does_not_keep_the_rest(estate):
    certificate = estate["depot"] / "web.pem"
    certificate.write_text(certificate.read_text(encoding="ascii") + "# theirs\n", encoding="ascii")
    theirs = certificate.read_bytes()
    done = estate.restore()
    assert done.returncode != 0 and "somebody else changed it after this run" in done.stdout and "certmend/journal/fqdn_certificate-nginx" in done.stdout
    assert certificate.read_bytes() == theirs and estate.journals("depot") == ["proved"]
    assert "installer: restored" in done.stdout and estate.journals("installer") == []


@pytest.mark.reliability(
    "the controller is killed", playbooks=["restore"], afterwards="the next restore reloads and verifies, although the files are restored already"
)
def test_a_restore_that_was_killed_before_the_reload_is_finished_by_the_next(estate):
    pipe = estate["depot"] / "hangs"
    os.mkfifo(pipe)
    with estate.start(RESTORE, restore_run=estate.run, restore_become=False) as process:
        assert pipe.read_text(encoding="ascii") == "reloading\n"
        estate.kill()
        process.communicate()
    pipe.unlink()
    assert estate.journals("depot") == ["restored"] and not estate.is_served() and estate.picture() == estate.before
    again = estate.restore()
    assert again.returncode == 0 and estate.is_restored(), again.stdout
    assert "depot: restored fqdn_certificate-nginx (its files were restored before)" in again.stdout
