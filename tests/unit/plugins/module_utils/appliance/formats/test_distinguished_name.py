# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Distinguished names as RFC 4514 writes them."""

from __future__ import annotations

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.appliance.formats.distinguished_name import escaped, rfc4514


@pytest.mark.parametrize(
    "value, text",
    [
        ("Corp", "Corp"),
        ('a"b+c,d;e<f>g\\h', r"a\"b\+c\,d\;e\<f\>g\\h"),
        ("#1", r"\#1"),
        (" both ", r"\ both\ "),
        (" ", r"\ "),
        ("in the middle", "in the middle"),
        ("line\nbreak\x7f", r"line\0Abreak\7F"),
        ("caf\u00e9", "caf\u00e9"),
        ("depot\u2028  VERIFIED\u2029\x85", r"depot\E2\80\A8  VERIFIED\E2\80\A9\C2\85"),  # line breaks to str.splitlines
        ("\u202egpj\u2066", r"\E2\80\AEgpj\E2\81\A6"),  # bidirectional controls
        ("\x9b2K\x1b[2K\u200b", r"\C2\9B2K\1B[2K\E2\80\8B"),  # escape sequences of terminals, an invisible character
        ("\ud800", r"\ED\A0\80"),
        ("a\u3164b\ufe0f", r"a\E3\85\A4b\EF\B8\8F"),  # a letter and a mark that are shown as nothing
        ("", ""),
    ],
)
def test_a_value_is_escaped(value, text):
    assert escaped(value) == text


def test_a_name_is_written_with_its_most_specific_part_first():
    name = [[("2.5.4.6", "DE")], [("2.5.4.10", "Corp, Inc.")], [("2.5.4.3", "www"), ("2.5.4.5", "7")], [("1.2.3.4", "x")]]
    assert rfc4514(name) == r"1.2.3.4=x,CN=www+serialNumber=7,O=Corp\, Inc.,C=DE"
    assert rfc4514([]) == ""
