# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a trust anchor vouches for a chain."""

from __future__ import annotations

import pytest
from cryptography import x509

from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import from_x509
from ansible_collections.certmend.tls.plugins.module_utils.x509.path.presented_chain import vouches
from ansible_collections.certmend.tls.tests.support.clock import DAY
from ansible_collections.certmend.tls.tests.support.mint import NOW, authority, mint
from ansible_collections.certmend.tls.tests.support.verifiers import openssl

FQDN = "vc.corp.example"
ROOT = authority("Root")


def vouched(anchor, *chain):
    return vouches(from_x509(anchor.x509), [from_x509(minted.x509) for minted in chain])


def served_by(issuer):
    return mint(FQDN, dns=[FQDN], issuer=issuer), issuer


@pytest.mark.parametrize(
    "forged",
    [
        dict(ca=False),
        dict(ca=True, extensions=[(x509.KeyUsage(True, False, False, False, False, False, False, False, False), True)]),
        dict(ca=True, extensions=[(x509.NameConstraints([x509.DNSName("other.example")], None), True)]),
    ],
)
def test_nobody_vouches_for_what_an_issuer_signed_that_may_not(forged):
    chain = served_by(mint("www.corp.example", issuer=ROOT, **forged))
    assert not openssl(*chain, trusted=ROOT).accepted
    assert not vouched(ROOT, *chain)


def test_a_root_vouches_for_what_its_ca_signed_and_a_certificate_for_itself():
    chain = served_by(authority("CA", issuer=ROOT))
    assert openssl(*chain, trusted=ROOT).accepted
    assert vouched(ROOT, *chain) and vouched(chain[1], *chain) and vouched(chain[0], *chain)
    assert not vouched(authority("Root"), *chain) and not vouched(ROOT)


def test_an_anchor_that_has_expired_still_vouches_because_its_end_is_reported_as_such():
    old = authority("Old Root", starts=NOW - 20 * DAY, ends=NOW - DAY)
    assert vouched(old, mint(FQDN, dns=[FQDN], issuer=old))
