# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The registrations that an update changes, and the mistakes that it refuses."""

from __future__ import annotations

import base64
from dataclasses import replace

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.appliance.lookup_service.xml import Tree
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.x509.lookup_ssl_trust.plan import (
    LISTED,
    RegistrationChange,
    check_old_is_registered,
    left_behind,
    plan_update,
    ssl_trust_of,
)
from ansible_collections.certmend.tls.plugins.module_utils.x509.lookup_ssl_trust.trust_entries import endpoint_trusts
from ansible_collections.certmend.tls.plugins.module_utils.x509.lookup_ssl_trust.update_spec import UpdateSpec
from ansible_collections.certmend.tls.tests.support.mint import mint
from ansible_collections.certmend.tls.tests.support.vsphere import estate
from ansible_collections.certmend.tls.tests.support.vsphere.certificates import CA, HOST, NEW, OLD, OTHER, read, serving, trusts

URL = "https://%s/sdk" % HOST
OLD_SHA1, OLD_SHA256, NEW_SHA256 = read(OLD)[0].fingerprint("sha1"), read(OLD)[0].fingerprint(), read(NEW)[0].fingerprint()
SPEC = UpdateSpec(read(NEW, CA), old=(OLD_SHA1,))
UNKNOWN = "AB:" * 19 + "AB"


def after(*entries, spec=SPEC):
    """The texts of an endpoint after its update."""
    (step,) = plan_update(trusts((URL, *entries)), spec)
    return list(step.payload.after.endpoints[0].ssl_trust)


def refused(function, *arguments):
    with pytest.raises(RemediationError) as raised:
        function(*arguments)
    return str(raised.value)


def test_a_step_changes_one_registration_and_shows_url_and_fingerprints():
    listed = trusts(one=[(URL, OLD), (URL + "/b", OLD)], two=[(URL, OTHER)], three=[(URL, OTHER, OLD)])
    first, second = plan_update(listed, SPEC)
    assert [first.target, second.target] == ["vcenterserver one", "vcenterserver three"]
    assert first.before == "%s  %s\n%s/b  %s\n" % (URL, OLD_SHA256, URL, OLD_SHA256)
    assert first.after == "%s  %s\n%s/b  %s\n" % (URL, NEW_SHA256, URL, NEW_SHA256)
    assert second.before == "%s  %s\n" % (URL, OLD_SHA256)
    assert isinstance(first.payload, RegistrationChange) and first.payload.before == listed[0].registration


def test_the_new_certificate_stands_where_the_old_one_stood():
    assert after(OTHER, OLD, CA) == [estate.anchor(OTHER), estate.anchor(NEW), estate.anchor(CA)]


def test_two_entries_of_the_old_certificate_become_one_of_the_new():
    assert after(estate.wrapped(OLD), OTHER, estate.twice(OLD)) == [estate.anchor(NEW), estate.anchor(OTHER)]


def test_a_new_certificate_that_is_present_already_is_not_added_again():
    assert after(OLD, NEW) == [estate.anchor(NEW)]


def test_a_malformed_entry_is_kept_beside_the_old_one_and_replaced_by_host():
    assert after("?", OLD) == ["?", estate.anchor(NEW)]
    assert after("?", spec=UpdateSpec(read(NEW), hosts=frozenset([HOST]))) == [estate.anchor(NEW)]


def test_nothing_is_planned_if_nothing_is_to_be_replaced():
    assert plan_update(trusts((URL, NEW), (URL, CA)), SPEC) == []


def test_an_element_that_set_would_lose_is_refused():
    (trust,) = trusts((URL, OLD))
    registration = replace(trust.registration, mutable=(*trust.registration.mutable, Tree("serviceFuture", "a", (), False)))
    message = refused(plan_update, endpoint_trusts([registration]), SPEC)
    assert "vcenterserver vc has elements" in message and "cannot send back unchanged: serviceFuture" in message


