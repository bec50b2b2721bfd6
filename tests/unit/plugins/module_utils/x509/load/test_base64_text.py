# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Base64 text as options have it."""

from __future__ import annotations

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.x509.load.base64_text import decode_base64


@pytest.mark.parametrize("text", ["Y2VydA==", " Y2Vy\r\ndA==\n", "Y2 Vy dA =="])
def test_line_breaks_and_spaces_do_not_matter(text):
    assert decode_base64(text, "content_base64") == b"cert"


@pytest.mark.parametrize("text", ["Y2Vy*dA==", "Y2VydA", "Y2VydA=", "-----BEGIN", "würzburg"])
def test_what_is_not_base64_is_refused_by_the_name_of_the_option(text):
    with pytest.raises(RemediationError, match=r"presented\[0\] is not Base64: ") as raised:
        decode_base64(text, "presented[0]")
    assert "encoded once" in raised.value.advice
