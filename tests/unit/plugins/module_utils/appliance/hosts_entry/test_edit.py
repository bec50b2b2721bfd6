# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Editing a hosts file changes the entries that are asked for, and no other byte."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.certmend.tls.plugins.module_utils.appliance.hosts_entry.edit import edit
from ansible_collections.certmend.tls.plugins.module_utils.appliance.hosts_entry.entries import make_entries
from ansible_collections.certmend.tls.plugins.module_utils.appliance.hosts_entry.hosts_file import parse

FILE = "127.0.0.1\tlocalhost\n::1 localhost ip6-localhost  # six\n\n# the estate\n10.0.0.1  a.example   a # first\n10.0.0.2 b.example"


def edited(text, *entries, exclusive=True):
    given = [dict(entry, option="entries[%d]." % index) for index, entry in enumerate(entries)]
    return edit(text, make_entries(given, exclusive), exclusive)


def present(address, *names, **more):
    return dict(address=address, names=list(names), **more)


def absent(address, *names):
    return dict(address=address, names=list(names), state="absent")


def test_a_new_address_gets_a_line_at_the_end_and_every_other_byte_stays():
    text, moved = edited(FILE, present("10.0.0.3", "c.example", "c"))
    assert text == FILE + "\n10.0.0.3\tc.example c\n" and moved == {}


def test_a_name_that_maps_to_its_address_already_changes_nothing():
    assert edited(FILE, present("10.0.0.1", "A.Example"), present("10.0.0.2", "b.example"))[0] == FILE


def test_a_second_name_joins_the_line_of_its_address_before_the_comment():
    text, _moved = edited(FILE, present("10.0.0.1", "www.example"))
    assert "10.0.0.1  a.example   a www.example # first\n" in text


def test_a_name_moves_to_its_new_address_and_leaves_the_others_on_the_old_line():
    text, moved = edited(FILE, present("10.0.0.9", "a.example"))
    assert "10.0.0.1  a # first\n" in text and "10.0.0.9\ta.example\n" in text
    assert moved == {"a.example": ["10.0.0.1"]}


def test_a_line_whose_only_name_moves_is_removed():
    text, _moved = edited(FILE, present("10.0.0.9", "b.example"))
    assert "10.0.0.2" not in text


def test_without_exclusive_a_name_may_have_two_addresses():
    text, moved = edited(FILE, present("10.0.0.9", "b.example"), exclusive=False)
    assert "10.0.0.2 b.example" in text and "10.0.0.9\tb.example" in text and moved == {}


def test_an_ipv6_address_does_not_take_the_name_from_an_ipv4_address():
    text, moved = edited(FILE, present("fd00::1", "a.example"))
    assert "10.0.0.1  a.example" in text and "fd00::1\ta.example" in text and moved == {}


def test_the_same_ipv6_address_in_another_spelling_is_the_same():
    text = "fd00:0:0:0:0:0:0:1 a.example\n"
    assert edited(text, present("fd00::1", "a.example"))[0] == text


def test_the_root_s_dot_is_not_part_of_a_name_in_a_hosts_file():
    assert edited(FILE, present("10.0.0.1", "a.example."))[0] == FILE


def test_what_the_resolver_does_not_read_as_an_address_is_no_entry():
    text, _moved = edited("[fd00::1] a.example\n", present("fd00::1", "a.example"))
    assert text == "[fd00::1] a.example\nfd00::1\ta.example\n"


def test_windows_line_endings_are_kept():
    text = "127.0.0.1 localhost\r\n10.0.0.1 a\r\n"
    assert edited(text, present("10.0.0.2", "b"))[0] == text + "10.0.0.2\tb\r\n"


def test_a_comment_gives_the_entry_a_line_of_its_own():
    text, _moved = edited("10.0.0.1 a\n", present("10.0.0.1", "b", comment="until DNS has it"))
    assert text == "10.0.0.1 a\n10.0.0.1\tb  # until DNS has it\n"


def test_absent_names_are_removed_and_their_neighbours_stay():
    assert edited(FILE, absent("", "a"))[0] == FILE.replace("a.example   a #", "a.example #")


def test_an_absent_address_is_removed_with_all_its_names():
    assert "10.0.0.1" not in edited(FILE, absent("10.0.0.1"))[0]


def test_localhost_stays_if_its_address_is_absent():
    assert "::1 localhost" in edited(FILE, absent("::1"))[0]


def test_bytes_that_are_not_utf_8_stay():
    raw = b"# caf\xe9\n10.0.0.1 a\n".decode("utf-8", "surrogateescape")
    assert edited(raw, present("10.0.0.2", "b"))[0].encode("utf-8", "surrogateescape").startswith(b"# caf\xe9\n10.0.0.1 a\n")


def test_without_exclusive_one_task_may_give_a_name_two_addresses():
    text, _moved = edited("", present("10.0.0.1", "x"), present("10.0.0.2", "x"), exclusive=False)
    assert text == "10.0.0.1\tx\n10.0.0.2\tx\n"


def test_a_name_may_move_from_one_address_to_another_in_one_task():
    text, _moved = edited("10.0.0.1 x\n", absent("10.0.0.1", "x"), present("10.0.0.2", "x"))
    assert text == "10.0.0.2\tx\n"


def test_a_name_that_an_address_has_twice_is_kept_once():
    assert edited("10.0.0.1 a b\n10.0.0.1 a c\n", present("10.0.0.1", "a")) == ("10.0.0.1 a b\n10.0.0.1 c\n", {})


def test_a_name_is_removed_in_each_of_its_spellings():
    assert edited("10.0.0.1 A b a\n", absent("10.0.0.1", "a"))[0] == "10.0.0.1 b\n"


def test_absent_names_are_removed_from_their_address_only():
    text = "10.0.0.1 a b\n10.0.0.2 a\n"
    assert edited(text, absent("10.0.0.1", "a"))[0] == "10.0.0.1 b\n10.0.0.2 a\n"


def test_later_entries_see_what_the_earlier_ones_changed():
    text, moved = edited("10.0.0.1 a\n", present("10.0.0.2", "a", "b"), absent("10.0.0.3", "b"), present("10.0.0.2", "c"))
    assert text == "10.0.0.2\ta b c\n" and moved == {"a": ["10.0.0.1"]}


NAMES = st.sampled_from(["a", "b", "c", "d.example", "e.example"])
ADDRESSES = st.sampled_from(["10.0.0.1", "10.0.0.2", "fd00::1"])
LINES = st.one_of(
    st.builds(lambda *parts: " ".join([parts[0], *parts[1], parts[2]]), ADDRESSES, st.lists(NAMES, min_size=1, max_size=3), st.sampled_from(["", "# x"])),
    st.text(alphabet="# \tabc1.", max_size=12),
)


@given(lines=st.lists(LINES, max_size=8), ending=st.sampled_from(["\n", "\r\n"]), last=st.booleans(), address=ADDRESSES, name=NAMES)
def test_applying_an_entry_twice_is_applying_it_once_and_foreign_lines_stay(lines, ending, last, address, name):
    text = ending.join(lines) + (ending if last else "")
    once, _moved = edited(text, present(address, name))
    assert edited(once, present(address, name)) == (once, {})
    foreign = [line.text.rstrip("\r\n") for line in parse(text) if name not in line.names and line.address != address]
    kept = [line.text.rstrip("\r\n") for line in parse(once)]
    assert [line for line in foreign if line in kept] == foreign
