# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where a host that verifies a server connects to. Ansible adds ansible_host to the variables of each task; of a delegated task it is the other host's."""

from __future__ import annotations

import pytest

from ansible_collections.certmend.tls.tests.support.rendered import render

SERVERS = {"named": {"ansible_connection": "local"}, "placed": {"ansible_connection": "local", "ansible_host": "10.77.0.12"}}
CLIENT = {"ansible_connection": "local", "ansible_host": "10.77.0.9"}


@pytest.mark.parametrize("role", ["fqdn_certificate", "server_chain"])
def test_a_server_is_looked_for_at_its_own_address_and_not_at_that_of_the_host_that_verifies_it(role, tmp_path):
    inventory = {"cases": {"hosts": SERVERS}, "others": {"hosts": {"client": CLIENT}}}
    name = role + "_prove_address"
    values = render(tmp_path, "roles/%s/defaults/main.yml" % role, inventory, [name], delegate_to="client")
    assert {host: found[name] for host, found in values.items()} == {"named": "named", "placed": "10.77.0.12"}
