# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which findings call for another certificate of the depot: what cert_inspect reports of real certificates, and what the playbook makes of it."""

from __future__ import annotations

import datetime

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.core.findings import ERROR, Finding
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_inspect.collect import Criteria
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_inspect.judge import judge_source
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import from_x509
from ansible_collections.certmend.tls.plugins.module_utils.x509.rules.inspection import CollectedSource
from ansible_collections.certmend.tls.plugins.module_utils.x509.rules.rule import JudgementContext
from ansible_collections.certmend.tls.tests.support.clock import FIXED
from ansible_collections.certmend.tls.tests.support.mint import authority, mint
from ansible_collections.certmend.tls.tests.support.rendered import render

NAME = "depot.corp.example"
CA, OTHER = authority("Corp CA"), authority("Other CA")
REFUSED = Finding("CONNECT-REFUSED", ERROR, "depot refuses the connection", "depot", "", "Check the port.", "RFC 9293")


def inspected(name=NAME, issuer=CA, trusted=None, error=None, expires_within=30):
    """A depot with a certificate for the name; the result of its inspection."""
    certificates = () if error else (from_x509(mint(name, dns=[name], issuer=issuer).x509),)
    context = JudgementContext(FIXED.now, frozenset({"vcf_installer"}), expires_within=datetime.timedelta(days=expires_within))
    criteria = Criteria(context, anchors=trusted and [from_x509(anchor.x509) for anchor in trusted])
    return judge_source(CollectedSource("presented", NAME, certificates, error=error, presented=True), criteria, ())


#: for each depot: its inspection, what the operator gives, and whether the certificate stays, needs a CA, and gets the address
DEPOTS = {
    "no-ca-given": (inspected(), {}, (True, False, False)),
    "ca-given": (inspected(trusted=[CA]), {}, (True, False, False)),
    "another-ca-given": (inspected(trusted=[OTHER]), {}, (False, True, True)),
    "self-signed-instead": (inspected(), {"offline_depot_provider": "self_signed"}, (False, False, False)),
    "self-signed": (inspected(issuer=None), {}, (False, False, False)),
    "other-name": (inspected("other.corp.example"), {}, (False, True, True)),
    "ends-soon": (inspected(expires_within=3650), {}, (False, True, True)),
    "unreachable": (inspected(error=REFUSED), {}, (False, False, True)),
}


@pytest.fixture(scope="module")
def rendered(tmp_path_factory):
    before = {"results": [{"item": [{"inventory_name": host}, {}], "results": [result]} for host, (result, _given, _expected) in DEPOTS.items()]}
    before["results"].append({"item": [{"inventory_name": "not-inspected"}, {}], "failed": True})
    hosts = {"not-inspected": {}, **{host: given for host, (_result, given, _expected) in DEPOTS.items()}}
    groups = {"cases": {"hosts": hosts, "vars": {"offline_depot_before": before}}, "depots": {"hosts": dict.fromkeys(hosts, {})}}
    names = ["depot_stays", "depot_needs_ca", "depot_add_address", "depot_codes"]
    return render(tmp_path_factory.mktemp("started"), "offline_depot", groups, names)


@pytest.mark.parametrize("host", DEPOTS)
def test_a_certificate_stays_unless_a_finding_calls_for_another_one(rendered, host):
    """Trust that the controller cannot judge is proved by the installers, with their own trust stores."""
    found = rendered[host]
    assert (found["depot_stays"], found["depot_needs_ca"], found["depot_add_address"]) == DEPOTS[host][2]


def test_what_was_not_judged_is_no_reason_that_is_reported(rendered):
    assert rendered["no-ca-given"]["depot_codes"] == [] and "CHAIN-INCOMPLETE" in rendered["another-ca-given"]["depot_codes"]
    assert rendered["other-name"]["depot_codes"] == ["NAME-MISMATCH"]


def test_a_depot_that_was_not_inspected_does_not_keep_its_certificate_unseen(rendered):
    assert not rendered["not-inspected"]["depot_stays"]
