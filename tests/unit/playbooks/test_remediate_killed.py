# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A run of remediate over two web servers that is killed at any task, and is restored from the record that it leaves."""

from __future__ import annotations

import contextlib
import json
import os
import shutil

import pytest

from ansible_collections.certmend.tls.tests.support import evidence, mint
from ansible_collections.certmend.tls.tests.support.clock import REAL
from ansible_collections.certmend.tls.tests.support.hosts_here import web_server
from ansible_collections.certmend.tls.tests.support.role_cases import CALLBACKS, Cases

ROOT = mint.conforming("Root", ca=True, **REAL.days())
MIDDLE = mint.conforming("Middle", ROOT, ca=True, **REAL.days())
NAMES = ("one", "two")
GIVEN = {"remediation_serial": 1, "evidence_path": "records"}


class Servers(Cases):
    """Two web servers that do not send the certificate of their CA."""

    def __init__(self, folder, stack):
        super().__init__(folder, {name: {} for name in NAMES})
        self.inventory["all"]["children"] = {"webservers": {"hosts": dict.fromkeys(NAMES, {})}}
        (self.controller / "root.pem").write_text(ROOT.pem, encoding="ascii")
        common = {"server_chain_server": "custom", "server_chain_service": "web", "server_chain_become": False}
        common.update(server_chain_address="127.0.0.1", audit_address="127.0.0.1", server_chain_prove_timeout=1)
        common.update(server_chain_candidates_content=MIDDLE.pem, server_chain_trusted_path="root.pem", audit_trusted_path="root.pem")
        for name in NAMES:
            leaf = mint.conforming(name + ".corp.example", MIDDLE, dns=[name + ".corp.example"], **REAL.days())
            (self[name] / "web.pem").write_text(leaf.pem, encoding="ascii")
            (self[name] / "web.key").write_text(leaf.key_pem, encoding="ascii")
            (self[name] / "loaded.pem").write_text(leaf.pem + leaf.key_pem, encoding="ascii")
            port = stack.enter_context(web_server(self[name]))
            self.give(name, fqdn=name + ".corp.example", tls_port=port, server_chain_path=str(self[name] / "web.pem"), **common)
        self.before, self.served = self.picture(), self.loaded()
        self.records = self.controller / "records"
        self.keep()

    def loaded(self):
        """What the servers present to whoever connects."""
        return {name: (self[name] / "loaded.pem").read_bytes() for name in NAMES}

    def start_over(self):
        """As before any run."""
        self.reset()
        shutil.rmtree(self.records, ignore_errors=True)

    def restore_from_record(self, *arguments):
        """Restore from the record of the only run; the path is given from where the operator starts."""
        (folder,) = self.records.iterdir()
        return self.playbook("certmend.tls.restore", *arguments, restore_record="records/" + folder.name)

    def is_as_before(self):
        return self.picture() == self.before and self.loaded() == self.served


@contextlib.contextmanager
def servers_in(folder):
    with contextlib.ExitStack() as stack:
        made = Servers(folder, stack)
        stack.callback(made.kill)
        yield made


@pytest.fixture
def servers(tmp_path):
    with servers_in(tmp_path / "servers") as made:
        yield made


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """The servers after a run, and what was on the disk before each task of it: a kill at that task leaves this. By number, each with its first task."""
    with servers_in(tmp_path_factory.mktemp("kept") / "servers") as made:
        made.states = made.folder / "states"
        made.states.mkdir()
        made.environment.update(ANSIBLE_CALLBACK_PLUGINS=str(CALLBACKS), ANSIBLE_CALLBACKS_ENABLED="task_states")
        made.environment.update(LAB_STATES=str(made.states), LAB_STATES_OF="%s\n%s" % (made.hosts, made.records))
        made.done = made.playbook("certmend.tls.remediate", **GIVEN)
        made.environment.clear()
        made.tasks = [json.loads(line) for line in (made.states / "tasks.jsonl").read_text(encoding="utf-8").splitlines()]
        found = dict(reversed(made.tasks))
        made.first = {number: found[number] for number in sorted(found) if list((made.states / str(number)).glob("records/*/record.json"))}
        yield made


def test_each_task_of_a_run_leaves_one_of_a_few_states(kept):
    assert kept.done.returncode == 0 and kept.loaded() != kept.served, kept.done.stdout
    assert len(kept.tasks) > 200 and 10 < len(kept.first) < 30, kept.first


