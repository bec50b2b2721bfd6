# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which trust anchors are stale, beside what their urls serve."""

from __future__ import annotations

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.x509.lookup_ssl_trust.collect import Served
from ansible_collections.certmend.tls.plugins.module_utils.x509.lookup_ssl_trust.judge import STALE_STATUSES, Audit, Status, expiry
from ansible_collections.certmend.tls.tests.support.mint import DAY, NOW
from ansible_collections.certmend.tls.tests.support.vsphere.certificates import CA, EXPIRED, HOST, NEW, OLD, OTHER, read, serving, trusts

URL = "https://%s/sdk" % HOST


def audit(*endpoints, served=None, strict=False):
    return Audit(tuple(trusts(*endpoints)), serving(NEW) if served is None else served, NOW, strict)


def judged(*entries, served=None, strict=False, url=URL):
    case = audit((url, *entries), served=served, strict=strict)
    return case.judge(case.trusts[0])


def test_the_served_certificate_is_accepted():
    assert judged(NEW) == (Status.OK, "")
    assert judged(OLD, NEW).status is Status.OK


def test_another_certificate_is_stale():
    assert judged(OLD) == (Status.STALE, "the url serves %s" % read(NEW)[0].fingerprint())


@pytest.mark.parametrize("strict, status", [(False, Status.OK), (True, Status.CA_ANCHOR)])
def test_the_ca_of_the_served_certificate_is_accepted_and_reported_if_strict(strict, status):
    assert judged(OLD, CA, strict=strict) == (status, "the trust anchor is the CA CN=Corp CA")


def test_an_expired_certificate_that_is_served_is_an_expired_anchor():
    assert judged(EXPIRED, served=serving(EXPIRED)) == (Status.EXPIRED_ANCHOR, "expired on %s" % (NOW - 2 * DAY).date())


def test_an_expired_anchor_is_reported_even_if_the_url_does_not_answer():
    status, reason = judged(EXPIRED, served={})
    assert status is Status.EXPIRED_ANCHOR and reason.startswith("expired on ") and reason.endswith("; the url was not probed")


def test_a_url_that_does_not_answer_is_unreachable():
    silent = dict.fromkeys(serving(NEW), Served(error="CONNECT-REFUSED: refused"))
    assert judged(OLD, served=silent) == (Status.UNREACHABLE, "CONNECT-REFUSED: refused")


def test_entries_that_cannot_be_read_are_malformed_unless_one_can():
    assert judged("?").status is Status.MALFORMED and judged("?").reason
    assert judged("?", NEW).status is Status.OK


def test_a_url_that_is_not_probed_or_has_no_anchor_is_not_judged():
    assert judged(OLD, url="http://localhost/") == (Status.NOT_PROBED, "the url is not https")
    assert judged() == (Status.NOT_PROBED, "the endpoint has no trust anchor")


def test_the_report_counts_every_status_and_lists_what_needs_something():
    report = audit((URL, NEW), (URL, OLD), (URL, "?"), ("http://localhost/", OTHER)).report()
    assert report["summary"] == dict(dict.fromkeys([status.value for status in Status], 0), ok=1, stale=1, malformed=1, not_probed=1)
    assert [endpoint["status"] for endpoint in report["endpoints"]] == ["ok", "stale", "malformed", "not_probed"]
    assert report["stale"] == report["endpoints"][1:3]
    assert {type(endpoint["status"]) for endpoint in report["endpoints"]} == {str}


def test_the_report_has_each_certificate_once():
    report = audit((URL, NEW), (URL, OLD), ("http://localhost/", OTHER)).report()
    assert list(report["certificates"]) == [read(minted)[0].fingerprint() for minted in (NEW, OLD, OTHER)]


def test_the_report_has_a_certificate_that_is_served_and_not_registered():
    assert list(audit((URL, OLD)).report()["certificates"]) == [read(minted)[0].fingerprint() for minted in (OLD, NEW)]


def test_an_endpoint_is_reported_whole():
    (endpoint,) = audit((URL, OLD)).report()["endpoints"]
    certificate = endpoint["ssl_trust"][0]
    assert certificate["fingerprints"]["sha256"] == read(OLD)[0].fingerprint()
    assert endpoint["served"]["fingerprints"]["sha256"] == read(NEW)[0].fingerprint()
    assert dict(endpoint, ssl_trust=[], served=None, reason="") == {
        "service_id": "vc",
        "service_type": "com.vmware.cis/vcenterserver",
        "node_id": "node-a",
        "owner_id": "owner-vc@vsphere.local",
        "site_id": "site-a",
        "url": URL,
        "uses_ip": False,
        "endpoint_type": {"protocol": "vmomi", "type": "com.vmware.vim"},
        "ssl_trust": [],
        "served": None,
        "status": "stale",
        "reason": "",
    }


def test_what_was_not_probed_serves_nothing():
    assert [endpoint["served"] for endpoint in audit((URL,), ("http://%s/" % HOST, OLD), served=serving(NEW)).report()["endpoints"]] == [None, None]


def test_certificates_have_expired_when_the_last_of_them_has():
    assert expiry(read(EXPIRED, OLD), NOW) == "" and expiry(read(EXPIRED), EXPIRED_ENDS) == ""
    assert expiry(read(EXPIRED), NOW) == "expired on %s" % EXPIRED_ENDS.date()


def test_a_status_that_is_fine_is_not_stale():
    assert set(Status) - set(STALE_STATUSES) == {Status.OK, Status.UNREACHABLE, Status.NOT_PROBED}


EXPIRED_ENDS = NOW - 2 * DAY
