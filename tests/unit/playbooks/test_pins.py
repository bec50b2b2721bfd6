# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbook pins as an operator runs it: an inventory and a folder of his own, the answers of a survey. Nobody can log in anywhere."""

from __future__ import annotations

import csv
import json
import shutil

import pytest

from ansible_collections.certmend.tls.tests.support.pins import HOST, NEW, OLD, TOMORROW, Store, certificate, pin
from ansible_collections.certmend.tls.tests.support.role_cases import Cases
from ansible_collections.certmend.tls.tests.support.run import TREE, run_in_process

PLAYBOOK = "certmend.tls.pins"
NAMED = certificate("other.corp.example")
#: a survey's questions that nobody answered
UNANSWERED = dict.fromkeys(["pins_state", "pins_audit_log", "pins_worklist_dir", "pins_endpoints", "pins_computers", "pins_timeout", "pins_keep_old"], "")
#: for each variable, values that it cannot have
WRONG = {
    "pins_address": ["127.0.0.1"],
    "pins_announced": "vault.csr",
    "pins_approvals": '[{"host": "vault", "ticket": "CHG-1"}]',
    "pins_audit_log": ["log"],
    "pins_computers": [{"name": "SRV"}],
    "pins_create": "maybe",
    "pins_endpoints": "vault.corp.example:https",
    "pins_first_use": "trust",
    "pins_hosts": ["vault"],
    "pins_keep_old": "perhaps",
    "pins_name": ["vault"],
    "pins_path": {"store": "pins"},
    "pins_port": "70000",
    "pins_state": "pined",
    "pins_timeout": "5s",
    "pins_unreachable": "ignore",
    "pins_worklist_dir": ["work"],
}


class Made:
    """The runs, one after another."""

    def __init__(self, folder, serve):
        self.port, self.named = serve(NEW.pem, NEW.key_pem), serve(NAMED.pem, NAMED.key_pem)
        nowhere = {"ansible_python_interpreter": "/no/such/python", "ansible_become": True}
        elsewhere = {"fqdn": "wrong.corp.example", "tls_port": 1, "ansible_host": "127.0.0.9"}
        by_pins = {"pins_name": "other.corp.example", "pins_port": str(self.named), "pins_address": "127.0.0.1"}
        itself = {"fqdn": HOST, "tls_port": self.port, "ansible_host": "127.0.0.1"}
        self.hosts = Cases(folder, {"vault": {**itself, **nowhere}, "other": {**elsewhere, **by_pins, **nowhere}, "localhost": nowhere})
        for name in ("vault", "other", "localhost", "127.0.0.1", "127.0.0.9"):
            (self.hosts.hosts / name).mkdir(exist_ok=True)
            (self.hosts.hosts / name / "lost").touch()
        before = self.files()
        self.limited = self.run("--limit", "vault", **UNANSWERED, pins_hosts="vault:other", pins_path="mypins", pins_create="true")
        self.first_store = self.known("mypins")
        self.all = self.run(**UNANSWERED, pins_hosts="vault:other", pins_path="mypins")
        self.nothing = self.run("--limit", "other", pins_hosts="vault", pins_path="mypins")
        self.wrong = self.run("--limit", "vault", **WRONG, pins_paht="mypins")
        texts = {"pins_endpoints": "localhost:%d\n127.0.0.1:%d" % (self.port, self.port), "pins_create": "yes", "pins_timeout": "30"}
        self.texts = self.run("--limit", "vault", pins_hosts="vault", pins_path="texts", **texts)
        self.hosts.give("vault", pins_endpoints=texts["pins_endpoints"], audit_pins_path="texts")
        self.hosts.give("other", audit_pins_path="mypins")
        self.audit = self.hosts.run("certmend.tls.audit", "-e", json.dumps({"audit_hosts": "vault:other", "audit_report_path": "report.json"}))
        self.repin()
        self.left = self.files() - before

    def repin(self):
        """The store has the old key of two endpoints, and the new one of one of them is approved; of the other one, announced by a file."""
        controller, ports = self.hosts.controller, (self.port, self.named)
        for name in ("work", "logs"):
            (controller / name).mkdir()
        old = "".join(OLD.pem.splitlines()[1:-1])
        for port, host in zip(ports, (HOST, "other.corp.example")):
            stored = {"pins_path": str(controller / "mine"), "audit_log": str(controller / "logs" / "before"), "host": host, "port": port}
            run_in_process("cert_pin", dict(stored, state="pinned", create=True, presented=[old]))
        (controller / "other.pem").write_text(NAMED.pem, encoding="ascii")
        approval = {"host": HOST, "port": self.port, "ticket": "CHG-1", "old_pin": pin(OLD), "new_pin": pin(NEW), "expires": TOMORROW}
        approved = dict(approval, host="other.corp.example", port=self.named, new_pin=pin(NAMED))
        own = {"host": "other.corp.example", "port": self.named, "address": "127.0.0.1", "computers": ["SRV-OWN"]}
        given = {
            "pins_path": "mine",
            "pins_audit_log": "logs/pins",
            "pins_worklist_dir": "work",
            "pins_computers": "SRV-1\nSRV-2",
            "pins_endpoints": [{"host": HOST, "port": self.port, "address": "127.0.0.1"}, own],
            "pins_announced": [{"host": "elsewhere.corp.example", "pin": pin(OLD)}],
            "pins_approvals": json.dumps([approval, approved]),
        }
        self.approved = self.run("--limit", "vault", pins_hosts="vault", **given)
        self.worklists = sorted((controller / "work").glob("repin-*.csv"))
        announced = {**given, "pins_path": "again", "pins_audit_log": "", "pins_create": True, "pins_first_use": "fail", "pins_approvals": ""}
        announced["pins_endpoints"] = [own]
        announced["pins_announced"] = [{"host": own["host"], "port": self.named, "path": "other.pem"}]
        self.announced = self.run("--limit", "vault", pins_hosts="vault", **announced)

    def run(self, *arguments, **variables):
        return self.hosts.run(PLAYBOOK, *arguments, "-e", json.dumps(variables))

    @staticmethod
    def files():
        return {path for path in (TREE / "ansible_collections/certmend/tls").rglob("*") if "__pycache__" not in path.parts}

    def known(self, name):
        store = Store(self.hosts.controller, run_in_process, name)
        return store.known() if store.path.exists() else {}

    def failures(self, cases):
        return " ".join(filter(None, (case.failure for case in cases.values())))


