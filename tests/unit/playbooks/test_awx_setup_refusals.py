# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The server of these tests refuses what AWX 24.6.1 refuses, so that a run of awx_setup against it says something about AWX."""

from __future__ import annotations

import json
import urllib.error
import urllib.request

import pytest

from ansible_collections.certmend.tls.tests.support.awx.rules import RULES, ServerError, rrule
from ansible_collections.certmend.tls.tests.support.awx.server import TOKEN, serving

FIELDS = {"fields": [{"id": "password", "label": "Password", "type": "string"}]}
SURVEY = {"name": "A", "description": "B", "spec": [{"question_name": "Q", "required": True, "type": "text", "variable": "audit_hosts", "default": "all"}]}
START = "DTSTART;TZID=Europe/Berlin:20270101T023000 RRULE:"


class Client:
    """A client that is signed in.

    :param server: the server's objects, and its address.
    """

    def __init__(self, server):
        self.awx, self.address = server

    def ask(self, method, path, data=None, token=TOKEN):
        """The status and the content of an answer."""
        headers = {"Authorization": "Bearer " + token, "Content-Type": "application/json"}
        request = urllib.request.Request(self.address + path, json.dumps(data or {}).encode(), headers, method=method)
        try:
            with urllib.request.urlopen(request) as answer:
                return answer.status, json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read() or b"null")


@pytest.fixture(scope="module")
def client():
    with serving({"playbooks/audit.yml"}) as server:
        found = Client(server)
        found.template = server[0].store.add("job_templates", {"name": "audit", "survey_enabled": True})
        found.ask("POST", found.template["url"] + "survey_spec/", SURVEY)
        yield found


@pytest.mark.parametrize("rule", ["FREQ=DAILY;INTERVAL=1", "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TU", "FREQ=DAILY;INTERVAL=1;COUNT=999"])
def test_a_rule_that_awx_takes(rule):
    assert rrule(START + rule) == "" == rrule("DTSTART:20270101T023000Z RRULE:" + rule)


@pytest.mark.parametrize(
    "text",
    [
        "DTSTART:20270101T023000 RRULE:FREQ=DAILY;INTERVAL=1",
        "RRULE:FREQ=DAILY;INTERVAL=1",
        "DTSTART;TZID=Europe/Atlantis:20270101T023000 RRULE:FREQ=DAILY;INTERVAL=1",
        "DTSTART;TZID=Europe/Berlin:20271301T023000 RRULE:FREQ=DAILY;INTERVAL=1",
        START + "FREQ=DAILY",
        START + "FREQ=SECONDLY;INTERVAL=1",
        START + "FREQ=MONTHLY;INTERVAL=1;BYDAY=2MO",
        START + "FREQ=DAILY;INTERVAL=1;COUNT=1000",
        START + "FREQ=DAILY;INTERVAL=1;COUNT=5;UNTIL=20280101T000000Z",
        START + "often",
    ],
)
def test_a_rule_that_awx_refuses(text):
    assert rrule(text)


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "ssh"},
        {"inputs": {"fields": [{"id": "tower", "label": "T", "type": "string"}]}},
        {"inputs": {"fields": [{"id": "a", "label": "A", "type": "integer"}]}},
        {"inputs": dict(FIELDS, required=["username"])},
        {"injectors": {"file": {"template.a.b": "x"}}},
        {"injectors": {"file": {"template": "x", "template.a": "y"}}},
        {"injectors": {"env": {"ANSIBLE_FORKS": "x"}}},
        {"injectors": {"env": {"PATH": "x"}}},
        {"injectors": {"extra_vars": {"a": 5}}},
        {"injectors": {"extra_vars": {"a": "{{ username }}"}}},
        {"injectors": {"extra_vars": {"a": "{{ tower.filename.key }}"}}},
        {"injectors": {"extra_vars": {"a": "{{ password | trim }}"}}},
    ],
    ids=str,
)
def test_a_credential_type_that_awx_refuses(change):
    good = {"kind": "cloud", "inputs": FIELDS, "injectors": {"extra_vars": {"a": "{{ password }}"}}}
    assert RULES["credential_types"](good, None) == {} and RULES["credential_types"](dict(good, **change), None)


