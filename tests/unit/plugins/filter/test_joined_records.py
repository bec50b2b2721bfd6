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
