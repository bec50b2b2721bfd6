# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A profile judges by its own rules and in its own words."""

from __future__ import annotations

from ansible_collections.certmend.tls.tests.support import mint
from ansible_collections.certmend.tls.tests.support.clock import FIXED
from ansible_collections.certmend.tls.tests.support.ome.chains import Cas
from ansible_collections.certmend.tls.tests.support.rules import codes, findings

CAS = Cas(FIXED)
LEAF, ONE, ROOT = CAS.leaf(), CAS.one, CAS.root
MIGRATION, SINGLE = ("ome_migration",), ("ome_single",)


def test_a_whole_chain_has_no_findings():
    assert codes(LEAF, ONE, ROOT, profiles=MIGRATION) == codes(LEAF, profiles=SINGLE) == []


def test_the_rules_of_clients_are_asked_for_apart():
    assert codes(CAS.leaf(name=mint.name("ome", "Example Corporation")), ONE, ROOT, profiles=MIGRATION) == []


def test_of_two_profiles_the_special_one_has_the_word():
    found = findings(LEAF, ROOT, ONE, profiles=("generic", "ome_migration"))
    order = next(one for one in found if one.code == "CHAIN-ORDER")
    assert (order.severity, order.remedy) == ("error", "ome_chain") and order.answer.startswith("CGEN1008")
