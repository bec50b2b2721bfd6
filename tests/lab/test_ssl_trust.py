# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""KB 322835 from end to end: stale anchors found, replaced over the network or with the appliance's tools, audited again, rolled back.

One story for each way to the registrations, and one estate for all runs that must leave them as they were.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import ssl
import typing

import pytest
from conftest import Trio

pytestmark = pytest.mark.hosts("vcenter")
PLAYBOOK = "certmend.tls.ssl_trust"
ADDRESS, HOST = "10.77.0.14", "vcenter.corp.example"
PASSWORD = "Secret-Pw1!<&>"
NAMES = (HOST, "vc2.corp.example", "srm.corp.example", "nsx.corp.example")
STALE = ["sts-a", "vc-a", "vc-a", "plugin-a", "legacy-a"]


class VCenter:
    """The lab's vCenter, and what was changed in it."""

    def __init__(self, estate, folder):
        self.host, self.folder = estate["vcenter"], folder
        self.ca = estate.state / "pki" / "ca.pem"
        self.old = self.host.read("/etc/vmware-lab/old.pem")
        self.new = folder / "new.pem"
        self.new.write_text(self.host.read("/etc/vmware-lab/machine.pem"), encoding="ascii")

    def ask(self, method, path, body=None):
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        connection = http.client.HTTPSConnection(ADDRESS, context=context)
        connection.request(method, path, body)
        return json.loads(connection.getresponse().read())

    def sets(self):
        return self.ask("GET", "/lab").get("Set", 0)

    def switch(self, **values):
        self.ask("POST", "/lab/switches", json.dumps(values))

    def given(self, **more):
        """The command line of an audit of the registrations, or with more of an update."""
        values = {"ssl_trust_trusted_path": str(self.ca), "ssl_trust_addresses": dict.fromkeys(NAMES, ADDRESS), **more}
        return ["-e", json.dumps({name: value for name, value in values.items() if value is not None})]

    def update(self, **more):
        account = {"ssl_trust_username": "administrator@vsphere.local", "ssl_trust_password": PASSWORD}
        kept = {"ssl_trust_backup_dir": str(self.folder / "backups"), "ssl_trust_snapshot_taken": True}
        what = {"ssl_trust_old_fingerprint": sha1(self.old), "ssl_trust_new_certificate": str(self.new)}
        return self.given(**{**account, **kept, **what, **more})

    def audit(self):
        """The command line of the audit of TLS servers."""
        return ["-e", json.dumps({"audit_vcenters": "vcenters", "audit_trusted_path": [str(self.ca)], "ssl_trust_addresses": dict.fromkeys(NAMES, ADDRESS)})]


def sha1(pem):
    return hashlib.sha1(ssl.PEM_cert_to_DER_cert(pem)).hexdigest()


@pytest.fixture
def vcenter(estate, tmp_path):
    return VCenter(estate, tmp_path)


class Story(typing.NamedTuple):
    """What the runs of one way reported, and how many registrations had been set before and after the update."""

    audits: list
    server_audits: list
    trio: Trio
    sets: list


@pytest.fixture(scope="module", params=["network", "appliance"])
def story(lab, playbook, tmp_path_factory, request):
    """Audits before and after an update; over the network, also those of the TLS servers."""
    lab.reset("vcenter")
    vcenter = VCenter(lab, tmp_path_factory.mktemp("vcenter"))
    asked = ["--diff", *vcenter.update(ssl_trust_via=request.param)]

    def audits():
        servers = [playbook("certmend.tls.audit", *vcenter.audit())] if request.param == "network" else []
        return playbook(PLAYBOOK, *vcenter.given()), servers

    before = audits()
    sets = [vcenter.sets()]
    check = playbook(PLAYBOOK, "--check", *asked)
    sets.append(vcenter.sets())
    run = playbook(PLAYBOOK, "-vvv", *asked)
    sets.append(vcenter.sets())
    after = audits()
    return Story([before[0], after[0]], [*before[1], *after[1]], Trio(check, run, playbook(PLAYBOOK, *asked)), sets)


def test_an_audit_needs_no_account_and_changes_nothing(story):
    audit = story.audits[0]
    assert audit.rc == 0 and audit.changed == [], audit.stdout
    for service in STALE:
        assert service in audit.stdout
    assert "5 stale" in audit.stdout and "1 malformed" in audit.stdout and story.sets[0] == 0
    assert "vSphere 6.0 for Windows: replace lstoolutil.py" in audit.stdout


