# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role ssl_trust over the network, with a real Lookup Service and STS: its preflight, its proof, its verdict, and what it undoes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from ansible_collections.certmend.tls.tests.support.clock import REAL
from ansible_collections.certmend.tls.tests.support.run import PATH, TREE
from ansible_collections.certmend.tls.tests.support.vsphere import estate
from ansible_collections.certmend.tls.tests.support.vsphere.site import USER, Meddler, Site, fingerprint, nobody_listens
from ansible_collections.certmend.tls.tests.support.vsphere.sts import ACCOUNTS

PLAY = [{"hosts": "vc1.corp.example", "gather_facts": False, "roles": ["certmend.tls.ssl_trust"]}]


class Role:
    """Runs the role against a site whose endpoints can all be repaired."""

    def __init__(self, site, folder):
        self.site, self.folder = site, folder
        self.mark = str(folder / "mark")
        (folder / "plays").mkdir()  # a playbook of a collection does not lie where it is started
        (folder / "plays" / "play.yml").write_text(json.dumps(PLAY), encoding="ascii")
        (folder / "inventory").write_text("vc1.corp.example ansible_connection=local ansible_python_interpreter=%s\n" % sys.executable, encoding="ascii")

    def audit(self, *arguments, **more):
        known = {"port": self.site.vcenter.port, "trusted_path": str(self.site.ca_path), "addresses": self.site.options()["addresses"]}
        given = {"ssl_trust_" + name: value for name, value in {**known, **more}.items()}
        command = [str(Path(sys.executable).parent / "ansible-playbook"), "-i", "inventory", "plays/play.yml", *arguments, "-e", json.dumps(given)]
        environment = dict(
            os.environ, PYTHONPATH=PATH, ANSIBLE_COLLECTIONS_PATH=str(TREE), ANSIBLE_LOCAL_TEMP=self.mark, ANSIBLE_NOCOLOR="1", ANSIBLE_HOME=self.mark
        )
        pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        self.running = subprocess.Popen(command, cwd=self.folder, env=environment, start_new_session=True, **pipes)
        done = subprocess.CompletedProcess(command, None, *self.running.communicate())
        done.returncode = self.running.returncode
        assert ACCOUNTS[USER] not in done.stdout + done.stderr
        return done

    def account(self):
        return {"username": USER, "password": ACCOUNTS[USER], "snapshot_taken": True, "backup_dir": str(self.folder / "backups")}

    def update(self, *arguments, **more):
        what = {"old_fingerprint": fingerprint(self.site.old, "sha1"), "new_certificate": self.site.new.pem}
        return self.audit(*arguments, **{**self.account(), **what, **more})

    def kill(self, name):
        """Kill the module that runs now."""
        for process in Path("/proc").glob("[0-9]*"):
            try:
                mine = self.mark.encode() in (process / "environ").read_bytes() and b"AnsiballZ_%s" % name in (process / "cmdline").read_bytes()
            except OSError:
                continue
            if mine:
                os.kill(int(process.name), signal.SIGKILL)

    def kill_all(self):
        """Kill the run: ansible-playbook first, which would roll back, and then its module."""
        os.killpg(self.running.pid, signal.SIGKILL)
        self.kill(b"lookup_ssl_trust")


@pytest.fixture
def role(tmp_path, tls_server):
    folder = tmp_path / "role"
    folder.mkdir()
    (tmp_path / "site").mkdir()
    site = Site(tmp_path / "site", tls_server)
    del site.vcenter.lookup.registrations["malformed"]
    with site.vcenter:
        yield Role(site, folder)


def sets(role):
    return role.site.vcenter.lookup.counts.get("Set", 0)


def test_an_update_is_proved_and_a_second_one_changes_nothing(role):
    check = role.update("--check", fail_on="error")
    assert check.returncode == 0 and sets(role) == 0, check.stdout + check.stderr
    made = role.update(fail_on="error")
    assert made.returncode == 0 and "changed=1" in made.stdout and sets(role) == 5, made.stdout
    again = role.update(fail_on="error")
    assert again.returncode == 0 and "changed=0" in again.stdout and sets(role) == 5, again.stdout


