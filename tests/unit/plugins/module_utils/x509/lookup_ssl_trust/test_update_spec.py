# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which trust entries an update replaces, and by which certificate."""

from __future__ import annotations

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.x509.lookup_ssl_trust.update_spec import UpdateSpec, has_fingerprint
from ansible_collections.certmend.tls.tests.support.vsphere.certificates import CA, HOST, NEW, OLD, OTHER, read, trusts

URL = "https://%s/sdk" % HOST
(OLD_READ,), (OTHER_READ,) = read(OLD), read(OTHER)


def replaced(spec, url, *entries):
    """For each entry of an endpoint, whether it is replaced."""
    (trust,) = trusts((url, *entries))
    assert spec.changes(trust) == any(spec.replaces(trust, entry) for entry in trust.entries)
    return [spec.replaces(trust, entry) for entry in trust.entries]


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
def test_the_old_certificate_is_replaced_and_others_are_not(algorithm):
    spec = UpdateSpec(read(NEW), old=(OLD_READ.fingerprint(algorithm),))
    assert replaced(spec, URL, OTHER, OLD, CA, "?") == [False, True, False, False]


def test_the_new_certificate_is_never_replaced_by_itself():
    assert replaced(UpdateSpec(read(NEW), old=(read(NEW)[0].fingerprint(),)), URL, NEW) == [False]


def test_without_an_old_certificate_everything_goes_unless_the_new_one_is_accepted():
    spec = UpdateSpec(read(NEW), hosts=frozenset([HOST]))
    assert replaced(spec, URL, OTHER, OLD, "?") == [True, True, True]
    assert replaced(spec, URL, OTHER, CA) == [False, False] and replaced(spec, URL, NEW) == [False]


def test_only_endpoints_of_the_given_hosts_change():
    spec = UpdateSpec(read(NEW), hosts=frozenset([HOST]))
    assert replaced(spec, "https://vc2.corp.example/sdk", OLD) == [False]
    assert replaced(spec, "https://VC1.CORP.example/sdk", OLD) == [True]
    assert replaced(UpdateSpec(read(NEW), hosts=frozenset(["xn--bcher-kva.example"])), "https://B\u00fccher.example./", OLD) == [True]


def selected(spec, *endpoints):
    return [spec.selects(trust) for trust in trusts(*endpoints)]


def test_an_update_of_a_certificate_is_responsible_for_the_endpoints_that_have_the_old_or_the_new_one():
    spec = UpdateSpec(read(NEW), old=(OLD_READ.fingerprint("sha1"),))
    assert selected(spec, (URL, OTHER, OLD), (URL, NEW), (URL, OTHER), (URL, "?"), (URL,)) == [True, True, False, False, False]
    narrowed = UpdateSpec(read(NEW), old=spec.old, hosts=frozenset(["srm.corp.example"]))
    assert selected(narrowed, (URL, OLD), ("https://srm.corp.example/", OLD)) == [False, True]


def test_an_update_of_hosts_is_responsible_for_all_their_endpoints():
    spec = UpdateSpec(read(NEW), hosts=frozenset([HOST]))
    assert selected(spec, (URL, OTHER), (URL, "?"), (URL, CA), (URL,), ("https://srm.corp.example/", OLD)) == [True, True, True, False, False]
    each = UpdateSpec(by_host={HOST: read(NEW)}, old=(OLD_READ.fingerprint(),))
    assert selected(each, (URL, OLD), ("https://srm.corp.example/", OLD)) == [True, False]


def test_an_alias_is_the_host_that_it_stands_for():
    spec = UpdateSpec(read(NEW), hosts=frozenset([HOST]), aliases={"10.9.8.7": HOST})
    assert replaced(spec, "https://10.9.8.7/sdk", OLD) == [True]


def test_each_host_gets_its_own_certificate_and_others_none():
    spec = UpdateSpec(by_host={HOST: read(NEW), "srm.corp.example": read(OTHER)}, old=(OLD_READ.fingerprint(),))
    first, second, third = trusts((URL, OLD), ("https://srm.corp.example/", OLD), ("https://nsx.corp.example/", OLD))
    assert [spec.chain_for(trust) for trust in (first, second, third)] == [read(NEW), read(OTHER), ()]
    assert [spec.changes(trust) for trust in (first, second, third)] == [True, True, False]
    assert spec.new_certificates == [*read(NEW), *read(OTHER)]


def test_the_first_certificate_of_a_chain_is_the_new_one():
    assert UpdateSpec(read(NEW, CA)).new_certificates == list(read(NEW))


def test_a_certificate_has_two_fingerprints():
    assert has_fingerprint(OLD_READ, OLD_READ.fingerprint("sha1")) and has_fingerprint(OLD_READ, OLD_READ.fingerprint())
    assert not has_fingerprint(OLD_READ, OTHER_READ.fingerprint())