def test_a_certificate_for_another_host_is_refused_with_its_names_and_every_url():
    listed = trusts((URL, OLD), ("https://vc2.corp.example/b", OLD), ("https://vc3.corp.example/c", OLD))
    message = refused(plan_update, listed, SPEC)
    assert "it is valid for %s, and not for the host of https://vc2.corp.example/b, https://vc3.corp.example/c" % HOST in message


def test_a_certificate_without_a_name_is_refused():
    assert "it is valid for no name" in refused(plan_update, trusts((URL, OLD)), UpdateSpec(read(mint(HOST)), old=(OLD_SHA1,)))


def test_the_names_do_not_matter_at_a_url_that_is_local_to_the_appliance():
    assert len(plan_update(trusts(("https://localhost/", OLD)), SPEC)) == 1


def test_the_alias_or_the_name_in_the_url_must_be_covered():
    listed = trusts(("https://10.9.8.7/", OLD))
    assert len(plan_update(listed, replace(SPEC, aliases={"10.9.8.7": HOST}))) == 1
    by_address = UpdateSpec(read(mint(HOST, ip=["10.9.8.7"])), old=(OLD_SHA1,), aliases={"10.9.8.7": "vc9.corp.example"})
    assert len(plan_update(listed, by_address)) == 1


def test_the_lookup_service_stores_der_in_base64_on_one_line():
    assert base64.b64decode(ssl_trust_of(read(NEW)[0])) == NEW.der and "\n" not in ssl_trust_of(read(NEW)[0])


def test_an_old_certificate_that_is_registered_is_no_mistake():
    assert check_old_is_registered(trusts((URL, OLD)), SPEC, {}) is None


@pytest.mark.parametrize("unknown, algorithm", [(UNKNOWN, "sha1"), ("AB:" * 31 + "AB", "sha256")])
def test_an_old_certificate_that_is_registered_nowhere_is_answered_with_those_that_are(unknown, algorithm):
    message = refused(check_old_is_registered, trusts((URL, OLD), (URL, OTHER), (URL, "?")), replace(SPEC, old=(unknown,)), {})
    assert "%s is the fingerprint of no registered certificate" % unknown in message
    for minted in (OLD, OTHER):
        assert "%s (%s)" % (read(minted)[0].fingerprint(algorithm), read(minted)[0].subject) in message


def test_no_more_fingerprints_are_listed_than_a_person_reads():
    many = [mint("host%d" % number) for number in range(LISTED + 2)]
    message = refused(check_old_is_registered, trusts((URL, *many)), replace(SPEC, old=(UNKNOWN,)), {})
    assert "and 2 more" in message and message.count("CN=host") == LISTED


def test_if_nothing_is_registered_the_answer_is_none():
    assert "registered are: none" in refused(check_old_is_registered, [], replace(SPEC, old=(UNKNOWN,)), {})


def test_an_update_that_was_completed_before_is_no_mistake():
    spec = replace(SPEC, old=(UNKNOWN,))
    assert check_old_is_registered(trusts((URL, NEW)), spec, serving(NEW)) is None


def test_an_endpoint_that_a_former_update_left_behind_is_named():
    spec = replace(SPEC, old=(UNKNOWN,))
    message = refused(check_old_is_registered, trusts((URL, NEW), (URL + "/b", OLD)), spec, serving(NEW))
    assert OLD_SHA1 in message and read(NEW)[0].fingerprint("sha1") not in message


def test_left_behind_is_what_serves_the_new_certificate_and_does_not_accept_it():
    listed = trusts((URL, OLD), (URL, NEW), (URL, CA), (URL, "?"), (URL,), ("https://vc2.corp.example/", OLD))
    assert left_behind(listed, SPEC, serving(NEW)) == listed[:1]
    assert left_behind(listed, SPEC, serving(OTHER)) == []
    assert left_behind(listed, UpdateSpec(by_host={"vc2.corp.example": read(NEW)}), serving(NEW)) == []
