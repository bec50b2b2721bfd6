# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Issue, renew, request and import, on real files."""

from __future__ import annotations

import datetime

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.run import Issuing
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import pin_of
from ansible_collections.certmend.tls.tests.support import mint

FQDN = "depot.corp.example"
NOW = mint.NOW
ROOT = mint.authority(ends=NOW + 3650 * mint.DAY)


class Server:
    """The files of one server, and runs of the module's body over them."""

    def __init__(self, folder):
        self.folder = folder
        self.paths = {
            "private_key_path": str(folder / "tls.key"),
            "certificate_path": str(folder / "tls.pem"),
            "combined_path": None,
            "csr_path": None,
            "request_path": None,
            "request_content": None,
        }

    def run(self, provider="self_signed", at=NOW, apply=True, **given):
        facts, warnings = {}, []
        issuing = Issuing(dict(DEFAULTS, provider=provider, **dict(self.paths, **given)), facts, warnings)
        issuing.now = at
        steps = issuing.plan()
        for step in steps if apply else []:
            facts["undo"] = issuing.apply(step)
        return dict(facts, steps=steps, warnings=warnings)

    def content(self):
        return {path.name: path.read_bytes() for path in self.folder.iterdir() if not path.name.endswith(".bak")}


DEFAULTS = dict(
    fqdn=FQDN,
    dns_names=[],
    ip_addresses=[],
    subject={},
    extended_key_usage=["serverAuth"],
    profile="generic",
    certificate_content=None,
    pins_path=None,
    pins_content=None,
    ca_certificate_path=None,
    ca_certificate_content=ROOT.pem,
    ca_private_key_path=None,
    ca_private_key_content=ROOT.key_pem,
    ca_private_key_passphrase=None,
    key_type=None,
    key_size=2048,
    curve="secp256r1",
    valid_days=397,
    renew_before_days=30,
    reuse_key=True,
    owner=None,
    group=None,
    mode=None,
    private_key_mode=None,
    backup=True,
)


@pytest.fixture
def server(tmp_path):
    return Server(tmp_path)


@pytest.mark.parametrize("provider", ["self_signed", "own_ca"])
def test_a_certificate_has_the_fqdn_as_common_name_and_in_its_san(server, provider):
    made = server.run(provider, ip_addresses=["10.77.0.10"])["certificate"]
    assert made["subject"] == "CN=" + FQDN
    assert made["subject_alternative_name"]["dns"] == [FQDN]
    assert made["subject_alternative_name"]["ip"] == ["10.77.0.10"]
    assert made["self_signed"] is (provider == "self_signed") and made["days_left"] == 397


@pytest.mark.parametrize("provider", ["self_signed", "own_ca"])
def test_a_second_run_plans_nothing(server, provider):
    server.run(provider)
    assert server.run(provider)["steps"] == []


@pytest.mark.parametrize("kind", ["RSA", "EC", "Ed25519"])
def test_each_kind_of_key_is_made_and_then_kept(server, kind):
    assert server.run(key_type=kind)["certificate"]["key"]["type"] == kind
    assert server.run(key_type=kind)["steps"] == []
    assert server.run()["steps"] == [], "without key_type an existing key keeps its kind"


@pytest.mark.parametrize(
    "given, reason",
    [
        ({"at": NOW + 398 * mint.DAY}, "it has expired"),
        ({"at": NOW + 368 * mint.DAY}, "it expires in 29 days"),
        ({"fqdn": "other.corp.example"}, "the subject is CN=depot.corp.example, not CN=other.corp.example"),
        ({"ip_addresses": ["10.77.0.10"]}, "its IP names are none, not 10.77.0.10"),
        ({"subject": {"O": "Example"}}, "the subject is CN=depot.corp.example, not CN=depot.corp.example,O=Example"),
        ({"extended_key_usage": ["serverAuth", "clientAuth"]}, "its extended key usage lacks clientAuth"),
        ({"provider": "own_ca"}, "it is signed by CN=depot.corp.example, not by this key of CN=Test Root CA"),
        ({"key_size": 4096}, "the private key is RSA 2048, but RSA 4096 is requested"),
        ({"key_type": "EC"}, "the private key is RSA 2048, but EC is requested"),
    ],
)
def test_it_is_issued_again_with_a_reason(server, given, reason):
    server.run()
    again = server.run(**given)
    assert reason in again["renewed_because"]
    assert server.run(**given)["steps"] == [] or "at" in given


def test_the_day_before_the_last_thirty_is_too_early_to_renew(server):
    server.run()
    assert server.run(at=NOW + 366 * mint.DAY)["steps"] == []


