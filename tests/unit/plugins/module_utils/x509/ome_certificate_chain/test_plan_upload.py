# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""When an upload is due, and how the diff describes it."""

from __future__ import annotations

import dataclasses

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import from_x509
from ansible_collections.certmend.tls.plugins.module_utils.x509.languages.language import Language
from ansible_collections.certmend.tls.plugins.module_utils.x509.load.reader import read_certificates
from ansible_collections.certmend.tls.plugins.module_utils.x509.ome_certificate_chain.expectations import Expectations
from ansible_collections.certmend.tls.plugins.module_utils.x509.ome_certificate_chain.options import Compare, Options, State, Upload
from ansible_collections.certmend.tls.plugins.module_utils.x509.ome_certificate_chain.plan_upload import is_served, plan_upload
from ansible_collections.certmend.tls.tests.support.clock import FIXED
from ansible_collections.certmend.tls.tests.support.ome.chains import Cas

CAS = Cas(FIXED)
MINTED = CAS.chain()
LEAF, ONE, ROOT = PATH = tuple(from_x509(minted.x509) for minted in MINTED.certificates)
OTHER = from_x509(CAS.leaf().x509)
UPLOAD = Upload(MINTED.data, read_certificates(MINTED.data), "upload.pem", True)
OPTIONS = Options(
    state=State.PRESENT,
    connection=None,
    upload=UPLOAD,
    chain=True,
    expected=Expectations(),
    pending=False,
    compare=Compare.CHAIN,
    csr=None,
    csr_path="",
    force=False,
    check_account=False,
    language=Language.ENGLISH,
    at=None,
    wait_timeout=1,
)


@pytest.mark.parametrize(
    "served, chain, leaf",
    [
        ((LEAF, ONE, ROOT), True, True),
        ((LEAF, ONE), True, True),
        ((LEAF,), False, True),
        ((LEAF, ROOT), False, True),
        ((OTHER, ONE, ROOT), False, False),
        ((), False, False),
    ],
)
def test_the_leaf_or_the_chain_without_its_root_must_be_served(served, chain, leaf):
    assert is_served(served, PATH, Compare.CHAIN) is chain and is_served(served, PATH, Compare.LEAF) is leaf


def test_nothing_is_not_served():
    assert not is_served(PATH, (), Compare.LEAF)


def planned(served, **changes):
    return plan_upload(dataclasses.replace(OPTIONS, **changes), served, "ome:443")


def test_what_is_served_is_not_uploaded_unless_it_is_forced():
    assert planned(PATH) == [] and len(planned(PATH, force=True)) == 1 and planned((LEAF,), compare=Compare.LEAF) == []


def test_the_diff_shows_what_is_served_and_what_is_uploaded():
    (step,) = planned((OTHER,))
    assert step.target == "ome:443" and step.payload is UPLOAD
    assert OTHER.fingerprint() in step.before and LEAF.fingerprint() not in step.before
    assert LEAF.fingerprint() in step.after and "followed by: CN=CA-Racine" in step.after


def test_the_diff_of_a_pending_certificate_is_the_same_with_and_without_the_file():
    with_file, without = planned((OTHER,), pending=True)[0], planned((OTHER,), pending=True, upload=None)[0]
    assert with_file.after == without.after == "certificate ome:443\n  certificate to be issued in this run, with its chain\n"
    assert with_file.before == without.before and (with_file.payload, without.payload) == (UPLOAD, None)


def test_a_pending_file_that_is_served_already_is_not_uploaded():
    assert planned(PATH, pending=True) == []
