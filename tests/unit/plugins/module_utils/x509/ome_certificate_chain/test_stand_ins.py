# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Chains that are judged before their certificates are issued."""

from __future__ import annotations

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import from_x509
from ansible_collections.certmend.tls.plugins.module_utils.x509.ome_certificate_chain.expectations import Expectations, Names
from ansible_collections.certmend.tls.plugins.module_utils.x509.ome_certificate_chain.judge import examine
from ansible_collections.certmend.tls.plugins.module_utils.x509.ome_certificate_chain.options import Upload
from ansible_collections.certmend.tls.plugins.module_utils.x509.ome_certificate_chain.stand_ins import TO_BE_ISSUED, with_stand_ins
from ansible_collections.certmend.tls.tests.support import mint
from ansible_collections.certmend.tls.tests.support.clock import REAL
from ansible_collections.certmend.tls.tests.support.ome.chains import NAME, Cas

CAS = Cas(REAL)
ONE, TWO = ((CAS.one, CAS.root), (CAS.two, CAS.root))
NAMES = Names(NAME, (NAME, "10.77.0.14", "fd00::14"))
BOTH = {"here_to_peer": None, "peer_to_here": None}


def certificates(minted):
    return tuple(from_x509(one.x509) for one in minted)


def judged(expected, upload=None, chain=True):
    upload, expected, keys = with_stand_ins(upload, chain, expected, REAL.now)
    return examine(upload, expected, REAL.now, keys)


def codes(examination):
    return [finding.code for finding in examination.findings]


def test_two_chains_of_one_ca_that_are_yet_to_be_issued_authenticate_each_other():
    examination = judged(Expectations(issuers=certificates(ONE), peer_issuers=certificates(ONE), names=NAMES, name=NAME))
    assert (codes(examination), examination.mutual) == ([], BOTH)


def test_different_cas_are_found_before_anything_is_issued():
    examination = judged(Expectations(issuers=certificates(ONE), peer_issuers=certificates(TWO), names=NAMES))
    (finding,) = examination.findings
    assert finding.code == "CHAIN-PEER-DIFFERS" and finding.about == TO_BE_ISSUED and examination.mutual == BOTH
    assert "level 1: CN=CA1-Inter issued by CN=CA-Racine here, CN=Inter-CA2 issued by CN=CA-Racine there" in finding.message
    assert examination.connection_answer


def test_a_root_of_the_same_name_with_another_key_is_found_too():
    root = CAS.ca("CA-Racine")
    examination = judged(Expectations(issuers=certificates(ONE), peer_issuers=certificates((CAS.ca("CA1-Inter", root), root)), names=NAMES))
    assert codes(examination) == ["MUTUAL-REFUSED"] * 2


@pytest.mark.parametrize("issuer, found", [(CAS.one, []), (CAS.two, ["CHAIN-PEER-DIFFERS"])])
def test_a_certificate_that_is_there_is_judged_with_one_that_is_not(issuer, found):
    peer = certificates((CAS.leaf(issuer, "ome-target.corp.example"), issuer, CAS.root))
    assert codes(judged(Expectations(issuers=certificates(ONE), peer=peer, names=NAMES))) == found
    real = certificates((CAS.leaf(issuer), issuer, CAS.root))
    upload = Upload.from_params({"path": None, "content": CAS.pem(CAS.leaf(issuer), issuer, CAS.root), "upload": "chain"})
    examination = judged(Expectations(peer_issuers=certificates(ONE)), upload)
    assert codes(examination) == found and examination.certificates[1:] == real[1:]


@pytest.mark.parametrize(
    "issuers, found",
    [
        ((CAS.one,), ["CHAIN-ROOT-MISSING"]),
        ((CAS.ca(None, CAS.root), CAS.root), ["NAME-CN-MISSING"]),
        ((CAS.ca("CA1-Inter", CAS.root, **CAS.past), CAS.root), ["VALIDITY-EXPIRED"]),
        (tuple(CAS.deep(11).certificates[1:]), ["CHAIN-TOO-DEEP"]),
    ],
)
def test_what_is_wrong_with_the_ca_is_found(issuers, found):
    assert codes(judged(Expectations(issuers=certificates(issuers), names=NAMES))) == found


def test_a_wildcard_that_will_be_asked_for_is_found():
    assert "NAME-CN-WILDCARD" in codes(judged(Expectations(issuers=certificates(ONE), names=Names("*.corp.example"))))


def test_a_stand_in_is_no_answer_to_a_former_request():
    assert codes(judged(Expectations(csr_pin="sha256/other", issuers=certificates(ONE), names=NAMES))) == []


def test_a_single_certificate_has_no_ca_certificates():
    examination = judged(Expectations(issuers=certificates(ONE), names=NAMES), chain=False)
    assert codes(examination) == [] and len(examination.certificates) == 1


def test_a_ca_that_may_not_sign_for_the_name_is_found():
    from cryptography import x509

    constraint = x509.NameConstraints([x509.DNSName("other.example")], None), True
    key = mint.new_key()
    ca = mint.authority("CA1-Inter", issuer=CAS.root, key=key, extensions=[constraint], **CAS.days)
    examination = judged(Expectations(issuers=certificates((ca, CAS.root)), peer_issuers=certificates((ca, CAS.root)), names=NAMES))
    assert codes(examination) == ["MUTUAL-REFUSED"] * 2 and "permitted subtree" in examination.findings[0].message
