# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rulebook certificates: what it may run, and a run of it by the real ansible-rulebook, where that program and Java are."""

from __future__ import annotations

import os
import re
import shutil
import subprocess

import pytest
import yaml

from ansible_collections.certmend.tls.tests.support import mint
from ansible_collections.certmend.tls.tests.support.clock import PATIENCE, REAL
from ansible_collections.certmend.tls.tests.support.clone import program_of
from ansible_collections.certmend.tls.tests.support.source import ROOT
from ansible_collections.certmend.tls.tests.unit.conftest import tls_servers

BOOK = ROOT / "extensions/eda/rulebooks/certificates.yml"
TEXT = BOOK.read_text(encoding="utf-8")
(RULESET,) = yaml.safe_load(TEXT)
#: in the place of remediate.yml, which other tests are about: it notes with what it was started
STANDS_IN = """
- hosts: localhost
  gather_facts: false
  tasks:
    - ansible.builtin.copy:
        content: "{{ {'hosts': remediate_hosts, 'plan': remediate_plan_path, 'approved': remediate_approved} | to_json }}"
        dest: "{{ remediate_plan_path }}"
"""


def actions():
    """Every action of the rules, with its arguments."""
    for rule in RULESET["rules"]:
        for action in rule.get("actions", [rule.get("action")]):
            yield from action.items()


def test_it_audits_and_plans_and_never_approves():
    assert {(name, arguments["name"]) for name, arguments in actions()} == {("run_playbook", "certmend.tls.audit"), ("run_playbook", "certmend.tls.remediate")}
    assert all(arguments["check_files"] is False for _name, arguments in actions())
    plans = [arguments["extra_vars"] for _name, arguments in actions() if arguments["name"] == "certmend.tls.remediate"]
    assert plans and all(plan["remediate_approved"] is False for plan in plans)


def test_it_hands_on_no_text_of_a_server():
    assert set(re.findall(r"event\.(\w+)", TEXT)) == {"type", "endpoint", "host", "port"}


def test_every_event_has_a_rule():
    assert {kind for rule in RULESET["rules"] for kind in re.findall(r'"(\w+)"', rule["condition"])} == {"expiring", "changed", "refused", "renewed"}


def program():
    """The folder of ansible-rulebook; without it, or without Java, the test is skipped and says why."""
    found = program_of("ansible-rulebook")
    if shutil.which("java") is None:
        pytest.skip("ansible-rulebook needs Java 17, and there is no java on the PATH")
    return found.parent


class Decisions:
    """An installed collection, and ansible-rulebook with its rulebook."""

    def __init__(self, folder, programs):
        self.folder, self.programs, self.plans = folder, programs, folder / "plans"
        self.plans.mkdir()
        (folder / "hosts").write_text("localhost ansible_connection=local\n", encoding="ascii")
        self.collection = folder / "ansible_collections/certmend/tls"
        for part in ("extensions/eda", "meta", "playbooks", "plugins", "roles"):
            shutil.copytree(ROOT / part, self.collection / part)
        shutil.copy(ROOT / "galaxy.yml", self.collection)
        (self.collection / "playbooks/remediate.yml").write_text(STANDS_IN, encoding="utf-8")

    def run(self, **variables):
        """Run the rulebook for one round; what it printed."""
        common = {"certificates_state_path": str(self.folder / "state.json"), "certificates_plan_dir": str(self.plans), "certificates_rounds": 1}
        (self.folder / "vars.yml").write_text(yaml.safe_dump({**common, **variables}), encoding="utf-8")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "PYTHONPATH"))}
        kept.update(HOME=str(self.folder), ANSIBLE_COLLECTIONS_PATH=str(self.folder), ANSIBLE_NOCOLOR="1", PATH="%s:%s" % (self.programs, os.environ["PATH"]))
        command = ["ansible-rulebook", "--rulebook", "certmend.tls.certificates", "-i", "hosts", "--vars", "vars.yml", "--execution-strategy", "sequential"]
        done = subprocess.run(command, cwd=self.folder, env=kept, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, timeout=PATIENCE)
        return done.stdout + done.stderr


@pytest.fixture
def decisions(tmp_path):
    return Decisions(tmp_path, program())


def test_a_certificate_that_expires_is_audited_and_a_plan_is_made(decisions, tmp_path):
    ca = mint.conforming("Corp CA", ca=True, **REAL.days())
    (tmp_path / "ca.pem").write_text(ca.pem, encoding="ascii")
    (tmp_path / "servers").mkdir()
    leaf = mint.mint("localhost", issuer=ca, dns=["localhost"], **REAL.days(ends=5))
    with tls_servers(tmp_path / "servers") as start:
        port = start(leaf.pem, leaf.key_pem, at=("127.0.0.1", 0))
        given = {"certificates_endpoints": ["localhost:%d" % port], "certificates_trusted_path": str(tmp_path / "ca.pem")}
        given.update(certificates_timeout=PATIENCE, certificates_hosts={"localhost": "depot"})
        said = decisions.run(**given)
        plan = decisions.plans / ("localhost-%d.yml" % port)
        assert yaml.safe_load(plan.read_text(encoding="utf-8")) == {"hosts": "depot", "plan": str(plan), "approved": False}, said
        assert "localhost:%d" % port in said and "VALIDITY-SOON" in said, said
        plan.unlink()
        again = decisions.run(**given)
    assert not plan.exists() and "VALIDITY-SOON" not in again, "the next start repeats nothing"
