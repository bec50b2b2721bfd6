# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rule about who may sign what: a diagnosis shows the path that a client would not take, and why."""

from __future__ import annotations

import pytest
from cryptography import x509

from ansible_collections.certmend.tls.tests.support.mint import authority, mint
from ansible_collections.certmend.tls.tests.support.rules import codes, fails, findings, passes

ROOT = authority("Root")


def served_by(issuer, *above, trusted=(ROOT,)):
    leaf = mint("www.corp.example", dns=["www.corp.example"], issuer=issuer)
    return dict(presented=[leaf, issuer, *above], trusted=list(trusted))


def seen(presented, trusted):
    return [finding.message for finding in findings(*presented, trusted=trusted) if finding.code == "CHAIN-PATH-INVALID"]


@fails("CHAIN-PATH-INVALID")
@pytest.mark.parametrize(
    "change, words",
    [
        (dict(ca=False), "is not a CA"),
        (dict(ca=True, extensions=[(x509.NameConstraints([x509.DNSName("other.example")], None), True)]), "does not permit the name www.corp.example"),
        (dict(ca=True, extensions=[(x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00"), True)]), "1.2.3.4"),
    ],
)
def test_an_issuer_that_may_not_sign_is_told_of(change, words):
    (message,) = seen(**served_by(mint("Issuer", issuer=ROOT, **change)))
    assert words in message


@fails("CHAIN-PATH-INVALID")
def test_more_cas_than_the_path_length_allows_are_told_of():
    limited = authority("Limited", issuer=ROOT, path_length=0)
    assert "path length" in seen(**served_by(authority("Below", issuer=limited), limited))[0]


@passes("CHAIN-PATH-INVALID")
def test_issuers_that_may_sign_are_not():
    limited = authority("Limited", issuer=ROOT, path_length=0)
    given = served_by(limited)
    assert codes(*given["presented"], trusted=given["trusted"]) == []