@pytest.mark.parametrize("arguments", [["--check"], []], ids=["check", "run"])
@pytest.mark.reliability(
    "the plan cannot work",
    "a host that verifies cannot be reached",
    playbooks=["ssl_trust"],
    afterwards="everything that would stop the update is reported at once, before the first change",
)
def test_everything_that_would_stop_the_update_is_reported_at_once(role, arguments):
    before = role.site.vcenter.listing()
    blocked = role.folder / "file"
    blocked.write_text("", encoding="ascii")
    with nobody_listens() as silent:
        urls = [estate.endpoint("https://vc1.corp.example:%d/silent" % silent, [estate.anchor(role.site.old)])]
        role.site.vcenter.register([*role.site.vcenter.lookup.registrations.values(), estate.registration("silent-a", urls)])
        before = role.site.vcenter.listing()
        run = role.update(*arguments, password="not-it", snapshot_taken=False, backup_dir=str(blocked / "backups"))
    assert run.returncode == 2 and "changed=0" in run.stdout
    for words in (
        "username or password of %s is wrong" % USER,
        "ssl_trust_backup_dir: ",
        "/silent (CONNECT-REFUSED",
        "ssl_trust_snapshot_taken",
        "nothing was changed",
    ):
        assert words in run.stdout, run.stdout
    assert role.site.vcenter.listing() == before and sets(role) == 0 and "not-it" not in run.stdout + run.stderr


def test_relative_paths_start_from_the_folder_in_which_the_playbook_is_started(role):
    (role.folder / "new_machine.crt").write_bytes(role.site.new.der)
    (role.folder / "old_machine.crt").write_text(role.site.old.pem, encoding="ascii")
    check = role.audit("--check", **dict(role.account(), old_certificate="old_machine.crt", new_certificate="new_machine.crt"))
    assert check.returncode == 0 and "changed=1" in check.stdout and sets(role) == 0, check.stdout + check.stderr
    missing = role.update("--check", new_certificate="new_machine.pem")
    assert missing.returncode == 2 and "ssl_trust_new_certificate: " in missing.stdout and "changed=0" in missing.stdout, missing.stdout


def test_an_update_that_could_not_be_proved_is_refused_before_the_first_change(role):
    third = role.site.certificate("vc1.corp.example")
    run = role.update(new_certificate=third.pem)
    assert run.returncode == 2 and "would still be stale after the update" in run.stdout and sets(role) == 0, run.stdout


@pytest.mark.reliability(
    "the last step fails",
    playbooks=["ssl_trust"],
    afterwards="all trust anchors are as before",
)
def test_endpoints_that_are_still_stale_fail_the_role_and_everything_is_rolled_back(role):
    """What is served changes after the registrations were set."""
    before, site = role.site.vcenter.listing(), role.site
    third = site.certificate("vc1.corp.example")
    present = [site.file("third.pem", third.pem), site.file("third.key", third.key_pem)]
    Meddler(site, b"Set", {5}, lambda _body: site.vcenter.present(*present))
    run = role.update()
    assert run.returncode == 2, run.stdout
    for words in ("that the update had to repair", fingerprint(third), "were rolled back", "What to do: "):
        assert words in run.stdout, run.stdout
    assert role.site.vcenter.listing() == before and len(run.stdout.splitlines()) < 250


@pytest.mark.reliability(
    "the module is killed",
    playbooks=["ssl_trust"],
    afterwards="the trust anchors that it had set are rolled back",
)
def test_what_a_killed_module_has_set_is_rolled_back(role):
    before = role.site.vcenter.listing()
    Meddler(role.site, b"Set", {3}, lambda _body: role.kill(b"lookup_ssl_trust"))
    run = role.update()
    assert run.returncode == 2 and "were rolled back" in run.stdout, run.stdout
    assert role.site.vcenter.listing() == before and sets(role) == 6


@pytest.mark.reliability(
    "somebody else changes the file meanwhile",
    playbooks=["ssl_trust"],
    afterwards="left alone, and reported",
)
def test_anchors_that_others_changed_meanwhile_are_not_rolled_back_and_the_role_says_so(role):
    site = role.site
    third = site.certificate("vc1.corp.example")
    present = [site.file("third.pem", third.pem), site.file("third.key", third.key_pem)]

    def meddle(_body):
        site.vcenter.present(*present)
        site.changed_by_others("vc-a", site.other, "9.0")

    Meddler(site, b"List", {4}, meddle)
    run = role.update()
    assert run.returncode == 2 and "rollback FAILED" in run.stdout and "Another client changed trust anchors" in run.stdout, run.stdout


