# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""KB 322835 from end to end: stale anchors found, replaced over the network or with the appliance's tools, looked at again, put back."""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import ssl

import pytest

PLAYBOOK = "certmend.tls.ssl_trust"
ADDRESS, HOST = "10.77.0.14", "vcenter.corp.example"
PASSWORD = "Secret-Pw1!<&>"
OLDEST = os.environ.get("LAB_OLDEST")
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
        """The command line of an audit, or with more of an update."""
        values = {"ssl_trust_ca_path": str(self.ca), "ssl_trust_addresses": dict.fromkeys(NAMES, ADDRESS), **more}
        return ["-e", json.dumps(values)]

    def update(self, **more):
        account = {"ssl_trust_username": "administrator@vsphere.local", "ssl_trust_password": PASSWORD}
        kept = {"ssl_trust_backup_dir": str(self.folder / "backups"), "ssl_trust_snapshot_taken": True}
        what = {"ssl_trust_old_fingerprint": sha1(self.old), "ssl_trust_new_certificate": str(self.new)}
        return self.given(**{**account, **kept, **what, **more})


def sha1(pem):
    return hashlib.sha1(ssl.PEM_cert_to_DER_cert(pem)).hexdigest()


@pytest.fixture
def vcenter(estate, tmp_path):
    return VCenter(estate, tmp_path)


def shown(run):
    return [(result["host"], result["diff"]) for result in run.results if result["changed"] and result["diff"]]


def test_an_audit_needs_no_account_and_changes_nothing(vcenter, playbook):
    run = playbook(PLAYBOOK, *vcenter.given())
    assert run.rc == 0 and run.changed == [], run.stdout
    for service in STALE:
        assert service in run.stdout
    assert "5 stale" in run.stdout and "1 malformed" in run.stdout and vcenter.sets() == 0


@pytest.mark.parametrize("via", ["network", "appliance"])
def test_the_update_is_foretold_made_proved_and_then_left_alone(vcenter, playbook, via):
    asked = vcenter.update(ssl_trust_via=via)
    foretold = playbook(PLAYBOOK, "--check", "--diff", *asked)
    assert foretold.rc == 0 and vcenter.sets() == 0, foretold.stdout
    made = playbook(PLAYBOOK, "--diff", "-vvv", *asked)
    assert made.rc == 0, made.stdout[-3000:]
    assert shown(foretold) == shown(made) and len(shown(made)) == 1 and len(made.changed) == len(foretold.changed) == 1
    assert vcenter.sets() == (5 if via == "network" else 0)
    audit = playbook(PLAYBOOK, *vcenter.given())
    assert "0 stale" not in audit.stdout and "5 stale" not in audit.stdout and "1 malformed" in audit.stdout
    again = playbook(PLAYBOOK, "--diff", *asked)
    assert again.rc == 0 and again.changed == [], again.stdout
    everything = "".join(run.stdout + run.stderr for run in (foretold, made, again))
    assert not [word for word in (PASSWORD, "Secret-Pw1", "SignatureValue", "saml2:") if word in everything]


@pytest.mark.skipif(not OLDEST, reason="LAB_OLDEST names no folder with the oldest ansible-playbook")
@pytest.mark.parametrize("via", ["network", "appliance"])
def test_the_oldest_core_takes_the_road_too(vcenter, playbook, via):
    program = os.path.join(OLDEST, "ansible-playbook")
    foretold, made = (playbook(PLAYBOOK, "--diff", *more, *vcenter.update(ssl_trust_via=via), program=program) for more in (["--check"], []))
    assert foretold.rc == made.rc == 0, foretold.stdout + made.stdout
    assert shown(foretold) == shown(made) and shown(made)


@pytest.mark.parametrize("program", [None, pytest.param(OLDEST, marks=pytest.mark.skipif(not OLDEST, reason="LAB_OLDEST names no folder"))])
@pytest.mark.parametrize("name", ["lookup_ssl_trust", "lookup_sslTrust"])
def test_both_names_reach_the_module(vcenter, playbook, name, program):
    options = {"hostname": HOST, "ca_path": str(vcenter.ca), "addresses": dict.fromkeys(NAMES, ADDRESS)}
    play = json.dumps([{"hosts": "localhost", "gather_facts": False, "tasks": [{"certmend.tls." + name: options, "register": "told"}]}]) + "\n"
    run = playbook(play, "-v", program=program and os.path.join(program, "ansible-playbook"))
    assert run.rc == 0 and '"stale": 5' in run.stdout, run.stdout


def test_nothing_changes_without_a_snapshot_or_through_a_closed_gate(vcenter, playbook, tmp_path):
    run = playbook(PLAYBOOK, *vcenter.update(ssl_trust_snapshot_taken=False))
    assert run.rc == 2 and "ssl_trust_snapshot_taken" in run.stdout and run.changed == []
    gate = tmp_path / "gate.yml"
    gate.write_text("- ansible.builtin.fail:\n    msg: The window is closed.\n", encoding="ascii")
    run = playbook(PLAYBOOK, *vcenter.update(remediation_gate=str(gate)))
    assert run.rc == 2 and "The window is closed." in run.stdout and run.changed == [] and vcenter.sets() == 0


def test_a_registration_that_changes_meanwhile_ends_the_run_with_everything_as_it_was(vcenter, playbook):
    vcenter.switch(set_fault="SecurityError")
    run = playbook(PLAYBOOK, *vcenter.update())
    assert run.rc == 2 and "the account lacks the permission" in run.stdout
    vcenter.switch()
    assert "5 stale" in playbook(PLAYBOOK, *vcenter.given()).stdout


def test_an_update_that_cannot_be_proved_is_put_back(vcenter, playbook):
    """The proof asks whether what was changed is served; the certificate given here is not."""
    other = vcenter.folder / "other.pem"
    other.write_text(vcenter.old, encoding="ascii")
    wrong = {"ssl_trust_old_fingerprint": sha1(vcenter.new.read_text(encoding="ascii")), "ssl_trust_new_certificate": str(other)}
    run = playbook(PLAYBOOK, *vcenter.update(**wrong))
    assert run.rc == 2 and "were rolled back" in run.stdout, run.stdout
    assert "5 stale" in playbook(PLAYBOOK, *vcenter.given()).stdout


def test_a_wrong_password_is_told_before_anything_changes_and_is_not_shown(vcenter, playbook):
    run = playbook(PLAYBOOK, "-vvv", *vcenter.update(ssl_trust_password="not-that-one"))
    assert run.rc == 2 and "username or password of administrator@vsphere.local is wrong" in run.stdout
    assert "not-that-one" not in run.stdout + run.stderr and vcenter.sets() == 0


def test_the_audit_of_tls_servers_takes_vcenters(vcenter, playbook):
    asked = {"audit_vcenters": "vcenters", "audit_trusted": [str(vcenter.ca)], "ssl_trust_addresses": dict.fromkeys(NAMES, ADDRESS)}
    run = playbook("certmend.tls.audit", "-e", json.dumps(asked))
    assert run.rc == 0 and "SSLTRUST-STALE" in run.stdout and "role ssl_trust" in run.stdout, run.stdout
    playbook(PLAYBOOK, *vcenter.update())
    run = playbook("certmend.tls.audit", "-e", json.dumps(asked))
    assert run.rc == 0 and "trust no readable certificate" in run.stdout and "trust other certificates" not in run.stdout
