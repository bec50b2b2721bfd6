# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""lookup_ssl_trust that ends in an exception anywhere in the middle: what it reports is what the Lookup Service has."""

from __future__ import annotations

import os

import pytest

from ansible_collections.certmend.tls.tests.support.faults import Fault
from ansible_collections.certmend.tls.tests.support.vsphere import estate
from ansible_collections.certmend.tls.tests.support.vsphere.site import Site
from ansible_collections.certmend.tls.tests.support.vsphere.soap import enveloped

NESTED = enveloped("<SetResponse xmlns='urn:lookup'>%s%s</SetResponse>" % ("<a>" * 20000, "</a>" * 20000))
GARBAGE = b"no XML at all"


@pytest.fixture
def site(tmp_path, tls_server):
    here = Site(tmp_path, tls_server)
    with here.vcenter:
        yield here


@pytest.mark.parametrize("answer", [NESTED, GARBAGE, enveloped("<a/>") + b"x"], ids=["nested", "garbage", "behind the end"])
@pytest.mark.parametrize("number", [1, 2, 5])
def test_a_set_that_was_made_and_whose_answer_is_hostile_is_rolled_back_with_those_before_it(number, answer, site, run_module):
    before, honest, sets = site.vcenter.listing(), site.vcenter.lookup.answer, []

    def hostile(body, headers):
        told = honest(body, headers)
        sets.append(body) if b"<Set " in body else None
        return answer if b"<Set " in body and len(sets) == number else told

    site.vcenter.lookup.answer = hostile
    result = run_module("lookup_ssl_trust", site.update())
    assert result["failed"] and "(applied: %d of 5; rolled back: " % (number - 1) in result["msg"]
    assert site.vcenter.listing() == before and not result["changed"] and result["updated"] == [] and os.path.exists(result["backup_path"])


def two_registrations(site):
    """A small estate, so that a run makes few calls."""
    url = "https://vc1.corp.example:%d" % site.vcenter.port
    sts = estate.endpoint(url + "/sts/STSService/vsphere.local", [estate.anchor(site.old)], "wsTrust", estate.STS)
    site.vcenter.register(
        [estate.registration("sts-a", [sts], "cs.identity"), estate.registration("vc-a", [estate.endpoint(url + "/sdk", [estate.anchor(site.old)])])]
    )


def reported(site, before, result):
    """Whether the result says of every registration what the Lookup Service has."""
    now = site.vcenter.lookup.registrations
    changed = ["%s %s" % (one.type, one.service_id) for one in before.values() if now[one.service_id] != one]
    # a parser takes some of these exceptions for a hostile answer, and says so
    return result["updated"] == changed and result["changed"] == bool(changed) and (result.get("failed", False) or changed != [])


def test_an_exception_at_any_call_is_rolled_back_or_reported_as_what_it_left(site, run_module):
    two_registrations(site)
    before = dict(site.vcenter.lookup.registrations)
    counter = Fault(inside="apply_all")
    assert counter.run(run_module, "lookup_ssl_trust", site.update())["updated"] == ["cs.identity sts-a", "vcenterserver vc-a"]
    assert counter.calls > 100
    for number in range(1, counter.calls + 1, counter.calls // 40):
        site.vcenter.lookup.registrations = dict(before)
        error = (RecursionError("deep"), MemoryError(), KeyError("x"))[number % 3]
        result = Fault(number, error, inside="apply_all").run(run_module, "lookup_ssl_trust", site.update())
        backups = sorted(os.listdir(site.folder / "backups")) if (site.folder / "backups").exists() else []
        assert reported(site, before, result), (number, result)
        assert all(name in result.get("backup_path", "") for name in backups[-1:] if site.vcenter.lookup.registrations != before), (number, result)