@pytest.mark.parametrize("fail_on, status", [("never", 0), ("error", 2), ("warning", 2)])
def test_an_audit_fails_if_its_endpoints_reach_fail_on(role, fail_on, status):
    run = role.audit(fail_on=fail_on)
    assert run.returncode == status and "5 stale" in run.stdout, run.stdout
    assert ("ssl_trust_fail_on (%s) demands: 5 endpoints in the SSO domain vsphere.local" % fail_on in run.stdout) == (status == 2)
    assert "changed=0" in run.stdout


def leave_one_stale(role, host):
    """A registration with an older certificate than the one that the update replaces."""
    older = role.site.certificate(host + ".corp.example", **REAL.days(-9, -1))
    urls = [estate.endpoint("https://%s.corp.example:%d/older" % (host, role.site.ports[host]), [estate.anchor(older)])]
    role.site.vcenter.register([*role.site.vcenter.lookup.registrations.values(), estate.registration("older-a", urls)])


@pytest.mark.parametrize("fail_on, words", [("never", "Still stale: 1 endpoint of the same hosts"), ("error", "1 endpoint in the SSO domain")])
def test_stale_anchors_of_the_same_node_that_the_update_left_fail_the_role_and_nothing_is_rolled_back(role, fail_on, words):
    leave_one_stale(role, "vc1")
    run = role.update(fail_on=fail_on)
    assert run.returncode == 2 and "changed=1" in run.stdout and "/older" in run.stdout, run.stdout
    assert words in run.stdout and "Nothing was rolled back" in run.stdout, run.stdout
    assert role.site.vcenter.lookup.counts["Set"] == 5


@pytest.mark.parametrize("fail_on, status", [("never", 0), ("error", 2)])
def test_stale_anchors_of_another_node_are_reported_and_fail_on_decides(role, fail_on, status):
    leave_one_stale(role, "vc2")
    run = role.update(fail_on=fail_on)
    assert run.returncode == status and "changed=1" in run.stdout and "/older" in run.stdout, run.stdout
    assert ("1 endpoint in the SSO domain" in run.stdout and "Nothing was rolled back" in run.stdout) == (status == 2)
    assert role.site.vcenter.lookup.counts["Set"] == 5


@pytest.mark.reliability(
    "the controller is killed",
    playbooks=["ssl_trust"],
    afterwards="the next run replaces the rest, and its audit finds nothing stale",
)
def test_a_run_that_was_killed_between_two_replacements_is_finished_by_the_next(role):
    """The whole run, so that nothing is rolled back; the next run replaces what is left, and the third nothing."""
    Meddler(role.site, b"Set", {3}, lambda _body: role.kill_all())
    killed = role.update()
    assert killed.returncode == -signal.SIGKILL and sets(role) in (2, 3), killed.stdout
    done = sets(role)
    finished = role.update()
    assert finished.returncode == 0 and "changed=1" in finished.stdout and "stale" not in finished.stdout.split("PLAY RECAP")[0].rsplit("Report", 1)[1]
    assert sets(role) == 5 and done < 5
    again = role.update()
    assert again.returncode == 0 and "changed=0" in again.stdout and sets(role) == 5, again.stdout


@pytest.mark.reliability(
    "the change is not wanted any more",
    playbooks=["ssl_trust"],
    afterwards="restored by the command that the run prints; a second restore changes nothing",
)
def test_an_update_is_restored_by_the_command_that_the_run_names(role):
    before = role.site.vcenter.listing()
    made = role.update("-v")
    (path,) = (role.folder / "backups").glob("*.json")
    assert made.returncode == 0 and "ssl_trust_state=restored -e ssl_trust_backup_path=%s" % path in made.stdout, made.stdout
    for check, changed in (["--check"], "changed=1"), ([], "changed=1"), ([], "changed=0"):
        run = role.update(*check, state="restored", backup_path=str(path), fail_on="error")
        assert run.returncode == 0 and changed in run.stdout, run.stdout
        assert (role.site.vcenter.listing() == before) is (check == [])
    refused = role.update(state="restored")
    assert refused.returncode == 2 and "ssl_trust_backup_path: " in refused.stdout and "changed=0" in refused.stdout, refused.stdout
