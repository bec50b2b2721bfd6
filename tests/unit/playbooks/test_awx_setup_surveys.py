# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The surveys of the job templates: AWX accepts them, none of its oversights is in them, and each question is about a variable that the playbook documents."""

from __future__ import annotations

import copy
import json
import re

import pytest
import yaml

from ansible_collections.certmend.tls.plugins.plugin_utils.descriptions import described
from ansible_collections.certmend.tls.plugins.plugin_utils.variables import Description, judge
from ansible_collections.certmend.tls.tests.support.awx.surveys import mistaken, refused
from ansible_collections.certmend.tls.tests.support.source import ROOT

SURVEYS = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(ROOT.glob("playbooks/surveys/*.json"))}
QUESTIONS = [(name, question) for name, survey in SURVEYS.items() for question in survey["spec"]]
SETUP = yaml.safe_load((ROOT / "playbooks/vars/awx_setup.yml").read_text(encoding="utf-8"))
TEMPLATES = SETUP["setup_templates"]


def options_of(survey):
    """The variables that a survey may ask for: those of its playbook; of the workflow those of all its playbooks."""
    names = {node["template"] for node in SETUP["setup_nodes"].values()} if survey == "workflow" else {survey}
    return {name: option for template in names for name, option in described(TEMPLATES[template]["playbook"]).options.items()}


by_question = pytest.mark.parametrize("survey, question", QUESTIONS, ids=["%s-%s" % (survey, question["variable"]) for survey, question in QUESTIONS])


def test_each_template_and_the_workflow_has_a_survey():
    assert set(SURVEYS) == {*TEMPLATES, "workflow"}


@pytest.mark.parametrize("name", SURVEYS)
def test_awx_accepts_it_and_nothing_in_it_is_mistaken(name):
    assert refused(SURVEYS[name]) == [] and mistaken(SURVEYS[name]) == []


@by_question
def test_a_question_is_about_a_variable_that_the_playbook_documents(survey, question):
    assert question["variable"] in options_of(survey)


@by_question
def test_a_question_asks_as_the_variable_is(survey, question):
    option = options_of(survey)[question["variable"]]
    kind, choices = option["type"], option.get("choices")
    assert (question["type"] == "password") == bool(option.get("no_log"))
    assert kind != "list" or question["type"] == "textarea" or option.get("controller")
    assert kind != "bool" or question.get("choices") == ["true", "false"]
    assert kind not in ("int", "float") or question["type"] == {"int": "integer", "float": "float"}[kind]
    assert not choices or kind == "list" or question["choices"] == choices


@by_question
def test_a_default_is_a_value_that_the_playbook_takes(survey, question):
    description = Description(("x",), {question["variable"]: options_of(survey)[question["variable"]]})
    assert judge(description, {question["variable"]: question.get("default", "")}, "/")[1] == [] or question["required"]


@by_question
def test_what_the_inventory_may_say_about_a_host_has_no_default(survey, question):
    """An answer wins over the inventory, and a default is an answer."""
    assert "default" not in question or question["variable"] in {
        "ome_migration_appliances",
        "pins_hosts",
        "pins_state",
        "remediate_approved",
        "server_chain_hosts",
        "ssl_trust_targets",
    }


@by_question
def test_an_optional_question_says_what_an_empty_answer_is(survey, question):
    if question["type"] in ("text", "textarea", "password") and not question["required"] and "default" not in question:
        assert question["question_description"].endswith("Empty: not given.")


def test_a_required_question_is_one_without_which_the_playbook_does_nothing():
    required = {(survey, question["variable"]) for survey, question in QUESTIONS if question["required"]}
    documented = {(survey, name) for survey in SURVEYS for name, option in options_of(survey).items() if option.get("required") and survey != "workflow"}
    assert documented <= required <= documented | {("workflow", name) for name in ("audit_hosts", "remediate_hosts", "evidence_ticket")}


def test_the_nodes_of_the_workflow_answer_questions_of_their_templates():
    for node in SETUP["setup_nodes"].values():
        questions = {question["variable"]: question for question in SURVEYS[node["template"]]["spec"]}
        assert all(value in questions[name].get("choices", [value]) for name, value in node.get("extra_data", {}).items())
        assert not set(node.get("extra_data", {})) & {question["variable"] for question in SURVEYS["workflow"]["spec"]}, "the workflow's answer would win"


def test_what_a_template_sets_itself_is_no_default_of_its_survey():
    for name, variables in SETUP["setup_variables"].items():
        assert not [question for question in SURVEYS[name]["spec"] if question["variable"] in variables and "default" in question]


def test_what_the_credentials_set_are_variables_of_the_playbooks():
    known = {name for of in ("offline_depot", "server_chain", "ome_migration", "ssl_trust") for name in described(of).options}
    injected = {name for kind in SETUP["setup_credential_types"] for name in kind["injectors"]["extra_vars"]}
    assert {name for name in {*SETUP["setup_signing"], *injected} if not name.startswith("certmend_ca_")} <= known
    asked = set(re.findall(r"certmend_ca_\w+", str(SETUP["setup_signing"])))
    assert asked == {name for name in injected if name.startswith("certmend_ca_")}