def test_the_key_stays_where_it_may_and_its_file_is_not_touched(server):
    first = server.run()
    key = server.content()["tls.key"]
    again = server.run(at=NOW + 398 * mint.DAY)
    assert again["certificate"]["pin"] == first["certificate"]["pin"] and not again["pin_changed"]
    assert server.content()["tls.key"] == key


def test_a_new_key_is_made_where_it_is_asked_for_and_the_pin_change_is_told(server):
    first = server.run()
    again = server.run(at=NOW + 398 * mint.DAY, reuse_key=False)
    assert again["pin_changed"] and again["certificate"]["pin"] != first["certificate"]["pin"]


def test_a_key_of_somebody_else_beside_the_certificate_is_a_reason(server):
    server.run()
    (server.folder / "tls.key").write_text(mint.key_pem(mint.shared_key("RSA-2048")))
    assert "the private key does not belong to the certificate" in server.run()["renewed_because"]


@pytest.mark.parametrize("rubbish", [b"", b"no certificate", b"-----BEGIN CERTIFICATE-----\nxx\n-----END CERTIFICATE-----\n"])
def test_a_damaged_certificate_is_replaced_and_the_damage_is_told(server, rubbish):
    server.run()
    (server.folder / "tls.pem").write_bytes(rubbish)
    again = server.run()
    assert again["renewed_because"] and str(server.folder / "tls.pem") in again["renewed_because"][0]


def test_an_intermediate_ca_puts_its_own_certificate_below_and_no_root(server):
    intermediate = mint.authority("Issuing CA", ROOT, ends=NOW + 3650 * mint.DAY)
    given = dict(ca_certificate_content=ROOT.pem + intermediate.pem, ca_private_key_content=intermediate.key_pem)
    server.run("own_ca", **given)
    text = server.content()["tls.pem"].decode()
    assert text.count("BEGIN CERTIFICATE") == 2 and intermediate.pem in text and ROOT.pem not in text
    assert "\n\n" not in text and text.endswith("-----END CERTIFICATE-----\n")
    assert server.run("own_ca", **given)["steps"] == []


def test_a_lost_intermediate_is_appended_without_issuing_anew(server):
    intermediate = mint.authority("Issuing CA", ROOT, ends=NOW + 3650 * mint.DAY)
    given = dict(ca_certificate_content=intermediate.pem, ca_private_key_content=intermediate.key_pem)
    first = server.run("own_ca", **given)["certificate"]
    (server.folder / "tls.pem").write_text(first["pem"])
    again = server.run("own_ca", **given)
    assert again["certificate"]["fingerprints"] == first["fingerprints"]
    assert intermediate.pem in server.content()["tls.pem"].decode()


def test_a_certificate_never_outlives_its_ca_and_is_not_issued_anew_each_run_for_that(server):
    dying = mint.authority("Dying CA", starts=NOW - mint.DAY, ends=NOW + 10 * mint.DAY)
    given = dict(ca_certificate_content=dying.pem, ca_private_key_content=dying.key_pem)
    assert server.run("own_ca", **given)["certificate"]["days_left"] == 10
    assert server.run("own_ca", **given)["steps"] == []


def test_the_combined_file_holds_certificate_and_key_and_is_mended_when_it_lacks_one(server):
    given = dict(certificate_path=None, combined_path=str(server.folder / "all.pem"))
    first = server.run(**given)
    whole = server.content()["all.pem"]
    assert whole.startswith(b"-----BEGIN CERTIFICATE-----") and b"-----BEGIN PRIVATE KEY-----" in whole
    assert (server.folder / "all.pem").stat().st_mode & 0o777 == 0o600
    (server.folder / "all.pem").write_text(first["certificate"]["pem"])
    assert server.run(**given)["certificate"]["fingerprints"] == first["certificate"]["fingerprints"]
    assert server.content()["all.pem"] == whole and server.run(**given)["steps"] == []


def test_the_key_in_a_combined_file_is_kept_when_there_is_no_other(server):
    given = dict(certificate_path=None, combined_path=str(server.folder / "all.pem"))
    old = mint.mint("10.77.0.13", key=mint.shared_key("RSA-2048"))
    (server.folder / "all.pem").write_text(old.pem + old.key_pem)
    assert not server.run(**given)["pin_changed"]


def test_all_files_or_none(server):
    server.run()
    before = server.content()
    with pytest.raises(RemediationError, match="csr_path"):
        server.run(at=NOW + 398 * mint.DAY, reuse_key=False, csr_path=str(server.folder / "no folder" / "x.csr"))
    assert server.content() == before


