# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which addresses are public, at the edges of every special range."""

from __future__ import annotations

import ipaddress

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_chain_build.public_address import GLOBAL_UNICAST, SPECIAL, is_public


@pytest.mark.parametrize("network", SPECIAL, ids=str)
def test_the_first_and_the_last_address_of_a_special_range_are_not_public(network):
    assert not is_public(network[0]) and not is_public(network[-1])


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "172.32.0.1", "192.0.1.1", "223.255.255.255", "2001:200::1", "2606:4700::1111", "2a00::1"])
def test_an_address_of_a_host_on_the_internet_is_public(address):
    assert is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", ["::", "::1", "::8.8.8.8", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "fc00::1", "fe80::1", "fec0::1", "ff0e::1", "4000::1"])
def test_an_ipv6_address_outside_of_global_unicast_is_not_public(address):
    assert ipaddress.ip_address(address) not in GLOBAL_UNICAST and not is_public(ipaddress.ip_address(address))