GOOD = {
    "name": "A",
    "description": "B",
    "spec": [
        {"question_name": "Hosts", "question_description": "A pattern", "required": False, "type": "text", "variable": "audit_hosts", "min": 0, "max": 9},
        {"question_name": "Fail", "required": True, "type": "multiplechoice", "variable": "audit_fail_on", "choices": ["never", "error"]},
        {"question_name": "Days", "required": False, "type": "integer", "variable": "audit_expires_within", "min": 1, "max": 9, "default": 5},
    ],
}


def broken(index, change):
    """A good survey in which something of a question is changed, or of the survey if the index is None; a value of ... removes it."""
    survey = copy.deepcopy(GOOD)
    target = survey if index is None else survey["spec"][index]
    target.update(change)
    for name in [name for name, value in change.items() if value is ...]:
        del target[name]
    return survey


def test_a_good_survey_is_good():
    assert refused(GOOD) == [] and mistaken(GOOD) == []


#: what AWX answers with 400
REFUSED = [
    (None, {"name": ...}, "'name' is missing"),
    (None, {"description": ...}, "'description' is missing"),
    (None, {"description": None}, "'description' is no string"),
    (None, {"spec": ...}, "'spec' is missing"),
    (None, {"spec": {}}, "'spec' is no list"),
    (None, {"spec": []}, "doesn't contain any items"),
    (None, {"spec": ["hosts"]}, "it is no object"),
    (0, {"required": ...}, "'required' is missing"),
    (0, {"required": "false"}, "'required' is missing, or of another type"),
    (0, {"question_name": ...}, "'question_name'"),
    (0, {"variable": ...}, "'variable'"),
    (0, {"type": ...}, "'type'"),
    (0, {"type": "list"}, "list is no type"),
    (0, {"variable": "audit_fail_on"}, "twice"),
    (0, {"default": 5}, "the default is no str"),
    (0, {"default": None}, "the default is no str"),
    (2, {"default": "5"}, "the default is no int"),
    (2, {"default": True}, "the default is no int"),
    (2, {"min": "1"}, "'min' is no integer"),
    (2, {"max": 1.5}, "'max' is no integer"),
    (1, {"choices": ...}, "no choices"),
    (1, {"default": "warning"}, "not among the choices"),
    (1, {"type": "multiselect", "default": "never\nwarning"}, "not among the choices"),
    (0, {"type": "password", "default": "$encrypted$"}, "the default is $encrypted$"),
]


@pytest.mark.parametrize("index, change, said", REFUSED, ids=lambda value: str(value)[:40])
def test_a_survey_that_awx_refuses_is_refused(index, change, said):
    assert any(said in problem for problem in refused(broken(index, change)))


@pytest.mark.parametrize("survey", [None, [], "survey"])
def test_what_is_no_object_is_refused(survey):
    assert refused(survey) == ["the survey is no object"]


#: what AWX accepts although it is wrong
MISTAKEN = [
    (0, {"variable": "audit hosts"}, "no name of a variable"),
    (0, {"variable": ""}, "no name of a variable"),
    (0, {"variable": "class"}, "no name of a variable"),
    (0, {"variable": "awx_job_id"}, "AWX and Ansible set such names"),
    (0, {"variable": "ansible_host"}, "AWX and Ansible set such names"),
    (0, {"new_question": True}, "nothing reads 'new_question'"),
    (0, {"question_name": " "}, "the question is empty"),
    (0, {"default": ""}, "an empty default"),
    (0, {"default": "more than nine"}, "outside the limits"),
    (0, {"choices": ["a"]}, "it has choices, and is no choice"),
    (0, {"type": "password", "default": "secret"}, "a secret has no default"),
    (1, {"type": "multiselect"}, "drops the default"),
    (1, {"choices": []}, "missing, empty or there twice"),
    (1, {"choices": ["never", ""]}, "missing, empty or there twice"),
    (1, {"choices": ["never", "never"]}, "missing, empty or there twice"),
    (1, {"choices": "never\nerror", "default": "err"}, "a part of one would count as a choice"),
    (1, {"choices": ["never", 5]}, "no list of texts"),
    (1, {"default": "never"}, "leave one of them out"),
    (1, {"type": "multiselect", "default": "never\nerror"}, "the default is not among the choices"),
    (1, {"min": 0}, "choices have no limits"),
    (2, {"default": 10}, "outside the limits"),
    (2, {"default": 0}, "outside the limits"),
    (2, {"min": 9, "max": 1}, "the smallest value is above the largest"),
    (2, {"max": None}, "a limit is null"),
    (2, {"type": "float", "default": 9.5}, "outside the limits"),
]


@pytest.mark.parametrize("index, change, said", MISTAKEN, ids=lambda value: str(value)[:40])
def test_a_mistake_that_awx_accepts_is_found(index, change, said):
    survey = broken(index, change)
    assert refused(survey) == [] and any(said in problem for problem in mistaken(survey))
