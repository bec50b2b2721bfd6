# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module's result: sources, findings, waivers, queries and failures."""

from __future__ import annotations

import base64

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.x509.rules.rule import Profile
from ansible_collections.certmend.tls.plugins.modules.cert_inspect import ARGUMENT_SPEC
from ansible_collections.certmend.tls.tests.support import forms, mint
from ansible_collections.certmend.tls.tests.support.clock import REAL, written
from ansible_collections.certmend.tls.tests.support.ome.chains import Cas

DAYS = REAL.days()
ROOT = mint.conforming("Test Root CA", ca=True, **DAYS)
GOOD = mint.conforming("localhost", ROOT, dns=["localhost"], **DAYS)
BAD = mint.mint("10.77.0.10", **DAYS)


@pytest.fixture
def inspect(run_module):
    return lambda **params: run_module("cert_inspect", params)


def codes(result):
    return sorted({finding["code"] for finding in result["findings"]})


def test_every_endpoint_has_a_result_in_order_and_an_unreachable_endpoint_does_not_fail_the_task(inspect, tls_server):
    good, bad = (tls_server(minted.pem, minted.key_pem) for minted in (GOOD, BAD))
    named = {"host": "localhost", "port": bad, "name": "depot.corp.example"}
    result = inspect(endpoints=["localhost:%d" % good, named, "localhost:1"], trusted_content=ROOT.pem)
    assert not result.get("failed") and not result["changed"]
    assert [(item["verdict"], item["reachable"]) for item in result["results"]] == [("ok", True), ("error", True), ("error", False)]
    assert result["results"][2]["error"]["code"] == "CONNECT-REFUSED"
    assert result["summary"]["unreachable"] == 1 and result["verdict"] == "error"


@pytest.mark.parametrize("form", ["path", "content", "content_base64", "presented"])
def test_each_source_has_the_same_findings(inspect, tmp_path, form):
    (tmp_path / "c.pem").write_text(BAD.pem, encoding="ascii")
    encoded = base64.b64encode(BAD.der).decode()
    given = {"path": str(tmp_path / "c.pem"), "content": BAD.pem, "content_base64": encoded, "presented": [encoded]}[form]
    result = inspect(profile=["vcf_installer"], name="depot.corp.example", **{form: given})
    assert codes(result) == ["NAME-CN-IS-IP", "NAME-MISMATCH", "NAME-SAN-MISSING", "TRUST-SELF-SIGNED"]


def test_a_shuffled_file_is_understood_by_its_leaf(inspect):
    result = inspect(content=ROOT.pem + GOOD.pem, trusted_content=ROOT.pem, name="localhost")
    assert codes(result) == ["CHAIN-ORDER"] and result["results"][0]["chain"]["order"] == [1, 0]


def test_a_private_key_and_a_request_are_compared_and_never_shown(inspect, tmp_path):
    (tmp_path / "right.key").write_text(GOOD.key_pem, encoding="ascii")
    (tmp_path / "wrong.key").write_text(mint.key_pem(mint.new_key()), encoding="ascii")
    assert "KEY-NOT-PRIVATE-KEY" not in codes(inspect(content=GOOD.pem, private_key_path=str(tmp_path / "right.key")))
    wrong = inspect(content=GOOD.pem, private_key_path=str(tmp_path / "wrong.key"), csr_content=mint.csr("x.example"))
    assert {"KEY-NOT-PRIVATE-KEY", "KEY-NOT-CSR"} <= set(codes(wrong)) and "PRIVATE KEY-----" not in str(wrong)


def test_a_waived_finding_stays_visible_and_does_not_count(inspect):
    past, until = (str(moment.date()) for moment in REAL.days(-9).values())
    waiver = dict(code="NAME-CN-IS-IP", about="con*", until=until, reason="replaced with the machine")
    served = mint.mint("10.0.0.1", dns=["a.example"], issuer=ROOT, **DAYS)
    result = inspect(content=served.pem, profile=["vcf_installer"], trusted_content=ROOT.pem, waivers=[waiver])
    assert result["verdict"] == "ok" and result["findings"][0]["waived"] == {"until": until, "reason": "replaced with the machine"}
    expired = inspect(content=BAD.pem, profile=["vcf_installer"], waivers=[dict(waiver, until=past)])
    assert expired["verdict"] == "error"


