# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Issue and renew certificates, on real files."""

from __future__ import annotations

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.run import CertIssueRun
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import pin_of
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.requests import csr_names
from ansible_collections.certmend.tls.tests.support import mint
from ansible_collections.certmend.tls.tests.support.cert_issue import FQDN, NOW, ROOT
from ansible_collections.certmend.tls.tests.support.run import run_script


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
    again = server.run(provider)
    assert again["steps"] == [] and again["renewed_because"] == [] and again["changed"] is False


def test_check_mode_shows_the_diff_of_the_run_and_writes_nothing(server):
    given = dict(csr_path=server.path("tls.csr"), combined_path=server.path("all.pem"))
    predicted = server.run("own_ca", check=True, **given)
    assert server.content() == {} and predicted["certificate"] is None and predicted["csr"] is None
    made = server.run("own_ca", **given)
    assert predicted["changed"] and predicted["diff"] == made["diff"]
    assert predicted["renewed_because"] == made["renewed_because"]


@pytest.mark.parametrize("kind", ["RSA", "EC", "Ed25519"])
def test_each_kind_of_key_is_made_and_then_kept(server, kind):
    assert server.run(key_type=kind)["certificate"]["key"]["type"] == kind
    assert server.run(key_type=kind)["steps"] == []
    assert server.run()["steps"] == [], "without key_type an existing key keeps its kind"


def test_the_key_stays_if_it_can_and_its_file_is_not_written(server):
    first = server.run()
    key = server.content()["tls.key"]
    again = server.run(at=NOW + 398 * mint.DAY)
    assert again["certificate"]["pin"] == first["certificate"]["pin"] and not again["pin_changed"]
    assert server.content()["tls.key"] == key and set(again["backup_files"]) == {server.paths["certificate_path"]}


def test_reuse_key_false_makes_a_new_key_and_reports_the_changed_pin(server):
    first = server.run()
    again = server.run(at=NOW + 398 * mint.DAY, reuse_key=False)
    assert again["pin_changed"] and again["certificate"]["pin"] != first["certificate"]["pin"]


@pytest.mark.parametrize("rubbish", [b"", b"no certificate", b"-----BEGIN CERTIFICATE-----\nxx\n-----END CERTIFICATE-----\n"])
def test_a_damaged_certificate_is_replaced_and_the_damage_is_reported(server, rubbish):
    server.run()
    (server.folder / "tls.pem").write_bytes(rubbish)
    again = server.run()
    assert again["renewed_because"] and server.path("tls.pem") in again["renewed_because"][0]


def test_an_intermediate_ca_puts_its_own_certificate_below_and_no_root(server):
    intermediate = mint.authority("Issuing CA", ROOT, ends=NOW + 3650 * mint.DAY)
    given = dict(signing_ca_content=ROOT.pem + intermediate.pem, signing_ca_private_key_content=intermediate.key_pem)
    server.run("own_ca", **given)
    text = server.content()["tls.pem"].decode()
    assert text.count("BEGIN CERTIFICATE") == 2 and intermediate.pem in text and ROOT.pem not in text
    assert "\n\n" not in text and text.endswith("-----END CERTIFICATE-----\n")
    assert server.run("own_ca", **given)["steps"] == []


def test_a_lost_intermediate_is_appended_without_issuing_again(server):
    intermediate = mint.authority("Issuing CA", ROOT, ends=NOW + 3650 * mint.DAY)
    given = dict(signing_ca_content=intermediate.pem, signing_ca_private_key_content=intermediate.key_pem)
    first = server.run("own_ca", **given)["certificate"]
    (server.folder / "tls.pem").write_text(first["pem"])
    again = server.run("own_ca", **given)
    assert again["renewed_because"] == ["the certificates after the server certificate are not the chain of the CA"]
    assert again["certificate"]["fingerprints"] == first["fingerprints"]
    assert intermediate.pem in server.content()["tls.pem"].decode()


def test_a_certificate_never_outlives_its_ca_and_is_not_issued_again_each_run_for_that(server):
    dying = mint.authority("Dying CA", starts=NOW - mint.DAY, ends=NOW + 10 * mint.DAY)
    given = dict(signing_ca_content=dying.pem, signing_ca_private_key_content=dying.key_pem)
    assert server.run("own_ca", **given)["certificate"]["days_left"] == 10
    assert server.run("own_ca", **given)["steps"] == []


def test_the_combined_file_contains_certificate_and_key_and_is_repaired_if_it_lacks_the_key(server):
    given = dict(certificate_path=None, combined_path=server.path("all.pem"))
    first = server.run(**given)
    whole = server.content()["all.pem"]
    assert whole.startswith(b"-----BEGIN CERTIFICATE-----") and b"-----BEGIN PRIVATE KEY-----" in whole
    assert (server.folder / "all.pem").stat().st_mode & 0o777 == 0o600
    (server.folder / "all.pem").write_text(first["certificate"]["pem"])
    assert server.run(**given)["certificate"]["fingerprints"] == first["certificate"]["fingerprints"]
    assert server.content()["all.pem"] == whole and server.run(**given)["steps"] == []


def test_the_key_in_a_combined_file_is_kept_if_there_is_no_other(server):
    given = dict(certificate_path=None, combined_path=server.path("all.pem"))
    old = mint.mint("10.77.0.13", key=mint.shared_key("RSA-2048"))
    (server.folder / "all.pem").write_text(old.pem + old.key_pem)
    assert not server.run(**given)["pin_changed"]


