# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The matrix in docs/reliability.md is what the tests say of themselves."""

from __future__ import annotations

import subprocess
import sys

import pytest

from ansible_collections.certmend.tls.tests.support.source import ROOT

TOOL = ROOT / "tools/reliability_md.py"
sys.path.insert(0, str(TOOL.parent))

import reliability_md  # noqa: E402 - the line above makes it importable

MARK = """
import pytest
@pytest.mark.reliability(%s)
def test_it():
    pass
"""


def test_the_page_is_what_the_tests_are_marked_with():
    done = subprocess.run([sys.executable, str(TOOL)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (ROOT / "docs/reliability.md").read_text(encoding="utf-8") == done.stdout, "write it anew: make reliability"


def test_every_test_that_the_page_names_exists():
    for evidence in reliability_md.all_evidence():
        path, _colons, name = evidence.test.partition("::")
        assert "def %s(" % name in (ROOT / path).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "given",
    [
        '"two runs at once", playbooks=["pins"], afterwards=""',
        '"an odd case", playbooks=["pins"], afterwards="x"',
        '"two runs at once", playbooks=["x"], afterwards="x"',
    ],
    ids=["no outcome", "no such case", "no such playbook"],
)
def test_a_mark_that_says_too_little_is_an_error(given, tmp_path, monkeypatch):
    monkeypatch.setattr(reliability_md, "ROOT", tmp_path)
    (tmp_path / "test_x.py").write_text(MARK % given, encoding="ascii")
    with pytest.raises(ValueError, match="test_x.py::test_it: the mark reliability is incomplete, or has unknown cases or playbooks"):
        list(reliability_md.evidence_in(tmp_path / "test_x.py"))


def test_a_case_without_a_test_says_so():
    shown = reliability_md.Evidence(["two runs at once"], ["pins"], "the second fails", "x::y")
    assert reliability_md.cell([shown, shown], "two runs at once", "pins") == "2"
    assert reliability_md.cell([shown], "two runs at once", "restore") == reliability_md.cell([shown], "the last step fails", "pins") == "not tested"


def test_a_case_that_a_playbook_cannot_meet_has_its_reason_and_no_test():
    assert reliability_md.cell([], "the reload hangs", "pins") == "does not apply: no service reads its files"
    shown = reliability_md.Evidence(["the reload hangs"], ["pins"], "it ends", "x::y")
    with pytest.raises(ValueError, match="the reload hangs of pins is declared not to apply .*, and 1 tests show it"):
        reliability_md.cell([shown], "the reload hangs", "pins")


def test_only_known_cases_and_playbooks_are_declared_not_to_apply():
    assert set(reliability_md.DOES_NOT_APPLY) <= set(reliability_md.PLAYBOOKS)
    assert {case for reasons in reliability_md.DOES_NOT_APPLY.values() for case in reasons} <= set(reliability_md.CASES)
    assert all(reason for reasons in reliability_md.DOES_NOT_APPLY.values() for reason in reasons.values())


def test_the_roles_that_are_killed_are_named():
    assert {"hosts_mapping", "fqdn_certificate", "server_chain", "trust_anchor"} <= set(reliability_md.killed_roles())


def test_the_modules_that_are_killed_are_named_once():
    killed = reliability_md.killed_modules()
    assert {"cert_issue", "journal", "cert_pin", "ome_certificate_chain"} <= set(killed) and len(killed) == len(set(killed))
