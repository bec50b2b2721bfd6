# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Many endpoints are probed at once, each server only once."""

from __future__ import annotations

import socket
import threading

from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.endpoints import parse_endpoints
from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.probe_all import probe_all
from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.tls_probe import ProbeError
from ansible_collections.certmend.tls.tests.support import mint
from ansible_collections.certmend.tls.tests.support.clock import PATIENCE, REAL

LEAF = mint.mint("localhost", dns=["localhost"], **REAL.days())


def test_each_endpoint_has_its_chain_or_its_error(tls_server):
    with socket.create_server(("127.0.0.1", 0)) as server:
        closed = server.getsockname()[1]
    endpoints = parse_endpoints(["127.0.0.1:%d" % tls_server(LEAF.pem, LEAF.key_pem), "127.0.0.1:%d" % closed])
    results = probe_all(endpoints, workers=2, timeout=PATIENCE)
    assert results[endpoints[0]] == (LEAF.der,)
    assert isinstance(results[endpoints[1]], ProbeError) and results[endpoints[1]].code == "CONNECT-REFUSED"


def test_endpoints_that_differ_in_the_expected_name_only_share_a_handshake(tls_server):
    names, lock = [], threading.Lock()

    def remember(_socket, name, _context):
        with lock:
            names.append(name)

    port = tls_server(LEAF.pem, LEAF.key_pem, sni_callback=remember)
    values = [{"host": "127.0.0.1", "port": port, "server_name": sni, "name": name} for sni, name in (("a", "x"), ("a", "y"), ("b", "x"))]
    endpoints = parse_endpoints(values)
    results = probe_all(endpoints, workers=8, timeout=PATIENCE)
    assert len(results) == 3 and set(results.values()) == {(LEAF.der,)} and sorted(names) == ["a", "b"]


def test_an_endpoint_may_have_an_address_of_its_own(tls_server):
    [endpoint] = parse_endpoints([{"host": "no.such.host.invalid", "port": tls_server(LEAF.pem, LEAF.key_pem), "address": "127.0.0.1"}])
    assert probe_all([endpoint], workers=1, timeout=PATIENCE) == {endpoint: (LEAF.der,)}


def test_no_endpoints_have_no_results():
    assert probe_all([], workers=4, timeout=PATIENCE) == {}