def test_the_undo_of_an_issue_puts_every_file_back(server):
    server.run()
    before = server.content()
    server.run(at=NOW + 398 * mint.DAY, reuse_key=False, csr_path=str(server.folder / "new.csr"))["undo"]()
    assert server.content() == before


def test_a_request_leaves_the_key_and_certificate_in_use_alone(server):
    server.run(fqdn="old.corp.example")
    before = server.content()
    asked = server.run("csr", csr_path=str(server.folder / "tls.csr"), reuse_key=False)
    after = server.content()
    assert {name: after[name] for name in before} == before
    assert set(after) - set(before) == {"tls.csr", "tls.key.next"}
    assert asked["pin_changed"] and "BEGIN CERTIFICATE REQUEST" in asked["csr"]
    assert server.run("csr", csr_path=str(server.folder / "tls.csr"), reuse_key=False)["steps"] == []


def answer(csr, issuer=ROOT, **more):
    """What a CA makes of a request."""
    from cryptography import x509

    request = x509.load_pem_x509_csr(csr.encode())
    key = type("Public", (), {"public_key": staticmethod(request.public_key)})
    options = dict(dns=[FQDN], issuer=issuer, key=key, starts=NOW - mint.DAY, ends=NOW + 300 * mint.DAY)
    return mint.mint(more.pop("common_name", FQDN), **dict(options, **more))


def test_the_imported_answer_brings_its_key_into_use(server):
    server.run(fqdn="old.corp.example")
    csr = server.run("csr", csr_path=str(server.folder / "tls.csr"), reuse_key=False)["csr"]
    signed = answer(csr)
    done = server.run("import", certificate_content=ROOT.pem + signed.pem)
    assert done["certificate"]["pem"] == signed.pem and server.content()["tls.pem"].decode() == signed.pem
    assert "tls.key.next" not in server.content()
    assert server.run("import", certificate_content=ROOT.pem + signed.pem)["steps"] == []
    assert server.run("csr", csr_path=str(server.folder / "tls.csr"), reuse_key=False)["steps"] == []


def test_a_certificate_for_another_key_is_refused_and_nothing_changes(server):
    server.run()
    before = server.content()
    with pytest.raises(RemediationError, match="certificate_content: none of its 1 certificates belongs to the private key"):
        server.run("import", certificate_content=mint.mint(FQDN, dns=[FQDN]).pem)
    assert server.content() == before


@pytest.mark.parametrize(
    "wrong, message",
    [
        (dict(common_name="10.77.0.10"), "the common name is the IP address"),
        (dict(dns=["other.corp.example"], common_name="other.corp.example"), "is not among the names"),
        (dict(ends=NOW - datetime.timedelta(hours=1)), "expired"),
        (dict(starts=NOW + mint.DAY), "is valid only from"),
    ],
)
def test_an_answer_that_the_installer_would_reject_is_refused(server, wrong, message):
    csr = server.run("csr", csr_path=str(server.folder / "tls.csr"))["csr"]
    before = server.content()
    with pytest.raises(RemediationError, match=message):
        server.run("import", certificate_content=answer(csr, **wrong).pem, profile="vcf_installer")
    assert server.content() == before


@pytest.mark.parametrize(
    "wrong, option",
    [
        (dict(fqdn="10.77.0.10"), "fqdn: '10.77.0.10' is an IP address"),
        (dict(fqdn=""), "fqdn: '' is empty"),
        (dict(fqdn="depot"), "fqdn: 'depot' is a single label"),
        (dict(fqdn="depot..example"), "fqdn: 'depot..example' is not made of labels"),
        (dict(fqdn="de\npot.example"), "fqdn: .* contains a blank, a line break"),
        (dict(fqdn="*.corp.example", profile="vcf_installer"), "is a wildcard, which the profile does not allow"),
        (dict(fqdn="a" * 60 + ".corp.example"), "64 characters at most"),
        (dict(dns_names=["bad_name"]), "dns_names: 'bad_name'"),
        (dict(ip_addresses=["10.77.0"]), "ip_addresses: '10.77.0' is not an IP address"),
        (dict(subject={"CN": "x"}), "subject: 'CN' is not among"),
        (dict(subject={"C": "Germany"}), "subject: C='Germany' is not allowed"),
        (dict(valid_days=30), "valid_days"),
        (dict(provider="own_ca", ca_private_key_content="junk"), "ca_private_key: this is no private key"),
        (dict(provider="own_ca", ca_private_key_content=mint.key_pem(mint.new_key())), "does not belong to the CA"),
        (dict(provider="own_ca", ca_private_key_content=mint.key_pem(ROOT.key, "secret")), "is encrypted"),
        (
            dict(provider="own_ca", ca_private_key_content=mint.key_pem(ROOT.key, "secret"), ca_private_key_passphrase="no"),
            "with the given passphrase",
        ),
        (dict(private_key_path="/nowhere/at/all.key"), "private_key_path: /nowhere/at cannot be written"),
    ],
)
def test_bad_input_is_named_and_changes_nothing(server, wrong, option):
    server.run()
    before = server.content()
    with pytest.raises(RemediationError, match=option):
        server.run(**dict({"at": NOW + 398 * mint.DAY}, **wrong))
    assert server.content() == before


