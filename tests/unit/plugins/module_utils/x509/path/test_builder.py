# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Paths: the right one is found wherever its certificates stand, and a wrong one is not taken."""

from __future__ import annotations

import datetime
import itertools
import random

import pytest
from cryptography import x509
from cryptography.x509.name import _ASN1Type
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import from_x509
from ansible_collections.certmend.tls.plugins.module_utils.x509.path import builder as path_module
from ansible_collections.certmend.tls.plugins.module_utils.x509.path.builder import find_path, missing_issuer
from ansible_collections.certmend.tls.plugins.module_utils.x509.path.pool import Pool
from ansible_collections.certmend.tls.plugins.module_utils.x509.path.requirements import Requirements
from ansible_collections.certmend.tls.tests.support.clock import DAY, written
from ansible_collections.certmend.tls.tests.support.mint import (
    NOW,
    authority,
    key_identifiers,
    mint,
    name,
    new_key,
    shared_key,
    signed_with,
)
from ansible_collections.certmend.tls.tests.support.policies import requires

ROOT = authority("Root")
NEAR = authority("Near", issuer=ROOT)
FAR = authority("Far", issuer=NEAR)
LEAF = mint("www", issuer=FAR)


def search(leaf, candidates=(), trusted=(ROOT,), strict=True, at=NOW, purpose="any"):
    pool = Pool()
    for one in candidates:
        pool.add(one.der, "pool")
    for one in trusted:
        pool.add(one.der, "trusted", trusted=True)
    assert not pool.warnings
    return find_path(from_x509(leaf.x509), pool, Requirements(at, purpose), strict)


def found(*arguments, **more):
    """The path that reached an anchor, as DER; None where none did."""
    outcome = search(*arguments, **more)
    return [one.der for one in outcome.path.certificates] if outcome.path.anchor else None


def ders(*minted):
    return [one.der for one in minted]


def reasons(outcome):
    return [one.reason for one in outcome.rejected]


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
def test_the_order_of_the_pool_does_not_matter(order):
    pool = [(ROOT, NEAR, FAR, LEAF)[place] for place in order]
    assert found(LEAF, pool) == ders(LEAF, FAR, NEAR, ROOT)


def test_a_trusted_leaf_is_its_own_path():
    assert found(LEAF, [], trusted=[LEAF]) == ders(LEAF)


def test_a_trusted_intermediate_ends_the_path():
    assert found(LEAF, [FAR], trusted=[NEAR]) == ders(LEAF, FAR, NEAR)


def test_without_an_anchor_the_longest_path_tells_what_is_missing():
    outcome = search(LEAF, [FAR], trusted=[])
    assert outcome.path.anchor is None and missing_issuer(outcome.path) == {
        "subject": "CN=Near",
        "authority_key_identifier": None,
        "ca_issuers": [],
        "needed_by": "CN=Far",
    }


def test_names_that_differ_in_string_type_case_and_blanks_are_the_same_ca():
    plain = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "CORP  ca", _ASN1Type.PrintableString)])
    ca = authority("Corp CA", issuer=ROOT)
    leaf = mint("www", issuer=ca, issuer_name=plain)
    assert found(leaf, [ca]) == ders(leaf, ca, ROOT)


def test_of_two_cas_with_one_name_the_one_whose_key_signed_is_taken():
    twin = authority("Far", issuer=NEAR)
    outcome = search(LEAF, [twin, NEAR, FAR])
    assert [one.der for one in outcome.path.certificates] == ders(LEAF, FAR, NEAR, ROOT)
    assert search(LEAF, [twin, NEAR]).path.anchor is None
    assert reasons(search(LEAF, [twin, NEAR])) == ["signature verification failed for CN=www"]


def test_a_wrong_key_identifier_is_a_hint_and_no_verdict():
    key = new_key()
    wrong = [(x509.AuthorityKeyIdentifier(b"not the key of far!!", None, None), False)]
    leaf = mint("www", issuer=FAR, key=key, extensions=wrong)
    decoy = authority("Far", issuer=NEAR, extensions=[(x509.SubjectKeyIdentifier(b"not the key of far!!"), False)])
    assert found(leaf, [decoy, FAR, NEAR]) == ders(leaf, FAR, NEAR, ROOT)


def test_the_key_identifier_that_fits_is_tried_first():
    key = new_key()
    ca = authority("Many", issuer=ROOT, key=key, extensions=key_identifiers(key, ROOT))
    others = [authority("Many", issuer=ROOT, extensions=key_identifiers(new_key(), ROOT)) for _twin in range(5)]
    leaf_key = new_key()
    leaf = mint("www", issuer=ca, key=leaf_key, extensions=key_identifiers(leaf_key, ca))
    outcome = search(leaf, [*others, ca])
    assert outcome.path.anchor and outcome.rejected == ()


def test_a_shorter_path_is_preferred():
    short = mint("Far", issuer=ROOT, ca=True, key=FAR.key)
    for pool in ([FAR, NEAR, short], [short, NEAR, FAR]):
        assert found(LEAF, pool) == ders(LEAF, short, ROOT)


