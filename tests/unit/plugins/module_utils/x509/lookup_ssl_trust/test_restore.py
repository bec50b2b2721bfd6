# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A restore changes trust anchors only, keeps what somebody else changed after the update, and reports every other difference."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.x509.lookup_ssl_trust.backup import Backup
from ansible_collections.certmend.tls.plugins.module_utils.x509.lookup_ssl_trust.restore import merged, plan_restore
from ansible_collections.certmend.tls.tests.support.vsphere import estate
from ansible_collections.certmend.tls.tests.support.vsphere.certificates import CA, HOST, NEW, OLD, OTHER, read
from ansible_collections.certmend.tls.tests.support.vsphere.listing import listed

URL = "https://%s/sdk" % HOST


def registered(*names, certificate=OLD, **more):
    endpoints = [estate.endpoint(URL, [estate.anchor(certificate)])]
    return tuple(listed([estate.registration(name, endpoints, future=(("serviceFuture", "later"),), **more) for name in names]))


BEFORE, WRITTEN = registered("vc-a", "vc-b"), registered("vc-a", "vc-b", certificate=NEW)
BACKUP = Backup("vsphere.local", HOST, BEFORE, WRITTEN)


def refused(function, *arguments):
    with pytest.raises(RemediationError) as raised:
        function(*arguments)
    return raised.value.message


def fingerprint(minted):
    return read(minted)[0].fingerprint()


def test_a_restore_changes_the_registrations_that_differ_and_only_those():
    current = (*registered("vc-a", certificate=NEW), *registered("vc-b"), *registered("vc-c"))
    plan = plan_restore(current, BACKUP, "VSPHERE.local")
    (step,) = plan.steps
    assert plan.kept == ()
    assert step.target == "vcenterserver vc-a" and step.payload.before == current[0] and step.payload.after == BACKUP.registrations[0]
    assert step.before == "%s  %s\n" % (URL, fingerprint(NEW)) and step.after == "%s  %s\n" % (URL, fingerprint(OLD))


@pytest.mark.parametrize("force", [False, True])
def test_other_elements_are_reported_and_stay_as_they_are_now(force):
    current = (*registered("vc-a", version="9.0", certificate=NEW), *registered("vc-b"))
    plan = plan_restore(current, BACKUP, "vsphere.local", force)
    (step,), (kept,) = plan.steps, plan.kept
    assert step.payload.after == registered("vc-a", version="9.0")[0]
    assert kept.as_dict() == {
        "service_id": "vc-a",
        "service": "vcenterserver vc-a",
        "url": None,
        "trust_anchors": False,
        "difference": "serviceVersion: 8.0 -> 9.0",
    }
    assert str(kept) == "not restored: vcenterserver vc-a: serviceVersion: 8.0 -> 9.0"


def test_a_restore_of_other_elements_alone_changes_nothing():
    plan = plan_restore((*registered("vc-a", version="9.0"), *registered("vc-b")), BACKUP, "vsphere.local")
    assert plan.steps == () and [kept.difference for kept in plan.kept] == ["serviceVersion: 8.0 -> 9.0"]


def test_the_identity_of_a_registration_is_reported_and_not_restored():
    current = (replace(registered("vc-a", certificate=NEW)[0], owner_id="somebody"), *registered("vc-b"))
    plan = plan_restore(current, BACKUP, "vsphere.local")
    (step,) = plan.steps
    assert step.payload.after.owner_id == "somebody" and step.payload.after.mutable == BACKUP.registrations[0].mutable
    assert [kept.difference for kept in plan.kept] == ["owner_id: owner-vc-a@vsphere.local -> somebody"]


def test_a_registration_that_differs_in_its_identity_only_is_not_restored():
    current = (replace(registered("vc-a")[0], owner_id="somebody"), *registered("vc-b"))
    assert plan_restore(current, BACKUP, "vsphere.local").steps == ()


