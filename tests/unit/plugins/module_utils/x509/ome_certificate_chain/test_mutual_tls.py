# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Handshakes of mutual TLS between copies of two chains."""

from __future__ import annotations

import dataclasses
import datetime
import ssl

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import from_x509
from ansible_collections.certmend.tls.plugins.module_utils.x509.ome_certificate_chain.mutual_tls import Side, advance, handshake, mutual_handshakes
from ansible_collections.certmend.tls.tests.support import mint
from ansible_collections.certmend.tls.tests.support.clock import REAL
from ansible_collections.certmend.tls.tests.support.ome.chains import CLIENT, NAME, SERVER, Cas

CAS = Cas(REAL)
OTHER_NAME = "ome-target.corp.example"
BOTH = {"here_to_peer": None, "peer_to_here": None}


def chain(*minted):
    return [from_x509(certificate.x509) for certificate in minted]


def below(issuer, *above, **more):
    return chain(CAS.leaf(issuer, OTHER_NAME, mint.new_key(), **more), issuer, *above)


HERE = chain(*CAS.chain().certificates)


def test_two_chains_of_one_root_authenticate_each_other():
    assert mutual_handshakes(HERE, below(CAS.two, CAS.root)) == BOTH


@pytest.mark.parametrize("kind", ["RSA-2048", "P-256", "P-384", "Ed25519", "Ed448"])
def test_a_copy_has_a_key_of_the_same_kind(kind):
    assert mutual_handshakes(HERE, chain(CAS.leaf(CAS.one, OTHER_NAME, mint.new_key(kind)), CAS.one, CAS.root)) == BOTH


def test_a_root_of_the_same_name_with_another_key_is_refused_in_both_directions():
    lookalike = CAS.ca("CA-Racine")
    intermediate = CAS.ca("CA1-Inter", lookalike)
    errors = mutual_handshakes(HERE, below(intermediate, lookalike))
    assert all(error.startswith("the client refuses the server: ") for error in errors.values())


@pytest.mark.parametrize(
    "purpose, refusals",
    [
        (SERVER, {"here_to_peer": None, "peer_to_here": "the server refuses the client: "}),
        (CLIENT, {"here_to_peer": "the client refuses the server: ", "peer_to_here": None}),
    ],
)
def test_a_certificate_for_one_purpose_is_refused_in_the_other_direction(purpose, refusals):
    errors = mutual_handshakes(HERE, below(CAS.one, CAS.root, asked=(purpose,)))
    for direction, refusal in refusals.items():
        assert errors[direction] is None if refusal is None else errors[direction].startswith(refusal)


def test_a_certificate_that_has_expired_is_refused():
    assert "expired" in mutual_handshakes(HERE, below(CAS.one, CAS.root, **CAS.past))["here_to_peer"]


def test_the_private_keys_of_the_originals_are_not_needed_and_those_of_the_copies_not_shown():
    assert "PRIVATE" not in repr(Side("chain", b"-----BEGIN PRIVATE KEY-----", "root"))


def test_a_chain_that_tls_cannot_use_is_an_error():
    one, other = (mint.mint(NAME, **CAS.days) for _number in range(2))
    side = Side(one.pem, other.key_pem.encode(), one.pem)
    with pytest.raises(RemediationError, match="^the chain cannot be used in TLS: key values mismatch"):
        handshake(side, side)


def test_what_ends_a_handshake_and_is_not_about_a_certificate_is_reported_too():
    incoming = ssl.MemoryBIO()
    incoming.write(b"220 mail.corp.example ESMTP\r\n")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    client = context.wrap_bio(incoming, ssl.MemoryBIO())
    assert advance("the client refuses the server", client) == ("the client refuses the server: wrong version number", True)


def test_a_certificate_that_cannot_be_copied_is_an_error_with_a_way_out():
    leaf, *issuers = HERE
    from_before_1950 = dataclasses.replace(leaf, not_before=datetime.datetime(1900, 1, 1, tzinfo=datetime.timezone.utc))
    with pytest.raises(RemediationError, match="^CN=%s cannot be copied for the handshake of mutual TLS: " % NAME) as caught:
        mutual_handshakes([from_before_1950, *issuers], HERE)
    assert "before the migration starts" in caught.value.advice