def test_a_combined_file_beside_the_certificate_file_is_part_of_the_diff(server):
    given = dict(combined_path=server.path("all.pem"))
    (before,) = server.run(**given)["diff"]
    assert before["before"].endswith("combined file %s\n  absent\n" % server.path("all.pem"))
    assert before["after"].endswith("  contains: the certificate above with its chain and private key\n")
    made = server.run(at=NOW + 398 * mint.DAY, **given)
    pin, fingerprint = (made["previous"][key] for key in ("pin", "fingerprints"))
    lines = made["diff"][0]["before"].splitlines()
    assert lines[-2:] == ["  contains: CN=%s (sha256 %s)" % (FQDN, fingerprint["sha256"]), "  contains: the private key of %s" % pin]


def test_a_request_for_the_record_is_written_beside_the_certificate(server):
    made = server.run(csr_path=server.path("tls.csr"), ip_addresses=["10.77.0.10"])
    request = mint.load_csr(server.content()["tls.csr"])
    assert made["csr"].encode() == server.content()["tls.csr"] and pin_of(request.public_key()) == made["certificate"]["pin"]
    assert csr_names(request) == ((FQDN,), ("10.77.0.10",))
    assert set(made["created_files"]) == {server.path(name) for name in ("tls.key", "tls.csr", "tls.pem")}


def test_all_files_or_none(server):
    server.run()
    before = server.content()
    with pytest.raises(RemediationError, match="csr_path"):
        server.run(at=NOW + 398 * mint.DAY, reuse_key=False, csr_path=str(server.folder / "no folder" / "x.csr"))
    assert server.content() == before


def test_check_mode_fails_if_the_run_could_not_write(server):
    with pytest.raises(RemediationError, match="combined_path: %s cannot be written" % server.path("no folder")):
        server.run(check=True, combined_path=str(server.folder / "no folder" / "all.pem"))


def test_the_undo_of_an_issue_restores_every_file(server):
    server.run()
    before = server.content()
    run, _context = server.make(at=NOW + 398 * mint.DAY, reuse_key=False, csr_path=server.path("new.csr"))
    run.collect()
    (step,) = run.plan()
    undo = run.apply(step)
    assert server.content() != before
    undo()
    assert server.content() == before
    assert run.facts()["backup_files"] == {} and run.facts()["created_files"] == []


def test_no_plan_or_result_shows_key_material(server):
    result = server.run("own_ca", csr_path=server.path("tls.csr"), combined_path=server.path("all.pem"))
    shown = repr([(step.before, step.after) for step in result["steps"]]) + repr({**result, "steps": []}) + repr(result["steps"])
    secret = (server.folder / "tls.key").read_text().splitlines()[1:-1] + ROOT.key_pem.splitlines()[1:-1]
    (step,) = server.run("own_ca", at=NOW + 398 * mint.DAY, check=True)["steps"]
    assert "PrivateKey" not in repr(step), "not even the name of the object that has the key"
    assert "PRIVATE KEY" not in shown.replace("FileKind.PRIVATE_KEY", "") and not any(line in shown for line in secret)


def test_backups_have_the_mode_of_the_files_that_they_keep(server):
    server.run()
    again = server.run(at=NOW + 398 * mint.DAY, reuse_key=False)
    for path, kept in again["backup_files"].items():
        expected = 0o600 if path.endswith(".key") else 0o644
        assert (server.folder / kept).stat().st_mode & 0o777 == expected
    assert set(again["backup_files"]) == {server.paths["private_key_path"], server.paths["certificate_path"]}


def test_a_mode_that_differs_is_set_without_issuing_again(server):
    first = server.run()
    key = server.folder / "tls.key"
    again = server.run(private_key_mode="0640", backup=False)
    assert [step.target for step in again["steps"]] == [str(key)] and "mode: 0640" in again["steps"][0].after
    assert key.stat().st_mode & 0o777 == 0o640 and again["certificate"]["fingerprints"] == first["certificate"]["fingerprints"]
    assert server.run(private_key_mode="0640")["steps"] == []
    assert server.run()["steps"] == [], "a mode that is not given stays"


def test_the_backups_of_all_files_whose_mode_is_set_are_returned(server):
    server.run()
    content = server.content()
    again = server.run(private_key_mode="0640", mode="0640")
    assert set(again["backup_files"]) == set(server.paths.values()) and server.content() == content


def test_a_failed_run_still_returns_what_it_gathered(server):
    first = server.run()["certificate"]
    run, _context = server.make("import", certificate_content=mint.mint(FQDN, dns=[FQDN]).pem, trusted_content=ROOT.pem)
    assert run.facts()["certificate"] is None and run.facts()["renewed_because"] == []
    run.collect()
    with pytest.raises(RemediationError):
        run.plan()
    assert run.facts()["previous"] == run.facts()["certificate"] == first


def test_a_file_that_the_system_refuses_to_read_is_an_error_that_names_its_option(server):
    server.run()
    (server.folder / "tls.pem").unlink()
    (server.folder / "tls.pem").mkdir()
    with pytest.raises(RemediationError, match="certificate_path: %s cannot be read" % server.path("tls.pem")):
        server.run()


def test_without_an_import_or_pins_neither_rules_nor_pin_store_are_loaded():
    package = CertIssueRun.__module__.partition("x509.cert_issue")[0]
    script = "import sys, %s; print([name for name in sys.modules if name.startswith((%r, %r))])"
    script %= (CertIssueRun.__module__, package + "x509.rules", package + "appliance.pin_store")
    assert run_script(script).strip() == "[]"


@pytest.mark.parametrize("provider", ["self_signed", "csr"])
def test_a_file_that_is_no_key_is_not_called_absent(server, provider):
    (server.folder / "tls.key").write_text("Not-A-Key-Pw1\n", encoding="ascii")
    made = server.run(provider, csr_path=server.path("tls.csr"))
    before = "".join(diff["before"] for diff in made["diff"])
    assert "private key %s\n  a file that contains no usable private key\n" % server.path("tls.key") in before and "Not-A-Key" not in before
