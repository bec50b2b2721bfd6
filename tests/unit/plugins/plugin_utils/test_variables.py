# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What becomes of the values that inventories, command lines and surveys give."""

from __future__ import annotations

import pytest

from ansible_collections.certmend.tls.plugins.plugin_utils.variables import Description, by_hosts, judge, unknown

OPTIONS = {
    "web_port": {"type": "int", "default": 443},
    "web_names": {"type": "list", "elements": "str"},
    "web_live": {"type": "bool", "default": True},
    "web_seconds": {"type": "float"},
    "web_server": {"type": "str", "choices": ["nginx", "apache"], "default": "nginx"},
    "web_roots": {"type": "list", "elements": "path", "controller": True},
    "web_key": {"type": "path"},
    "web_store": {"type": "path", "controller": True},
    "web_subject": {"type": "dict"},
    "web_password": {"type": "int", "no_log": True},
    "web_stages": {"type": "list", "elements": "str"},
    "web_parts": {"type": "list", "elements": "dict", "options": {"host": {"type": "str", "required": True}, "port": {"type": "int"}}},
    "web_keys": {"type": "list", "elements": "dict", "options": {"path": {"type": "path", "controller": True}, "name": {"type": "str"}}},
    "web_servers": {"type": "list", "elements": "raw", "endpoint": True},
}
WEB = Description(("web", "chain"), OPTIONS, frozenset(["web_result"]), {"web_ca": "web_roots"}, frozenset(["web_stages"]))
START = "/srv/ops"


def value(name, given):
    values, problems = judge(WEB, {name: given}, START)
    assert problems == []
    return values.get(name)


def problem(name, given):
    (text,) = judge(WEB, {name: given}, START)[1]
    assert text.startswith(name + ": ")
    return text


@pytest.mark.parametrize(
    "name, given, expected",
    [
        ("web_port", "8443", 8443),
        ("web_port", " 8443 ", 8443),
        ("web_live", "no", False),
        ("web_live", False, False),
        ("web_seconds", "2.5", 2.5),
        ("web_names", "a,b", ["a", "b"]),
        ("web_names", "a\nb, c\n", ["a", "b", "c"]),
        ("web_names", '["a", "b"]', ["a", "b"]),
        ("web_names", ["a,b"], ["a,b"]),
        ("web_subject", '{"CN": "x"}', {"CN": "x"}),
        ("web_parts", '{"host": "a", "port": "1"}', [{"host": "a", "port": 1}]),
        ("web_parts", [{"host": "a"}], [{"host": "a"}]),
        ("web_servers", "a:8443\nb, [::1]:8443", [{"host": "a", "port": 8443}, {"host": "b", "port": 443}, {"host": "::1", "port": 8443}]),
        ("web_servers", [{"host": "a", "computers": ["x"]}, "b"], [{"host": "a", "computers": ["x"]}, {"host": "b", "port": 443}]),
    ],
)
def test_a_text_is_converted(name, given, expected):
    assert value(name, given) == expected


@pytest.mark.parametrize("nothing", ["", "  ", None])
def test_an_empty_answer_means_not_given(nothing):
    values, problems = judge(WEB, dict.fromkeys(OPTIONS, nothing), START)
    assert (values, problems) == ({"web_port": 443, "web_live": True, "web_server": "nginx"}, [])


def test_a_path_on_the_controller_starts_where_the_playbook_was_started():
    assert value("web_store", "pins") == "/srv/ops/pins" and value("web_store", "/etc/pins") == "/etc/pins"
    assert value("web_roots", "a.pem,sub/b.pem") == ["/srv/ops/a.pem", "/srv/ops/sub/b.pem"]
    assert value("web_keys", [{"path": "a.key"}, {"name": "a.key"}]) == [{"path": "/srv/ops/a.key"}, {"name": "a.key"}]


def test_a_path_on_another_host_stays():
    assert value("web_key", "tls/web.key") == "tls/web.key"


@pytest.mark.parametrize(
    "name, given, said",
    [
        ("web_port", "abc", "'abc' is not a whole number. Give a whole number without a unit."),
        ("web_port", True, "True is not a whole number"),
        ("web_port", 70000, "70000 is not between 1 and 65535"),
        ("web_live", "maybe", "'maybe' is neither true nor false. Give true or false."),
        ("web_seconds", "5s", "'5s' is not a number"),
        ("web_server", "nginxx", "'nginxx' is not one of nginx, apache. Did you mean nginx?"),
        ("web_names", [{"a": 1}], "is not a text"),
        ("web_names", "[a", "begins like JSON"),
        ("web_subject", "CN", "not a dictionary"),
        ("web_parts", [{"port": 1}], "missing required arguments: host"),
        ("web_servers", ["a", "b:https"], "web_servers: 'https' is not a port (1 to 65535)"),
        ("web_servers", [{"host": "a", "prot": 1}], "web_servers: unknown key prot"),
        ("web_servers", [{"host": "a", "computers": {"b": 1}}], "web_servers: {'b': 1} is not a list of names"),
    ],
)
def test_a_wrong_value_is_named_with_the_way_out(name, given, said):
    assert said in problem(name, given)


def test_the_value_of_a_secret_is_not_shown():
    assert "Secret-1" not in problem("web_password", "Secret-1")


def test_all_problems_are_reported_at_once():
    assert [text.partition(":")[0] for text in judge(WEB, {"web_port": "x", "web_live": "z"}, START)[1]] == ["web_port", "web_live"]


def test_a_required_variable_is_asked_for():
    description = Description(("web",), {"web_path": {"type": "path", "required": True, "description": "the file of the server. More."}})
    assert judge(description, {}, START)[1] == ["web_path: it is required, and not set. The file of the server."]


def test_the_markup_of_a_description_is_not_shown():
    words = "a folder for requests (C(NAME.csr)), if O(web_provider) is V(own_ca)"
    description = Description(("web",), {"web_path": {"type": "path", "required": True, "description": words}})
    (shown,) = judge(description, {}, START)[1]
    assert shown.endswith("A folder for requests (NAME.csr), if web_provider is own_ca.")


def test_an_old_name_counts_and_is_not_set_beside_the_new_one():
    assert judge(WEB, {"web_ca": "a.pem"}, START)[0]["web_roots"] == ["/srv/ops/a.pem"]
    assert "both are set" in judge(WEB, {"web_ca": "a.pem", "web_roots": "b.pem"}, START)[1][0]


def test_an_unknown_variable_is_named_with_the_nearest():
    texts = unknown(WEB, ["web_prot", "web_zzzzzzzzzz", "web_result", "web_ca", "web_port", "other"])
    assert texts == ["web_prot: there is no such variable. Did you mean web_port?", "web_zzzzzzzzzz: there is no such variable. Remove it."]


def test_an_unknown_variable_of_a_role_that_the_playbook_calls_is_named_too():
    assert unknown(WEB, ["chain_zzzzzzzzzz", "chainsaw"]) == ["chain_zzzzzzzzzz: there is no such variable. Remove it."]


def test_a_variable_that_the_playbook_sets_itself_is_refused():
    assert unknown(WEB, ["web_stages"]) == ["web_stages: it is set by the playbook itself. Remove it."]


def test_a_problem_of_some_hosts_names_them():
    assert by_hosts({"a": ["x", "y"], "b": ["x"]}) == ["x", "y (a)"]
