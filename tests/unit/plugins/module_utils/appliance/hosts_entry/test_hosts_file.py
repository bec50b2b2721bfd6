# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A line of a hosts file, read and edited: what is not edited stays byte for byte."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.certmend.tls.plugins.module_utils.appliance.hosts_entry.hosts_file import HostsLine, parse


@given(text=st.text(alphabet="# \t\r\nabA1.:%-", max_size=60))
def test_the_lines_of_a_file_are_its_text(text):
    assert "".join(line.text for line in parse(text)) == text


@pytest.mark.parametrize(
    "text, address, names",
    [
        ("10.0.0.1 a b\n", "10.0.0.1", ("a", "b")),
        ("  10.0.0.1\ta#comment", "10.0.0.1", ("a",)),
        ("fd00:0:0::1 A.Example # b\r\n", "fd00::1", ("A.Example",)),
        ("fe80::1%eth0 a\n", "fe80::1%eth0", ("a",)),
        ("10.0.0.1\n", "10.0.0.1", ()),
    ],
)
def test_an_entry_has_an_address_and_names(text, address, names):
    assert parse(text) == [HostsLine(text, address, names)]


@pytest.mark.parametrize("text", ["# 10.0.0.1 a\n", "\n", "   \n", "[::1] a\n", "10.0.0 a\n", "a 10.0.0.1\n"])
def test_a_line_that_the_resolver_does_not_read_as_an_entry_has_no_address(text):
    assert parse(text) == [HostsLine(text)]


@pytest.mark.parametrize("ending", ["", "\n", "\r\n"])
def test_a_line_knows_its_line_break(ending):
    assert HostsLine("10.0.0.1 a" + ending).ending == ending


@pytest.mark.parametrize(
    "text, name, remaining",
    [
        ("10.0.0.1  a  b\n", "a", "10.0.0.1  b\n"),
        ("10.0.0.1  a  b\n", "b", "10.0.0.1  a\n"),
        ("10.0.0.1\ta b c # a\r\n", "b", "10.0.0.1\ta c # a\r\n"),
        ("10.0.0.1 a aa", "a", "10.0.0.1 aa"),
        ("10.0.0.1 A b", "a", "10.0.0.1 b"),
    ],
)
def test_a_name_is_removed_with_the_blanks_before_it_or_after_the_first(text, name, remaining):
    [line] = parse(text)
    assert line.maps(name) and line.without(name) == parse(remaining)[0]


def test_a_line_without_its_only_name_is_no_line():
    assert parse("10.0.0.1 a # comment\n")[0].without("a") is None


def test_further_names_follow_the_last_one_before_the_comment():
    [line] = parse("10.0.0.1 a  # comment\n")
    assert line.with_names(["b", "c"]) == HostsLine("10.0.0.1 a b c  # comment\n", "10.0.0.1", ("a", "b", "c"))


#: a run of blanks that a pattern with two ways to match it would try in every combination
BLANKS = " " * 500_000


@pytest.mark.parametrize(
    "text, names, without_b",
    [
        ("10.0.0.1" + BLANKS + "\x0b#\n", (), None),
        ("10.0.0.1 a" + BLANKS + "b\n", ("a", "b"), "10.0.0.1 a\n"),
        ("10.0.0.1 b" + BLANKS + "a\n", ("b", "a"), "10.0.0.1 a\n"),
        (BLANKS + "10.0.0.1" + BLANKS + "a b" + BLANKS + "# b\n", ("a", "b"), BLANKS + "10.0.0.1" + BLANKS + "a" + BLANKS + "# b\n"),
    ],
    ids=["no name", "before the last name", "behind the first name", "everywhere"],
)
def test_a_line_of_blanks_is_read_and_edited_in_one_pass(text, names, without_b):
    (line,) = parse(text)
    assert (line.address, line.names) == ("10.0.0.1", names)
    if without_b is not None:
        assert line.without("b").text == without_b


@pytest.mark.parametrize("text", ["10.0.0.1\ra\n", "10.0.0.1 a # b\rc\n", "\v10.0.0.1 a\n", "[::1] a\n", "10.0.0.1x a\n"])
def test_a_line_that_the_resolver_does_not_read_has_no_address(text):
    assert parse(text)[0].address == ""
