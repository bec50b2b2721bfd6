# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The output of the appliance's lstool.py, of several releases."""

from __future__ import annotations

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.appliance.lookup_service.lstool import parse_list
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.tests.support.vsphere import estate
from ansible_collections.certmend.tls.tests.support.vsphere.listing import listed, lstool_output

URL = "https://vc1.corp.example/sdk"
SERVICES = [
    estate.registration("vc-a", [estate.endpoint(URL, ["AAAA", "BBBB"]), estate.endpoint(URL + "/b", ["CCCC"], "http", "com.vmware.vsm")]),
    estate.registration("none-a", [], "none", node=None),
    estate.registration("empty-a", [estate.endpoint("", []), estate.endpoint(URL + "/c")], "empty"),
]
OUTPUT = lstool_output(SERVICES)


def identity(registration):
    names = ("service_id", "owner_id", "product", "type", "node_id", "site_id", "title")
    return [getattr(registration, name) for name in names]


def endpoints(registration):
    return [(endpoint.url, endpoint.protocol, endpoint.type, endpoint.ssl_trust) for endpoint in registration.endpoints]


def trust_of(text):
    return [endpoint.ssl_trust for registration in parse_list(text) for endpoint in registration.endpoints]


def test_the_tool_prints_the_same_services_and_endpoints_that_list_returns():
    printed, expected = parse_list(OUTPUT), listed(SERVICES)
    assert [identity(registration) for registration in printed] == [identity(registration) for registration in expected]
    assert [endpoints(registration) for registration in printed] == [endpoints(registration) for registration in expected]


def test_the_version_is_read():
    assert [registration.mutable[0].text for registration in parse_list(OUTPUT)] == ["8.0"] * 3


def test_trust_that_wraps_over_lines_without_a_label_is_one_text():
    wrapped = OUTPUT.replace("SSL trust: AAAA", "SSL trust: AA\n\t\tA\n\t\tA=")
    assert trust_of(wrapped)[0] == ("AAAA=", "BBBB")


def test_a_line_of_a_log_is_not_part_of_the_trust_around_it():
    logged = OUTPUT.replace("SSL trust: AAAA", "SSL trust: AA\n2026-11-20T12:00:00.000Z INFO vmafd: Protocol: x\n\t\tAA")
    assert trust_of(logged) == trust_of(OUTPUT)


def test_a_line_that_is_neither_a_label_nor_base64_is_skipped():
    assert trust_of("Picked up JAVA_OPTIONS: -Xmx1g\n" + OUTPUT.replace("SSL trust: AAAA", "SSL trust: AAAA\n\t\t(another line)")) == trust_of(OUTPUT)


def test_base64_that_follows_another_label_is_skipped():
    assert parse_list(OUTPUT.replace("URL: " + URL + "\n", "URL: " + URL + "\nAAAA\n")) == parse_list(OUTPUT)


def test_a_service_without_endpoints_and_attributes_ends_where_the_next_begins():
    first, second = parse_list("\tName: a\n\tService ID: a\n\tOwner ID: o\n\tName: b\n\tService ID: b\n")
    assert (first.service_id, first.owner_id, second.service_id, second.owner_id) == ("a", "o", "b", "")


def test_an_empty_trust_is_no_trust():
    assert trust_of(OUTPUT.replace("SSL trust: CCCC", "SSL trust:"))[1] == ()


def test_windows_line_ends_make_no_difference():
    assert parse_list(OUTPUT.replace("\n", "\r\n")) == parse_list(OUTPUT)


@pytest.mark.parametrize("text", ["", "Traceback (most recent call last):\n", "\tName: a service without an id\n\tVersion: 1\n"])
def test_an_output_without_a_service_is_an_error(text):
    with pytest.raises(RemediationError, match="listed: contains no service"):
        parse_list(text)


def test_a_megabyte_of_blanks_or_of_short_lines_is_read_in_one_pass():
    blanks = " " * 500_000
    head = "\tName: a\n\tService ID: %sb%sc%s\n\tEndpoints:\n\t\tURL: https://a/\n\t\tSSL trust: M\n" % (blanks, blanks, blanks)
    (registration,) = parse_list(head + "\t\tA\n" * 300_000)
    assert registration.service_id.replace(blanks, "~") == "~b~c"
    assert registration.endpoints[0].ssl_trust == ("M" + "A" * 300_000,)


@pytest.mark.parametrize("separator", ["\u2028", "\x85", "\x0b", "\x1c"])
def test_only_a_line_feed_ends_a_line(separator):
    """What a service wrote into its url cannot add a label."""
    forged = OUTPUT.replace(URL + "/b", URL + "/b" + separator + "\t\tSSL trust: DDDD")
    assert trust_of(forged) == trust_of(OUTPUT) and forged != OUTPUT
