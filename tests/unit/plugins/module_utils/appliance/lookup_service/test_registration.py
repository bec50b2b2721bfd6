# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A registration: its endpoints, what Set must not lose, and what differs between two versions."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.appliance.lookup_service.registration import Registration, differences
from ansible_collections.certmend.tls.plugins.module_utils.appliance.lookup_service.xml import Tree, parse, tree_of
from ansible_collections.certmend.tls.tests.support.vsphere import estate
from ansible_collections.certmend.tls.tests.support.vsphere.listing import listed

URL = "https://VC1.corp.example:7444/sdk"


def registered(endpoints=(), **more):
    (registration,) = listed([estate.registration("vc-a", endpoints, **more)])
    return registration


def endpoint_of(url):
    (endpoint,) = registered([estate.endpoint(url)]).endpoints
    return endpoint


def read(xml):
    return Registration.from_tree(tree_of(parse(b'<returnval xmlns="urn:lookup">%s</returnval>' % xml)))


def test_everything_is_read():
    registration = registered([estate.endpoint(URL, ["AAAA", "BBBB"])])
    (endpoint,) = registration.endpoints
    assert (registration.service_id, registration.owner_id, registration.site_id) == ("vc-a", "owner-vc-a@vsphere.local", "site-a")
    assert (registration.product, registration.type, registration.node_id) == ("com.vmware.cis", "vcenterserver", "node-a")
    assert (endpoint.url, endpoint.protocol, endpoint.type, endpoint.ssl_trust) == (URL, "vmomi", estate.SDK, ("AAAA", "BBBB"))
    assert registration.mutable[endpoint.index].name == "serviceEndpoints" and registration.title == "vcenterserver vc-a"
    assert registration.unknown == [] and registration.beyond == ()


def test_what_a_registration_lacks_is_empty():
    registration = read(b"<serviceVersion>1</serviceVersion><serviceEndpoints><url>u</url></serviceEndpoints><serviceId>a</serviceId>")
    assert (registration.node_id, registration.type, registration.title) == ("", "", "service a")
    assert (registration.endpoints[0].protocol, registration.endpoints[0].ssl_trust) == ("", ())


@pytest.mark.parametrize(
    "url, host, port, scheme",
    [
        (URL, "vc1.corp.example", 7444, "https"),
        (" https://a.example/sdk\n", "a.example", 443, "https"),
        ("HTTP://[::1]:80/", "::1", 80, "http"),
        ("https://a.example:99999/", "a.example", 0, "https"),
        ("https://a.example:x/", "a.example", 0, "https"),
        ("https://[::1/d", "", 0, "https"),
        ("", "", 443, ""),
    ],
)
def test_a_url_has_a_host_a_port_and_a_scheme(url, host, port, scheme):
    endpoint = endpoint_of(url)
    assert (endpoint.host, endpoint.port, endpoint.scheme) == (host, port, scheme)


def test_new_trust_stands_where_the_old_one_stood_and_nothing_else_changes():
    before = registered([estate.endpoint(URL, ["AAAA", "BBBB"], attributes=[("key", "value")]), estate.endpoint(URL, ["CCCC"])])
    after = before.with_ssl_trust({before.endpoints[0].index: ["DDDD"]})
    assert [endpoint.ssl_trust for endpoint in after.endpoints] == [("DDDD",), ("CCCC",)]
    assert after.spec() == before.spec().replace("<sslTrust>AAAA</sslTrust><sslTrust>BBBB</sslTrust>", "<sslTrust>DDDD</sslTrust>")


def test_trust_of_an_endpoint_without_any_stands_behind_its_type():
    before = registered([estate.endpoint(URL, attributes=[("key", "value")])])
    after = before.with_ssl_trust({before.endpoints[0].index: ["DDDD"]})
    assert after.spec() == before.spec().replace("</endpointType>", "</endpointType><sslTrust>DDDD</sslTrust>")


def test_an_element_of_a_later_release_is_kept_and_named():
    registration = registered([], future=(("serviceFuture", "later"),), beyond=(("siteName", "also later"),))
    assert registration.unknown == ["serviceFuture"] and registration.unwritable == [] and registration.beyond == ("siteName",)
    assert "<serviceFuture>later</serviceFuture>" in registration.spec() and "siteName" not in registration.spec()


@pytest.mark.parametrize(
    "element, unknown, unwritable",
    [
        (b'<serviceFuture lang="en">a</serviceFuture>', ["serviceFuture"], ["serviceFuture"]),
        (b'<serviceFuture><a lang="en"/></serviceFuture>', ["serviceFuture", "a"], ["a"]),
        (b"<serviceEndpoints><url>u</url><more>a</more></serviceEndpoints>", ["more"], []),
        (b'<serviceEndpoints><url>u</url><more lang="en"/></serviceEndpoints>', ["more"], ["more"]),
    ],
)
def test_an_unknown_element_that_cannot_be_written_as_it_was_is_named(element, unknown, unwritable):
    registration = read(element + b"<serviceId>a</serviceId>")
    assert registration.unknown == unknown and registration.unwritable == unwritable


def test_a_backup_keeps_every_element():
    registration = registered([estate.endpoint(URL, ["AAAA"])], future=(("serviceFuture", "later"),), beyond=(("siteName", "a"),))
    assert Registration.from_dict(json.loads(json.dumps(registration.as_dict()))) == registration


def test_a_backup_knows_which_elements_cannot_be_written_as_they_were():
    registration = read(b'<serviceFuture lang="en">a</serviceFuture><serviceId>a</serviceId>')
    assert Registration.from_dict(registration.as_dict()).unwritable == ["serviceFuture"]


@pytest.mark.parametrize("change", [{"mutable": 7}, {"mutable": [["a"]]}, {"mutable": None}, {"beyond": None}])
def test_another_value_is_not_a_registration(change):
    with pytest.raises((KeyError, TypeError, ValueError)):
        Registration.from_dict(dict(registered().as_dict(), **change))


def changed(registration, name, text):
    return replace(registration, mutable=tuple(tree._replace(text=text) if tree.name == name else tree for tree in registration.mutable))


def test_two_versions_differ_by_element():
    before = registered()
    assert differences(before, before) == []
    assert differences(before, changed(before, "serviceVersion", "9.0")) == ["serviceVersion: 8.0 -> 9.0"]


def test_a_long_text_is_shortened_in_a_difference():
    before = registered([estate.endpoint("u", ["A" * 100])])
    (line,) = differences(before, before.with_ssl_trust({before.endpoints[0].index: ["B"]}))
    assert "sslTrust: %s... (100 characters)} -> " % ("A" * 40) in line and line.endswith("sslTrust: B}")


def test_an_element_more_is_a_difference():
    before = registered()
    after = replace(before, mutable=(*before.mutable, Tree("serviceEndpoints", "", (Tree("url", "u", ()),))))
    assert differences(before, after) == ["serviceEndpoints: number 0 -> 1"]


def test_a_difference_in_unknown_elements_is_reported_as_such():
    before = registered(future=(("serviceFuture", "later"),))
    assert differences(before, changed(before, "serviceFuture", "other")) == ["elements that this release does not know differ"]
