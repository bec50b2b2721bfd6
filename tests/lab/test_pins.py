# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""EVault, Resolve certificate failures: a web server's key is pinned, rotated unannounced, approved, announced; and put back if that fails."""

from __future__ import annotations

import base64
import csv
import hashlib
import json
import pathlib
import re

import pytest
import yaml
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from test_server_chain import APACHE, install

from ansible_collections.certmend.tls.tests.support import mint

pytestmark = pytest.mark.hosts("web")
PLAYBOOK = "certmend.tls.pins"
COMPUTERS = ["SRV-FILE01", 'SRV "two"']
UNTIL = "2099-12-31T00:00:00Z"


class Vault:
    """The lab's Apache httpd as a vault, and a pin store on the controller."""

    def __init__(self, estate, playbook, pki, folder, key=None):
        self.estate, self.playbook, self.pki, self.folder = estate, playbook, pki, folder / "store"
        self.folder.mkdir()
        self.path = self.folder / "pins"
        self.key = key or mint.new_key()
        self.rotate(self.key)

    def rotate(self, key=None):
        """Let it serve a certificate with another key."""
        days = self.pki.days
        minted = mint.mint(APACHE.name, dns=[APACHE.name], issuer=self.pki.two, key=key, **days)
        install(self.estate, APACHE, minted)
        return minted

    def run(self, *arguments, program=None, **more):
        values = {"pins_hosts": APACHE.host, "pins_path": str(self.path), "pins_create": True, "pins_computers": COMPUTERS, **more}
        return self.playbook(PLAYBOOK, "--diff", *arguments, "-e", json.dumps(values), program=program)

    def pins(self):
        entries = [json.loads(line) for line in self.path.read_text(encoding="ascii").splitlines()[1:]]
        return [one["pin"] for entry in entries if "pins" in entry for one in entry["pins"]]

    def approval(self, run):
        """The file that a person writes who pastes what a failed run printed, and fills in the ticket."""
        (line,) = re.findall(r"pins_approvals: \[.*\]$", run.failure(APACHE.host), re.MULTILINE)
        assert line in run.stdout.replace("\\n", "\n").splitlines(), run.stdout
        path = self.folder / "approved.yml"
        path.write_text(line.replace("ticket: ''", "ticket: CHG-4711") + "\n", encoding="ascii")
        return path

    def approved(self, old, new):
        return {"host": APACHE.name, "ticket": "CHG-4711", "old_pin": old[0], "new_pin": new, "expires": UNTIL}

    def events(self):
        return [json.loads(line)["event"] for line in (self.folder / "pins.log").read_text(encoding="ascii").splitlines()]

    def worklists(self):
        return sorted(path.name for path in self.folder.glob("repin-*"))


def pin_of(minted):
    """As RFC 7469 computes it: Base64 of the SHA-256 of the public key."""
    spki = minted.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return "sha256//" + base64.b64encode(hashlib.sha256(spki).digest()).decode("ascii")


@pytest.fixture
def vault(estate, playbook, pki, tmp_path):
    return Vault(estate, playbook, pki, tmp_path)


@pytest.fixture(scope="module")
def first_pin(fresh_estate, playbook, shared_pki, tmp_path_factory):
    """A vault whose key has been pinned: its files by name, and the key."""
    vault = Vault(fresh_estate, playbook, shared_pki, tmp_path_factory.mktemp("first"))
    run = vault.run()
    assert run.rc == 0 and len(vault.pins()) == 1, run.stdout
    return {path.name: path.read_bytes() for path in vault.folder.iterdir()}, vault.key


@pytest.fixture
def pinned(lab, playbook, shared_pki, tmp_path, first_pin):
    """A vault of this test alone, with the key and the store of first_pin."""
    files, key = first_pin
    vault = Vault(lab, playbook, shared_pki, tmp_path, key)
    for name, content in files.items():
        (vault.folder / name).write_bytes(content)
    return vault


PROGRAMS = [None, pytest.param("oldest", marks=pytest.mark.everything)]


