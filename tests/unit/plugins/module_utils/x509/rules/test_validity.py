# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rules about the period of validity."""

from __future__ import annotations

import datetime

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import from_x509
from ansible_collections.certmend.tls.tests.support.mint import DAY, NOW, authority, mint
from ansible_collections.certmend.tls.tests.support.rules import codes, fails, findings, passes

FQDN = "depot.corp.example"


def leaf(**more):
    return mint(FQDN, dns=[FQDN], **more)


@fails("VALIDITY-EXPIRED")
def test_an_expired_certificate_is_an_error_that_reports_since_when():
    root = authority()
    [finding] = findings(leaf(issuer=root, ends=NOW - 3 * DAY), trusted=[root])
    assert finding.code == "VALIDITY-EXPIRED" and "(3 days ago)" in finding.message


@pytest.mark.parametrize("now, code, words", [(NOW, "VALIDITY-EXPIRED", "(1 day ago)"), (NOW - DAY - DAY / 2, "VALIDITY-SOON", "(today)")])
def test_the_days_of_a_message_are_those_of_the_certificate(now, code, words):
    certificate = leaf(issuer=authority(), ends=NOW - DAY)
    (message,) = [finding.message for finding in findings(certificate, now=now) if finding.code == code]
    assert words in message and from_x509(certificate.x509).as_dict(now)["expiry"] == words.strip("()")


def test_an_expired_intermediate_is_found_as_well_and_named():
    root = authority()
    intermediate = authority("Old Intermediate", root, ends=NOW - DAY)
    [finding] = findings(leaf(issuer=intermediate), intermediate, trusted=[root])
    assert finding.code == "VALIDITY-EXPIRED" and "CN=Old Intermediate" in finding.about


@passes("VALIDITY-EXPIRED")
def test_the_last_second_is_still_valid():
    root = authority()
    assert "VALIDITY-EXPIRED" not in codes(leaf(issuer=root, ends=NOW), trusted=[root])


@fails("VALIDITY-NOT-YET")
def test_a_certificate_from_the_future_is_an_error():
    root = authority()
    assert codes(leaf(issuer=root, starts=NOW + DAY), trusted=[root]) == ["VALIDITY-NOT-YET"]
    (finding,) = findings(leaf(issuer=root, starts=NOW + DAY), trusted=[root])
    assert finding.message.endswith("(in 1 day)")


@passes("VALIDITY-NOT-YET")
def test_the_first_second_is_valid():
    root = authority()
    assert codes(leaf(issuer=root, starts=NOW), trusted=[root]) == []


@fails("VALIDITY-SOON")
def test_the_last_days_are_a_warning():
    root = authority()
    [finding] = findings(leaf(issuer=root, ends=NOW + 30 * DAY), trusted=[root])
    assert (finding.code, finding.severity) == ("VALIDITY-SOON", "warning") and "(in 30 days)" in finding.message


@passes("VALIDITY-SOON")
def test_a_day_more_than_given_is_no_warning():
    root, certain = authority(), datetime.timedelta(days=30)
    assert codes(leaf(issuer=root, ends=NOW + 31 * DAY), trusted=[root], expires_within=certain) == []
