# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbook awx_setup with the real modules of awx.awx, against a server that answers like AWX: everything is created, and a second run changes nothing."""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys

import pytest

from ansible_collections.certmend.tls.tests.support.awx.collection import MISSING, collections
from ansible_collections.certmend.tls.tests.support.awx.rules import rrule
from ansible_collections.certmend.tls.tests.support.awx.server import ACCOUNT, TOKEN, serving
from ansible_collections.certmend.tls.tests.support.run import TREE
from ansible_collections.certmend.tls.tests.support.source import ROOT

OLDEST = os.environ.get("LAB_OLDEST")
#: the playbook remediate is one of the project's, also where it is not written yet
PLAYBOOKS = {"playbooks/remediate.yml", *("playbooks/" + path.name for path in ROOT.glob("playbooks/*.yml"))}
ARTICLES = {"offline_depot", "server_chain", "ssl_trust", "ome_migration", "pins"}
TEMPLATES = {"audit", "plan", "remediate", "restore", *ARTICLES}
NEEDED = {"awx_setup_shared_dir": "/srv/certmend", "awx_setup_timezone": "Europe/Berlin"}
FULL = {
    "awx_setup_username": ACCOUNT[0],
    "awx_setup_password": ACCOUNT[1],
    "awx_setup_validate_certs": False,
    "awx_setup_timeout": 600,
    "awx_setup_organization": "Operations",
    "awx_setup_prefix": "TLS",
    "awx_setup_scm_url": "https://git.corp.example/tls.git",
    "awx_setup_scm_branch": "stable",
    "awx_setup_scm_credential": "git",
    "awx_setup_inventory": "Appliances",
    "awx_setup_execution_environment": "certificates",
    "awx_setup_machine_credential": "ssh",
    "awx_setup_ca_credential": "issuing CA",
    "awx_setup_vcenter_credential": "sso",
    "awx_setup_ome_credential": "ome",
    "awx_setup_notification_url": "https://chat.corp.example/hook",
    "awx_setup_notification_headers": {"Authorization": "Bearer a-secret-of-the-hook"},
}
OWN = {"name": "check of the pins", "template": "pins", "rrule": "DTSTART:20270101T000000Z RRULE:FREQ=DAILY;INTERVAL=1", "extra_data": {"pins_path": "/srv/p"}}
LEAST = {"awx_setup_token": TOKEN, "awx_setup_local_path": "tls", "awx_setup_ca_credential": "issuing CA", "awx_setup_schedules": [OWN]}


class Setup:
    """A server, and runs of the playbook against it.

    :ivar before: the number of requests that changed something, before the last run.
    """

    def __init__(self, folder, awx, address, core):
        self.folder, self.awx, self.address, self.core, self.before = folder, awx, address, core, 0
        for kind, names in {"organizations": ["Default", "Operations"], "execution_environments": ["certificates"]}.items():
            for name in names:
                awx.store.add(kind, {"name": name})
        for number, name in enumerate(["git", "ssh", "issuing CA", "sso", "ome"]):
            awx.store.add("credentials", {"name": name, "credential_type": number})

    def run(self, variables, *arguments):
        """Run the playbook; what it printed."""
        given = {"awx_setup_url": self.address, **NEEDED, **variables}
        program = [sys.executable, "-m", "ansible", "playbook"] if self.core == "this" else [os.path.join(OLDEST, "ansible-playbook")]
        paths = os.pathsep.join(map(str, (TREE, collections())))
        kept = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
        kept.update(HOME=str(self.folder), ANSIBLE_COLLECTIONS_PATH=paths, ANSIBLE_NOCOLOR="1", ANSIBLE_LOCALHOST_WARNING="false")
        self.before = self.awx.writes
        command = [*program, "-i", "localhost,", "certmend.tls.awx_setup", "-e", json.dumps(given), *arguments]
        return subprocess.run(command, cwd=self.folder, env=kept, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)

    def named(self, kind, name):
        """An object by its name."""
        (item,) = [item for item in self.awx.store.all(kind) if item.get("name", item.get("identifier")) == name]
        return item

    def linked(self, item, part):
        """The ids of what is associated with an object."""
        return self.awx.store.links.get(item["url"] + part, [])


def changed(done):
    return int(re.search(r"changed=(\d+)", done.stdout)[1])


@contextlib.contextmanager
def twice(folder, variables, core):
    """The server after two runs, and what they printed; the second run prints all that it can."""
    if collections() is None:
        pytest.skip(MISSING)
    with serving(PLAYBOOKS) as (awx, address):
        found = Setup(folder, awx, address, core)
        found.first, found.wrote = found.run(variables), awx.writes
        found.second = found.run(variables, "-vvv")
        yield found


@pytest.fixture(scope="module")
def setup(tmp_path_factory):
    """With everything that can be set."""
    with twice(tmp_path_factory.mktemp("awx"), FULL, "this") as found:
        yield found


@pytest.fixture(scope="module")
def least(tmp_path_factory):
    """With a manual project, a schedule of its own, and little else; on the oldest core if there is one."""
    with twice(tmp_path_factory.mktemp("least"), LEAST, "oldest" if OLDEST else "this") as found:
        yield found


def test_everything_is_created_and_a_second_run_changes_nothing(setup):
    assert setup.first.returncode == 0, setup.first.stdout + setup.first.stderr
    assert setup.second.returncode == 0 and changed(setup.first) == 10 and setup.wrote > 40
    assert changed(setup.second) == 0, setup.second.stdout


