# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The appliance's messages are written as a person reads them."""

from __future__ import annotations

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.appliance.ome.messages import FILE, KEY, MUTUAL
from ansible_collections.certmend.tls.tests.support.ome import article


@pytest.mark.parametrize(
    "message, expected",
    [
        (KEY, article.general("Invalid CSR key.")),
        (FILE, article.bad_file()),
        (MUTUAL, article.Refused("", article.MUTUAL)),
    ],
)
def test_id_message_and_argument_are_those_of_the_article(message, expected):
    assert str(message) == expected.text
