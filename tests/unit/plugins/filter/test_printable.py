# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter in templates: texts of other programs, without secrets and escaped."""

from __future__ import annotations

import pytest

from ansible_collections.certmend.tls.plugins.filter.printable import FilterModule
from ansible_collections.certmend.tls.tests.support import mint
from ansible_collections.certmend.tls.tests.support.shown import encoded

(printable,) = FilterModule().filters().values()


@pytest.mark.parametrize(
    "value, options, text",
    [
        ("a\x1b\nb", {}, "a\\u{1B}\\u{A}b"),
        ("a\x1b\n\tb", {"lines": True}, "a\\u{1B}\n\tb"),
        (42, {}, "42"),
        ("no: Secret/Pw1 and Secret%2FPw1", {"hide": ["", "Secret/Pw1"]}, "no: ******** and ********"),
        (encoded(b"Secret/Pw1"), {"hide": ["Secret/Pw1"]}, "********"),
    ],
)
def test_a_text_is_escaped_and_shows_no_secret(value, options, text):
    assert printable(value, **options) == text


def test_a_private_key_is_hidden():
    assert printable("nginx: " + mint.mint().key_pem) == "nginx: (a private key: not shown)\\u{A}"