@pytest.mark.parametrize("program", PROGRAMS, ids=["core", "oldest-core"])
def test_a_rotated_key_fails_with_evidence_until_it_is_approved_and_then_is_left_alone(vault, program, request):
    program = program and request.getfixturevalue(program)
    check = vault.run("--check", program=program)
    assert check.rc == 0 and not vault.path.exists(), check.stdout
    first = vault.run(program=program)
    assert first.rc == 0 and first.shown == check.shown and len(vault.pins()) == 1, first.stdout
    assert vault.run(program=program).changed == [] and vault.worklists() == []

    before = vault.path.read_bytes()
    vault.rotate()
    refused = vault.run(program=program)
    assert refused.rc == 2 and vault.path.read_bytes() == before and "neither pinned nor announced" in refused.results[-1]["msg"], refused.stdout
    pasted = "@%s" % vault.approval(refused)
    (approval,) = yaml.safe_load(pathlib.Path(pasted[1:]).read_text(encoding="ascii"))["pins_approvals"]
    assert approval["host"] == APACHE.name and approval["old_pin"] == vault.pins()[0] != approval["new_pin"]

    check = vault.run("--check", "-e", pasted, program=program)
    made = vault.run("-v", "-e", pasted, program=program)
    assert check.rc == made.rc == 0, check.stdout + made.stdout
    assert check.shown == made.shown and made.shown and vault.pins() == [approval["new_pin"]]
    (backup,) = vault.folder.glob(".pins.*.bak")
    assert (
        "state=restored backup_path=%s endpoints=%s:443" % (backup, APACHE.name) in made.stdout and "from the controller: %s:443" % APACHE.name in made.stdout
    )
    text, table = ((vault.folder / name).read_text(encoding="utf-8") for name in reversed(vault.worklists()))
    assert all(word in text for word in ["[ ] " + one for one in COMPUTERS] + ["NOTHING HAS BEEN DONE THERE", "CHG-4711", approval["old_pin"]])
    rows = list(csv.DictReader(table.splitlines()))
    assert [row["computer"] for row in rows] == COMPUTERS and {row["done"] for row in rows} == {"no"}
    # approvals are for the whole inventory: each host ignores those of other hosts
    approvals = [dict(approval, host="elsewhere.corp.example", expires=UNTIL), dict(approval, expires=UNTIL)]
    again = vault.run(program=program, pins_approvals=approvals)
    assert again.rc == 0 and again.changed == [], again.stdout


def test_an_announced_rotation_passes_and_leaves_a_worklist(pinned):
    vault = pinned
    key = mint.new_key()
    csr = vault.folder / "next.csr"
    csr.write_text(mint.csr(APACHE.name, key=key), encoding="ascii")
    announced = vault.run(pins_announced=[{"path": str(csr)}, {"host": "elsewhere.corp.example", "path": "/nonexistent"}])
    assert announced.rc == 0 and announced.changed and vault.worklists() == [], announced.stdout
    vault.rotate(key=key)
    given = {"pins_endpoints": [{"host": "Web.corp.example", "address": "10.77.0.12", "computers": ["VRA-07"]}]}
    looked = vault.run(pins_state="checked")
    assert looked.rc == 0 and ": announced" in looked.stdout and looked.changed == [], looked.stdout
    rotated = vault.run(**given)
    assert rotated.rc == 0 and "(rotated)" in rotated.stdout, rotated.stdout
    table, text = ((vault.folder / name).read_text(encoding="utf-8") for name in vault.worklists())
    assert [row["computer"] for row in csv.DictReader(table.splitlines())] == ["VRA-07"] and "the change was announced" in text
    assert vault.run().changed == []


@pytest.mark.reliability("the last step fails", playbooks=["pins"], afterwards="the old pins are restored, and the audit log says so")
def test_where_the_worklist_cannot_be_written_the_pins_are_put_back(pinned):
    """A folder has the worklist's name, which no preflight sees."""
    vault = pinned
    old = vault.pins()
    new = pin_of(vault.rotate())
    name = re.sub("[^A-Za-z0-9.-]", "_", "%s:443-%s" % (APACHE.name, new.replace("//", "/")[7:15]))
    (vault.folder / ("repin-%s.csv" % name)).mkdir()
    failed = vault.run(pins_approvals=[vault.approved(old, new)])
    assert failed.rc == 2 and "were rolled back" in failed.stdout and vault.pins() == old, failed.stdout
    assert vault.events() == ["pinned", "repinned", "put_back"] and vault.worklists() == ["repin-%s.csv" % name]


@pytest.mark.parametrize("arguments", [["--check"], []], ids=["check", "run"])
@pytest.mark.reliability(
    "the plan cannot work",
    playbooks=["pins"],
    afterwards="a folder that takes no worklist is refused before the first change, in check mode too",
)
def test_a_folder_that_takes_no_worklist_is_refused_before_the_first_change(pinned, arguments):
    vault = pinned
    before = sorted((path.name, path.read_bytes()) for path in vault.folder.iterdir())
    approval = vault.approved(vault.pins(), pin_of(vault.rotate()))
    for folder, fault in (("/nonexistent/folder", "does not exist"), (str(vault.path), "is not a folder")):
        run = vault.run(*arguments, pins_approvals=[approval], pins_worklist_dir=folder)
        assert run.rc == 2 and "pins_worklist_dir: %s %s" % (folder, fault) in run.failure(APACHE.host), run.stdout
        assert "Nothing was changed" in run.failure(APACHE.host) and run.failure(APACHE.host).count("\n") < 5
    assert sorted((path.name, path.read_bytes()) for path in vault.folder.iterdir()) == before


