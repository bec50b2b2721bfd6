# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Entries that contradict each other, or that no hosts file can have, are refused with the name of their option."""

from __future__ import annotations

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.appliance.hosts_entry.entries import HostsEntry, make_entries
from ansible_collections.certmend.tls.plugins.module_utils.core.enums import State
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError


def made(*entries, exclusive=True):
    return make_entries([dict(entry, option="entries[%d]." % index) for index, entry in enumerate(entries)], exclusive)


def present(address, *names, **more):
    return dict(address=address, names=list(names), **more)


def absent(address, *names):
    return dict(address=address, names=list(names), state="absent")


@pytest.mark.parametrize(
    "entry, words",
    [
        (present("10.0.0", "a"), "address: '10.0.0' is not an IP address"),
        (present("", "a"), "address: '' is not an IP address"),
        (present("fe80::1%x\n10.6.6.6 evil", "a"), "is not an IP address"),
        (present("fe80::1%x evil", "a"), "is not an IP address"),
        (present("10.0.0.1"), "names: no host name is given"),
        (present("10.0.0.1", "10.0.0.2"), "is an IP address, not a host name"),
        (present("10.0.0.1", "a\n10.6.6.6 evil"), "line break"),
        (present("10.0.0.1", "*.example"), "is not made of labels"),
        (present("10.0.0.1", "-a"), "is not made of labels"),
        (present("10.0.0.1", "a" * 64), "is not made of labels"),
        (present("10.0.0.1", "localhost"), "the system relies on it"),
        (present("127.0.0.2", "localhost"), "the system relies on it"),
        (present("10.0.0.1", "localhost."), "the system relies on it"),
        (absent("", "localhost"), "the system relies on it"),
        (present("10.0.0.1", "a", comment="x\n10.6.6.6 evil"), "comment: contains a line break"),
    ],
)
def test_a_bad_entry_is_refused_with_the_name_of_its_option(entry, words):
    with pytest.raises(RemediationError) as caught:
        made(entry)
    assert words in str(caught.value) and "entries[0]." in str(caught.value)


def test_everything_that_is_wrong_is_reported_at_once():
    with pytest.raises(RemediationError) as caught:
        made(present("x", "a"), present("10.0.0.1", "b c"))
    assert "entries[0].address" in str(caught.value) and "entries[1].names" in str(caught.value)


def test_a_name_cannot_map_to_two_addresses_of_a_family():
    with pytest.raises(RemediationError, match="entries: x is mapped to 10.0.0.1 and to 10.0.0.2"):
        made(present("10.0.0.1", "x"), present("10.0.0.2", "x"))


@pytest.mark.parametrize("contradiction", [absent("", "a", "x"), absent("10.0.0.1", "x"), absent("10.0.0.1")])
def test_a_name_cannot_be_present_and_absent_at_the_same_address(contradiction):
    with pytest.raises(RemediationError, match="entries: x at 10.0.0.1 is present in one entry and absent in another"):
        made(present("10.0.0.1", "x"), contradiction)


def test_without_exclusive_a_name_may_map_to_two_addresses():
    entries = made(present("10.0.0.1", "x"), present("10.0.0.2", "x"), exclusive=False)
    assert [(entry.address, entry.names) for entry in entries] == [("10.0.0.1", ("x",)), ("10.0.0.2", ("x",))]


def test_a_name_may_map_to_an_address_of_each_family():
    assert len(made(present("10.0.0.1", "x"), present("fd00::1", "x"))) == 2


def test_an_entry_is_normalized_as_the_resolver_compares_it():
    [entry] = made(present("fd00:0:0:0:0:0:0:1", "A.Example.", "a.example", comment="why"))
    assert entry == HostsEntry("fd00::1", ("a.example",), "why", State.PRESENT)
    assert entry.as_dict() == {"address": "fd00::1", "names": ["a.example"], "comment": "why", "state": "present"}


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_localhost_may_be_mapped_to_the_loopback_address(address):
    assert made(present(address, "localhost"))[0].names == ("localhost",)


def test_names_or_the_address_may_be_left_out_if_the_entry_is_absent():
    assert made(absent("10.0.0.1"), absent("", "a")) == [HostsEntry("10.0.0.1", (), "", State.ABSENT), HostsEntry("", ("a",), "", State.ABSENT)]
