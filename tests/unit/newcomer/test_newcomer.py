# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The first hour of somebody who installed the artefact: an own inventory, commands from an own folder, wrong values, answers of a survey, --limit."""

from __future__ import annotations

import json
import re
import shlex

import pytest
import yaml

from ansible_collections.certmend.tls.plugins.plugin_utils.descriptions import described
from ansible_collections.certmend.tls.tests.support.corporate import Pki
from ansible_collections.certmend.tls.tests.support.newcomer import in_one_line
from ansible_collections.certmend.tls.tests.support.source import ROOT

PLAYBOOKS = sorted(path.stem for path in ROOT.glob("playbooks/*.yml"))
NAME = "www.corp.example"
#: a value of each type that no variable of the type takes
WRONG = {"int": "a few", "float": "5 s", "bool": "perhaps", "dict": "no dictionary", "str": {"a": "dictionary"}, "path": {"a": "dictionary"}}
#: variables of Ansible itself, and free forms, that have no wrong value
FREE = ("ansible_host",)
INVENTORY = {
    "all": {
        "children": {
            group: {"hosts": {host: {"ansible_connection": "ssh", "ansible_python_interpreter": "/nowhere/python"} for host in hosts}}
            for group, hosts in {
                "depots": ["depot"],
                "installers": ["installer"],
                "webservers": ["www", "lb"],
                "pinned": ["vault"],
                "vcenters": ["vc"],
                "omes": ["ome1", "ome2"],
            }.items()
        }
    }
}


@pytest.fixture(scope="module")
def newcomer(newcomer):
    (newcomer.start / "inventory.yml").write_text(yaml.safe_dump(INVENTORY), encoding="utf-8")
    return newcomer


def wrong_values(playbook):
    """A wrong value for every variable of a playbook."""
    found = {}
    for name, option in described(playbook).options.items():
        kind = option["elements"] if option["type"] == "list" and option["elements"] in WRONG else option["type"]
        wrong = "no such word" if option.get("choices") else WRONG.get(kind)
        if name not in FREE and wrong is not None:
            found[name] = [wrong] if option["type"] == "list" else wrong
    return found


@pytest.mark.parametrize("playbook", PLAYBOOKS)
def test_every_wrong_value_is_an_error_that_names_its_variable(newcomer, core, playbook):
    wrong = wrong_values(playbook)
    # the patterns of hosts are texts that Ansible itself evaluates before the first task
    patterns = [name for name in wrong if name.endswith(("_hosts", "_targets", "_appliances", "_vcenters", "_clients"))]
    given = {name: value for name, value in wrong.items() if name not in patterns}
    done = newcomer.play(core, playbook, given)
    text = in_one_line(done)
    assert done.returncode != 0
    assert [name for name in given if not re.search(r"\b%s: " % name, text)] == [], text[-3000:]
    assert "unreachable=0" in text and "Traceback" not in text


@pytest.mark.parametrize("playbook", PLAYBOOKS)
def test_a_mistyped_variable_is_an_error_with_the_nearest_name(newcomer, core, playbook):
    name = next(name for name in described(playbook).options if name.startswith(playbook + "_"))
    text = in_one_line(newcomer.play(core, playbook, {name[:-1]: "x"}))
    assert "%s: there is no such variable. Did you mean " % name[:-1] in text


@pytest.fixture(scope="module")
def incomplete(newcomer, shared_tls_server):
    """A real server that presents its own certificate only; the roots lie in the folder of the newcomer."""
    pki = Pki(newcomer.start)
    leaf = pki.leaf(NAME)
    return shared_tls_server(leaf.pem, leaf.key_pem)


def test_an_audit_from_an_own_folder_reads_and_writes_there(newcomer, core, incomplete):
    answers = {"audit_endpoints": "127.0.0.1:%d" % incomplete, "audit_trusted_path": "roots.pem", "audit_report_path": "report.json", "audit_fail_on": ""}
    done = newcomer.play(core, "audit", answers, "--check")
    assert done.returncode == 0, done.stdout
    report = newcomer.start / "report.json"
    assert "CHAIN-INCOMPLETE" in json.loads(report.read_text(encoding="utf-8"))["summary"]["codes"]
    report.unlink()
    assert newcomer.picture() == newcomer.shipped


def test_an_audit_without_roots_does_not_call_the_server_good(newcomer, core, incomplete):
    done = newcomer.play(core, "audit", {"audit_endpoints": ["127.0.0.1:%d" % incomplete], "audit_fail_on": "warning"})
    assert done.returncode != 0 and "TRUST-NOT-JUDGED" in done.stdout and "CHAIN-INCOMPLETE" in done.stdout


def test_every_answer_of_a_survey_can_be_empty(newcomer, core, incomplete):
    empty = dict.fromkeys(described("audit").options, "")
    done = newcomer.play(core, "audit", dict(empty, audit_endpoints="127.0.0.1:%d\n" % incomplete))
    assert done.returncode == 0 and "1 endpoint checked" in done.stdout, done.stdout


def test_an_audit_is_limited_to_the_limit(newcomer, core, incomplete):
    answers = {"audit_hosts": "webservers", "audit_port": incomplete, "audit_address": "127.0.0.1", "audit_questions": "no"}
    done = newcomer.play(core, "audit", answers, "--limit", "www")
    assert done.returncode == 0 and "www:%d" % incomplete in done.stdout and "lb:%d" % incomplete not in done.stdout
    nothing = newcomer.play(core, "audit", answers, "--limit", "vc")
    assert nothing.returncode != 0 and "There is nothing to audit" in in_one_line(nothing)


@pytest.mark.parametrize(
    "playbook, group",
    [
        ("audit", "all"),
        ("offline_depot", "depots"),
        ("offline_depot", "installers"),
        ("ome_migration", "omes"),
        ("pins", "pinned"),
        ("restore", "all"),
        ("server_chain", "webservers"),
        ("ssl_trust", "vcenters"),
    ],
)
def test_the_inventory_of_the_examples_has_no_mistake(newcomer, playbook, group):
    examples = newcomer.collections / "ansible_collections/certmend/tls/docs/examples/inventory"
    expression = "{{ query('certmend.tls.variables', '%s', problems=true, hosts=groups['%s']) }}" % (playbook, group)
    done = newcomer.type("this", "ansible -i %s localhost -m ansible.builtin.debug -a %s" % (examples, shlex.quote("msg=" + json.dumps(expression))))
    assert re.search(r'"msg": \[\]', done.stdout), done.stdout
