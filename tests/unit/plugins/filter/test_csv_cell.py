# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter in templates of CSV."""

from __future__ import annotations

import pytest

from ansible_collections.certmend.tls.plugins.filter.csv_cell import FilterModule

(csv_cell,) = FilterModule().filters().values()


@pytest.mark.parametrize("value, cell", [("backup1", '"backup1"'), ('=cmd|"/c"', '"\'=cmd|""/c"""'), (7, '"7"'), (-7, '"\'-7"')])
def test_a_cell_is_quoted_and_no_formula(value, cell):
    assert csv_cell(value) == cell
