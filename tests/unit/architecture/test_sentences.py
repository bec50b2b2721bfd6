# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every sentence has one end: those in the source, and the message and the advice of every finding one after the other."""

from __future__ import annotations

import ast

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.appliance.ome import messages
from ansible_collections.certmend.tls.plugins.module_utils.core.codes import CODES
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError, SeveralErrors
from ansible_collections.certmend.tls.plugins.module_utils.x509.languages.french import ADVICE_TEXTS, MESSAGE_TEXTS
from ansible_collections.certmend.tls.plugins.module_utils.x509.rules.registry import RULES
from ansible_collections.certmend.tls.tests.support.ends import doubled_ends
from ansible_collections.certmend.tls.tests.support.source import ROOT, UTILS, code_of, name_of

#: what is called with a message first and advice second
ERRORS = ("RemediationError", "HeldError", "StepFailed")
ADVICE = [outcome.advice for rule in RULES for outcome in rule.outcomes.values()] + [entry.advice for entry in CODES]
#: what a message can end with: its own words, and those of a server, a program or a file
ENDINGS = ["the name is missing", "keytool says: ", "who are you?", "No!", "(a, b ...)", *(str(message) for message in messages.UPLOAD), str(messages.MUTUAL)]


@pytest.mark.parametrize("text", ["a.. b", "a?. b", "a. . b", "key.; b", "(key.). b", "failed: . b", "a.."])
def test_a_doubled_end_is_found(text):
    assert doubled_ends(text)


@pytest.mark.parametrize("text", ["a. b", "a ... b", "../a b", "a/.. b", "1..3", "(a, b ...). c", "a. ... b", "e.g. b", "/etc/. b", "a (b.) c"])
def test_what_is_no_doubled_end_is_not(text):
    assert not doubled_ends(text)


@pytest.mark.parametrize("advice", sorted(set(ADVICE)))
def test_a_finding_s_message_and_advice_are_two_sentences(advice):
    assert advice.endswith(".") and not doubled_ends(advice)
    for message in ENDINGS:
        error = RemediationError("CODE: " + message, advice)
        assert not doubled_ends(str(error)) and not doubled_ends(str(SeveralErrors([error, error])))


@pytest.mark.parametrize("texts", ADVICE_TEXTS + MESSAGE_TEXTS, ids=lambda texts: texts[0][:40])
def test_a_translation_ends_as_the_text_does(texts):
    english, french = texts
    assert english.endswith(".") == french.endswith(".") and not doubled_ends(french)


def literals(node):
    """The texts that an argument can be, before values are put in."""
    if isinstance(node, ast.Constant):
        return [node.value] if isinstance(node.value, str) else []
    if isinstance(node, ast.IfExp):
        return literals(node.body) + literals(node.orelse)
    return literals(node.left) if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod) else []


RAISED = [
    (name_of(path), call.lineno, call.args)
    for path in UTILS
    for call in ast.walk(code_of(path))
    if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in ERRORS and len(call.args) >= 2
]


def test_the_errors_in_the_source_are_found():
    assert len(RAISED) > 200 and sum(bool(literals(args[0])) for _name, _line, args in RAISED) > 150


@pytest.mark.parametrize("name, line, args", RAISED, ids=lambda value: str(value) if isinstance(value, (str, int)) else "")
def test_a_message_has_no_full_stop_and_its_advice_has(name, line, args):
    assert not [text for text in literals(args[0]) if text.endswith((".", "?", "!", ":", ";", ",", " "))], "%s:%d" % (name, line)
    assert not [text for text in literals(args[1]) if text and not text.endswith((".", "%s"))], "%s:%d" % (name, line)


#: everything that a person reads of a run
SHOWN = [path for folder in ("roles", "playbooks") for path in sorted((ROOT / folder).rglob("*")) if path.suffix in (".yml", ".j2", ".md")]


def texts_in(path):
    """The texts of a file; those of Python code if they are more than one word."""
    if path.suffix != ".py":
        return [path.read_text(encoding="utf-8")]
    constants = (node.value for node in ast.walk(code_of(path)) if isinstance(node, ast.Constant))
    return [value for value in constants if isinstance(value, str) and " " in value]


@pytest.mark.parametrize("path", SHOWN + UTILS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_text_in_a_file_has_a_doubled_end(path):
    assert [end for text in texts_in(path) for end in doubled_ends(text)] == []