#: the states are restored in parts, so that no test takes long. Every day one part is: the first state that has a record, and each sixth after it
PARTS = 6


@pytest.mark.parametrize("part", [0, *(pytest.param(part, marks=pytest.mark.everything) for part in range(1, PARTS))])
def test_the_record_of_a_run_that_is_killed_at_any_task_restores_all_hosts(kept, part):
    """Where the disk is the same before two tasks, a kill leaves the same, and it is restored once."""
    failed = {}
    for number, name in list(kept.first.items())[part::PARTS]:
        for folder in (kept.hosts, kept.records):
            shutil.rmtree(folder)
            shutil.copytree(kept.states / str(number) / folder.name, folder, symlinks=True)
        restored = kept.restore_from_record()
        if restored.returncode != 0 or not kept.is_as_before():
            failed["%d: %s" % (number, name)] = restored.stdout[-3000:]
    assert failed == {}


#: around the change of the first host: the task before which the controller is killed, and whether the host was changed by then
MOMENTS = {"Note that this host is about to be changed": False, "Note what was changed": True, "Note in the journal that the changes were verified": True}


@pytest.mark.parametrize("moment", [pytest.param(moment, marks=[] if moment == "Note what was changed" else pytest.mark.everything) for moment in MOMENTS])
def test_what_a_killed_controller_leaves_is_restored_from_the_record(servers, moment):
    pipe = servers.folder / "halted"
    os.mkfifo(pipe)
    record = str(servers.folder / "tasks")
    servers.environment.update(ANSIBLE_CALLBACK_PLUGINS=str(CALLBACKS), ANSIBLE_CALLBACKS_ENABLED="task_record", LAB_TASK_RECORD=record)
    servers.environment.update(LAB_HALT_PLAY="Replace the certificate, or append the missing certificates", LAB_HALT_TASK=moment, LAB_HALTED=str(pipe))
    with servers.start("certmend.tls.remediate", **GIVEN) as process:
        assert pipe.read_text(encoding="ascii") == "halted\n"
        servers.kill()
        process.communicate()
    servers.environment.clear()
    (folder,) = servers.records.iterdir()
    check = servers.playbook("certmend.tls.restore", "--check", restore_record="records/%s/record.json" % folder.name)
    assert check.returncode == 0 and servers.is_as_before() != MOMENTS[moment], check.stdout
    restored = servers.restore_from_record()
    assert restored.returncode == 0 and servers.is_as_before(), restored.stdout
    asked = restored.stdout.partition("PLAY [Restore what a run has changed]")[2]
    assert not MOMENTS[moment] or ("one" in asked and "two" not in asked), restored.stdout


#: what is wrong with the record or with what is given besides, and the words for it
REFUSED = {
    "another run": ({"restore_run": "ctl.1-2-3"}, "restore_run: the record {folder} is of the run {run}, and not of ctl.1-2-3"),
    "no record": ({"restore_record": "records"}, "restore_record: {records}/record.json cannot be read"),
    "none of its hosts": ({"restore_hosts": "two"}, "restore_record: that run has changed one, and restore_hosts or --limit has none of them"),
    "a wrong type": ({"restore_record": ["records"]}, "restore_record: "),
}


def test_a_record_that_does_not_fit_is_named_before_anything_is_done(servers):
    """The record is that of a run that was killed when it changed the first host."""
    folder = servers.records / "run"
    (folder / "hosts").mkdir(parents=True)
    (folder / "record.json").write_text(json.dumps(evidence.begun({})), encoding="utf-8")
    (folder / "hosts" / "one.json").write_text(json.dumps(evidence.noted("one", "server_chain", "changing")), encoding="utf-8")
    for what, (given, words) in REFUSED.items():
        done = servers.playbook("certmend.tls.restore", **{"restore_record": "records/run", **given})
        said = " ".join(done.stdout.split())
        assert done.returncode != 0 and words.format(folder=folder, run=evidence.RUN["id"], records=servers.records) in said, (what, done.stdout)
        assert "Restore what a run has changed" not in said, what
    (folder / "hosts" / "one.json").write_text(json.dumps(evidence.noted("three", "server_chain", "changing")), encoding="utf-8")
    done = servers.playbook("certmend.tls.restore", restore_record="records/run")
    assert done.returncode != 0 and "restore_record: the inventory does not have three, which that run has changed" in " ".join(done.stdout.split()), (
        done.stdout
    )
