# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Until when, and by which anchor: read off the chain that was presented."""

from __future__ import annotations

from ansible_collections.certmend.tls.plugins.module_utils.appliance.tls_handshake.proof import Proof, prove
from ansible_collections.certmend.tls.plugins.module_utils.core.timestamps import timestamp
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import from_x509
from ansible_collections.certmend.tls.tests.support.mint import authority, mint, name

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


def test_a_certificate_that_the_server_adds_does_not_choose_the_anchor():
    """OpenSSL ignores certificates of the chain that are not on the path (RFC 8446 section 4.4.2)."""
    junk = mint("junk.corp.example", issuer=OTHER)
    assert proof([LEAF, junk, INTERMEDIATE], OTHER, ROOT).anchor == "CN=Corp Root CA"
    assert proof([LEAF, OTHER, INTERMEDIATE], OTHER, ROOT).anchor == "CN=Corp Root CA"
    assert proof([LEAF, OTHER], OTHER).anchor is None
    assert proof([LEAF, junk], OTHER).anchor is None


def test_a_path_through_certificates_in_another_order_is_followed():
    lower = authority("Corp Lower CA", issuer=INTERMEDIATE)
    leaf = mint("depot.corp.example", issuer=lower)
    assert proof([leaf, ROOT, INTERMEDIATE, lower], ROOT).anchor == "CN=Corp Root CA"


def test_certificates_that_issue_each_other_end_the_search():
    one = mint("A", issuer_name=name("B"), ca=True)
    two = mint("B", issuer_name=name("A"), ca=True)
    leaf = mint("depot.corp.example", issuer=one)
    assert proof([leaf, one, two], ROOT).anchor is None
    assert proof([leaf, one, two, one], ROOT).anchor is None


def test_a_second_certificate_of_the_same_name_is_tried():
    """An issuing CA with certificates of two roots, of which one is trusted."""
    crossed = mint("Corp Issuing CA", issuer=OTHER, ca=True, key=INTERMEDIATE.key)
    assert proof([LEAF, crossed, INTERMEDIATE], ROOT).anchor == "CN=Corp Root CA"
    assert proof([LEAF, INTERMEDIATE, crossed], OTHER).anchor == "CN=Other CA"
    assert proof([LEAF, crossed, INTERMEDIATE], OTHER, ROOT).anchor is None, "the names do not show which of the two was verified"
