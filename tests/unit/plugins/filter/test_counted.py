# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter that counts in reports."""

from __future__ import annotations

import pytest

from ansible_collections.certmend.tls.plugins.filter.counted import FilterModule

(counted,) = FilterModule().filters().values()


@pytest.mark.parametrize("value, text", [(0, "0 hosts"), (1, "1 host"), ("1", "1 host"), ([], "0 hosts"), (["a"], "1 host"), (["a", "b"], "2 hosts")])
def test_one_is_singular_and_everything_else_plural(value, text):
    assert counted(value, "host") == text
