# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Endpoints as people write them."""

from __future__ import annotations

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.endpoints import Endpoint, HostPort, parse_endpoints
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError


def endpoint(host, port=443, address="", server_name=None, name=None):
    return Endpoint(host, port, address, host if server_name is None else server_name, host if name is None else name)


@pytest.mark.parametrize(
    "value, expected",
    [
        ("depot.corp.example", endpoint("depot.corp.example")),
        ("depot.corp.example:8443", endpoint("depot.corp.example", 8443)),
        ("10.0.0.1", endpoint("10.0.0.1")),
        ("fd00::1", endpoint("fd00::1")),
        ("[fd00::1]", endpoint("fd00::1")),
        ("[fd00::1]:8443", endpoint("fd00::1", 8443)),
        ({"host": "depot", "port": "8443"}, endpoint("depot", 8443)),
        ({"host": "depot", "address": "10.0.0.1"}, endpoint("depot", address="10.0.0.1")),
        ({"host": "10.0.0.1", "name": "depot"}, endpoint("10.0.0.1", server_name="depot", name="depot")),
        ({"host": "10.0.0.1", "name": "depot", "server_name": "sni"}, endpoint("10.0.0.1", server_name="sni", name="depot")),
    ],
)
def test_an_endpoint_is_a_text_or_a_dict(value, expected):
    assert parse_endpoints([value]) == [expected]


def test_a_name_for_all_counts_for_endpoints_without_one_of_their_own():
    parsed = parse_endpoints(["10.0.0.1", {"host": "10.0.0.2", "name": "own"}], name="depot")
    assert [(each.name, each.server_name) for each in parsed] == [("depot", "depot"), ("own", "own")]


@pytest.mark.parametrize(
    "value, words",
    [
        ("depot:0", "endpoints[0]: '0' is not a port (1 to 65535)"),
        ("depot:https", "endpoints[0]: 'https' is not a port"),
        ({"host": "depot", "port": None}, "endpoints[0]: None is not a port"),
        ({"host": "depot", "port": float("inf")}, "endpoints[0]: inf is not a port"),
        ({"host": "depot", "port": float("nan")}, "endpoints[0]: nan is not a port"),
        ({"host": "depot", "port": 443.7}, "endpoints[0]: 443.7 is not a port"),
        ({"host": "depot", "port": True}, "endpoints[0]: True is not a port"),
        ({"host": "depot", "port": 10**5000}, "endpoints[0]: a number of more than 15 digits is not a port"),
        ({"host": "depot", "port": [443]}, "endpoints[0]: [443] is not a port"),
        ({"host": "depot", "prot": 1, "adress": 2}, "endpoints[0]: unknown key adress, prot"),
        ({"port": 443}, "endpoints[0]: host is missing"),
        ("", "endpoints[0]: host is missing"),
        (":443", "endpoints[0]: host is missing"),
        ("a b", "endpoints[0]: 'a b' contains a blank"),
        ("https://depot", "endpoints[0]: '//depot' is not a port"),
        ("operator:Url-Pw1@depot:443", "endpoints[0]: an account before the host is not allowed"),
        ("operator:Url-Pw1@depot", "endpoints[0]: an account before the host is not allowed"),
        ({"host": "depot", "address": "operator:Url-Pw1@10.0.0.1"}, "endpoints[0]: an account before the host is not allowed"),
    ],
)
def test_a_value_that_is_not_an_endpoint_is_refused(value, words):
    with pytest.raises(RemediationError) as caught:
        parse_endpoints([value])
    assert words in caught.value.message and "Write host, host:port" in caught.value.advice and "Url-Pw1" not in str(caught.value)


def test_everything_that_is_wrong_is_reported_at_once():
    with pytest.raises(RemediationError) as caught:
        parse_endpoints(["a b", "depot", "depot:0"])
    assert "endpoints[0]" in str(caught.value) and "endpoints[2]" in str(caught.value) and "endpoints[1]" not in str(caught.value)


def test_an_ipv6_address_is_written_in_brackets():
    assert str(endpoint("fd00::1")) == "[fd00::1]:443" and str(endpoint("depot", 8443)) == "depot:8443"
    assert str(HostPort("fd00::1", 443)) == "[fd00::1]:443"


def test_host_and_port_are_compared_in_one_form():
    assert HostPort.of("DEPOT.Example.", 443) == HostPort("depot.example", 443)
    assert HostPort.of("fd00:0:0::1", 443) == HostPort("fd00::1", 443) == HostPort.of("[fd00::1]", 443)
