# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Names and purposes as a certificate and a request have them."""

from __future__ import annotations

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.request import make_request


def test_names_are_kept_once_and_the_fqdn_comes_first():
    request = make_request("a.corp.example", ["b.corp.example", "a.corp.example"], ["10.77.0.10", "::1", "0:0::1"])
    assert request.dns_names == ("a.corp.example", "b.corp.example") and request.ip_addresses == ("10.77.0.10", "::1")


def test_a_wildcard_is_a_name_if_the_profile_allows_it():
    assert make_request("*.corp.example", ["*.b.example"], wildcards=True).dns_names == ("*.corp.example", "*.b.example")
    with pytest.raises(RemediationError, match="is a wildcard.*is a wildcard"):
        make_request("*.corp.example", ["*.b.example"])
    with pytest.raises(RemediationError, match="is not made of labels"):
        make_request("*.corp..example", wildcards=True)


def test_a_request_without_differences_differs_in_nothing():
    request = make_request("a.corp.example", ip_addresses=["10.77.0.10"], subject={"O": "Example"})
    assert request.differences("CN=a.corp.example,O=Example", ["a.corp.example"], ["10.77.0.10"]) == []
    assert request.differences("", ["a.corp.example"], ["10.77.0.10"]) == ["the subject is empty, not CN=a.corp.example,O=Example"]
