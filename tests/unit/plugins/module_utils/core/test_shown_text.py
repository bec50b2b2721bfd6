# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Texts that a terminal, an editor and a spreadsheet show as they are."""

from __future__ import annotations

import csv
import io
import sys

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.core.shown_text import csv_cell, one_line, printable, printable_lines, printable_value, shown
from ansible_collections.certmend.tls.tests.support import mint
from ansible_collections.certmend.tls.tests.support.shown import BLANK, HOSTILE, acted_upon


@pytest.mark.parametrize(
    "text, expected",
    [
        ("depot.corp.example", "depot.corp.example"),
        ("caf\u00e9 \u4e2d\u6587 \\ \"'", "caf\u00e9 \u4e2d\u6587 \\ \"'"),
        ("\x1b]0;owned\x07", r"\u{1B}]0;owned\u{7}"),
        ("\x9b2K\x85", r"\u{9B}2K\u{85}"),
        ("\u202egpj\u2066", r"\u{202E}gpj\u{2066}"),
        ("a\u200bb\ufeffc\u00add", r"a\u{200B}b\u{FEFF}c\u{AD}d"),
        ("a\u2028b\u2029c\r\nd\te", r"a\u{2028}b\u{2029}c\u{D}\u{A}d\u{9}e"),
        ("a\u00a0b\u3000c", r"a\u{A0}b\u{3000}c"),
        ("\u3164\ufe0f\u2800", r"\u{3164}\u{FE0F}\u{2800}"),
        ("\ud800\U000e0041", r"\u{D800}\u{E0041}"),
        ("", ""),
    ],
)
def test_what_a_terminal_acts_on_or_shows_as_nothing_is_escaped(text, expected):
    assert printable(text) == expected
    assert printable(expected) == expected, "an escaped text stays as it is"


def test_no_character_of_unicode_passes_that_is_acted_upon():
    every = "".join(map(chr, range(sys.maxunicode + 1)))
    assert acted_upon(printable(every)) == []
    assert acted_upon(printable(BLANK)) == []
    assert acted_upon(printable_lines(every), several_lines=True) == []


def test_a_text_of_several_lines_keeps_line_feeds_and_tabs_alone():
    assert printable_lines("127.0.0.1\tlocalhost\r\n\x1b[2K") == "127.0.0.1\tlocalhost\\u{D}\n\\u{1B}[2K"


def test_two_values_never_have_the_same_text():
    values = ["\x1b", "\\u{1B}", "\\u{5C}u{1B}", "\\u{5C}u{5C}u{1B}", "\\\\u{1B}", "u{1B}", "\u200b", "\\u{200B}", "", "\\"]
    assert len({printable_value(value) for value in values}) == len(values)
    assert printable_value("DOMAIN\\user") == "DOMAIN\\user"


def test_the_text_of_a_value_can_be_read_back():
    for value in ("a\x1b\\u{1B}b\\", HOSTILE, "\\\\u{"):
        parts = printable_value(value).split("\\u{")
        assert parts[0] + "".join(chr(int(part.split("}", 1)[0], 16)) + part.split("}", 1)[1] for part in parts[1:]) == value


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r", " =", "\uff1d", "\t="])
def test_a_cell_is_no_formula(sign):
    cell = csv_cell(sign + 'HYPERLINK("http://x","y")')
    assert cell.startswith("\"'")
    assert len(next(csv.reader(io.StringIO(cell)))) == 1


def test_a_cell_is_quoted_and_keeps_an_ordinary_text():
    assert csv_cell('vault "a", b\n\u202e') == '"vault ""a"", b\\u{A}\\u{202E}"'
    assert csv_cell("sha256/abc+def=") == '"sha256/abc+def="'


def test_a_message_of_another_program_is_one_line():
    assert one_line("keytool error:\r\n  java.io\x1b[2K ") == "keytool error: java.io\\u{1B}[2K"
    assert one_line(None) == ""


def test_a_result_is_escaped_in_every_depth_with_its_names():
    result = {"a\u202e": [{"b": "\x1b"}, ("\x85",)], "c": 3, "d": None, "e": True}
    assert shown(result, str) == {"a\\u{202E}": [{"b": "\\u{1B}"}, ["\\u{85}"]], "c": 3, "d": None, "e": True}


def test_pem_a_diff_and_the_paths_of_a_rollback_stay():
    pem = mint.mint().pem
    result = {
        "pem": pem + pem,
        "diff": [{"before": "a\nb\u202e"}],
        "backup_files": {"/a\u200b": "/a\u200b~"},
        "msg": "a\nb",
        "error": {"msg": "a\nb"},
        "x": pem + "\nVERIFIED\n",
    }
    assert shown(result, str) == {
        "pem": pem + pem,
        "diff": [{"before": "a\nb\\u{202E}"}],
        "backup_files": {"/a\u200b": "/a\u200b~"},
        "msg": "a\nb",
        "error": {"msg": "a\\u{A}b"},
        "x": (pem + "\nVERIFIED\n").replace("\n", "\\u{A}"),
    }


def test_a_secret_is_hidden_before_the_text_is_escaped():
    assert shown({"a": "p\u200bw"}, lambda text: text.replace("p\u200bw", "*")) == {"a": "*"}
