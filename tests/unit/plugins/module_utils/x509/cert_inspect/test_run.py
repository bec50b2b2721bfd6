# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A run of cert_inspect, stage by stage."""

from __future__ import annotations

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.core.run import RunContext, carry_out
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_inspect.run import InspectRun
from ansible_collections.certmend.tls.tests.support import mint
from ansible_collections.certmend.tls.tests.support.clock import FIXED
from ansible_collections.certmend.tls.tests.support.inspect_options import params_of
from ansible_collections.certmend.tls.tests.support.run import run_script

SELF_SIGNED = mint.mint("depot.corp.example", dns=["depot.corp.example"])


def run_of(check_mode=False, **given):
    context = RunContext(check_mode, FIXED.now)
    return InspectRun.from_params(params_of(**given), context), context


@pytest.mark.parametrize("check_mode", [False, True])
def test_a_run_has_no_steps_and_the_same_result_in_check_mode(check_mode):
    run, context = run_of(check_mode, content=SELF_SIGNED.pem)
    carry_out(run, context)
    assert run.changes == [] and run.facts()["verdict"] == "error"
    assert [finding["code"] for finding in run.facts()["findings"]] == ["TRUST-SELF-SIGNED"]


def test_days_left_count_from_the_time_of_the_judgement():
    run, context = run_of(content=SELF_SIGNED.pem, at="2010-06-20T12:00:00Z")
    carry_out(run, context)
    later = run.facts()["results"][0]["certificates"][0]["days_left"]
    run, context = run_of(content=SELF_SIGNED.pem)
    carry_out(run, context)
    assert run.facts()["results"][0]["certificates"][0]["days_left"] == later + 5


@pytest.mark.parametrize("given, codes", [(dict(expires_within=400), ["VALIDITY-SOON"]), (dict(expires_within=1), []), (dict(), [])])
def test_the_warning_before_the_end_of_validity_begins_as_the_option_says(given, codes):
    run, context = run_of(content=SELF_SIGNED.pem, trusted_content=SELF_SIGNED.pem, **given)
    carry_out(run, context)
    assert [finding["code"] for finding in run.facts()["findings"]] == codes


def test_a_failed_collection_has_no_result_because_no_findings_would_look_good():
    run, context = run_of(path="/nowhere/c.pem")
    with pytest.raises(RemediationError, match="path: /nowhere/c.pem cannot be read"):
        carry_out(run, context)
    assert run.facts() == {}


def test_files_to_compare_with_are_read_before_a_server_is_contacted(tls_server):
    run, context = run_of(endpoints=["127.0.0.1:1"], trusted_path=["/nowhere"])
    with pytest.raises(RemediationError, match="trusted_path: /nowhere"):
        carry_out(run, context)
    assert run.sources == ()


def test_findings_that_reach_fail_on_fail_the_run_with_its_result():
    run, context = run_of(content=SELF_SIGNED.pem, fail_on="error", query="verdict")
    with pytest.raises(RemediationError) as raised:
        carry_out(run, context)
    assert raised.value.message.startswith("1 finding reaches fail_on: TRUST-SELF-SIGNED (content): the certificate is self-signed")
    assert run.facts()["selected"] == "error" and run.facts()["summary"]["error"] == 1


def test_a_waived_finding_does_not_fail_the_run():
    waiver = dict(code="TRUST-SELF-SIGNED", all=True, until="2010-06-15", reason="test system")
    run, context = run_of(content=SELF_SIGNED.pem, fail_on="warning", waivers=[waiver])
    carry_out(run, context)
    assert run.facts()["verdict"] == "ok"


def test_a_query_that_cannot_be_evaluated_fails_the_run_with_its_result():
    run, context = run_of(content=SELF_SIGNED.pem, query="abs(results)")
    with pytest.raises(RemediationError, match="query: "):
        carry_out(run, context)
    assert run.facts()["verdict"] == "error" and "selected" not in run.facts()


def test_warnings_name_the_source_or_the_option():
    broken = SELF_SIGNED.pem.replace("MII", "MIJ", 1)
    run, context = run_of(content=SELF_SIGNED.pem + broken, trusted_content=SELF_SIGNED.pem + broken)
    carry_out(run, context)
    assert [warning.partition(":")[0] for warning in run.warnings] == ["trusted_content", "content"]
    assert run.facts()["results"][0]["warnings"] == [run.warnings[1].partition(": ")[2]]


def test_questions_are_answered_for_the_leaf():
    run, context = run_of(content=SELF_SIGNED.pem, questions=True)
    carry_out(run, context)
    assert run.facts()["results"][0]["questions"][6] == {"question": "Is it self-signed?", "answer": "yes"}


