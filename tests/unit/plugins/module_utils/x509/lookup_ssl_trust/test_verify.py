# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether the registrations are listed as they were set, on a partner too."""

from __future__ import annotations

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.appliance.lookup_service.client import LookupService
from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.https import Session, trust_of
from ansible_collections.certmend.tls.plugins.module_utils.x509.lookup_ssl_trust.verify import PartnerStatus, not_as_set, wait_for_partner
from ansible_collections.certmend.tls.tests.support.clock import PATIENCE
from ansible_collections.certmend.tls.tests.support.vsphere import estate
from ansible_collections.certmend.tls.tests.support.vsphere.certificates import HOST, NEW, OLD
from ansible_collections.certmend.tls.tests.support.vsphere.listing import listed
from ansible_collections.certmend.tls.tests.support.vsphere.server import VCenter


def services(certificate, *names):
    return [estate.registration(name, [estate.endpoint("https://%s/sdk" % HOST, [estate.anchor(certificate)])]) for name in names]


@pytest.fixture
def partner(tmp_path):
    for name, text in (("cert.pem", NEW.pem), ("key.pem", NEW.key_pem)):
        (tmp_path / name).write_text(text, encoding="ascii")
    with VCenter(str(tmp_path / "cert.pem"), str(tmp_path / "key.pem")) as vcenter:
        yield vcenter


def asked(partner, timeout):
    service = LookupService(Session("127.0.0.1", partner.port, trust_of(None, (), False), PATIENCE))
    return wait_for_partner("https://partner", service, listed(services(NEW, "vc-a", "vc-b")), timeout, interval=0)


def test_a_registration_that_is_missing_or_another_one_is_not_as_it_was_set():
    wanted = listed(services(NEW, "vc-a", "vc-b", "vc-c"))
    assert not_as_set([*listed(services(OLD, "vc-a")), wanted[1]], wanted) == [wanted[0], wanted[2]]
    assert not_as_set(wanted, wanted[:1]) == []


def test_a_partner_that_lists_the_same_is_in_sync(partner):
    partner.register(services(NEW, "vc-a", "vc-b", "vc-c"))
    assert asked(partner, 0).as_dict() == {"url": "https://partner", "in_sync": True, "differing": []}


def test_a_partner_that_is_late_is_asked_again_until_it_is_in_sync(partner):
    partner.register(services(OLD, "vc-a", "vc-b"))
    answer = partner.lookup.answer

    def replicating(body, headers):
        told = answer(body, headers)
        if partner.lookup.counts["List"] == 2:
            partner.register(services(NEW, "vc-a", "vc-b"))
        return told

    partner.lookup.answer = replicating
    assert asked(partner, PATIENCE) == PartnerStatus("https://partner", ())
    assert partner.lookup.counts == {"List": 3}


def test_a_partner_that_stays_behind_is_named_with_what_differs(partner):
    partner.register([*services(OLD, "vc-a"), *services(NEW, "vc-b")])
    status = asked(partner, -1)
    assert status.as_dict() == {"url": "https://partner", "in_sync": False, "differing": ["vcenterserver vc-a"]}
    assert partner.lookup.counts == {"List": 1}
