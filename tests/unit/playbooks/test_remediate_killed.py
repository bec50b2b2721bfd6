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


@pytest.fixture
def servers(tmp_path):
    with contextlib.ExitStack() as stack:
        made = Servers(tmp_path / "servers", stack)
        stack.callback(made.kill)
        yield made


def test_the_record_of_a_run_that_is_killed_at_any_task_restores_all_hosts(servers):
    """What is on the disk before each task is kept. Where it is the same before two tasks, a kill leaves the same, and it is restored once."""
    states = servers.folder / "states"
    states.mkdir()
    servers.environment.update(ANSIBLE_CALLBACK_PLUGINS=str(CALLBACKS), ANSIBLE_CALLBACKS_ENABLED="task_states")
    servers.environment.update(LAB_STATES=str(states), LAB_STATES_OF="%s\n%s" % (servers.hosts, servers.records))
    done = servers.playbook("certmend.tls.remediate", **GIVEN)
    assert done.returncode == 0 and not servers.is_as_before(), done.stdout
    servers.environment.clear()
    tasks = [json.loads(line) for line in (states / "tasks.jsonl").read_text(encoding="utf-8").splitlines()]
    first = {number: name for number, name in reversed(tasks) if (states / str(number) / "records").exists()}
    assert len(tasks) > 100 and len(first) > 10, first
    failed = {}
    for number, name in sorted(first.items()):
        for folder in (servers.hosts, servers.records):
            shutil.rmtree(folder)
            shutil.copytree(states / str(number) / folder.name, folder, symlinks=True)
        if list(servers.records.glob("*/record.json")):
            restored = servers.restore_from_record()
            if restored.returncode != 0 or not servers.is_as_before():
                failed[name] = restored.stdout
        else:
            assert servers.is_as_before(), name
    assert failed == {}, (len(first), list(failed), list(failed.values())[0][-3000:])


#: around the change of a host: the task before which the controller is killed
MOMENTS = ["Note that this host is about to be changed", "Note what was changed", "Note in the journal that the changes were verified"]


@pytest.mark.parametrize("moment", MOMENTS)
def test_what_a_killed_controller_leaves_is_restored_from_the_record(servers, moment):
    pipe = servers.folder / "halted"
    os.mkfifo(pipe)
    record = str(servers.folder / "tasks")
    servers.environment.update(ANSIBLE_CALLBACK_PLUGINS=str(CALLBACKS), ANSIBLE_CALLBACKS_ENABLED="task_record", LAB_TASK_RECORD=record)
    servers.environment.update(LAB_HALT_TASK=moment, LAB_HALTED=str(pipe))
    with servers.start("certmend.tls.remediate", **GIVEN) as process:
        assert pipe.read_text(encoding="ascii") == "halted\n"
        servers.kill()
        process.communicate()
    servers.environment.clear()
    (folder,) = servers.records.iterdir()
    check = servers.playbook("certmend.tls.restore", "--check", restore_record="records/%s/record.json" % folder.name)
    assert check.returncode == 0, check.stdout
    restored = servers.restore_from_record()
    assert restored.returncode == 0 and servers.is_as_before(), restored.stdout
    assert "two" not in restored.stdout.partition("PLAY [Restore what a run has changed]")[2]


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
