# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A CA whose private key is not given cannot sign: offline_depot and server_chain name the missing variable and the other ways before the first change."""

from __future__ import annotations

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_inspect.collect import Criteria
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_inspect.judge import judge_source
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import from_x509
from ansible_collections.certmend.tls.plugins.module_utils.x509.rules.inspection import CollectedSource
from ansible_collections.certmend.tls.plugins.module_utils.x509.rules.rule import JudgementContext
from ansible_collections.certmend.tls.tests.support.clock import FIXED
from ansible_collections.certmend.tls.tests.support.mint import authority, mint
from ansible_collections.certmend.tls.tests.support.rendered import COLLECTION
from ansible_collections.certmend.tls.tests.support.role_cases import Cases

NAME = "www.corp.example"
CA, OTHER = authority("Corp CA"), authority("Other CA")


def inspected(profile, issuer, trusted=CA):
    """The result of the inspection of a server whose certificate has its name."""
    certificate = from_x509(mint(NAME, dns=[NAME], issuer=issuer).x509)
    criteria = Criteria(JudgementContext(FIXED.now, frozenset({profile})), anchors=[from_x509(trusted.x509)])
    return judge_source(CollectedSource(NAME + ":443", NAME, (certificate,), presented=True), criteria, ())


DEPOTS = {
    "depot-self-signed": (inspected("vcf_installer", None), {}),
    "depot-other-ca": (inspected("vcf_installer", OTHER), {}),
    "depot-own-ca-asked": (inspected("vcf_installer", CA), {"offline_depot_provider": "own_ca"}),
}
SERVERS = {
    "server-no-key": {"server_chain_signing_ca_path": "ca.pem", "server_chain_private_key_path": "/srv/www.key"},
    "server-no-ca": {"server_chain_private_key_path": "/srv/www.key"},
    "server-no-path": {"server_chain_signing_ca_path": "ca.pem", "server_chain_signing_ca_private_key_path": "ca.key"},
}


@pytest.fixture(scope="module")
def refused(tmp_path_factory):
    depots = {host: {"offline_depot_signing_ca_path": "ca.pem", **given} for host, (_result, given) in DEPOTS.items()}
    before = {"results": [inspected("generic", None)]}
    chains = {host: {"server_chain_trusted_path": "ca.pem", "server_chain_before": before, **given} for host, given in SERVERS.items()}
    hosts = Cases(tmp_path_factory.mktemp("keyless") / "run", {**depots, **chains})
    results = [{"item": [{"inventory_name": host}, {}], "results": [result]} for host, (result, _given) in DEPOTS.items()]
    hosts.inventory["all"]["children"] = {
        "depots": {"hosts": dict.fromkeys(depots, {}), "vars": {"offline_depot_before": {"results": results}}},
        "servers": {"hosts": dict.fromkeys(chains, {})},
    }
    (hosts.controller / "ca.pem").write_text(CA.pem, encoding="ascii")
    (hosts.controller / "ca.key").write_text(CA.key_pem, encoding="ascii")
    hosts.give(next(iter(depots)))  # writes the inventory with its groups
    failures = {}
    for group, name, task in (("depots", "offline_depot", "depot.yml"), ("servers", "server_chain", "server.yml")):  # Ansible stops after a play that fails
        play = {"hosts": group, "gather_facts": False, "vars_files": [str(COLLECTION / "playbooks/vars" / name) + ".yml"]}
        tasks = [{"ansible.builtin.include_tasks": str(COLLECTION / "playbooks/tasks" / name / task)}]
        cases = hosts.run([dict(play, tasks=tasks)])
        failures.update((host, case.failure) for host, case in cases.items() if case.failure)
    return failures


@pytest.mark.parametrize("host", DEPOTS)
def test_the_depot_needs_the_private_key_of_its_ca(refused, host):
    said = refused[host]
    assert "the private key of the CA is missing. Set offline_depot_signing_ca_private_key_path" in said, said
    assert "offline_depot_provider=self_signed" in said


def test_the_report_says_which_finding_calls_for_a_new_certificate(refused):
    assert "(see the report above: TRUST-UNKNOWN-CA, TRUST-SELF-SIGNED)" in refused["depot-self-signed"] and "CHAIN-INCOMPLETE" in refused["depot-other-ca"]
    assert "(see the report above: other names, or another issuer, are asked for)" in refused["depot-own-ca-asked"]


@pytest.mark.parametrize(
    "host, words",
    [
        ("server-no-key", "The private key of the CA is missing. Set server_chain_signing_ca_private_key_path to issue it in this run"),
        ("server-no-ca", "Set server_chain_signing_ca_path, server_chain_signing_ca_private_key_path to issue it in this run"),
        ("server-no-path", "present certificate. Set server_chain_private_key_path to issue it in this run"),
    ],
)
def test_the_server_needs_what_is_not_given(refused, host, words):
    assert words in refused[host]
