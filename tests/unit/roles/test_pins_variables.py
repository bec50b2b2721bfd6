# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the variables of the role pins do to the store, the log and the end of the run. One run, a host for each case."""

from __future__ import annotations

import json

import pytest

from ansible_collections.certmend.tls.tests.support.pins import HOST, NEW, OLD, TOMORROW, Store, pin
from ansible_collections.certmend.tls.tests.support.role_cases import Cases
from ansible_collections.certmend.tls.tests.support.run import run_in_process
from ansible_collections.certmend.tls.tests.support.vsphere.site import nobody_answers, nobody_listens

STORE = "{{ playbook_dir | dirname }}/hosts/{{ inventory_hostname }}/pins"
APPROVAL = {"host": HOST, "port": "{{ where }}", "ticket": "CHG-1", "old_pin": pin(OLD), "new_pin": pin(NEW), "expires": TOMORROW}
#: what a case sets besides store and endpoint, whose key has changed
CASES = {
    "both": {"pins_keep_old": True, "pins_approvals": [APPROVAL], "pins_audit_log": STORE + ".audit"},
    "one": {"pins_keep_old": False, "pins_approvals": [APPROVAL]},
    "checked": {"pins_state": "checked"},
    "absent": {"pins_state": "absent"},
    "first": {"pins_first_use": "pin"},
    "unknown": {"pins_first_use": "fail"},
    "lost": {"pins_unreachable": "fail"},
    "reported": {"pins_unreachable": "report"},
    "hasty": {"pins_unreachable": "report", "pins_timeout": 0.2},
}
WITHOUT_A_PIN = ("first", "unknown")


class Made:
    """The run, and the stores afterwards."""

    def __init__(self, folder, ports):
        self.port = ports["vault"]
        self.where = where = {"lost": ports["lost"], "reported": ports["lost"], "hasty": ports["silent"]}
        shared = {"pins_path": STORE, "pins_endpoints": [{"host": HOST, "port": "{{ where }}", "address": "127.0.0.1"}]}
        self.hosts = Cases(folder, {name: {**shared, "where": where.get(name, self.port), **given} for name, given in CASES.items()})
        for name in CASES:
            host = "other.corp.example" if name in WITHOUT_A_PIN else HOST
            given = {"pins_path": str(self.store(name).path), "audit_log": str(self.hosts[name] / "before"), "host": host, "port": where.get(name, self.port)}
            stored = run_in_process("cert_pin", dict(given, state="pinned", create=True, presented=["".join(OLD.pem.splitlines()[1:-1])]))
            assert not stored.get("failed"), stored
        self.cases = self.hosts.run("role: pins")

    def store(self, name):
        return Store(self.hosts[name], run_in_process)

    def pins(self, name):
        return self.store(name).known().get("%s:%d" % (HOST, self.where.get(name, self.port)))


@pytest.fixture(scope="module")
def made(tmp_path_factory, shared_tls_server):
    with nobody_listens() as lost, nobody_answers() as silent:
        yield Made(tmp_path_factory.mktemp("pins") / "run", {"vault": shared_tls_server(NEW.pem, NEW.key_pem), "lost": lost, "silent": silent})


def test_the_old_pin_stays_beside_the_new_one_if_it_is_kept(made):
    assert set(made.pins("both")) == {pin(OLD), pin(NEW)} and made.pins("one") == [pin(NEW)]


def test_each_change_is_in_the_log_that_is_named(made):
    events = [json.loads(line)["event"] for line in (made.hosts["both"] / "pins.audit").read_text(encoding="ascii").splitlines()]
    assert "repinned" in events and not (made.hosts["both"] / "pins.log").exists()
    assert [event["event"] for event in made.store("one").events()][:1] == ["repinned"], "the default lies beside the store"


def test_a_state_compares_or_removes(made):
    assert "neither pinned nor announced" in made.cases["checked"].failure and made.pins("checked") == [pin(OLD)]
    assert not made.cases["absent"].failure and made.pins("absent") is None


def test_the_first_key_is_pinned_or_refused(made):
    assert not made.cases["first"].failure and made.pins("first") == [pin(NEW)]
    assert made.pins("unknown") is None and HOST + ":%d has no pin yet, and pins_first_use is fail" % made.port in made.cases["unknown"].failure


def test_an_endpoint_that_does_not_answer_fails_the_run_or_is_reported(made):
    assert HOST in made.cases["lost"].failure and "refuses the connection" in made.cases["lost"].failure
    assert not made.cases["reported"].failure and "1 unreachable" in made.cases["reported"].said


def test_an_endpoint_is_given_up_after_its_seconds(made):
    assert not made.cases["hasty"].failure and "1 unreachable" in made.cases["hasty"].said and made.pins("hasty") == [pin(OLD)]
