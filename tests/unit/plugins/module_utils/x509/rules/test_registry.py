# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A profile judges by its own rules, with outcomes of its own."""

from __future__ import annotations

from ansible_collections.certmend.tls.tests.support import mint
from ansible_collections.certmend.tls.tests.support.clock import FIXED
from ansible_collections.certmend.tls.tests.support.ome.chains import Cas
from ansible_collections.certmend.tls.tests.support.rules import codes, findings

CAS = Cas(FIXED)
LEAF, ONE, ROOT = CAS.leaf(), CAS.one, CAS.root
MIGRATION, SINGLE = ("ome_migration",), ("ome_single",)


def test_a_complete_chain_has_no_findings():
    assert codes(LEAF, ONE, ROOT, profiles=MIGRATION) == codes(LEAF, profiles=SINGLE) == []


def test_the_rules_of_other_profiles_do_not_apply():
    assert codes(CAS.leaf(name=mint.name("ome", "Example Corporation")), ONE, ROOT, profiles=MIGRATION) == []


def test_of_two_profiles_the_more_severe_outcome_counts():
    found = findings(LEAF, ROOT, ONE, profiles=("generic", "ome_migration"))
    order = next(finding for finding in found if finding.code == "CHAIN-ORDER")
    assert (order.severity, order.remedy) == ("error", "ome_chain") and order.answer.startswith("CGEN1008")


def test_findings_are_reported_from_the_most_to_the_least_severe():
    unrelated = mint.authority("Unrelated CA")
    found = findings(mint.mint("a.example", **FIXED.days(ends=9)), unrelated, name="b.example")
    assert [finding.severity for finding in found] == ["error", "error", "error", "warning", "notice"]
    assert [finding.code for finding in found[3:]] == ["VALIDITY-SOON", "CHAIN-UNRELATED"]