def test_several_mistakes_are_told_at_once(server):
    with pytest.raises(RemediationError) as caught:
        server.run(fqdn="10.77.0.10", ip_addresses=["x"], subject={"ZZ": "y"}, valid_days=1)
    for option in ("fqdn", "ip_addresses", "subject", "valid_days"):
        assert option in str(caught.value)


def test_a_ca_that_may_not_sign_is_refused(server):
    leaf = mint.mint("leaf.corp.example", issuer=ROOT, starts=NOW - mint.DAY, ends=NOW + mint.DAY)
    with pytest.raises(RemediationError, match="is not allowed to sign"):
        server.run("own_ca", ca_certificate_content=leaf.pem, ca_private_key_content=leaf.key_pem)


def test_no_plan_or_result_shows_key_material(server):
    result = server.run("own_ca", csr_path=str(server.folder / "tls.csr"), combined_path=str(server.folder / "all.pem"))
    shown = repr([(step.before, step.after) for step in result["steps"]]) + repr({**result, "steps": [], "undo": None})
    secret = (server.folder / "tls.key").read_text().splitlines()[1:-1] + ROOT.key_pem.splitlines()[1:-1]
    assert "PRIVATE KEY" not in shown and not any(line in shown for line in secret)


def test_backups_have_the_mode_of_what_they_keep(server):
    server.run()
    again = server.run(at=NOW + 398 * mint.DAY, reuse_key=False)
    for path, kept in again["backup_files"].items():
        expected = 0o600 if path.endswith(".key") else 0o644
        assert (server.folder / kept).stat().st_mode & 0o777 == expected
    assert set(again["backup_files"]) == {server.paths["private_key_path"], server.paths["certificate_path"]}


def test_a_mode_that_differs_is_mended_without_issuing_anew(server):
    first = server.run()
    key = server.folder / "tls.key"
    again = server.run(private_key_mode="0640", backup=False)
    assert [step.target for step in again["steps"]] == [str(key)] and "mode: 0640" in again["steps"][0].after
    assert key.stat().st_mode & 0o777 == 0o640 and again["certificate"]["fingerprints"] == first["certificate"]["fingerprints"]
    assert server.run(private_key_mode="0640")["steps"] == []
    assert server.run()["steps"] == [], "a mode that nobody asked for stays"


def test_a_request_made_elsewhere_gets_a_certificate_for_its_key(tmp_path):
    server, key = Server(tmp_path), mint.new_key("RSA-2048")
    given = dict(provider="own_ca", private_key_path=None, request_content=mint.csr("whatever", key=key), extended_key_usage=["serverAuth", "clientAuth"])
    first, again = server.run(**given), server.run(**given)
    assert first["steps"] and not again["steps"] and list(server.content()) == ["tls.pem"]
    certificate = first["certificate"]
    assert certificate["pin"] == pin_of(key.public_key()) and certificate["common_name"] == FQDN
    assert certificate["extended_key_usage"] == ["serverAuth", "clientAuth"] and "keyEncipherment" in certificate["key_usage"]
    given["request_content"] = mint.csr("whatever", key=mint.new_key())
    other = server.run(apply=False, **given)
    assert other["renewed_because"] == ["it is for another key than the request's"] and other["pin_changed"]


@pytest.mark.parametrize("text, words", [("nothing", "request: this is not a certificate signing request"), (None, "request: its key")])
def test_a_request_that_will_not_do_is_refused(tmp_path, text, words):
    weak = mint.csr("whatever", key=mint.shared_key("RSA-1024"))
    with pytest.raises(RemediationError, match=words):
        Server(tmp_path).run("own_ca", private_key_path=None, request_content=text or weak)
    assert not list(tmp_path.iterdir())