def test_the_update_is_predicted_made_proved_and_then_left_alone(story):
    check, run, again = story.trio
    assert check.rc == 0 and story.sets[1] == 0, check.stdout
    assert run.rc == 0, run.stdout[-3000:]
    assert check.shown == run.shown and len(run.shown) == 1 and len(run.changed) == len(check.changed) == 1
    assert story.sets[2] == (5 if story.server_audits else 0)
    audit = story.audits[1]
    assert "0 stale" not in audit.stdout and "5 stale" not in audit.stdout and "1 malformed" in audit.stdout
    assert again.rc == 0 and again.changed == [], again.stdout
    everything = "".join(done.stdout + done.stderr for done in story.trio)
    assert not [word for word in (PASSWORD, "Secret-Pw1", "SignatureValue", "saml2:") if word in everything]


def test_the_audit_of_tls_servers_takes_vcenters(story):
    """The tools of the appliance change nothing of that, so its story has no such audit."""
    if story.server_audits:
        before, after = story.server_audits
        assert before.rc == 0 and "SSLTRUST-STALE" in before.stdout and "role ssl_trust" in before.stdout, before.stdout
        assert after.rc == 0 and "trusts no readable certificate" in after.stdout, after.stdout
        assert " other certificates (" not in after.stdout, after.stdout


@pytest.mark.everything
@pytest.mark.parametrize("via", ["network", "appliance"])
def test_the_oldest_core_takes_the_road_too(vcenter, playbook, via, oldest):
    check, run = (playbook(PLAYBOOK, "--diff", *more, *vcenter.update(ssl_trust_via=via), program=oldest) for more in (["--check"], []))
    assert check.rc == run.rc == 0, check.stdout + run.stdout
    assert check.shown == run.shown and run.shown


@pytest.fixture(scope="module")
def untouched(lab, playbook, tmp_path_factory):
    """A vCenter for all runs that must leave it as it was."""
    lab.reset("vcenter")
    return VCenter(lab, tmp_path_factory.mktemp("vcenter"))


@pytest.mark.parametrize("program", [None, "oldest"], ids=["core", "oldest-core"])
def test_both_names_reach_the_module(untouched, playbook, program, request):
    options = {"hostname": HOST, "trusted_path": str(untouched.ca), "addresses": dict.fromkeys(NAMES, ADDRESS)}
    tasks = [{"certmend.tls." + name: options} for name in ("lookup_ssl_trust", "lookup_sslTrust")]
    play = json.dumps([{"hosts": "localhost", "gather_facts": False, "tasks": tasks}]) + "\n"
    run = playbook(play, "-v", program=program and request.getfixturevalue(program))
    assert run.rc == 0 and run.stdout.count('"stale": 5') == 2, run.stdout


def test_nothing_changes_without_a_snapshot_or_through_a_closed_gate(untouched, playbook, tmp_path):
    sets = untouched.sets()
    run = playbook(PLAYBOOK, *untouched.update(ssl_trust_snapshot_taken=False))
    assert run.rc == 2 and "ssl_trust_snapshot_taken" in run.stdout and run.changed == []
    gate = tmp_path / "gate.yml"
    gate.write_text("- ansible.builtin.fail:\n    msg: The window is closed.\n", encoding="ascii")
    run = playbook(PLAYBOOK, *untouched.update(remediation_gate=str(gate)))
    assert run.rc == 2 and "The window is closed." in run.stdout and run.changed == [] and untouched.sets() == sets


def test_a_registration_that_changes_meanwhile_ends_the_run_with_everything_as_it_was(untouched, playbook):
    untouched.switch(set_fault="SecurityError")
    run = playbook(PLAYBOOK, *untouched.update())
    untouched.switch()
    assert run.rc == 2 and "the account lacks the permission" in run.stdout
    assert "5 stale" in playbook(PLAYBOOK, *untouched.given()).stdout


@pytest.mark.reliability("the proof fails", playbooks=["ssl_trust"], afterwards="the old trust anchors are restored")
def test_an_update_that_cannot_be_proved_is_put_back(untouched, playbook):
    """The proof asks whether what was changed is served; the certificate given here is not. The preflight refuses it unless told not to ask."""
    other = untouched.folder / "other.pem"
    other.write_text(untouched.old, encoding="ascii")
    wrong = {"ssl_trust_old_fingerprint": sha1(untouched.new.read_text(encoding="ascii")), "ssl_trust_new_certificate": str(other)}
    sets = untouched.sets()
    run = playbook(PLAYBOOK, *untouched.update(**wrong))
    assert run.rc == 2 and "would still be stale after the update" in run.stdout and untouched.sets() == sets, run.stdout
    run = playbook(PLAYBOOK, *untouched.update(ssl_trust_require_served=False, **wrong))
    assert run.rc == 2 and "were rolled back" in run.stdout and untouched.sets() > sets, run.stdout
    assert "5 stale" in playbook(PLAYBOOK, *untouched.given()).stdout


