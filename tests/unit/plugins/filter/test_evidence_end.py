# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a run comes to."""

from __future__ import annotations

import pytest

from ansible_collections.certmend.tls.plugins.filter.evidence_end import FilterModule
from ansible_collections.certmend.tls.tests.support import evidence

(evidence_end,) = FilterModule().filters().values()


@pytest.fixture(scope="module")
def before(shared_tls_server):
    return evidence.audit(shared_tls_server, evidence.BEFORE)


@pytest.fixture(scope="module")
def after(shared_tls_server):
    return evidence.audit(shared_tls_server, evidence.AFTER)


def only(audit, *names):
    """An audit of these servers alone."""
    return {"results": [result for result in audit["results"] if result["source"].partition(":")[0] in names]}


def test_the_end_says_what_became_of_every_finding(before, after):
    record = evidence_end(dict(evidence.begun(before), hosts=evidence.hosts()), evidence.ENDED, after)
    assert evidence.problems(record) == []
    became = {each["source"].partition(".")[0]: (each["host"], each["outcome"], each["mended"], each["remaining"]) for each in record["endpoints"]}
    assert became["depot"] == ("depot", "mended", ["NAME-MISMATCH", "NAME-SAN-MISSING", "TRUST-SELF-SIGNED"], [])
    assert became["www"] == ("www", "mended", ["CHAIN-INCOMPLETE"], [])
    assert became["vcenter"] == ("vcenter", "remaining", [], ["VALIDITY-EXPIRED"])
    assert became["fine"] == ("", "ok", [], []) and became["gone"] == ("", "remaining", [], ["CONNECT-REFUSED"])
    assert record["summary"]["changed_hosts"] == ["depot", "installer", "www"] and record["summary"]["not_ours"] == 1
    assert record["summary"]["before"]["ok"] == 1 and record["summary"]["after"]["ok"] == 4
    assert record["outcome"] == "partly" and record["runs"][0]["ended"] == evidence.ENDED


MENDED = evidence.noted("depot", "fqdn_certificate", "changing", evidence.CHANGED, "verified")
BROKEN = evidence.noted("depot", "fqdn_certificate", "changing", evidence.CHANGED, "failed")
BACK = evidence.noted("depot", "fqdn_certificate", "changing", evidence.CHANGED, "restored")
OPEN = evidence.noted("depot", "fqdn_certificate", "changing")
STOPPED = evidence.noted("depot", "", ("stopped", {"journal": "", "said": "Check the configuration: it is invalid."}))
#: which servers, what happened to the host, which servers are inspected afterwards, and what that comes to
OUTCOMES = [
    (["depot.corp.example"], [MENDED], ["depot.corp.example"], "mended"),
    (["depot.corp.example", "vcenter.corp.example"], [MENDED], ["depot.corp.example", "vcenter.corp.example"], "remaining"),
    (["depot.corp.example"], [MENDED], [], "not_judged"),
    (["depot.corp.example"], [BROKEN], ["depot.corp.example"], "failed"),
    (["depot.corp.example"], [BACK], [], "restored"),
    (["depot.corp.example"], [BACK, evidence.noted("www", "server_chain", evidence.CHANGED, "verified")], [], "partly"),
    (["depot.corp.example"], [OPEN], ["depot.corp.example"], "unfinished"),
    (["depot.corp.example"], [STOPPED], [], "stopped"),
    (["depot.corp.example"], [STOPPED, evidence.noted("www", "server_chain", evidence.CHANGED, "verified")], [], "partly"),
    (["fine.corp.example"], [], ["fine.corp.example"], "nothing_to_do"),
]


@pytest.mark.parametrize("servers, hosts, inspected, outcome", OUTCOMES, ids=[each[3] + str(place) for place, each in enumerate(OUTCOMES)])
def test_a_run_in_a_word(servers, hosts, inspected, outcome, before, after):
    record = dict(evidence.begun(only(before, *servers)), hosts=hosts)
    record = evidence_end(record, evidence.ENDED, only(after, *inspected))
    assert record["outcome"] == outcome and evidence.problems(record) == []


def test_a_finding_that_is_new_is_named(before, after):
    record = evidence_end(evidence.begun(only(after, "depot.corp.example")), evidence.ENDED, only(before, "depot.corp.example"))
    assert record["endpoints"][0]["outcome"] == "new" and "NAME-MISMATCH" in record["endpoints"][0]["new"]


def test_an_endpoint_that_only_the_second_audit_has_is_there_too(after):
    record = evidence_end(evidence.begun({}), evidence.ENDED, only(after, "vcenter.corp.example"))
    assert (record["endpoints"][0]["before"], record["endpoints"][0]["host"]) == (None, "") and record["outcome"] == "remaining"


def test_the_commands_restore_the_hosts_with_a_journal_and_no_others():
    others = [evidence.noted("ome", "ome_chain", ("changed", {"journal": "", "changed": True})), evidence.noted("idle", "trust_anchor", "changing", "verified")]
    mine = evidence.noted("a host", "hosts_mapping", ("changed", {"journal": "/home/ops/.local/state/certmend/journal/hosts", "changed": True}))
    (restore,) = evidence_end(dict(evidence.begun({}), hosts=[*others, mine]), evidence.ENDED)["restore"]
    assert restore["hosts"] == ["a host"]
    command = "ansible-playbook -i inventory.yml certmend.tls.restore -e restore_run=%s -e restore_become=false --limit 'a host'"
    assert restore["command"] == command % evidence.RUN["id"]