def test_an_integer_in_a_list_is_an_error_of_the_server(client):
    with pytest.raises(ServerError):
        RULES["credential_types"]({"kind": "cloud", "inputs": FIELDS, "injectors": {"extra_vars": {"a": [5]}}}, None)
    data = {"name": "x", "kind": "cloud", "inputs": FIELDS, "injectors": {"extra_vars": {"a": [5]}}}
    assert client.ask("POST", "/api/v2/credential_types/", data)[0] == 500


def test_a_wrong_survey_is_answered_with_400(client):
    status, answer = client.ask("POST", client.template["url"] + "survey_spec/", dict(SURVEY, spec=[]))
    assert status == 400 and "spec" in answer["error"] and client.awx.store.survey_of(client.template) == SURVEY


@pytest.mark.parametrize("playbook", ["certmend.tls.audit", "playbooks/missing.yml"])
def test_a_playbook_that_is_not_in_the_project_is_refused(client, playbook):
    status, answer = client.ask("POST", "/api/v2/job_templates/", {"name": "x", "project": 1, "inventory": 1, "playbook": playbook})
    assert (status, answer) == (400, {"playbook": ["Playbook not found for project."]})


@pytest.mark.parametrize("answers, said", [({}, "variables_needed_to_start"), ({"audit_hosts": "all", "audit_fail_on": "error"}, "variables")])
def test_a_schedule_answers_each_required_question_and_no_other(client, answers, said):
    data = {"name": "x", "unified_job_template": client.template["id"], "rrule": START + "FREQ=DAILY;INTERVAL=1", "extra_data": answers}
    status, answer = client.ask("POST", "/api/v2/schedules/", data)
    assert status == 400 and list(answer) == [said]


def test_a_node_needs_no_answers_and_takes_no_unknown_ones(client):
    node = {"identifier": "x", "unified_job_template": client.template["id"]}
    assert client.ask("POST", "/api/v2/workflow_job_template_nodes/", dict(node, extra_data={"audit_fail_on": "error"}))[0] == 400
    assert client.ask("POST", "/api/v2/workflow_job_template_nodes/", node)[0] == 201


@pytest.mark.parametrize("settings", [{"url": "https://x"}, {"headers": {}}, {"url": "https://x", "headers": {}, "http_method": "PATCH"}], ids=str)
def test_a_webhook_needs_an_address_headers_and_a_method(settings):
    item = {"notification_type": "webhook", "notification_configuration": settings}
    assert RULES["notification_templates"](item, None)


def test_a_manual_project_has_a_folder_of_its_own(client):
    data = {"name": "one", "scm_type": "", "local_path": "tls"}
    assert client.ask("POST", "/api/v2/projects/", data)[0] == 201
    assert client.ask("POST", "/api/v2/projects/", dict(data, name="two"))[0] == 400
    assert client.ask("POST", "/api/v2/projects/", dict(data, name="three", local_path="a/b"))[0] == 400
    assert client.ask("POST", "/api/v2/projects/", {"name": "four", "scm_type": "archive", "scm_url": "file:///a.tgz"})[0] == 400


def test_one_credential_of_a_type_for_a_template(client):
    first, second = (client.awx.store.add("credentials", {"name": name, "credential_type": 1}) for name in ("a", "b"))
    path = client.template["url"] + "credentials/"
    assert client.ask("POST", path, {"id": first["id"]})[0] == 204 and client.ask("POST", path, {"id": second["id"]})[0] == 400


def test_somebody_who_is_not_signed_in_gets_nothing(client):
    assert client.ask("GET", "/api/v2/projects/", token="another")[0] == 401
    assert client.ask("GET", "/api/v2/no_such_objects/")[0] == client.ask("GET", "/api/v2/projects/999/")[0] == 404