ROOT = mint.conforming("Test Root CA", ca=True)
ANY_PURPOSE = (mint.x509.ExtendedKeyUsage([mint.x509.ObjectIdentifier("2.5.29.37.0")]), False)
FOR_ANY_PURPOSE = mint.conforming("depot.corp.example", ROOT, dns=["depot.corp.example"], extensions=[ANY_PURPOSE])
FOR_ALL_CLIENTS = mint.conforming("depot.corp.example", ROOT, dns=["depot.corp.example"])


def found(trusted=ROOT, certificate=FOR_ANY_PURPOSE, **given):
    run, context = run_of(content=certificate.pem, trusted_content=trusted.pem, name="depot.corp.example", **given)
    carry_out(run, context)
    return [(finding["code"], finding["severity"]) for finding in run.facts()["findings"]]


def test_openssl_is_asked_about_a_chain_that_no_rule_finds_an_error_in():
    """RFC 5280 section 4.2.1.12 leaves it to the client whether any purpose is enough; to OpenSSL it is not."""
    assert found() == [("TRUST-OPENSSL-REFUSES", "error")]
    assert found(profile=["vcf_installer"]) == [("TRUST-OPENSSL-REFUSES", "warning")]
    assert found(certificate=FOR_ALL_CLIENTS) == []


def test_what_only_strict_clients_refuse_is_a_warning_that_names_the_certificates():
    """As Python's clients do since 3.13. For the installer, which is none of them, it is no finding."""
    root = mint.authority("Old Root CA")
    certificate = mint.mint("depot.corp.example", dns=["depot.corp.example"], issuer=root)
    assert found(root, certificate) == [("TRUST-STRICT-REFUSES", "warning")]
    assert found(root, certificate, profile=["vcf_installer"]) == []
    run, context = run_of(content=certificate.pem, trusted_content=root.pem)
    carry_out(run, context)
    message = run.facts()["findings"][0]["message"]
    assert "CN=depot.corp.example: Missing Authority Key Identifier; CN=Old Root CA: " in message and "CA cert does not include key usage" in message


def test_openssl_counts_the_extended_key_usage_of_an_anchor():
    root = mint.authority(extensions=[(mint.x509.ExtendedKeyUsage([mint.x509.oid.ExtendedKeyUsageOID.CLIENT_AUTH]), False)])
    assert found(root, mint.mint("depot.corp.example", dns=["depot.corp.example"], issuer=root)) == [("TRUST-OPENSSL-REFUSES", "error")]


@pytest.mark.parametrize("given", [dict(at="2040-01-01"), dict(profile=["ome_single"]), dict(trusted=mint.authority("Other"))])
def test_openssl_is_not_asked_if_a_rule_has_an_error_or_nobody_verifies(given):
    assert "TRUST-OPENSSL-REFUSES" not in [code for code, _severity in found(**given)]


@pytest.mark.parametrize("name", ["DEPOT.corp.example.", "[2001:DB8::1]", "10.77.0.10", "bücher.example"])
def test_openssl_gets_the_name_in_the_form_in_which_clients_compare_it(name):
    names = dict(dns=["depot.corp.example", "xn--bcher-kva.example"], ip=["2001:db8::1", "10.77.0.10"])
    certificate = mint.conforming("depot.corp.example", ROOT, **names)
    run, context = run_of(content=certificate.pem, trusted_content=ROOT.pem, name=name)
    carry_out(run, context)
    assert run.facts()["findings"] == []


def test_without_openssl_nothing_is_said_of_it(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert found() == []
    (tmp_path / "openssl").write_text("no program", encoding="ascii")
    (tmp_path / "openssl").chmod(0o755)
    assert found() == []


#: what only some tasks need
ON_DEMAND = (
    "appliance.pin_store",
    "appliance.net.probe_all",
    "appliance.net.tls_probe",
    "core.codes",
    "x509.cert_inspect.collect_endpoints",
    "x509.cert_inspect.query",
    "x509.cert_inspect.questionnaire",
    "x509.certificate.private_keys",
    "x509.load.pkcs12",
    "x509.load.strict_pem",
    "x509.path.verifiers",
    "x509.rules.registered_endpoint",
)


def test_a_task_imports_only_what_it_needs():
    script = "import sys, ansible_collections.certmend.tls.plugins.modules.cert_inspect; print('\\n'.join(sys.modules))"
    imported = set(run_script(script).splitlines())
    utils = "ansible_collections.certmend.tls.plugins.module_utils."
    assert utils + "x509.rules.registry" in imported
    assert not imported & ({utils + name for name in ON_DEMAND} | {"jmespath", "ssl", "concurrent.futures.thread"})