@pytest.fixture(scope="module")
def made(tmp_path_factory, shared_tls_server):
    made = Made(tmp_path_factory.mktemp("pins") / "run", shared_tls_server)
    yield made
    for path in made.left:
        shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)


def test_a_relative_store_lies_where_the_playbook_was_started_and_nothing_in_the_collection(made):
    assert made.failures(made.limited) == "" and made.left == set()
    assert made.first_store == {"%s:%d" % (HOST, made.port): [pin(NEW)]} and (made.hosts.controller / "mypins.log").exists()


def test_a_limit_leaves_the_other_hosts_out_and_a_host_may_have_a_name_port_and_address_for_its_pins_alone(made):
    assert made.failures(made.all) == ""
    assert made.known("mypins") == {**made.first_store, "other.corp.example:%d" % made.named: [pin(NAMED)]}


def test_with_nothing_to_pin_the_run_fails_and_says_why(made):
    assert "There is nothing to pin. No host of vault is in the inventory and within --limit." in made.failures(made.nothing)


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_value_is_an_error_that_names_the_variable(made, name):
    assert "%s: " % name in made.failures(made.wrong)


def test_a_mistyped_variable_is_named_with_the_nearest(made):
    assert "pins_paht: there is no such variable. Did you mean pins_path?" in made.failures(made.wrong)


def test_endpoints_may_be_a_text_with_one_on_each_line(made):
    assert made.failures(made.texts) == ""
    assert made.known("texts") == {"localhost:%d" % made.port: [pin(NEW)], "127.0.0.1:%d" % made.port: [pin(NEW)]}


def test_an_endpoint_without_computers_has_those_of_the_host(made):
    assert made.failures(made.approved) == "", made.hosts.output
    rows = [row for path in made.worklists for row in csv.DictReader(path.read_text(encoding="utf-8").splitlines())]
    assert sorted((row["endpoint"].partition(":")[0], row["computer"]) for row in rows) == [
        ("other.corp.example", "SRV-OWN"),
        (HOST, "SRV-1"),
        (HOST, "SRV-2"),
    ]


def test_the_log_and_the_worklists_may_have_relative_paths(made):
    events = [json.loads(line)["event"] for line in (made.hosts.controller / "logs" / "pins").read_text(encoding="ascii").splitlines()]
    assert "repinned" in events and len(made.worklists) == 2
    assert "%s/work/repin-" % made.hosts.controller in json.dumps([case.records for case in made.approved.values()])


def test_the_file_of_an_announcement_may_have_a_relative_path(made):
    assert made.failures(made.announced) == ""
    assert made.known("again") == {"other.corp.example:%d" % made.named: [pin(NAMED)]}


def test_the_audit_of_the_servers_compares_the_same_endpoints_with_the_store(made):
    report = json.loads((made.hosts.controller / "report.json").read_text(encoding="utf-8"))
    expected = {*made.known("texts"), "other.corp.example:%d" % made.named}
    assert {result["source"] for result in report["results"]} == expected and report["summary"]["unreachable"] == 0
    assert "PIN-CHANGED" not in {finding["code"] for finding in report["findings"]}
