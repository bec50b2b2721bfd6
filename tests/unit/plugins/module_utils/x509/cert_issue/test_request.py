# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Names and purposes as a certificate and a request have them."""

from __future__ import annotations

import dataclasses
import sys

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.request import make_request
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.names import rfc4514
from ansible_collections.certmend.tls.tests.support import mint

x509 = mint.x509


def test_names_are_kept_once_and_the_fqdn_comes_first():
    request = make_request("a.corp.example", ["b.corp.example", "a.corp.example"], ["10.77.0.10", "::1", "0:0::1"])
    assert request.names.dns == ("a.corp.example", "b.corp.example") and request.names.ip == ("10.77.0.10", "::1")


@pytest.mark.skipif(sys.version_info < (3, 9), reason="such a text is no address for ipaddress before Python 3.9")
def test_an_address_with_a_zone_is_refused():
    with pytest.raises(RemediationError, match="ip_addresses: 'fe80::1%eth0' has a zone, which no certificate can have"):
        make_request("a.corp.example", [], ["fe80::1%eth0"])


def test_a_wildcard_is_a_name_if_the_profile_allows_it():
    assert make_request("*.corp.example", ["*.b.example"], wildcards=True).names.dns == ("*.corp.example", "*.b.example")
    with pytest.raises(RemediationError, match="is a wildcard.*is a wildcard"):
        make_request("*.corp.example", ["*.b.example"])
    with pytest.raises(RemediationError, match="is not made of labels"):
        make_request("*.corp..example", wildcards=True)


def test_the_subject_is_what_is_asked_for_or_that_of_the_present_certificate_with_another_common_name():
    oids = x509.oid.NameOID
    pairs = [(oids.COUNTRY_NAME, "DE"), (oids.COMMON_NAME, "old.corp.example"), (oids.EMAIL_ADDRESS, "admin@corp.example")]
    base = x509.Name([x509.NameAttribute(kind, value) for kind, value in pairs])
    asked = make_request("a.corp.example", subject={"O": "Example"})
    assert rfc4514(dataclasses.replace(asked, base=base).name()) == rfc4514(asked.name()) == "CN=a.corp.example,O=Example"
    kept = dataclasses.replace(make_request("a.corp.example"), base=base)
    assert rfc4514(kept.name()) == rfc4514(base).replace("old.", "a.")
    for without in (mint.name(None, "Example"), mint.name("", "Example")):
        assert rfc4514(dataclasses.replace(kept, base=without).name()) == "CN=a.corp.example,O=Example"