def test_a_server_that_presents_only_its_own_certificate_is_not_ok_if_nobody_says_whom_the_clients_trust(inspect, tls_server):
    middle = mint.conforming("Middle", ROOT, ca=True, **DAYS)
    leaf = mint.conforming("localhost", middle, dns=["localhost"], **DAYS)
    ports = [tls_server(pem, leaf.key_pem) for pem in (leaf.pem, leaf.pem + middle.pem)]
    result = inspect(endpoints=["localhost:%d" % port for port in ports], fail_on="error")
    assert not result.get("failed") and result["verdict"] == "warning" and result["summary"]["not_judged"] == 2
    assert [[finding["code"] for finding in item["findings"]] for item in result["results"]] == [["TRUST-NOT-JUDGED", "CHAIN-INCOMPLETE"], ["TRUST-NOT-JUDGED"]]
    assert "2 findings reach fail_on: TRUST-NOT-JUDGED (localhost:%d)" % ports[0] in inspect(endpoints=["localhost:%d" % ports[0]], fail_on="warning")["msg"]
    judged = inspect(endpoints=["localhost:%d" % ports[1]], trusted_content=ROOT.pem)
    assert judged["verdict"] == "ok" and judged["summary"]["not_judged"] == 0


def test_fail_on_fails_with_the_result(inspect):
    result = inspect(content=BAD.pem, fail_on="error")
    assert result["failed"] and "NAME-SAN-MISSING" in result["msg"] and result["results"]
    assert not inspect(content=GOOD.pem, name="localhost", fail_on="error").get("failed")


def test_a_query_selects_what_a_play_needs(inspect):
    result = inspect(content=BAD.pem, query="results[?findings[?remedy=='fqdn_certificate']].source")
    assert result["selected"] == ["content"]


def test_the_time_of_the_judgement_can_be_chosen(inspect):
    assert "VALIDITY-EXPIRED" in codes(inspect(content=GOOD.pem, at=written(DAYS["ends"] + mint.DAY)))


@pytest.mark.parametrize(
    "given, words",
    [
        (dict(path="/nowhere/c.pem"), "path: /nowhere/c.pem cannot be read"),
        (dict(content_base64="%%%"), "content_base64 is not Base64"),
        (dict(endpoints=["bad host:443"]), "endpoints[0]: 'bad host'"),
        (dict(endpoints=["depot:99999"]), "endpoints[0]: '99999' is not a port"),
        (dict(endpoints=[{"port": 443}]), "endpoints[0]: host is missing"),
        (dict(content=GOOD.pem, trusted_path=["/nowhere"]), "trusted_path: /nowhere cannot be read"),
        (dict(content=GOOD.pem, at="tomorrow"), "at: 'tomorrow' is not a date or time"),
        (dict(content=GOOD.pem, query="results["), "query:"),
        (dict(content=GOOD.pem, waivers=[dict(code="X", until="soon", reason="r")]), "waivers[0].until"),
        (dict(content=GOOD.pem, csr_content="junk"), "csr_content: this is not a certificate signing request"),
    ],
)
def test_bad_input_names_the_option(inspect, given, words):
    result = inspect(**given)
    assert result["failed"] and words in result["msg"]


def test_a_source_without_a_certificate_is_a_finding(inspect):
    assert codes(inspect(content="nothing here")) == ["FORMAT-NO-CERTIFICATE"]


