# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What stops an update before its first change."""

from __future__ import annotations

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.appliance.lookup_service.client import LookupService
from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.endpoints import HostPort
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.x509.lookup_ssl_trust.collect import Served, Sts, session_to
from ansible_collections.certmend.tls.plugins.module_utils.x509.lookup_ssl_trust.judge import Audit
from ansible_collections.certmend.tls.plugins.module_utils.x509.lookup_ssl_trust.preflight import (
    LISTED,
    check_backup_folder,
    check_served,
    partner_service,
    sign_in_for_set,
)
from ansible_collections.certmend.tls.tests.support.mint import NOW
from ansible_collections.certmend.tls.tests.support.vsphere.certificates import EXPIRED, HOST, NEW, OLD, serving, trusts
from ansible_collections.certmend.tls.tests.support.vsphere.parameters import options

URL = "https://%s/sdk" % HOST
SILENT = {HostPort(HOST, 443): Served(error="CONNECT-REFUSED: refused")}


def refused(function, *arguments):
    with pytest.raises(RemediationError) as raised:
        function(*arguments)
    return raised.value.message


def judged(served, *endpoints):
    selected = trusts(*endpoints)
    return selected, Audit(tuple(selected), served, NOW, False)


def test_endpoints_that_would_be_accepted_or_are_never_probed_pass():
    check_served(*judged(serving(NEW), (URL, NEW), (URL, OLD, NEW), ("http://localhost/a", OLD)))


@pytest.mark.parametrize("entries, status", [([OLD], "stale"), (["?"], "malformed")])
def test_an_endpoint_that_would_not_be_repaired_is_named_with_the_reason(entries, status):
    message = refused(check_served, *judged(serving(NEW), (URL, *entries)))
    assert message.startswith("new_certificate: 1 endpoints would still be stale after the update: %s (%s: " % (URL, status))


def test_a_url_that_does_not_answer_is_named_with_the_reason():
    message = refused(check_served, *judged(SILENT, (URL, NEW)))
    assert message == "1 urls whose trust anchors the update selects do not answer: %s (CONNECT-REFUSED: refused)" % URL


def test_both_are_reported_at_once():
    message = refused(check_served, *judged(SILENT, (URL, NEW), (URL, EXPIRED)))
    assert "1 endpoints would still be stale" in message and "and 1 do not answer: " in message


def test_a_long_list_is_cut():
    message = refused(check_served, *judged(serving(NEW), *[(URL, OLD)] * (LISTED + 3)))
    assert message.count(URL) == LISTED and message.endswith(" and 3 more")


def test_a_change_needs_an_account():
    given = options()
    service = LookupService(session_to(given, HOST, 443))
    message = refused(sign_in_for_set, given, Sts("https://%s/sts/STSService/vsphere.local" % HOST), service, 7, NOW)
    assert message == "username, password: 7 registrations would change, and that needs an account"


def test_a_partner_is_a_url_or_a_host_and_port():
    for url in ("https://vc2.corp.example:8443/", "vc2.corp.example:8443"):
        assert partner_service(options(), url).session.where == "vc2.corp.example:8443"
    assert partner_service(options(), "vc2.corp.example").session.where == "vc2.corp.example:443"


def test_the_backup_folder_is_that_of_the_option(tmp_path):
    (tmp_path / "file").write_text("", encoding="ascii")
    check_backup_folder(options(backup_dir=str(tmp_path)), NOW)
    assert "backup_dir: " in refused(check_backup_folder, options(backup_dir=str(tmp_path / "file" / "below")), NOW)
