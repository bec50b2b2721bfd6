# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The endpoints of a task, and the computers that connect to them."""

from __future__ import annotations

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.endpoints import HostPort
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_pin.targets import parse_targets

VAULT, OTHER = HostPort("vault.corp.example", 443), HostPort("other.corp.example", 8443)


def test_endpoints_are_kept_in_order_and_once():
    targets = parse_targets(["vault.corp.example", "other.corp.example:8443", {"host": "vault.corp.example", "port": 443}], "")
    assert targets.servers == (VAULT, OTHER) and len(targets.endpoints) == 2


def test_servers_behind_one_name_are_one_server_with_several_endpoints():
    targets = parse_targets([{"host": "Vault.Corp.Example", "address": "10.77.0.%d" % number} for number in (1, 2)], "name.corp.example")
    assert targets.servers == (VAULT,) and [endpoint.address for endpoint in targets.endpoints] == ["10.77.0.1", "10.77.0.2"]
    assert {endpoint.name for endpoint in targets.endpoints} == {"name.corp.example"}


def test_computers_belong_to_the_server_and_are_listed_once():
    values = [
        {"host": "vault.corp.example", "address": "10.77.0.1", "computers": ["SRV-FILE01", "SRV-SQL02"]},
        {"host": "VAULT.corp.example", "address": "10.77.0.2", "computers": ["SRV-SQL02", 7]},
        {"host": "other.corp.example", "port": 8443, "computers": None},
    ]
    targets = parse_targets(values, "")
    assert targets.computers == {VAULT: ("SRV-FILE01", "SRV-SQL02", "7"), OTHER: ()} and len(targets.endpoints) == 3
    assert "computers" in values[0], "the task's own values stay as they were"


def test_computers_may_be_written_as_text_with_commas():
    assert parse_targets([{"host": "vault.corp.example", "computers": "SRV-FILE01, SRV-SQL02,"}], "").computers[VAULT] == ("SRV-FILE01", "SRV-SQL02")


def test_all_that_is_wrong_is_reported_at_once():
    values = ["bad host", {"host": "vault.corp.example", "computers": {"name": "SRV-FILE01"}}, {"host": "vault.corp.example", "computers": [["a"]]}]
    with pytest.raises(RemediationError) as raised:
        parse_targets(values, "")
    words = ("endpoints[0]: 'bad host'", "endpoints[1].computers: {'name': 'SRV-FILE01'} is not a list of names", "endpoints[2].computers: [['a']]")
    assert all(word in raised.value.message for word in words), raised.value.message
