# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The reader: every block of a file is a certificate or a warning."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.certmend.tls.plugins.module_utils.x509.reader import read_certificates
from ansible_collections.certmend.tls.tests.support.mint import authority, mint

LEAF, ROOT = mint(), authority()


def ders(data):
    return [one.der for one in read_certificates(data).certificates]


def test_der_and_pem_are_read():
    assert ders(LEAF.der) == ders(LEAF.pem.encode()) == [LEAF.der]


def test_several_blocks_are_read_in_their_order_and_keys_are_not_ours():
    assert ders((LEAF.key_pem + LEAF.pem + "some text\n" + ROOT.pem).encode()) == [LEAF.der, ROOT.der]


@pytest.mark.parametrize("change", [lambda text: text.replace("\n", "\r\n"), lambda text: "  " + text.replace("\n", "\n  ")])
def test_line_endings_and_indentation_do_not_matter(change):
    assert ders(change(LEAF.pem).encode()) == [LEAF.der]


def test_a_broken_block_is_a_warning_with_its_line_and_hides_no_other():
    broken = LEAF.pem.replace("MII", "!!!", 1)
    reading = read_certificates((ROOT.pem + broken + LEAF.pem).encode())
    assert [one.der for one in reading.certificates] == [ROOT.der, LEAF.der]
    [warning] = reading.warnings
    assert "line %d" % (ROOT.pem.count("\n") + 1) in warning


def test_a_block_without_an_end_is_a_warning_and_the_next_one_is_read():
    half = LEAF.pem[: len(LEAF.pem) // 2] + "\n"
    reading = read_certificates((half + ROOT.pem).encode())
    assert [one.der for one in reading.certificates] == [ROOT.der] and "no END" in reading.warnings[0]


@pytest.mark.parametrize("data", [b"", b"  \n", b"not a certificate", b"\x30\x82\x01\x00"])
def test_what_is_no_certificate_is_a_warning(data):
    reading = read_certificates(data)
    assert not reading.certificates and reading.warnings


@given(data=st.binary(max_size=200), place=st.integers(0, len(LEAF.pem) - 1))
def test_damage_is_never_an_exception(data, place):
    text = LEAF.pem.encode()
    read_certificates(text[:place] + data + text[place:])