def test_there_is_a_template_with_a_survey_for_each_playbook(setup):
    templates = {item["name"]: item for item in setup.awx.store.all("job_templates")}
    assert set(templates) == {"TLS " + name for name in TEMPLATES}
    surveys = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in ROOT.glob("playbooks/surveys/*.json")}
    assert all(setup.awx.store.survey_of(templates["TLS " + name]) == surveys[name] for name in TEMPLATES)
    assert all(item["survey_enabled"] for item in templates.values()) and templates["TLS plan"]["job_tags"] == "plan"


def test_what_changes_something_can_be_started_as_a_check(setup):
    asked = {item["name"].partition(" ")[2]: item["ask_job_type_on_launch"] for item in setup.awx.store.all("job_templates")}
    assert asked == {name: name not in ("audit", "plan") for name in TEMPLATES}


def test_expressions_for_the_job_reach_awx_as_they_are(setup):
    variables = {name: json.loads(setup.named("job_templates", "TLS " + name)["extra_vars"]) for name in TEMPLATES}
    path = "/srv/certmend/plan-{{ awx_workflow_job_id | default(awx_job_id) }}.yml"
    assert variables["plan"] == {"remediate_plan_path": path} and variables["remediate"]["remediate_plan_path"] == path
    assert variables["remediate"]["evidence_path"] == "/srv/certmend/records", "a job's own files end with it"
    assert variables["server_chain"]["server_chain_signing_ca_private_key_path"] == "{{ certmend_ca_private_key_path }}"
    assert variables["audit"] == variables["pins"] == variables["restore"] == {}


def test_key_and_passphrase_of_a_ca_are_files(setup):
    injectors = setup.named("credential_types", "TLS CA")["injectors"]
    assert injectors["file"] == {"template." + name: "{{ %s }}" % name for name in ("certificate", "private_key", "passphrase")}
    assert injectors["extra_vars"]["certmend_ca_private_key_path"] == "{{ tower.filename.private_key }}"
    assert {item["name"] for item in setup.awx.store.all("credential_types")} == {"TLS CA", "TLS vCenter SSO", "TLS OpenManage Enterprise"}


def test_each_template_has_the_credentials_that_its_playbook_uses(setup):
    names = {item["id"]: item["name"] for item in setup.awx.store.all("credentials")}
    found = {name: {names[one] for one in setup.linked(setup.named("job_templates", "TLS " + name), "credentials")} for name in TEMPLATES}
    assert found["pins"] == set() and found["audit"] == {"ssh"} and found["ssl_trust"] == {"ssh", "sso"}
    assert found["remediate"] == {"ssh", "issuing CA", "sso", "ome"} and found["ome_migration"] == {"issuing CA", "ome"}
    assert found["restore"] == {"ssh", "sso"}, "it signs in to restore trust anchors"


def test_nothing_is_repaired_before_the_approval_and_a_failure_is_restored(setup):
    items = setup.awx.store.all("workflow_job_template_nodes")
    names, parts = {item["id"]: item["identifier"] for item in items}, ("success", "failure", "always")
    ways = {(item["identifier"], part): [names[one] for one in setup.linked(item, part + "_nodes")] for item in items for part in parts}
    assert {way: to for way, to in ways.items() if to} == {
        ("audit", "success"): ["plan"],
        ("plan", "success"): ["approval"],
        ("approval", "success"): ["remediate"],
        ("remediate", "success"): ["verify"],
        ("remediate", "failure"): ["restore"],
        ("verify", "failure"): ["restore"],
    }
    starts = setup.awx.store.unified(setup.named("workflow_job_template_nodes", "approval")["unified_job_template"])
    assert starts["type"] == "workflow_approval_template"


def test_the_schedules_name_their_zone(setup):
    rules = [item["rrule"] for item in setup.awx.store.all("schedules")]
    assert len(rules) == 2 and all(rule.startswith("DTSTART;TZID=Europe/Berlin:") and not rrule(rule) for rule in rules)


def test_failures_and_approvals_are_told(setup):
    (notification,) = setup.awx.store.all("notification_templates")
    workflow = setup.named("workflow_job_templates", "TLS workflow")
    assert setup.linked(workflow, "notification_templates_approvals") == setup.linked(workflow, "notification_templates_error") == [notification["id"]]


def test_no_secret_is_printed(setup):
    assert "ok=" in setup.second.stdout and ACCOUNT[1] not in setup.second.stdout and "a-secret-of-the-hook" not in setup.second.stdout


def test_a_manual_project_and_own_schedules(least):
    assert least.first.returncode == 0, least.first.stdout + least.first.stderr
    assert least.second.returncode == 0 and changed(least.second) == 0, least.second.stdout
    assert [item["name"] for item in least.awx.store.all("schedules")] == ["certmend.tls check of the pins"]
    assert least.named("projects", "certmend.tls")["local_path"] == "tls" and not least.awx.store.all("notification_templates")


def test_expressions_for_the_job_stay_expressions(least):
    variables = json.loads(least.named("job_templates", "certmend.tls server_chain")["extra_vars"])
    assert variables["server_chain_signing_ca_private_key_passphrase"] == "{{ lookup('ansible.builtin.file', certmend_ca_passphrase_path) }}"


def test_what_is_missing_is_said_before_anything_is_created(setup):
    done = setup.run({"awx_setup_username": "admin"})
    assert done.returncode != 0 and "awx_setup_token: nobody is signed in" in done.stdout and setup.awx.writes == setup.before
    assert "it has no scheme" in setup.run({"awx_setup_url": "awx.corp.example", "awx_setup_token": TOKEN}).stdout
