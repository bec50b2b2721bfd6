# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sentences one after the other, with one end each; and numbers with their nouns."""

from __future__ import annotations

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.core.sentences import clauses, counted, sentences


@pytest.mark.parametrize(
    "first, joined",
    [
        ("path: is empty", "path: is empty. Give a path."),
        ("path: is empty.", "path: is empty. Give a path."),
        ("path: is empty. \n", "path: is empty. Give a path."),
        ("path: is empty..", "path: is empty. Give a path."),
        ("the server asks: who are you?", "the server asks: who are you? Give a path."),
        ("the server says: no!.", "the server says: no! Give a path."),
        ("keytool failed: ", "keytool failed. Give a path."),
        ("one thing; another;", "one thing; another. Give a path."),
        ("the appliance answers CGEN1008 (Invalid CSR key.)", "the appliance answers CGEN1008 (Invalid CSR key.) Give a path."),
        ('the server says "no."', 'the server says "no." Give a path.'),
        ("four services (one, two, three ...)", "four services (one, two, three ...). Give a path."),
        ("connecting...", "connecting... Give a path."),
        ("", "Give a path."),
        ("...", "... Give a path."),
    ],
)
def test_each_sentence_has_one_end(first, joined):
    assert sentences(first, "Give a path.") == joined


@pytest.mark.parametrize("last", ["Give a path.\n  pin: sha256/AAAA=", "Give a path"])
def test_the_last_text_stays_as_it_is(last):
    assert sentences("path: is empty", last) == "path: is empty. " + last


def test_what_is_empty_is_left_out():
    assert sentences("path: is empty", "") == "path: is empty" and sentences("", "") == sentences() == ""


def test_parts_of_a_sentence_have_no_end():
    assert clauses(["KEY-NOT-CSR: Invalid CSR key.", "CHAIN-ORDER: wrong", " ", "why?"]) == "KEY-NOT-CSR: Invalid CSR key; CHAIN-ORDER: wrong; why?"
    assert clauses([]) == ""


@pytest.mark.parametrize(
    "number, noun, text",
    [
        (0, "endpoint", "0 endpoints"),
        (1, "endpoint", "1 endpoint"),
        (2, "trusted certificate", "2 trusted certificates"),
    ],
)
def test_a_number_has_the_right_form_of_its_noun(number, noun, text):
    assert counted(number, noun) == text
