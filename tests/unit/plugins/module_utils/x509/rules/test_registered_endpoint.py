# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The endpoints in the result of lookup_ssl_trust."""

from __future__ import annotations

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.endpoints import HostPort
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.x509.rules.registered_endpoint import parse_ssl_trust
from ansible_collections.certmend.tls.tests.support.mint import mint

MINTED = mint("vc.corp.example", dns=["vc.corp.example"])


def endpoint(url="https://VC.corp.example/sts", status="current", trust=({"fingerprints": {"sha256": "AA"}},)):
    return {"service_type": "cs.identity", "service_id": "a", "url": url, "status": status, "ssl_trust": list(trust)}


def parse(*endpoints):
    return parse_ssl_trust({"certificates": {"AA": {"pem": MINTED.pem}}, "endpoints": list(endpoints)})


def test_an_endpoint_has_its_service_its_host_and_port_and_its_anchors():
    (registered,) = parse(endpoint())
    assert (registered.service, registered.url) == ("cs.identity a", "https://VC.corp.example/sts")
    assert registered.host_port == HostPort("vc.corp.example", 443)
    assert [anchor.common_name for anchor in registered.anchors] == ["vc.corp.example"]


@pytest.mark.parametrize(
    "url, server",
    [
        ("https://vc.corp.example:7444/sts", HostPort("vc.corp.example", 7444)),
        (" https://10.77.0.10/ ", HostPort("10.77.0.10", 443)),
        ("https://[FD00::0:10]:8443/", HostPort("fd00::10", 8443)),
    ],
)
def test_the_url_says_where_the_endpoint_is(url, server):
    assert parse(endpoint(url))[0].host_port == server


def test_anchors_that_cannot_be_read_are_left_out():
    assert parse(endpoint(trust=[{"error": "not a certificate"}]))[0].anchors == ()


def test_endpoints_that_were_not_probed_are_left_out():
    assert parse(endpoint(status="not_probed")) == []


@pytest.mark.parametrize("result", [{"endpoints": []}, {"certificates": [], "endpoints": []}, {"certificates": {}, "endpoints": [{"status": "ok"}]}])
def test_anything_else_is_refused(result):
    with pytest.raises(RemediationError, match="ssl_trust: this is not the result of lookup_ssl_trust"):
        parse_ssl_trust(result)
