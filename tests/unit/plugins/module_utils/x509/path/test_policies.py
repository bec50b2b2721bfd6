# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Certificate policies (RFC 5280 section 6.1, RFC 9618), compared with OpenSSL."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import from_x509
from ansible_collections.certmend.tls.plugins.module_utils.x509.path import policies
from ansible_collections.certmend.tls.tests.support.mint import authority, key_identifiers, mint, new_key
from ansible_collections.certmend.tls.tests.support.policies import ANY, BLUE, GREEN, RED, inhibits_any, maps, policy, requires
from ansible_collections.certmend.tls.tests.support.verifiers import openssl_with_policies

ROOT = authority("Root")


def chain(*extensions):
    """A chain, leaf first, of certificates with these extensions: the CA below the root first, the leaf's last."""
    issuer, minted = ROOT, []
    for number, given_ in enumerate(extensions[:-1]):
        issuer = authority("CA %d" % number, issuer=issuer, extensions=list(given_))
        minted.insert(0, issuer)
    return [mint("www.corp.example", dns=["www.corp.example"], issuer=issuer, extensions=list(extensions[-1])), *minted]


def refusal(minted):
    found = policies.violation([from_x509(one.x509) for one in minted])
    return "" if found is None else found


def both(*extensions):
    """The refusal, on which OpenSSL and we agree."""
    minted = chain(*extensions)
    ours, theirs = refusal(minted), openssl_with_policies(*minted, trusted=ROOT)
    assert bool(ours) is bool(theirs), (ours, theirs)
    return ours


@pytest.mark.parametrize(
    "extensions",
    [
        ([], []),
        ([policy(RED)], []),
        ([policy(RED)], [policy(BLUE)]),
        ([policy(RED), requires(0)], [policy(RED, BLUE)]),
        ([policy(ANY), requires(0)], [policy(RED)]),
        ([policy(RED), requires(0)], [policy(ANY)]),
        ([policy(ANY), requires(0)], [policy(ANY)]),
        ([requires(2)], []),
        ([policy(RED), maps((RED, BLUE)), requires(0)], [policy(BLUE)]),
        ([policy(ANY), maps((RED, BLUE)), requires(0)], [policy(BLUE)]),
        ([policy(RED), maps((RED, BLUE), (RED, GREEN)), requires(0)], [policy(GREEN)]),
        ([policy(RED), maps((RED, BLUE)), requires(0)], [policy(BLUE), maps((BLUE, GREEN))], [policy(GREEN)]),
        ([policy(RED), inhibits_any(1), requires(0)], [policy(ANY)], [policy(RED)]),
        ([policy(RED, BLUE), requires(0, 0)], [policy(RED), maps((BLUE, GREEN))], [policy(RED)]),
    ],
)
def test_a_chain_with_a_policy_or_without_the_need_of_one_is_accepted(extensions):
    assert both(*extensions) == ""


@pytest.mark.parametrize(
    "extensions, words",
    [
        (([requires(0)], []), "CN=CA 0 requires a certificate policy"),
        (([policy(RED), requires(0)], []), "no policy"),
        (([policy(RED), requires(0)], [policy(BLUE)]), "no policy"),
        (([requires(0)], [policy(RED)]), "no policy"),
        (([], [policy(RED), requires(0)]), "no policy"),
        (([requires(1)], [], []), "no policy"),
        (([policy(RED), inhibits_any(0), requires(0)], [policy(ANY)]), "no policy"),
        (([policy(RED), inhibits_any(1), requires(0)], [policy(RED)], [policy(ANY)]), "no policy"),
        (([policy(RED), maps((RED, BLUE)), requires(0)], [policy(RED)]), "no policy"),
        (([policy(RED), requires(0, 0)], [policy(RED), maps((RED, BLUE))], [policy(BLUE)]), "no policy"),
        (([policy(RED), requires(0, 0)], [policy(RED), maps((RED, BLUE))], [policy(RED)]), "no policy"),
        (([policy(ANY), maps((ANY, RED))], [policy(RED)]), "maps any policy"),
        (([policy(ANY), maps((RED, ANY))], [policy(RED)]), "maps any policy"),
    ],
)
def test_a_chain_without_the_policy_that_is_required_is_refused(extensions, words):
    assert words in both(*extensions)


def test_a_requirement_of_the_leaf_itself_counts_only_if_it_applies_at_once():
    assert both([], [requires(0)]) and not both([], [requires(1)])


def test_a_self_issued_ca_uses_up_no_certificate_of_a_requirement():
    keys = new_key(), new_key()
    first = authority("Same", issuer=ROOT, key=keys[0], extensions=[requires(2), *key_identifiers(keys[0], ROOT)])
    again = authority("Same", issuer=first, key=keys[1], extensions=key_identifiers(keys[1], first))
    leaf = mint("www.corp.example", dns=["www.corp.example"], issuer=again)
    minted = [leaf, again, first]
    assert refusal(minted) == "" and openssl_with_policies(*minted, trusted=ROOT) == ""
    below = authority("Below", issuer=again)
    minted = [mint("www.corp.example", dns=["www.corp.example"], issuer=below), below, again, first]
    assert refusal(minted) and openssl_with_policies(*minted, trusted=ROOT)


def test_the_anchor_s_own_constraints_do_not_count():
    root = authority("Strict Root", extensions=[requires(0)])
    leaf = mint("www.corp.example", dns=["www.corp.example"], issuer=root)
    assert refusal([leaf]) == "" and openssl_with_policies(leaf, trusted=root) == ""


def test_however_policies_are_mapped_no_more_are_kept_than_the_certificates_contain():
    """The tree of RFC 5280 would have 2 ** 14 nodes at its last level (CVE-2023-0464)."""
    every = [(first, second) for first in (RED, BLUE) for second in (RED, BLUE)]
    minted = chain(*[[policy(RED, BLUE), maps(*every), requires(0)]] * 14, [policy(RED)])
    state = policies.PolicyState(len(minted))
    for one in reversed(minted):
        assert state.process(from_x509(one.x509), last=one is minted[0]) is None
        assert state.expected <= {RED, BLUE}
    assert refusal(minted) == ""


OIDS = st.sampled_from([RED, BLUE, GREEN])
EXTENSIONS = st.tuples(
    st.one_of(st.just([]), st.sets(st.sampled_from([RED, BLUE, ANY]), min_size=1).map(lambda names: [policy(*sorted(names))])),
    st.one_of(st.just([]), st.sets(st.tuples(OIDS, OIDS), min_size=1, max_size=2).map(lambda pairs: [maps(*sorted(pairs))])),
    st.one_of(st.just([]), st.tuples(st.integers(0, 3), st.one_of(st.none(), st.integers(0, 2))).map(lambda given_: [requires(*given_)])),
    st.one_of(st.just([]), st.integers(0, 2).map(lambda skipped: [inhibits_any(skipped)])),
).map(lambda parts: [extension for part in parts for extension in part])


@settings(max_examples=120, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(EXTENSIONS, min_size=1, max_size=4))
def test_openssl_agrees_on_any_chain(extensions):
    both(*extensions)
