# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Until when, and by which anchor: read off the chain that was presented."""

from __future__ import annotations

from ansible_collections.certmend.tls.plugins.module_utils.appliance.tls_handshake.proof import Proof, prove
from ansible_collections.certmend.tls.plugins.module_utils.core.timestamps import timestamp
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import from_x509
from ansible_collections.certmend.tls.tests.support.mint import authority, mint

ROOT = authority("Corp Root CA")
INTERMEDIATE = authority("Corp Issuing CA", issuer=ROOT)
LEAF = mint("depot.corp.example", issuer=INTERMEDIATE)
OTHER = authority("Other CA")


def proof(chain, *anchors):
    return prove([one.der for one in chain], "".join(one.pem for one in anchors))


def test_the_anchor_issued_the_last_certificate_that_was_presented():
    assert proof([LEAF, INTERMEDIATE], OTHER, ROOT).anchor == "CN=Corp Root CA"


def test_the_chain_ends_at_the_first_certificate_that_is_trusted():
    assert proof([LEAF, INTERMEDIATE], ROOT, INTERMEDIATE).anchor == "CN=Corp Issuing CA"
    assert proof([LEAF, INTERMEDIATE, ROOT], ROOT).anchor == "CN=Corp Root CA"
    assert proof([LEAF], LEAF).anchor == LEAF.x509.subject.rfc4514_string()


def test_the_end_is_that_of_the_server_s_certificate():
    assert proof([LEAF, INTERMEDIATE], ROOT).not_after == timestamp(from_x509(LEAF.x509).not_after)


def test_what_cannot_be_read_is_not_reported():
    assert prove([b"junk"], ROOT.pem) == Proof() == prove([], "")
    assert proof([LEAF], OTHER).anchor is None