def test_the_article_s_seven_questions_are_answered(inspect, tls_server):
    middle = mint.authority("Middle", issuer=ROOT, **DAYS)
    names = ["localhost", "*.corp.example", "nowhere.invalid"]
    leaf = mint.mint("localhost", dns=names, ip=["127.0.0.1"], issuer=middle, **DAYS)
    port = tls_server(leaf.pem + middle.pem, leaf.key_pem)
    given = {"host": "localhost", "port": port, "name": "other.corp.test"}
    (result,) = inspect(endpoints=[given], trusted_content=ROOT.pem, questions=True)["results"]
    answers = [item["answer"] for item in result["questions"]]
    assert len(answers) == 7
    assert answers[0].startswith("yes, until ") and "days)" in answers[0]
    assert answers[1] == "localhost; localhost, *.corp.example, nowhere.invalid, 127.0.0.1"
    assert answers[2] == "no, other.corp.test is not among them"
    assert "localhost: " in answers[3] and "127.0.0.1" in answers[3] and "*.corp.example: a wildcard" in answers[3]
    assert "nowhere.invalid: not resolvable (" in answers[3]
    assert answers[4] == "yes, to a trusted certificate: CN=localhost < CN=Middle < CN=Test Root CA"
    assert answers[5] == "a private CA: CN=Test Root CA is not in this machine's trust store"
    assert answers[6] == "no, CN=Middle signed it"


@pytest.mark.parametrize(
    "certificate, trusted, number, answer",
    [
        (BAD, ROOT, 6, "yes"),
        (BAD, ROOT, 5, "by no CA, it is self-signed"),
        (GOOD, BAD, 4, "no, CN=Test Root CA is missing above CN=localhost"),
        (mint.mint("old", **REAL.days(-9, -3)), None, 0, "no, until "),
    ],
)
def test_the_answers_are_of_this_certificate(inspect, certificate, trusted, number, answer):
    (result,) = inspect(content=certificate.pem, trusted_content=trusted and trusted.pem, questions=True)["results"]
    assert result["questions"][number]["answer"].startswith(answer)


def test_questions_are_answered_only_on_request(inspect):
    assert inspect(content=GOOD.pem)["results"][0]["questions"] == []


def test_a_pkcs12_is_inspected_with_its_password(inspect, tmp_path):
    (tmp_path / "c.p12").write_bytes(forms.pkcs12(GOOD, [ROOT], "P12Secret!"))
    result = inspect(path=str(tmp_path / "c.p12"), password="P12Secret!")
    assert [certificate["common_name"] for certificate in result["results"][0]["certificates"]] == ["localhost", "Test Root CA"]
    assert "P12Secret!" not in repr(result["results"])


def test_a_chain_for_openmanage_enterprise_is_judged_by_its_rules(inspect):
    cas = Cas(REAL)
    chain = cas.leaf().pem + cas.one.pem + cas.root.pem
    assert inspect(content=chain, profile=["ome_migration"])["verdict"] == "ok"
    other = cas.leaf(cas.two, "ome-target.corp.example").pem + cas.two.pem + cas.root.pem
    (finding,) = inspect(content=chain, profile=["ome_migration"], peer_chain_content=other)["findings"]
    assert (finding["code"], finding["remedy"]) == ("CHAIN-PEER-DIFFERS", "ome_chain")
    (unreadable,) = inspect(content="nothing", profile=["ome_single"])["findings"]
    assert unreadable["answer"].startswith("CSEC9002")
    (binary,) = inspect(content_base64=base64.b64encode(cas.leaf().der).decode(), profile=["ome_single"])["findings"]
    assert binary["code"] == "FORMAT-NOT-PEM"


def test_the_other_side_of_a_migration_must_be_a_chain(inspect):
    result = inspect(content=GOOD.pem, profile=["ome_migration"], peer_chain_content="nothing")
    assert result["failed"] and "peer_chain_content: it contains no certificate" in result["msg"]


def test_the_choices_of_the_option_profile_are_the_profiles_of_the_rules():
    assert ARGUMENT_SPEC["profile"]["choices"] == [profile.value for profile in Profile]


def test_several_options_that_are_wrong_are_one_failure(inspect):
    result = inspect(content=GOOD.pem, at="tomorrow", query="results[", pins_path="/nowhere/pins")
    assert result["failed"] and "3 things are wrong" in result["msg"] and "results" not in result
    assert all(option in result["msg"] for option in ("at: ", "query: ", "pins_path, profile: "))


def test_whom_to_trust_may_have_its_old_name_with_a_deprecation(inspect, tmp_path):
    (tmp_path / "root.pem").write_text(ROOT.pem, encoding="ascii")
    judged = inspect(content=GOOD.pem, name="localhost", trusted=[str(tmp_path / "root.pem")])
    assert codes(judged) == [] and "'trusted'" in str(judged["deprecations"])
