# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The README word by word: its installation, its Quick start, and its section on chains, for a real nginx and a real HAProxy of this machine.

The inventory, the commands and the sample of the output are read from README.md. Only the addresses are replaced, and the port 443, which needs root.
"""

from __future__ import annotations

import contextlib
import json
import re

import pytest
import yaml

from ansible_collections.certmend.tls.tests.support import mint, web_servers
from ansible_collections.certmend.tls.tests.support.clock import REAL
from ansible_collections.certmend.tls.tests.support.newcomer import Newcomer, blocks, commands, section

QUICK, CHAINS = section("Quick start"), section("Servers with a wrong or incomplete chain (Ruckus article 000011648)")
INVENTORY = yaml.safe_load("".join(blocks(QUICK, "yaml")))
PORT = INVENTORY["webservers"]["hosts"]["lb"]["tls_port"]
#: what a machine without systemd and without sudo needs besides; the README names server_chain_path and server_chain_server
LOCAL = {"ansible_connection": "local", "ansible_python_interpreter": "{{ ansible_playbook_python }}", "server_chain_become": False}
RELOADS = {"www": ["nginx", "-s", "reload"], "lb": ["sh", "-c", "kill -USR2 $(cat {folder}/haproxy.pid)"]}
only_here = pytest.mark.parametrize("core", ["this"], indirect=True, scope="module")
#: as a survey of AWX sends them: everything is text, a list has commas, and what was left out is empty
ANSWERS = {
    "server_chain_hosts": "webservers",
    "server_chain_candidates_path": "corp-intermediates.pem,corp-root.pem",
    "server_chain_become": "false",
    "server_chain_include_root": "no",
    "server_chain_prove_from": "localhost",
    "server_chain_prove_timeout": "20",
    "server_chain_clients": "",
    "server_chain_signing_ca_path": "",
    "server_chain_drop_names": "",
    "server_chain_aia": "",
    "remediation_gate": "",
}
#: what differs from one day and one machine to the next
VARYING = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ|in \d+ days")


class Story:
    """What the newcomer types, and what is answered."""

    def __init__(self, newcomer, core):
        self.newcomer, self.core, self.start = newcomer, core, newcomer.start
        (self.start / "tls").mkdir()
        hosts = INVENTORY["webservers"]["hosts"]
        self.hosts = {name: dict(variables, tls_port=PORT, ansible_host=web_servers.own_address()) for name, variables in hosts.items()}
        self.certificates()

    def certificates(self):
        """The servers present their own certificates alone; the files of the CA lie where the commands look for them."""
        root = mint.conforming("Corp Root CA", None, ca=True, **REAL.days())
        issuing = mint.conforming("Corp Issuing CA", root, ca=True, **REAL.days())
        (self.start / "corp-root.pem").write_text(root.pem, encoding="ascii")
        (self.start / "corp-intermediates.pem").write_text(issuing.pem, encoding="ascii")
        for name, host in self.hosts.items():
            leaf = mint.conforming(host["fqdn"], issuing, dns=[host["fqdn"]], **REAL.days())
            (self.start / "tls" / (name + ".key")).write_text(leaf.key_pem, encoding="ascii")
            (self.start / "tls" / (name + ".pem")).write_text(leaf.pem + (leaf.key_pem if name == "lb" else ""), encoding="ascii")

    def servers(self, stack):
        for name, serve in (("www", web_servers.nginx), ("lb", web_servers.haproxy)):
            stack.enter_context(serve(self.start, self.newcomer.programs, name, self.hosts[name]["ansible_host"], PORT))

    def write(self, **more):
        """Write the inventory where the README says."""
        hosts = {name: dict(variables, **more.get(name, {})) for name, variables in self.hosts.items()}
        path = self.start / re.search(r"into an inventory, `([\w./]+)`", QUICK).group(1)
        path.parent.mkdir(exist_ok=True)
        path.write_text(yaml.safe_dump({"webservers": {"hosts": hosts}}), encoding="utf-8")

    def describe(self):
        """Add to the inventory what the section on chains asks for."""
        of = {name: dict(LOCAL, server_chain_path=str(self.start / "tls" / (name + ".pem"))) for name in self.hosts}
        of["lb"].update(server_chain_server="haproxy", server_chain_haproxy_config=str(self.start / "haproxy.cfg"))
        for name, words in RELOADS.items():
            of[name]["server_chain_reload_command"] = [word.format(folder=self.start) for word in words]
        self.write(**of)

    def type(self, command):
        return self.newcomer.type(self.core, command)

    def tell(self):
        """All that is typed, in its order. On the oldest core the run is that of one host, with answers of a survey; on this core the second run has them."""
        (audit,), (check, run) = commands(QUICK), commands(CHAINS)
        (self.start / "answers.json").write_text(json.dumps(ANSWERS), encoding="utf-8")
        self.write()
        self.before = self.type(audit)
        self.describe()
        self.files = [self.served()]
        if self.core == "this":
            self.mended = sorted(self.hosts)
            self.check = self.type(check)
            self.files.append(self.served())
            self.run = self.type(run)
            self.again = self.type(run + " -e @answers.json")
        else:
            self.mended = ["lb"]
            self.run = self.type(run + " -e @answers.json --limit lb")
        self.files.append(self.served())
        self.after = self.type(audit)

    def served(self):
        return {name: (self.start / "tls" / (name + ".pem")).read_text(encoding="ascii") for name in self.hosts}


@pytest.fixture(scope="module")
def story(core, tmp_path_factory):
    told = Story(Newcomer(tmp_path_factory.mktemp("quick")), core)
    with contextlib.ExitStack() as stack:
        told.servers(stack)
        told.tell()
    return told


def reports(done):
    """The lines of all messages that are lists, as the playbooks report."""
    assert done.returncode == 0, done.stdout + done.stderr
    found = [json.loads(text) for text in re.findall(r"=> (\{\n.*?^\})$", done.stdout, re.MULTILINE | re.DOTALL)]
    return [line for message in found if isinstance(message.get("msg"), list) for line in message["msg"]]


def changed(done):
    """How many changes the end of a run counts for each host."""
    assert done.returncode == 0, done.stdout + done.stderr
    return {name: int(count) for name, count in re.findall(r"^(\S+) +: ok=\d+ +changed=(\d+)", done.stdout, re.MULTILINE)}


def diffs(done):
    """The diffs; which host comes first is chance."""
    return sorted(re.findall(r"^--- .*?\n\n", done.stdout, re.MULTILINE | re.DOTALL))


def test_the_sample_of_the_output_is_what_the_command_prints(story):
    printed = VARYING.sub("DATE", "\n".join(reports(story.before)))
    (sample,) = blocks(QUICK, "")
    lines = [r"(.*\n)+?" if line.strip() == "..." else re.escape(VARYING.sub("DATE", line)) + r"\n" for line in sample.splitlines()]
    assert re.search("^%s2 endpoints checked: 0 ok, 0 with warnings, 2 with errors" % "".join(lines), printed, re.MULTILINE), printed


@only_here
def test_check_mode_reports_the_scenario_and_the_changes_and_changes_nothing(story):
    lines = "\n".join(reports(story.check))
    assert lines.count("Scenario of Ruckus article 000011648: 4 (intermediates are missing, append them)") == 2
    assert changed(story.check) == {"www": 2, "lb": 2} and story.files[1] == story.files[0]


def test_the_run_mends_the_servers_within_the_limit(story):
    assert changed(story.run) == dict.fromkeys(story.mended, 2)
    pool = (story.start / "corp-intermediates.pem").read_text(encoding="ascii")
    assert [name for name in sorted(story.hosts) if pool in story.files[-1][name] and pool not in story.files[0][name]] == story.mended


@only_here
def test_check_mode_has_shown_what_the_run_did(story):
    assert diffs(story.run) == diffs(story.check) != []


@only_here
def test_a_second_run_changes_nothing(story):
    assert changed(story.again) == {"www": 0, "lb": 0}


def test_the_audit_finds_nothing_wrong_with_them_any_more(story):
    good = len(story.mended)
    assert reports(story.after)[-1].startswith("2 endpoints checked: %d ok, 0 with warnings, %d with errors" % (good, 2 - good))


def test_nothing_is_written_below_the_collection(story):
    assert story.newcomer.picture() == story.newcomer.shipped
