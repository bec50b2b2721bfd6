# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A large audit says how far it is: it inspects the endpoints in batches, and each batch is a line of the output."""

from __future__ import annotations

import re

from ansible_collections.certmend.tls.tests.support import mint
from ansible_collections.certmend.tls.tests.support.corporate import Pki
from ansible_collections.certmend.tls.tests.support.hosts_here import Hosts
from ansible_collections.certmend.tls.tests.support.rendered import render

#: for a number of endpoints with the same options, the sizes of the batches
SIZES = {1: [1], 100: [100], 101: [51, 50], 400: [100] * 4, 1000: [100] * 10, 5003: [501] * 9 + [494]}


def items(done):
    """The lines of the batches."""
    return re.findall(r"^(?:ok|failed): \[.*?\] (?:=> )?\(item=(.*?)\)", done.stdout, re.MULTILINE)


def endpoints(count, port):
    return [{"host": "h%d.corp.example" % number, "port": port, "address": "127.0.0.1"} for number in range(1, count + 1)]


def test_batches_are_small_but_never_more_than_ten(tmp_path):
    hosts = {str(count): {"audit_endpoints": ["h%d.corp.example" % number for number in range(count)]} for count in SIZES}
    sizes = "audit_batches | map(attribute='endpoints') | map('length') | list"
    found = render(tmp_path, "audit", {"cases": {"hosts": hosts}}, [sizes])
    assert {int(count): values[sizes] for count, values in found.items()} == SIZES


def test_each_batch_says_how_far_the_audit_is_and_how_many_endpoints_have_errors(tmp_path, tls_server):
    pki = Pki(tmp_path)
    leaf = mint.conforming("*.corp.example", pki.two, dns=["*.corp.example", "localhost"], **pki.days)
    port = tls_server(leaf.pem + pki.two.pem + pki.one.pem, leaf.key_pem)
    asked = [*endpoints(118, port), *endpoints(2, 1)]
    hosts = Hosts(tmp_path / "run", ["client"])
    done = hosts.playbook("certmend.tls.audit", audit_endpoints=asked, audit_trusted_path=str(pki.roots), audit_client="client")
    batches = ["1 to 60 of 120 endpoints", "61 to 120 of 120 endpoints"]
    read, inspected = [line for line in items(done) if line in batches], [line for line in items(done) if "with" in line]
    assert read == batches and inspected == [batches[0] + ": 0 with errors", batches[1] + ": 2 with errors"], done.stdout[-5000:]
    assert "120 endpoints checked: 118 ok, 0 with warnings, 2 with errors (2 unreachable)." in done.stdout
    assert len(re.findall("resolvable by the client[?] [*].corp.example: a wildcard; localhost: [:1]", done.stdout)) == 118


def test_a_small_audit_is_one_line(tmp_path):
    done = Hosts(tmp_path / "run", []).playbook("certmend.tls.audit", audit_endpoints=endpoints(2, 1), audit_questions=False)
    assert items(done) == ["2 endpoints: 2 with errors"], done.stdout


def test_a_batch_that_cannot_be_inspected_says_so(tmp_path):
    (tmp_path / "pins").write_text("no pin store", encoding="ascii")
    done = Hosts(tmp_path / "run", []).playbook("certmend.tls.audit", audit_endpoints=endpoints(2, 1), audit_pins_path=str(tmp_path / "pins"))
    assert done.returncode != 0 and items(done) == ["2 endpoints: not inspected"], done.stdout
