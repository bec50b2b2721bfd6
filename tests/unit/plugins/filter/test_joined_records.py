# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The records of slices joined."""

from __future__ import annotations

import pytest

from ansible_collections.certmend.tls.plugins.filter.joined_records import FilterModule
from ansible_collections.certmend.tls.tests.support import evidence
from ansible_collections.certmend.tls.tests.support.evidence import evidence_end

(joined_records,) = FilterModule().filters().values()


def slice_of(whole, number, audits):
    """The record of every second host, in a run of its own."""
    before, after = ({"results": each["results"][number::2]} for each in audits)
    hosts = [dict(host, run="run%d" % number) for host in whole["hosts"][number::2]]
    plan = evidence.PLAN[number::2]
    record = evidence.begun(before, run="run%d" % number, plan=plan, job=str(7 + number))
    return evidence_end(dict(record, hosts=hosts), evidence.ENDED, after)


def test_two_slices_give_the_same_as_one(tls_server):
    audits = [evidence.audit(tls_server, each) for each in (evidence.BEFORE, evidence.AFTER)]
    whole = evidence_end(dict(evidence.begun(audits[0]), hosts=evidence.hosts()), evidence.ENDED, audits[1])
    slices = [slice_of(whole, number, audits) for number in (0, 1)]
    for order in (slices, slices[::-1]):
        joined = joined_records(order)
        assert evidence.problems(joined) == [] and [run["id"] for run in joined["runs"]] == ["run0", "run1"]
        apart = ("runs", "restore", "hosts")
        assert {name: value for name, value in joined.items() if name not in apart} == {name: value for name, value in whole.items() if name not in apart}
        assert [dict(host, run="") for host in joined["hosts"]] == [dict(host, run="") for host in whole["hosts"]]
        assert sorted(host for item in joined["restore"] for host in item["hosts"]) == whole["restore"][0]["hosts"]
        assert all(item["run"] in item["command"] for item in joined["restore"]) and len(joined["restore"]) == 2


def test_a_step_is_there_once_whatever_its_place_in_each_slice():
    """Every slice audits an endpoint that is no host of the inventory, and leaves its finding to a person after its own steps."""
    depot, www, _lb, left = evidence.PLAN
    same = [dict(left, host="10.77.0.99:443", order=order) for order in (2, 3, 4)]
    first, second = evidence.begun({}, run="run1", plan=[depot, same[0]]), evidence.begun({}, run="run2", plan=[dict(www, order=1), same[1], same[2]])
    for order in ([first, second], [second, first]):
        steps = [(item["order"], item["host"], item["codes"]) for item in joined_records(order)["plan"]]
        findings = [(place, "10.77.0.99:443", left["codes"]) for place in (2, 4)]  # of two endpoints
        assert steps == [(1, "depot", depot["codes"]), (1, "www", www["codes"]), *findings]


def test_the_command_that_restores_a_slice_has_the_inventory_of_its_hosts():
    hosts = [evidence.noted(host, "server_chain", "changing", evidence.CHANGED, run=run) for host, run in (("depot", "run1"), ("www", "run2"))]
    slices = [dict(evidence.begun({}, run=host["run"], inventory=[host["host"] + ".yml", "all.yml"]), hosts=[host]) for host in hosts]
    joined = joined_records(slices)
    assert joined["inventory"] == ["depot.yml", "all.yml", "www.yml"]
    beginning = "ansible-playbook -i depot.yml -i all.yml -i www.yml certmend.tls.restore -e restore_run=run%d "
    assert [item["command"].startswith(beginning % number) for number, item in enumerate(joined["restore"], 1)] == [True, True]


def test_the_same_record_twice_is_the_record(tls_server):
    whole = evidence.whole(tls_server)
    assert joined_records([whole, whole]) == whole


def test_the_record_with_an_end_counts(tls_server):
    before = evidence.audit(tls_server, {"fine.corp.example": evidence.BEFORE["fine.corp.example"]})
    begun = evidence.begun(before)
    ended = evidence_end(begun, evidence.ENDED, before)
    assert joined_records([ended, begun]) == joined_records([begun, ended]) == ended


def test_no_record_is_an_error():
    with pytest.raises(ValueError, match="no record"):
        joined_records([])