def test_the_old_certificate_comes_from_the_backup_store_of_the_appliance(untouched, playbook):
    """KB 322835, Task 1. Over the network there is no vecs-cli to ask."""
    old = {"ssl_trust_old_fingerprint": None, "ssl_trust_old_from_backup_store": True}
    given = untouched.update(ssl_trust_via="appliance", **old)
    run = playbook(PLAYBOOK, "--check", "--diff", *given)
    assert run.rc == 0 and len(run.shown) == 1 and len(run.changed) == 1, run.stdout
    run = playbook(PLAYBOOK, "--check", *untouched.update(**old))
    assert run.rc == 2 and "vecs-cli runs on the appliance" in run.stdout, run.stdout
    untouched.host.run("mv", "/etc/vmware-lab/old.pem", "/etc/vmware-lab/gone.pem")
    run = playbook(PLAYBOOK, "--check", *given)
    untouched.host.run("mv", "/etc/vmware-lab/gone.pem", "/etc/vmware-lab/old.pem")
    assert run.rc == 2 and "no certificate bkp___MACHINE_CERT in BACKUP_STORE" in run.stdout and "Error 4312" in run.stdout, run.stdout


def test_a_wrong_password_is_told_before_anything_changes_and_is_not_shown(untouched, playbook):
    sets = untouched.sets()
    run = playbook(PLAYBOOK, "-vvv", *untouched.update(ssl_trust_password="not-that-one"))
    assert run.rc == 2 and "username or password of administrator@vsphere.local is wrong" in run.stdout
    assert "not-that-one" not in run.stdout + run.stderr and untouched.sets() == sets


def test_one_vcenter_that_cannot_be_reached_stops_the_update_of_all(untouched, playbook, tmp_path):
    more = tmp_path / "more.yml"
    more.write_text(json.dumps({"vcenters": {"hosts": {"vc-gone": {"ansible_host": "10.77.0.99", "fqdn": "10.77.0.99"}}}}), encoding="ascii")
    sets = untouched.sets()
    run = playbook(PLAYBOOK, "-i", str(more), *untouched.update())
    assert run.rc == 2 and untouched.sets() == sets and run.changed == [], run.stdout
    assert "vc-gone failed (see above)" in run.stdout and "--limit" in run.stdout


#: the vendor's script, which is killed, or whose connection is lost, before or after the Lookup Service has answered it
INTERRUPTED = """
import os, signal, subprocess, sys
def lose_the_connection():
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with open("/proc/%%s/stat" %% pid) as stream:
            name, words = stream.read().partition("(")[2].rpartition(")")[::2]
        if name.startswith("sshd") and words.split()[1] != "1":
            os.kill(int(pid), signal.SIGKILL)
if %r == "after":
    subprocess.run([sys.executable, __file__ + ".vendor", *sys.argv[1:]], check=True)
%s
"""
KILLED, LOST = "os.kill(os.getpid(), signal.SIGKILL)", "lose_the_connection()"


@pytest.mark.parametrize(
    "moment, ending, words",
    [
        ("after", KILLED, "was killed (signal 9): it may have replaced some trust anchors"),
        pytest.param("before", KILLED, "was killed (signal 9): it may have replaced some trust anchors", marks=pytest.mark.everything),
        pytest.param("after", LOST, "the connection to vcenter was lost: it may still replace trust anchors", marks=pytest.mark.everything),
    ],
    ids=["killed after", "killed before", "connection lost"],
)
@pytest.mark.reliability(
    "the module is killed",
    "the ssh connection is lost",
    playbooks=["ssl_trust"],
    afterwards="over the appliance's tools: the message says that the script may have replaced some anchors, and names the snapshot; the next run completes it",
)
def test_a_script_of_the_vendor_that_is_interrupted_is_reported_and_finished_by_the_next_run(vcenter, playbook, moment, ending, words):
    script = vcenter.host.run("sh", "-c", "find / -xdev -name ls_update_certs.py").stdout.strip()
    vcenter.host.run("mv", script, script + ".vendor")
    vcenter.host.write(script, INTERRUPTED % (moment, ending))
    given = vcenter.update(ssl_trust_via="appliance")
    run = playbook(PLAYBOOK, *given)
    said = run.failure("vcenter")
    assert run.rc == 2 and words in said and "cannot be undone" in said and "snapshot of" in said and PASSWORD not in run.stdout, run.stdout
    assert "were rolled back" not in said, said
    vcenter.host.run("mv", script + ".vendor", script)
    again = playbook(PLAYBOOK, *given)
    assert again.rc == 0 and (again.changed == []) is (moment == "after"), again.stdout
