# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The one way out of a module: results, refused options, warnings and the system's log."""

from __future__ import annotations

import json

import pytest
from ansible.module_utils.basic import AnsibleModule

from ansible_collections.certmend.tls.plugins.module_utils.core.discreet import NOT_LOGGED, discreet, discreet_text
from ansible_collections.certmend.tls.tests.support import mint, shown
from ansible_collections.certmend.tls.tests.support.run import WITH_OPTIONS, call_main

KEY = mint.mint(key=shown.RSA).key_pem
WORDS = shown.words_of(KEY)
PASSWORD = "p\u200bss/w&rd"
SPEC = dict(content=dict(type="str"), mode=dict(type="str", choices=["a", "b"]), password=dict(type="str", no_log=True), text=dict(type="str"))


class Logged(AnsibleModule):
    """Keeps what would be written to the system's log, and the traceback, which Ansible returns from 2.19 on only if it is asked to."""

    lines, tracebacks = [], []

    def fail_json(self, msg, **result):
        self.tracebacks.append(result.get("exception"))
        super().fail_json(msg, **result)

    def log(self, msg, log_args=None):
        self.lines.append("%s %s" % (msg, log_args))


@pytest.fixture
def run():
    """run(what to do with the module, options): the result."""

    def call(act, **options):
        sent = dict(options, _ansible_verbosity=3, _ansible_remote_tmp="/tmp", **WITH_OPTIONS)
        return call_main(lambda: act(discreet(Logged)(SPEC, mutually_exclusive=[("content", "mode")])), json.dumps({"ANSIBLE_MODULE_ARGS": sent}))

    Logged.lines.clear()
    return call


def test_a_result_shows_neither_a_key_nor_a_password(run):
    result = run(lambda module: module.exit_json(told=["the password is " + PASSWORD, KEY]), content="x" + KEY, password=PASSWORD)
    assert shown.shown_of([*WORDS, PASSWORD, "ss/w&rd"], json.dumps(result, ensure_ascii=False)) == []
    assert result["invocation"]["module_args"]["password"] == result["invocation"]["module_args"]["content"] == NOT_LOGGED
    assert result["told"][0] == "the password is ********"


def test_an_option_is_on_one_line_of_the_system_s_log_and_without_what_the_log_refuses(run):
    """Since Python 3.12, syslog refuses a NUL."""
    run(lambda module: module.exit_json(), text="a\nroot signed in\0")
    (line,) = Logged.lines
    assert "text=a\\u{A}root signed in\\u{0}" in line and "\n" not in line.partition(" {")[0]


@pytest.mark.parametrize("options", [{"mode": KEY}, {"content": KEY, "mode": "a"}, {"unknown": KEY}, {"content": {"a": KEY}, "mode": "a"}])
def test_options_that_ansible_refuses_show_no_key(run, options):
    result = run(lambda module: module.exit_json(), **options)
    assert result["failed"], result
    assert shown.shown_of(WORDS, json.dumps(result)) == []


def test_the_log_of_the_system_shows_no_key(run):
    run(lambda module: module.exit_json(), content=KEY, text="depot.corp.example")
    (line,) = Logged.lines
    assert "depot.corp.example" in line
    assert shown.shown_of(WORDS, line) == []


def test_an_error_with_its_traceback_and_a_warning_are_escaped_and_show_no_secret(run):
    def act(module):
        module.warn("a\x1b %s" % PASSWORD)
        module.fail_json("b\u202e %s" % PASSWORD, exception="Traceback:\n  %s\x1b" % KEY, advice="c\nd")

    result = run(act, content=KEY, password=PASSWORD)
    assert result["msg"].startswith("b\\u{202E} ********") and result["advice"] == "c\nd"
    assert "a\\u{1B} ********" in json.dumps(result["warnings"]).replace("\\\\", "\\")
    assert Logged.tracebacks[-1] == "Traceback:\n  ********\\u{1B}"
    assert shown.shown_of([*WORDS, "ss/w&rd"], json.dumps(result)) == []
    assert shown.forbidden_in(dict(result, advice="")) == {}


def test_a_password_that_a_server_sends_back_in_another_form_is_hidden(run):
    result = run(lambda module: module.exit_json(told="p%E2%80%8Bss%2Fw%26rd and p\u200bss/w&amp;rd"), password=PASSWORD)
    assert result["told"] == "******** and ********"


def test_a_message_of_a_lookup_shows_neither_a_key_nor_a_password():
    text = discreet_text("%s\x1b is no path; %s" % (KEY, PASSWORD), {"terms": [KEY], "password": PASSWORD})
    assert text.endswith("\\u{1B} is no path; ********")
    assert shown.shown_of(WORDS, text) == []
