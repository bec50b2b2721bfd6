# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The name of a host's file."""

from __future__ import annotations

import pytest

from ansible_collections.certmend.tls.plugins.filter.evidence_file import FilterModule

(evidence_file,) = FilterModule().filters().values()


@pytest.mark.parametrize("host", ["depot", "depot.corp.example", "10.77.0.10", "a_b-c"])
def test_a_usual_name_is_that_of_its_file(host):
    assert evidence_file(host) == host + ".json"


@pytest.mark.parametrize("host", ["../../etc/passwd", "..", ".hidden", "a/b", "2001:db8::1", "é", "a b", "x" * 300, "a\0b", "<b>", ""])
def test_any_other_name_stays_in_the_folder_and_is_unique(host):
    name = evidence_file(host)
    assert "/" not in name and "\0" not in name and not name.startswith(".") and len(name) < 130 and name.endswith(".json")
    assert name != evidence_file(host.replace("/", "_") + "_")
