# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbook remediate as an operator runs it on web servers: plan, approve, repair, verify. Nobody can log in as root anywhere."""

from __future__ import annotations

import contextlib
import json

import pytest
import yaml

from ansible_collections.certmend.tls.tests.support.web_estate import HOSTS, WebEstate

PLAYBOOK = "certmend.tls.remediate"


class Made:
    """The runs, one after another."""

    def __init__(self, folder, servers):
        self.hosts = WebEstate(folder, servers)
        self.hosts.environment["ANSIBLE_SHOW_CUSTOM_STATS"] = "1"  # what a job hands on
        self.before = self.hosts.picture()
        scope = ["-e", "remediate_hosts=all", "-e", "remediate_plan_path=plan.yml"]
        self.without = self.run(*scope)
        wrong = {"remediate_hosts": ["all"], "remediate_plan": "approved", "remediate_plan_path": {"plan": "yml"}, "remediate_plna": 1}
        wrong.update(evidence_path="root.pem", change_window_windows=[{"zone": "Berlin", "days": ["fri"], "from": "22:00", "to": "02:00"}])
        self.wrong = self.run("--tags", "plan", "-e", json.dumps(wrong))
        (self.hosts.controller / "plan.yml").write_text("# approved\n", encoding="ascii")
        self.empty = self.run(*scope)
        self.planned = self.run("--tags", "plan", *scope)
        self.plan = yaml.safe_load((self.hosts.controller / "plan.yml").read_text(encoding="utf-8"))
        self.of_clients = self.run("--tags", "plan", "-e", "remediate_hosts=good", "-e", "server_chain_clients=elsewhere")
        self.untouched = self.hosts.picture() == self.before
        self.approve(lambda step: step["host"] == "cut")
        self.check = self.run("--check", *scope)
        self.unchecked = self.hosts.picture() == self.before
        self.unapproved = self.run("-e", "remediate_hosts=all", "-e", "remediate_approved=no")
        handed = json.dumps({"remediate_plan": self.plan})  # as the job that made the plan hands it on: the file, which a person has changed, wins
        self.first = self.run(*scope, "-e", handed, "-e", "remediation_serial=1", "-e", "evidence_path=records", "-e", "evidence_ticket=CHG-7")
        self.changed = {name for name in HOSTS if (self.hosts[name] / "web.pem").read_bytes() != self.before[str(self.hosts[name] / "web.pem")][0]}
        self.second = self.run(*scope)
        self.approve(lambda step: step["host"] == "also", lambda step: step.update(served="00" * 32))
        changed = yaml.safe_load((self.hosts.controller / "plan.yml").read_text(encoding="utf-8"))
        self.stale = self.run("-e", json.dumps({"remediate_hosts": "all", "remediate_plan": changed}))

    def run(self, *arguments):
        done = self.hosts.run(PLAYBOOK, *arguments)
        return done, self.hosts.output

    def approve(self, kept, change=lambda step: None):
        """A person removes steps from the plan, or somebody changes them."""
        steps = [dict(step) for step in self.plan["steps"] if kept(step)]
        for step in steps:
            change(step)
        (self.hosts.controller / "plan.yml").write_text(yaml.safe_dump(dict(self.plan, steps=steps)), encoding="utf-8")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    with contextlib.ExitStack() as servers:
        yield Made(tmp_path_factory.mktemp("remediate") / "run", servers)


def test_the_plan_names_the_playbook_for_each_host_and_what_a_person_has_to_do(made):
    assert made.untouched
    assert [(step["playbook"], step["host"], [finding["code"] for finding in step["findings"]]) for step in made.plan["steps"]] == [
        ("server_chain", "also", ["CHAIN-INCOMPLETE"]),
        ("server_chain", "cut", ["CHAIN-INCOMPLETE"]),
    ], made.planned[1]
    assert [(finding["host"], finding["code"]) for finding in made.plan["left"]] == [("elsewhere", "CHAIN-INCOMPLETE")]
    assert "Add the server of elsewhere.corp.example" in made.plan["left"][0]["who"]


def test_the_clients_of_web_servers_connect_with_their_own_trust_stores(made):
    said = " ".join(made.of_clients[1].split())
    assert '"1. good: certmend.tls.server_chain", " error TRUST-UNKNOWN-CA: ' in said, made.of_clients[1]


def test_a_plan_that_does_not_exist_is_named_with_the_way_out(made):
    said = " ".join(made.without[1].split())
    assert "remediate_plan_path: there is no file %s/plan.yml. Write the plan first: the same command with --tags plan." % made.hosts.controller in said
    assert not any(case.changed for case in made.without[0].values())


def test_a_plan_without_content_is_no_approval(made):
    assert "This is no plan of certmend.tls.remediate" in made.empty[1] and not any(case.changed for case in made.empty[0].values())


@pytest.mark.parametrize(
    "name", ["remediate_hosts", "remediate_plan", "remediate_plan_path", "remediate_plna", "evidence_path", "change_window_windows[0].zone"]
)
def test_a_wrong_value_of_any_variable_is_named_before_anything_is_done(made, name):
    assert name + ": " in made.wrong[1] and not any(case.changed for case in made.wrong[0].values())


def test_check_mode_shows_the_change_and_makes_none(made):
    done, output = made.check
    assert made.unchecked and any(case.diffs for case in done.values()), output


def test_an_approved_plan_is_done_and_nothing_else(made):
    done, output = made.first
    assert made.changed == {"cut"}, output
    assert "Everything in the plan is repaired: cut." in output


def test_a_plan_that_is_not_approved_changes_nothing(made):
    done, output = made.unapproved
    assert made.unchecked and not any(case.changed for case in done.values()), output
    assert "1. also: certmend.tls.server_chain" in output and "the plan is not approved yet" in output


def test_the_run_leaves_a_record_of_what_was_found_changed_and_left(made):
    (folder,) = (made.hosts.controller / "records").iterdir()
    record = json.loads((folder / "record.json").read_text(encoding="utf-8"))
    assert record["ticket"] == "CHG-7" and [host["host"] for host in record["hosts"]] == ["cut"] and (folder / "report.html").is_file(), record
    found = [(step["host"], step["codes"], step["ours"]) for step in record["plan"]]
    assert found == [("cut", ["CHAIN-INCOMPLETE"], True), ("elsewhere", ["CHAIN-INCOMPLETE"], False)], record["plan"]


def test_the_run_hands_on_its_id_and_its_record(made):
    (folder,) = (made.hosts.controller / "records").iterdir()
    handed = json.loads(made.first[1].rpartition("\tRUN: ")[2].strip())
    assert handed["restore_record"] == str(folder) and handed["restore_run"] in folder.name, made.first[1][-2000:]


def test_a_second_run_of_the_plan_changes_nothing(made):
    done, output = made.second
    assert not any(case.changed for case in done.values()) and "Nothing had to be repaired." in output


def test_a_host_that_is_not_as_it_was_stops_the_run(made):
    _done, output = made.stale
    assert "The hosts are not as they were when the plan was made: also (server_chain): it presents the certificate" in " ".join(output.split()), output
    assert made.changed == {"cut"}
