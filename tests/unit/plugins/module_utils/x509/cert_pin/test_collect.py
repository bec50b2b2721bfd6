# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Observations: of real servers, and of a chain that was collected elsewhere."""

from __future__ import annotations

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.endpoints import HostPort, parse_endpoints
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_pin.collect import observe
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import from_x509
from ansible_collections.certmend.tls.tests.support import mint
from ansible_collections.certmend.tls.tests.support.clock import REAL

HOST = "vault.corp.example"
LEAF = mint.mint(HOST, dns=[HOST], **REAL.days())


def observed(endpoint, presented=None):
    (observation,) = observe(parse_endpoints([endpoint]), presented, workers=4, timeout=20)
    return observation


def test_the_certificate_of_a_server_is_observed_at_its_address(tls_server):
    port = tls_server(LEAF.pem, LEAF.key_pem)
    seen = observed({"host": "Vault.Corp.Example", "port": port, "address": "127.0.0.1", "name": "name.corp.example"})
    assert seen.server == HostPort(HOST, port) and (seen.address, seen.name, seen.problem) == ("127.0.0.1", "name.corp.example", None)
    assert seen.pin == from_x509(LEAF.x509).pin


def test_a_server_that_does_not_answer_is_a_problem_and_not_an_exception():
    seen = observed({"host": HOST, "port": 1, "address": "127.0.0.1"})
    assert seen.certificate is None and seen.pin is None
    assert seen.problem.code == "CONNECT-REFUSED" and seen.problem.message.startswith("vault.corp.example:1: ") and seen.problem.advice
    assert set(seen.problem.as_dict()) == {"code", "message", "advice"}


def test_a_presented_chain_needs_no_connection():
    seen = observed({"host": HOST, "port": 1}, LEAF.der)
    assert seen.server == HostPort(HOST, 1) and seen.pin == from_x509(LEAF.x509).pin


@pytest.mark.parametrize("data, words", [(b"", "the server presented no certificate"), (LEAF.der[:200], "vault.corp.example:443: ")])
def test_a_chain_without_a_readable_certificate_is_a_problem(data, words):
    problem = observed(HOST, data).problem
    assert problem.code == "FORMAT-NO-CERTIFICATE" and words in problem.message and "cert_inspect" in problem.advice