def test_a_trust_anchor_that_somebody_else_wrote_after_the_update_stays_unless_forced():
    current = (*registered("vc-a", certificate=OTHER), *registered("vc-b", certificate=NEW))
    plan = plan_restore(current, BACKUP, "vsphere.local")
    assert [step.target for step in plan.steps] == ["vcenterserver vc-b"]
    (kept,) = plan.kept
    assert kept.as_dict()["trust_anchors"] is True and kept.url == URL
    assert kept.difference == "%s trusts %s, in the backup %s" % (URL, fingerprint(OTHER), fingerprint(OLD))
    forced = plan_restore(current, BACKUP, "vsphere.local", force=True)
    assert [step.payload.after for step in forced.steps] == list(BEFORE) and forced.kept == ()


def test_a_backup_that_does_not_record_what_the_update_wrote_needs_force():
    old = replace(BACKUP, written=None)
    plan = plan_restore(WRITTEN, old, "vsphere.local")
    assert plan.steps == () and len(plan.kept) == 2
    assert len(plan_restore(WRITTEN, old, "vsphere.local", force=True).steps) == 2


def test_endpoints_are_found_again_if_others_were_added_before_them():
    added = estate.endpoint("https://%s/added" % HOST, [estate.anchor(OTHER)])
    changed = estate.endpoint(URL, [estate.anchor(NEW)])
    current = tuple(listed([estate.registration("vc-a", [added, changed], future=(("serviceFuture", "later"),))])) + BEFORE[1:]
    plan = plan_restore(current, BACKUP, "vsphere.local")
    (step,) = plan.steps
    assert [endpoint.ssl_trust for endpoint in step.payload.after.endpoints] == [(estate.anchor(OTHER),), (estate.anchor(OLD),)]
    assert any("serviceEndpoints: number 1 -> 2" in kept.difference for kept in plan.kept)


def test_a_registration_that_cannot_be_sent_back_unchanged_is_not_set():
    (current,) = registered("vc-a", certificate=NEW)
    *known, future = current.mutable
    strange = replace(current, mutable=(*known, future._replace(plain=False)))
    assert "elements that this release of certmend.tls does not know" in refused(plan_restore, [strange, BEFORE[1]], BACKUP, "vsphere.local")


old, new, other, ca = (estate.anchor(certificate) for certificate in (OLD, NEW, OTHER, CA))


@pytest.mark.parametrize(
    "now, then, wrote, restored",
    [
        ([new], [old], [new], [old]),
        ([old], [old], [new], [old]),
        ([other], [old], [new], [other]),
        ([new], [old], None, [new]),
        ([other, new], [old], [new], [other, old]),
        ([new, other], [old], [new], [old, other]),
        ([old, other], [old], [new], [old, other]),
        ([new, old], [old], [new], [old]),
        ([new], [estate.wrapped(OLD), old], [new], [estate.wrapped(OLD), old]),
        ([estate.wrapped(NEW)], [estate.twice(OLD)], [new], [estate.twice(OLD)]),
        ([old], [estate.wrapped(OLD)], [new], [old]),
        ([ca, new], [ca, old, new], [ca, new], [ca, old, new]),
        ([new], [ca, old], [ca, new], [old]),
        ([new], ["not a certificate"], [new], ["not a certificate"]),
        ([], [old], [new], []),
    ],
)
def test_an_endpoint_gets_back_what_the_update_removed_and_keeps_what_others_wrote(now, then, wrote, restored):
    once = merged(tuple(now), tuple(then), tuple(wrote) if wrote is not None else None)
    assert once == tuple(restored)
    assert merged(once, tuple(then), tuple(wrote) if wrote is not None else None) == once, "a second restore changes nothing"


@pytest.mark.parametrize("domain, name", [("other.local", "other.local"), ("", "(unknown)")])
def test_a_backup_of_another_domain_is_refused(domain, name):
    message = refused(plan_restore, BACKUP.registrations, BACKUP, domain)
    assert message == "backup_path: the backup is of the SSO domain vsphere.local, and this node is of %s" % name


def test_services_that_are_no_longer_registered_are_named():
    assert refused(plan_restore, [], BACKUP, "vsphere.local") == "backup_path: no longer registered: vcenterserver vc-a, vcenterserver vc-b"


def test_the_other_services_are_restored_by_force_if_some_are_gone():
    plan = plan_restore(WRITTEN[:1], BACKUP, "vsphere.local", force=True)
    assert [step.target for step in plan.steps] == ["vcenterserver vc-a"]
    assert [str(kept) for kept in plan.kept] == ["not restored: vcenterserver vc-b: the service is no longer registered"]
