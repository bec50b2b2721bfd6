# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rule about the trust anchors in a vCenter's Lookup Service."""

from __future__ import annotations

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.endpoints import HostPort
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import from_x509
from ansible_collections.certmend.tls.plugins.module_utils.x509.rules.registered_endpoint import RegisteredEndpoint
from ansible_collections.certmend.tls.tests.support.mint import authority, mint
from ansible_collections.certmend.tls.tests.support.rules import codes, fails, findings, passes

CA = authority("CA")
OLD, NEW = (mint("vc.corp.example", dns=["vc.corp.example"], issuer=CA) for _time in range(2))


def registered(*anchors, service="cs.identity a"):
    return RegisteredEndpoint(service, "https://vc.corp.example/sts", HostPort("vc.corp.example", 443), tuple(from_x509(minted.x509) for minted in anchors))


@fails("SSLTRUST-STALE")
@pytest.mark.parametrize("anchors", [[OLD], [authority("Another CA")], []])
def test_an_anchor_that_does_not_accept_the_certificate_is_reported(anchors):
    (finding,) = findings(NEW, trusted=[CA], registered=(registered(NEW), registered(*anchors)))
    assert finding.code == "SSLTRUST-STALE" and finding.message.startswith("1 endpoint of 1 service (cs.identity a) trusts ")


def test_the_message_names_three_services_and_the_anchors():
    stale = [registered(OLD, service="service %d" % number) for number in range(4)]
    (finding,) = findings(NEW, trusted=[CA], registered=(*stale, registered(service="service 0")))
    fingerprint = from_x509(OLD.x509).fingerprint()
    assert finding.message == "5 endpoints of 4 services (service 0, service 1, service 2 ...) trust other certificates (SHA-256 %s)" % fingerprint


def test_anchors_that_cannot_be_read_are_reported_as_such():
    (finding,) = findings(NEW, trusted=[CA], registered=(registered(),))
    assert finding.message.endswith("trusts no readable certificate")


@passes("SSLTRUST-STALE")
@pytest.mark.parametrize("anchors", [[NEW], [CA], [OLD, NEW]])
def test_the_certificate_or_its_ca_as_anchor_is_not_reported(anchors):
    assert codes(NEW, trusted=[CA], registered=(registered(*anchors),)) == []
