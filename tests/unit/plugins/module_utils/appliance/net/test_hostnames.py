# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Host names as RFC 9525 has it; the contested cases are those of docs/adr/0004."""

from __future__ import annotations

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.hostnames import (
    any_covers,
    as_address,
    covers,
    fqdn_problem,
    host_name_problem,
    to_ascii,
)


@pytest.mark.parametrize(
    "presented, name",
    [
        ("depot.corp.example", "depot.corp.example"),
        ("DEPOT.corp.example", "depot.CORP.example"),
        ("depot.corp.example", "depot.corp.example."),
        ("*.corp.example", "depot.corp.example"),
        ("*.corp.example", "xn--bcher-kva.corp.example"),
        ("xn--bcher-kva.example", "bücher.example"),
    ],
)
def test_a_presented_name_covers(presented, name):
    assert covers(presented, name)


@pytest.mark.parametrize(
    "presented, name",
    [
        ("depot.corp.example", "depot.corp.example.evil"),
        ("*.corp.example", "corp.example"),
        ("*.corp.example", "a.b.corp.example"),
        ("*.example", "depot.example"),
        ("d*.corp.example", "depot.corp.example"),
        ("*", "example"),
        ("depot.*.example", "depot.corp.example"),
        ("*.*.example", "depot.corp.example"),
        ("", "depot.corp.example"),
        ("*.corp.example", ".corp.example"),
    ],
)
def test_a_presented_name_does_not_cover(presented, name):
    assert not covers(presented, name)


def test_an_address_is_compared_with_addresses_only_and_by_its_bytes():
    assert any_covers([], ["fd00::1"], "fd00:0:0:0:0:0:0:1")
    assert not any_covers(["10.0.0.1"], [], "10.0.0.1")
    assert not any_covers(["*.0.0.1"], ["10.0.0.2"], "10.0.0.1")


@pytest.mark.parametrize("name", ["depot", "depot.corp.example", "xn--bcher-kva.example", "a-b.example", "1a.example"])
def test_a_host_name(name):
    assert host_name_problem(name) is None


NO_NAMES = ["", "10.0.0.1", "fd00::1", "a b", "a\nb", "a_b", "-a", "a-", "a..b", "a" * 64, "a." * 130, "1.2.3", "a\u200b.example", "a\u00a0b"]


@pytest.mark.parametrize("name", NO_NAMES)
def test_no_host_name(name):
    assert host_name_problem(name)


def test_a_single_label_is_no_fqdn():
    assert fqdn_problem("depot") and not fqdn_problem("depot.example")


@pytest.mark.parametrize(
    "name, ascii_form",
    [("Depot.Example.", "depot.example"), ("B\u00dcCHER.example", "xn--bcher-kva.example"), ("\u00fc" * 70 + ".example", "\u00fc" * 70 + ".example")],
)
def test_names_are_compared_in_lower_case_ascii_if_idna_can_encode_them(name, ascii_form):
    assert to_ascii(name) == ascii_form


@pytest.mark.parametrize("text, address", [("10.0.0.1", "10.0.0.1"), ("[fd00:0::1]", "fd00::1"), ("fd00::1", "fd00::1"), ("depot", None), ("[10]", None)])
def test_a_text_is_an_address_also_in_brackets(text, address):
    assert (None if as_address(text) is None else str(as_address(text))) == address


def test_a_presented_name_with_a_final_dot_covers_nothing():
    assert not covers("depot.corp.example.", "depot.corp.example")


def test_one_of_several_names_is_enough():
    assert any_covers(["a.example", "*.corp.example"], [], "depot.corp.example") and not any_covers([], [], "depot.corp.example")


@pytest.mark.parametrize("name", ["fe80::1%eth0", "[fe80::1%25eth0]", "fe80::1%", "fe80::1"])
def test_the_zone_of_an_ipv6_address_is_not_compared(name):
    assert any_covers([], ["fe80::1"], name)
    assert not any_covers([], ["fe80::2"], name)


@pytest.mark.parametrize("name", ["10.0.0.1%eth0", "www.corp.example%eth0"])
def test_nothing_else_has_a_zone(name):
    assert not any_covers(["www.corp.example"], ["10.0.0.1"], name)


def test_a_long_name_is_not_encoded():
    name = "\u00dc" * 300_000
    assert to_ascii(name) == name.lower()
