# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rule about what a Lookup Service holds for a server."""

from __future__ import annotations

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.endpoints import HostPort
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import from_x509
from ansible_collections.certmend.tls.plugins.module_utils.x509.rules.registered_endpoint import RegisteredEndpoint, parse_ssl_trust
from ansible_collections.certmend.tls.tests.support.mint import authority, mint
from ansible_collections.certmend.tls.tests.support.rules import codes, fails, findings, passes

CA = authority("CA")
OLD, NEW = (mint("vc.corp.example", dns=["vc.corp.example"], issuer=CA) for _time in range(2))


def held(*anchors):
    return RegisteredEndpoint("cs.identity a", "https://vc.corp.example/sts", HostPort("vc.corp.example", 443), tuple(from_x509(one.x509) for one in anchors))


@fails("SSLTRUST-STALE")
@pytest.mark.parametrize("anchors", [[OLD], [authority("Another CA")], []])
def test_an_anchor_of_something_else_is_told_of(anchors):
    (finding,) = findings(NEW, registered=(held(NEW), held(*anchors)))
    assert finding.code == "SSLTRUST-STALE" and finding.message.startswith("1 endpoints of 1 services (cs.identity a) trust")


@passes("SSLTRUST-STALE")
@pytest.mark.parametrize("anchors", [[NEW], [CA], [OLD, NEW]])
def test_the_certificate_or_its_ca_is_not(anchors):
    assert codes(NEW, registered=(held(*anchors),)) == []


@pytest.mark.parametrize("told", [{"endpoints": []}, {"certificates": [], "endpoints": []}, {"certificates": {}, "endpoints": [{"status": "ok"}]}])
def test_what_no_lookup_returned_is_refused(told):
    with pytest.raises(RemediationError, match="ssl_trust: this is not the result of lookup_ssl_trust"):
        parse_ssl_trust(told)