@pytest.mark.reliability(
    "the controller is killed",
    playbooks=["pins"],
    afterwards="the next run writes the worklists; the third changes nothing",
)
def test_a_run_that_was_killed_before_the_worklists_is_finished_by_the_next(pinned, killed_playbook, tmp_path):
    """The store has the new pin; the computers that must be re-pinned stood nowhere, and a rerun ended with changed=0."""
    vault = pinned
    old = vault.pins()
    approval = vault.approved(old, pin_of(vault.rotate()))
    reached = tmp_path / "reached"
    halt = {"LAB_HALT_TASK": "Write worklists of the computers to re-pin by hand", "LAB_HALTED": str(reached)}
    given = {
        "pins_hosts": APACHE.host,
        "pins_path": str(vault.path),
        "pins_create": True,
        "pins_computers": COMPUTERS,
        "pins_approvals": [approval],
    }
    killed_playbook(reached.exists, PLAYBOOK, "-e", json.dumps(given), environment=halt)
    assert vault.pins() != old and vault.worklists() == []

    check = vault.run("--check", pins_approvals=[approval])
    again = vault.run(pins_approvals=[approval])
    assert check.rc == again.rc == 0 and check.shown == again.shown, again.stdout
    assert {result["task"] for result in again.changed} == {"certmend.tls.remediation : Write worklists of the computers to re-pin by hand"}
    text, table = ((vault.folder / name).read_text(encoding="utf-8") for name in reversed(vault.worklists()))
    assert [row["old_pin"] for row in csv.DictReader(table.splitlines())] == old * 2 and "CHG-4711" in text
    third = vault.run(pins_approvals=[approval])
    assert third.rc == 0 and third.changed == [] and vault.events() == ["pinned", "repinned", "listed"], third.stdout


def test_a_closed_gate_stops_it_and_an_inspection_names_the_role(pinned, playbook, tmp_path):
    vault = pinned
    vault.rotate()
    gate = tmp_path / "gate.yml"
    gate.write_text("- ansible.builtin.fail:\n    msg: The window is closed.\n", encoding="ascii")
    run = vault.run(remediation_gate=str(gate))
    assert run.rc == 2 and "The window is closed." in run.stdout
    task = {"certmend.tls.cert_inspect": {"endpoints": [{"host": APACHE.name, "address": "10.77.0.12"}], "profile": ["pinned"], "pins_path": str(vault.path)}}
    run = playbook(json.dumps([{"hosts": "localhost", "gather_facts": False, "tasks": [task]}]) + "\n", "-v")
    assert "PIN-CHANGED" in run.stdout and '"remedy": "pins"' in run.stdout, run.stdout


AUDITED = [
    pytest.param({}, id="default-endpoint"),
    pytest.param({"pins_endpoints": [{"host": "vault.corp.example", "port": 8443, "address": "10.77.0.12", "computers": COMPUTERS}]}, id="pins_endpoints"),
    pytest.param({"tls_port": 8443}, id="tls_port"),
]


@pytest.mark.parametrize("endpoint", AUDITED)
def test_the_audit_finds_the_swapped_key_of_a_host_by_its_fqdn_and_its_pinned_endpoints(vault, endpoint):
    """The inventory calls the host web, and web.corp.example with the host variable fqdn."""
    vault.estate[APACHE.host].run(
        "sed", "-i", r"s/^Listen 443$/Listen 443\nListen 8443/; s/<VirtualHost \*:443>/<VirtualHost *:443 *:8443>/", "/etc/apache2/apache2.conf"
    )
    vault.rotate(vault.key)
    first = vault.run(**endpoint)
    assert first.rc == 0 and len(vault.pins()) == 1, first.stdout
    values = json.dumps({"audit_hosts": APACHE.host, "audit_pins_path": str(vault.path), "audit_questions": False, **endpoint})
    same = vault.playbook("certmend.tls.audit", "-e", values)
    assert same.rc == 0 and "PIN-CHANGED" not in same.stdout and ("NAME-MISMATCH" in same.stdout) is ("pins_endpoints" in endpoint), same.stdout
    vault.rotate()
    swapped = vault.playbook("certmend.tls.audit", "-e", values)
    assert swapped.rc == 0 and "1 endpoint checked" in swapped.stdout and swapped.stdout.count("error PIN-CHANGED") == 1, swapped.stdout
