# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""lookup_ssl_trust and a list of registrations that lies: where the password and the token go, and which registration is meant."""

from __future__ import annotations

import dataclasses
import types

import pytest

from ansible_collections.certmend.tls.tests.support import mint
from ansible_collections.certmend.tls.tests.support.clock import REAL
from ansible_collections.certmend.tls.tests.support.vsphere import estate
from ansible_collections.certmend.tls.tests.support.vsphere.server import VCenter
from ansible_collections.certmend.tls.tests.support.vsphere.site import Site

OLD = ["cs.identity sts-a", "vcenterserver vc-a", "several several-a", "plugin plugin-a", "legacy legacy-a"]


@pytest.fixture
def site(tmp_path, tls_server):
    here = Site(tmp_path, tls_server)
    with here.vcenter:
        yield here


@pytest.fixture
def elsewhere(site):
    """A server on another port of the same host, with the same STS; ``asked`` counts the requests to it."""
    with VCenter(str(site.folder / "new.pem"), str(site.folder / "new.key")) as other:
        other.asked, issue = [], site.vcenter.sts.answer
        other.sts = types.SimpleNamespace(path=site.vcenter.sts.path, answer=lambda body, headers: other.asked.append(body) or issue(body, headers))
        yield other


def test_the_password_never_goes_to_a_host_that_only_a_registration_names(site, elsewhere, run_module):
    site.vcenter.register(estate.small(site.old, site.new, site.ca, site.other, dict(site.ports, vc1=elsewhere.port)))
    for check in (True, False):
        result = run_module("lookup_ssl_trust", site.update(), check=check)
        assert result["updated"] == OLD and elsewhere.asked == []
    assert site.vcenter.lookup.counts["Set"] == 5


@pytest.mark.parametrize("path", ["/log?", "/sts/STSService/..", "/sts/STSService/../../log", "/sts/STSService/a b", "/sts/STSService/a%0d%0ab", ""])
def test_the_password_goes_to_no_path_that_is_not_that_of_an_sts(path, site, run_module):
    sts_a = site.vcenter.lookup.registrations["sts-a"]
    url = "https://vc1.corp.example:%d%s" % (site.vcenter.port, path)
    first = estate.registration("sts-0", [estate.endpoint(url, [], "wsTrust", estate.STS)], "cs.identity")
    site.vcenter.register([first, *(one for one in site.vcenter.lookup.registrations.values() if one is not sts_a)])
    signed_in = []
    site.vcenter.sts.answer = lambda body, headers: signed_in.append(body)
    result = run_module("lookup_ssl_trust", site.update())
    assert result["failed"] and "lists no STS with a path such as" in result["msg"] and signed_in == []


def test_an_sts_that_the_operator_names_is_signed_in_to(site, elsewhere, run_module):
    result = run_module("lookup_ssl_trust", site.update(sts_hostname="vc1.corp.example:%d" % elsewhere.port))
    assert result["updated"] == OLD and len(elsewhere.asked) == 1


def test_an_sts_that_the_operator_names_must_be_trusted_like_the_node(site, elsewhere, run_module):
    stranger = mint.mint("vc1.corp.example", dns=["vc1.corp.example"], **REAL.days())
    elsewhere.present(site.file("stranger.pem", stranger.pem), site.file("stranger.key", stranger.key_pem))
    result = run_module("lookup_ssl_trust", site.update(sts_hostname="vc1.corp.example:%d" % elsewhere.port), check=True)
    assert result["failed"] and "vc1.corp.example:%d is not trusted" % elsewhere.port in result["msg"] and elsewhere.asked == []


@pytest.mark.parametrize("name", ["http://vc1.corp.example", "https://vc1.corp.example/sts", "vc1.corp.example:0", "a b"])
def test_an_sts_is_named_by_host_and_port_alone(name, site, run_module):
    result = run_module("lookup_ssl_trust", site.update(sts_hostname=name))
    assert result["failed"] and "sts_hostname: " in result["msg"]


def test_every_get_after_the_sign_in_carries_the_token(site, run_module):
    assert run_module("lookup_ssl_trust", site.update())["updated"] == OLD
    gets = [request for request in site.vcenter.lookup.requests if b"<Get " in request]
    assert len(gets) == 5 and all(b"Assertion" in request for request in gets)
    assert all(b"Assertion" not in request for request in site.vcenter.lookup.requests if b"<List " in request)


def with_a_twin(site, service_id):
    """Another registration with the same id: the list has both."""
    one = site.vcenter.lookup.registrations[service_id]
    site.vcenter.lookup.registrations["twin"] = dataclasses.replace(one, type="twin")


@pytest.mark.parametrize("more", [{}, {"state": "restored"}])
def test_two_registrations_with_one_id_are_reported_apart_and_never_changed(more, site, run_module):
    backup = run_module("lookup_ssl_trust", site.update())["backup_path"]
    with_a_twin(site, "several-a")
    before, sets = site.vcenter.listing(), site.vcenter.lookup.counts["Set"]
    audited = run_module("lookup_ssl_trust", site.options())
    assert [one["service_type"] for one in audited["endpoints"] if one["service_id"] == "several-a"] == ["com.vmware.cis/several", "com.vmware.cis/twin"]
    result = run_module("lookup_ssl_trust", site.update(**more, **({"backup_path": backup} if more else {})))
    assert result["failed"] and "several registrations with the same id: several-a" in result["msg"]
    assert site.vcenter.listing() == before and site.vcenter.lookup.counts["Set"] == sets
