# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rules about chains up to the root, for OpenManage Enterprise."""

from __future__ import annotations

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import from_x509
from ansible_collections.certmend.tls.tests.support import mint
from ansible_collections.certmend.tls.tests.support.clock import FIXED
from ansible_collections.certmend.tls.tests.support.ome.chains import NAME, Cas
from ansible_collections.certmend.tls.tests.support.rules import codes, fails, findings, passes

CAS = Cas(FIXED)
LEAF, ONE, TWO, ROOT = CAS.leaf(), CAS.one, CAS.two, CAS.root
MIGRATION = ("ome_migration",)


def peer(*minted):
    return tuple(from_x509(certificate.x509) for certificate in minted)


@fails("CHAIN-ROOT-MISSING")
@pytest.mark.parametrize("chain", [(LEAF, ONE), (LEAF,), (LEAF, ROOT), (mint.mint(NAME, **CAS.days),)])
def test_every_ca_up_to_the_root_is_required(chain):
    assert "CHAIN-ROOT-MISSING" in codes(*chain, profiles=MIGRATION)


def test_the_trust_anchors_of_a_client_do_not_matter():
    assert "CHAIN-ROOT-MISSING" in codes(LEAF, ONE, trusted=[ONE, ROOT], profiles=MIGRATION)


@passes("CHAIN-ROOT-MISSING")
def test_a_chain_up_to_the_root_is_complete():
    assert codes(LEAF, ONE, ROOT, trusted=[ONE], profiles=MIGRATION) == []


@fails("CHAIN-TOO-DEEP")
def test_eleven_certificates_are_too_many():
    (found,) = findings(*CAS.deep(11).certificates, profiles=MIGRATION)
    assert found.code == "CHAIN-TOO-DEEP" and found.answer.startswith("Unable to mutually authenticate")


@passes("CHAIN-TOO-DEEP")
def test_ten_certificates_are_accepted():
    assert codes(*CAS.deep(10).certificates, profiles=MIGRATION) == []


@fails("CHAIN-PEER-DIFFERS")
def test_another_intermediate_below_the_same_root_is_another_chain():
    (found,) = findings(LEAF, ONE, ROOT, profiles=MIGRATION, peer=peer(CAS.leaf(TWO, "ome-target.corp.example"), TWO, ROOT))
    assert found.code == "CHAIN-PEER-DIFFERS"
    assert "level 0: issued by CN=CA1-Inter here, issued by CN=Inter-CA2 there" in found.message
    assert "level 1: CN=CA1-Inter issued by CN=CA-Racine here, CN=Inter-CA2 issued by CN=CA-Racine there" in found.message
    assert "level 2" not in found.message


def test_a_level_that_the_other_side_lacks_is_reported():
    found = findings(LEAF, ONE, ROOT, profiles=MIGRATION, peer=peer(CAS.leaf(ROOT), ROOT))
    assert "CN=CA-Racine issued by CN=CA-Racine here, nothing there" in found[0].message


@passes("CHAIN-PEER-DIFFERS")
def test_the_appliances_have_names_of_their_own():
    assert codes(LEAF, ONE, ROOT, profiles=MIGRATION, peer=peer(CAS.leaf(ONE, "ome-target.corp.example"), ONE, ROOT)) == []
