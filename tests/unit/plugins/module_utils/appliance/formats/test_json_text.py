# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whatever the bytes are, reading JSON ends in a value or in ValueError."""

from __future__ import annotations

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.appliance.formats.json_text import DEEPEST, parse_json


@pytest.mark.parametrize("text, value", [("1", 1), ('{"a": [null, true, 1.5]}', {"a": [None, True, 1.5]}), ('"\u00fc"', "\u00fc")])
def test_json_is_read(text, value):
    assert parse_json(text.encode("utf-8")) == value


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"\xff", b"\xff\xfe{\0}\0", b"[" * 100_000, b'{"a":' * 100_000, b"[" * 500 + b"]" * 500, b"1" * 5000, b"[-" + b"9" * 1_000_000 + b"]"],
    ids=["empty", "cut off", "not UTF-8", "UTF-16", "deep lists", "deep objects", "deep but complete", "long integer", "longer integer"],
)
def test_anything_else_is_a_value_error(data):
    with pytest.raises(ValueError):
        parse_json(data)


def test_the_depth_is_bounded_below_that_of_the_stack():
    assert parse_json(b"[" * DEEPEST + b"]" * DEEPEST)
    with pytest.raises(ValueError, match="nested too deeply"):
        parse_json(b"[" * (DEEPEST + 1) + b"]" * (DEEPEST + 1))