def test_a_cross_signed_ca_leads_to_the_root_that_is_trusted():
    other = authority("Other Root")
    cross = mint("Root", issuer=other, ca=True, key=ROOT.key)
    assert found(LEAF, [FAR, NEAR, ROOT, cross], trusted=[other]) == ders(LEAF, FAR, NEAR, cross, other)
    assert found(LEAF, [FAR, NEAR, ROOT, cross], trusted=[ROOT]) == ders(LEAF, FAR, NEAR, ROOT)


@pytest.mark.parametrize(
    "change, reason",
    [
        (dict(ends=NOW - DAY), "expired on %s" % written(NOW - DAY)),
        (dict(starts=NOW + DAY), "is not valid before %s" % written(NOW + DAY)),
        (dict(ca=False), "is not a CA (basic constraints)"),
        (
            dict(extensions=[(x509.KeyUsage(True, False, True, False, False, False, False, False, False), True)]),
            "may not sign certificates (its key usage is digitalSignature, keyEncipherment)",
        ),
        (
            dict(extensions=[(x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00"), True)]),
            "has unknown critical extensions: 1.2.3.4",
        ),
        (
            dict(extensions=[(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), False)]),
            "is not for serverAuth (extended key usage: codeSigning)",
        ),
        (dict(extensions=[(x509.NameConstraints([x509.DNSName("corp.example")], None), True)]), "does not permit the name other.example (name constraints)"),
    ],
)
def test_a_ca_that_may_not_stand_there_is_rejected_with_the_reason_and_a_good_twin_is_taken(change, reason):
    key = new_key()
    arguments = dict(dict(issuer=ROOT, key=key, ca=True), **change)
    bad, good = mint("CA", **arguments), mint("CA", issuer=ROOT, key=key, ca=True)
    leaf = mint("other.example", dns=["other.example"], issuer=good)
    outcome = search(leaf, [bad], purpose="server")
    assert outcome.path.anchor is None and reasons(outcome) == [reason]
    assert found(leaf, [bad, good], purpose="server") == ders(leaf, good, ROOT)


def test_the_path_length_counts_the_cas_below_and_not_the_self_issued_ones():
    limited = authority("Limited", issuer=ROOT, path_length=0)
    below = authority("Below", issuer=limited)
    rolled = mint("Limited", issuer=limited, ca=True, path_length=0)
    assert found(mint("www", issuer=limited), [limited]) is not None
    assert found(mint("www", issuer=rolled), [limited, rolled]) is not None
    outcome = search(mint("www", issuer=below), [limited, below])
    assert reasons(outcome) == ["allows 0 CAs below it, but there are 1 (path length)"]


def test_a_root_without_basic_constraints_is_a_ca_only_in_version_1_and_where_it_is_trusted():
    key = new_key()
    version_1 = signed_with("sha256", "Old Root", None, key=key)
    assert version_1.x509.version == x509.Version.v1
    version_3 = mint("Old Root", key=key)
    leaf = mint("www", issuer=version_1)
    assert found(leaf, [], trusted=[version_1]) == ders(leaf, version_1)
    assert found(leaf, [version_1], trusted=[]) is None
    assert reasons(search(leaf, [], trusted=[version_3])) == ["is not a CA (basic constraints)"]


def test_an_intermediate_of_version_1_is_no_ca():
    root = authority("RSA Root", key=shared_key("RSA-2048"))
    version_1 = signed_with("sha256", "Old CA", root)
    assert version_1.x509.version == x509.Version.v1
    leaf = mint("www", issuer=version_1)
    assert reasons(search(leaf, [version_1], trusted=[root])) == ["is not a CA (basic constraints)"]


def test_a_leaf_that_has_its_issuer_s_name_is_bound_by_constraints_all_the_same():
    extensions = [(x509.NameConstraints([x509.DNSName("corp.example")], None), True)]
    limited = authority("Limited", issuer=ROOT, extensions=extensions)
    leaf = mint("Limited", dns=["other.example"], issuer=limited)
    assert "does not permit" in reasons(search(leaf, [limited]))[0]


def test_the_leaf_itself_must_be_valid():
    old = mint("www", issuer=FAR, ends=NOW - DAY)
    outcome = search(old, [FAR, NEAR])
    assert outcome.path.anchor is None and outcome.objections == ("expired on %s" % written(NOW - DAY),)


def test_a_leaf_must_have_a_key_for_tls_unless_it_is_a_ca_and_is_asked_for_as_such():
    signing = [(x509.KeyUsage(False, False, False, False, False, True, True, False, False), True)]
    outcome = search(mint("www", issuer=FAR, extensions=signing), [FAR, NEAR], purpose="server")
    assert outcome.path.anchor is None and outcome.objections == ("has a key that may not be used for TLS (key usage: keyCertSign, cRLSign)",)
    ca = authority("Below", issuer=FAR, extensions=signing)
    assert found(ca, [FAR, NEAR], purpose="server") == ders(ca, FAR, NEAR, ROOT)


def test_a_path_without_the_policy_that_a_ca_requires_is_not_taken_and_another_is():
    key = new_key()
    strict, lax = (authority("CA", issuer=ROOT, key=key, extensions=given) for given in ([requires(0)], []))
    leaf = mint("www", issuer=strict)
    outcome = search(leaf, [strict])
    assert outcome.path.anchor is None
    words = "is not reached: CN=CA requires a certificate policy, but no policy is valid from the anchor down to CN=www"
    assert reasons(outcome) == [words]
    assert found(leaf, [strict, lax]) == ders(leaf, lax, ROOT)


def test_a_leaf_with_its_issuer_s_name_and_key_but_other_alternative_names_is_no_loop():
    key = new_key()
    ca = authority("Own CA", issuer=ROOT, key=key)
    leaf = mint("Own CA", dns=["www.corp.example"], issuer=ca, key=key)
    assert found(leaf, [ca]) == ders(leaf, ca, ROOT)
    assert found(mint("Own CA", issuer=ca, key=key), [ca]) is None


@pytest.mark.parametrize("second, valid", [(-1, False), (0, True)])
def test_both_ends_of_the_validity_belong_to_it(second, valid):
    facts, away = from_x509(LEAF.x509), datetime.timedelta(seconds=second)
    assert (found(LEAF, [FAR, NEAR], at=facts.not_before + away) is not None) is valid
    assert (found(LEAF, [FAR, NEAR], at=facts.not_after - away) is not None) is valid


def test_a_diagnosis_shows_the_path_with_what_stands_against_it():
    old = authority("Old", issuer=ROOT, ends=NOW - DAY)
    leaf = mint("www", issuer=old)
    outcome = search(leaf, [old], strict=False)
    assert [one.der for one in outcome.path.certificates] == ders(leaf, old, ROOT)
    assert outcome.objections == ("CN=Old expired on %s" % written(NOW - DAY),)


def test_a_path_with_a_broken_digest_is_taken_only_where_there_is_no_other():
    root = authority("RSA Root", key=shared_key("RSA-2048"))
    short = from_openssl("sha1", "Far", root, FAR.key)
    near = authority("Near", issuer=root, key=NEAR.key)
    outcome = search(LEAF, [short, FAR, near], trusted=[root])
    assert [one.der for one in outcome.path.certificates] == ders(LEAF, FAR, near, root) and not outcome.path.weak
    alone = search(LEAF, [short], trusted=[root])
    assert [one.der for one in alone.path.weak] == [short.der]


def from_openssl(digest, common_name, issuer, key):
    """A CA signed with a digest that cryptography refuses to sign with."""
    return signed_with(digest, common_name, issuer, key=key, ca=True)


def test_a_loop_ends():
    one, other = new_key(), new_key()
    first = mint("One", issuer=mint("Two", key=other), ca=True, key=one)
    second = mint("Two", issuer=mint("One", key=one), ca=True, key=other)
    leaf = mint("www", issuer=first)
    outcome = search(leaf, [first, second])
    assert outcome.path.anchor is None and outcome.exhausted == ""


def test_a_mesh_of_cas_that_all_signed_each_other_ends_and_a_way_out_is_found():
    keys = {number: new_key() for number in range(12)}
    cas = {number: mint("CA %d" % number, ca=True, key=key) for number, key in keys.items()}
    mesh = [mint("CA %d" % a, issuer=cas[b], ca=True, key=keys[a]) for a in cas for b in cas if a != b]
    leaf = mint("www", issuer=cas[0])
    closed = search(leaf, mesh)
    assert closed.path.anchor is None and closed.exhausted == ""
    way_out = mint("CA 11", issuer=ROOT, ca=True, key=keys[11])
    random.Random(1).shuffle(mesh)
    assert found(leaf, [*mesh, way_out]) == ders(leaf, mint_of(mesh, "CA 0", "CA 11"), way_out, ROOT)


def mint_of(mesh, subject, issuer):
    return next(one for one in mesh if one.x509.subject == name(subject) and one.x509.issuer == name(issuer))


def test_two_thousand_cas_of_one_name_do_not_hide_the_right_one():
    key = new_key()
    crowd = [mint("Crowd", issuer=ROOT, ca=True, key=key) for _one in range(2000)]
    right = authority("Crowd", issuer=ROOT)
    leaf = mint("www", issuer=right)
    assert found(leaf, [*crowd, right]) == ders(leaf, right, ROOT)


def test_a_search_that_is_stopped_says_so(monkeypatch):
    monkeypatch.setattr(path_module, "MAXIMUM_SIGNATURES", 3)
    crowd = [authority("Far", issuer=ROOT) for _one in range(5)]
    outcome = search(LEAF, crowd)
    assert outcome.path.anchor is None and outcome.exhausted == "3 signatures were verified"
