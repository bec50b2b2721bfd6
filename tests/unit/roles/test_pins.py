# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The worklists of the computers that a person re-pins by hand, with names that are formulas or act on a terminal."""

from __future__ import annotations

import csv
import io
import json

import pytest

from ansible_collections.certmend.tls.tests.support.rendered import COLLECTION, render
from ansible_collections.certmend.tls.tests.support.shown import HOSTILE, acted_upon

COMPUTERS = ["backup1", '=HYPERLINK("http://x/?"&A1)', "+1", "-1", "@SUM(1)", "\t=1", 'a,b"c', HOSTILE + "\r\n   [ ] everything"]
CERTIFICATE = {"subject": "CN=vault", "not_before": "2026-01-01T00:00:00Z", "not_after": "2027-01-01T00:00:00Z", "fingerprints": {"sha256": "AB:CD"}}
REPIN = {
    "endpoint": "vault:443",
    "ticket": "=1+" + HOSTILE,
    "old_pin": "sha256/a=",
    "new_pin": "sha256/b=",
    "computers": COMPUTERS,
    "new_certificate": CERTIFICATE,
}


@pytest.fixture(scope="module")
def worklists(tmp_path_factory):
    folder = tmp_path_factory.mktemp("worklists")
    inventory = {"cases": {"hosts": {"localhost": {"pins_repin": REPIN, "ansible_connection": "local"}}}}
    names = ["lookup('ansible.builtin.template', '%s/roles/pins/templates/worklist.%s.j2')" % (COLLECTION, kind) for kind in ("txt", "csv")]
    found = render(folder, "roles/pins/vars/main.yml", inventory, names)["localhost"]
    return [found[name] for name in names]


def test_no_cell_of_the_csv_is_a_formula(worklists):
    rows = list(csv.reader(io.StringIO(worklists[1])))
    assert len(rows) == 1 + len(COMPUTERS), "a name makes no row of its own"
    assert [cell for row in rows for cell in row if cell[:1] in tuple("=+-@\t\r")] == []
    assert [row[0] for row in rows[1:4]] == ["backup1", "'" + COMPUTERS[1], "'+1"]
    assert {tuple(row[3:]) for row in rows[1:]} == {("sha256/a=", "sha256/b=", "Re-pin certificate (by hand: the Portal has no known API)", "no")}


def test_nothing_in_the_worklists_acts_on_a_terminal(worklists):
    assert [acted_upon(text, several_lines=True) for text in worklists] == [[], []]
    assert worklists[0].count("\n   [ ] ") == len(COMPUTERS), "a name makes no line of its own"
    assert "\\u{1B}]0;owned" in json.dumps(worklists[0]).replace("\\\\", "\\")
