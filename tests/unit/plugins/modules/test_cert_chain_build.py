# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module as its user meets it: files, reasons, refusals."""

from __future__ import annotations

import pathlib
import ssl
import stat

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, pkcs12
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID

from ansible_collections.certmend.tls.tests.support import forms
from ansible_collections.certmend.tls.tests.support.clock import DAY, written
from ansible_collections.certmend.tls.tests.support.mint import NOW, authority, key_pem, mint, new_key, shared_key, signed_with
from ansible_collections.certmend.tls.tests.support.run import printed

AT = written(NOW)
ROOT = authority("Corp Root CA")
ONE = authority("Corp Intermediate CA 1", issuer=ROOT)
TWO = authority("Corp Issuing CA 2", issuer=ONE)
LEAF = mint("www.corp.example", dns=["www.corp.example"], issuer=TWO)
CHAIN = LEAF.pem + TWO.pem + ONE.pem


@pytest.fixture
def build(run_module, tmp_path):
    """build(check=False, **options): the leaf's chain from a folder of candidates, judged at a fixed moment."""
    folder = tmp_path / "candidates"
    folder.mkdir()
    for number, one in enumerate((ONE, TWO)):
        (folder / ("%d.pem" % number)).write_text(one.pem, encoding="ascii")
    (tmp_path / "cert.pem").write_text(LEAF.pem, encoding="ascii")

    def run(check=False, verbosity=3, **options):
        params = dict(path=str(tmp_path / "cert.pem"), candidates=[str(folder)], trusted_content=ROOT.pem, at=AT)
        params.update(options)
        return run_module("cert_chain_build", {key: value for key, value in params.items() if value is not None}, check, verbosity)

    run.file, run.folder = tmp_path / "cert.pem", folder
    return run


def subjects(result):
    return [one["common_name"] for one in result["chain"]]


def kept(folder):
    return sorted(path.name for path in folder.iterdir() if path.is_file())


def test_what_is_missing_is_appended_in_the_article_s_order_and_joins_exactly(build):
    result = build()
    assert result["changed"] and result["complete"] and result["missing"] == []
    assert subjects(result) == ["www.corp.example", "Corp Issuing CA 2", "Corp Intermediate CA 1"]
    assert result["trusted_root"]["common_name"] == "Corp Root CA"
    assert build.file.read_text(encoding="ascii") == CHAIN == result["pem"]
    assert "\n\n" not in CHAIN and CHAIN.endswith("-----END CERTIFICATE-----\n")
    assert result["reasons"] == ["CN=Corp Issuing CA 2 is missing", "CN=Corp Intermediate CA 1 is missing"]
    assert any(judgement["accepted"] for judgement in result["judgements"])


def test_check_mode_shows_the_same_diff_and_writes_nothing(build):
    predicted = build(check=True)
    assert build.file.read_text(encoding="ascii") == LEAF.pem
    done = build()
    assert predicted["diff"] == done["diff"] and predicted["changed"] is done["changed"] is True
    assert "contains: CN=Corp Issuing CA 2 (sha256 " in done["diff"][0]["after"] and "note: " in done["diff"][0]["before"]


def test_a_second_run_changes_nothing(build):
    build()
    before = build.file.stat()
    again = build()
    assert not again["changed"] and again["diff"] == [] and again["reasons"] == []
    assert build.file.stat().st_mtime_ns == before.st_mtime_ns and build.file.stat().st_ino == before.st_ino


def test_the_old_file_is_kept_and_can_be_put_back(build):
    result = build()
    backup = pathlib.Path(result["backup_files"][str(build.file)])
    assert backup.read_text(encoding="ascii") == LEAF.pem
    assert build(backup=False, include_root=True)["backup_files"] == {}


@pytest.mark.parametrize(
    "content, reason",
    [
        (LEAF.pem + ONE.pem + TWO.pem, "the order is not server, intermediates, root"),
        (CHAIN + ROOT.pem, "CN=Corp Root CA does not belong in the chain"),
        (CHAIN + TWO.pem, "it contains a certificate twice"),
        (LEAF.pem + "\n" + TWO.pem + ONE.pem, "the blocks do not join exactly: there is text between them, or a line break is missing"),
        (CHAIN.rstrip("\n"), "the blocks do not join exactly: there is text between them, or a line break is missing"),
        (CHAIN.replace("-----\n-----", "----------"), "the blocks do not join exactly: there is text between them, or a line break is missing"),
    ],
)
def test_a_file_that_is_wrong_is_written_again_and_says_why(build, content, reason):
    build.file.write_text(content, encoding="ascii")
    assert build()["reasons"] == [reason]
    assert build.file.read_text(encoding="ascii") == CHAIN
    assert not build()["changed"]


def test_line_ends_of_windows_are_right_too(build):
    build.file.write_bytes(CHAIN.replace("\n", "\r\n").encode("ascii"))
    assert not build()["changed"]


def test_the_root_is_written_where_it_is_asked_for(build):
    assert build(include_root=True)["changed"]
    assert build.file.read_text(encoding="ascii") == CHAIN + ROOT.pem


@pytest.mark.parametrize("place", ["first", "last", "between"])
def test_the_key_of_a_haproxy_file_stays_and_shows_nowhere(build, place):
    key = LEAF.key_pem
    parts = {"first": [key, LEAF.pem], "last": [LEAF.pem, key], "between": [LEAF.pem, key, TWO.pem]}[place]
    build.file.write_text("".join(parts), encoding="ascii")
    build.file.chmod(0o600)
    result = build()
    content = build.file.read_text(encoding="ascii")
    assert content == (key + CHAIN if place == "first" else CHAIN + key)
    assert stat.S_IMODE(build.file.stat().st_mode) == 0o600
    secret = [line for line in key.splitlines() if len(line) == 64]
    assert secret and not any(line in repr(result) for line in secret)
    assert "contains: a private key (EC secp256r1, pin sha256/" in result["diff"][0]["after"]
    assert not build()["changed"]
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(build.file)


def test_the_key_goes_where_that_is_asked_for(build):
    build.file.write_text(LEAF.key_pem + CHAIN, encoding="ascii")
    result = build(keep_private_key=False)
    assert result["reasons"][-1] == "it contains a private key"
    assert build.file.read_text(encoding="ascii") == CHAIN


def test_a_key_that_belongs_to_another_certificate_stops_everything(build):
    build.file.write_text(LEAF.pem + key_pem(new_key()), encoding="ascii")
    result = build()
    assert result["failed"] and "the private key in it does not belong to the certificate CN=www.corp.example" in result["msg"]


def test_the_certificate_that_belongs_to_the_key_is_the_leaf_whatever_the_order(build):
    build.file.write_text(ONE.pem + TWO.pem + LEAF.key_pem + LEAF.pem, encoding="ascii")
    assert subjects(build())[0] == "www.corp.example"


def test_a_shuffled_file_needs_no_candidates(build):
    build.file.write_text(ONE.pem + LEAF.pem + TWO.pem, encoding="ascii")
    build(candidates=None)
    assert build.file.read_text(encoding="ascii") == CHAIN


def test_a_new_file_gets_its_mode_and_the_given_one_stays(build, tmp_path):
    dest = tmp_path / "new.pem"
    result = build(dest=str(dest), mode="0640")
    assert result["created_files"] == [str(dest)] and stat.S_IMODE(dest.stat().st_mode) == 0o640
    assert build.file.read_text(encoding="ascii") == LEAF.pem
    assert not build(dest=str(dest), mode="0640")["changed"]
    again = build(dest=str(dest), mode="0600")
    assert again["reasons"] == ["its mode or owner differs"] and stat.S_IMODE(dest.stat().st_mode) == 0o600


def test_without_a_file_the_chain_is_returned_and_nothing_is_written(build):
    result = build(path=None, content=LEAF.pem)
    assert not result["changed"] and result["pem"] == CHAIN and result["complete"]


def test_a_missing_certificate_is_named_with_who_needs_it_and_nothing_is_written(build):
    (build.folder / "1.pem").unlink()
    result = build()
    assert result["failed"] and not result["complete"]
    assert "the certificate CN=Corp Issuing CA 2" in result["msg"] and "which CN=www.corp.example needs" in result["msg"]
    assert result["missing"][0]["needed_by"] == "CN=www.corp.example"
    assert build.file.read_text(encoding="ascii") == LEAF.pem and kept(build.file.parent) == ["cert.pem"]


def test_a_failure_is_short_and_still_names_what_is_missing(build):
    (build.folder / "1.pem").unlink()
    result = build(verbosity=0)
    assert len(printed(result)) <= 25 and "BEGIN CERTIFICATE" not in str(printed(result)), result
    assert "CN=Corp Issuing CA 2" in result["msg"] and result["missing"][0]["needed_by"] == "CN=www.corp.example"
    assert result["omitted"] == "chain, pem (shown with -vvv)"


def test_where_it_can_be_had_is_told(build, tmp_path):
    access = x509.AccessDescription(AuthorityInformationAccessOID.CA_ISSUERS, x509.UniformResourceIdentifier("http://pki.corp.example/2.crt"))
    leaf = mint("www", issuer=TWO, extensions=[(x509.AuthorityInformationAccess([access]), False)])
    (build.folder / "1.pem").unlink()
    result = build(path=None, content=leaf.pem)
    assert "http://pki.corp.example/2.crt" in result["msg"]
    assert result["missing"][0]["ca_issuers"] == ["http://pki.corp.example/2.crt"] and result["fetched"] == []


def test_each_rejected_candidate_has_its_reason(build):
    old = authority("Corp Issuing CA 2", issuer=ONE, key=TWO.key, ends=NOW - DAY)
    (build.folder / "1.pem").write_text(old.pem, encoding="ascii")
    result = build()
    assert result["failed"] and "expired on %s" % written(NOW - DAY) in result["msg"]
    (rejected,) = result["rejected"]
    assert rejected["certificate"]["subject"] == "CN=Corp Issuing CA 2" and rejected["source"].endswith("1.pem, the block at line 1")


def test_an_unknown_root_is_an_error_and_partial_accepts_it(build):
    (build.folder / "root.pem").write_text(ROOT.pem, encoding="ascii")
    result = build(trusted_content=authority("Another").pem)
    assert result["failed"] and "ends in CN=Corp Root CA" in result["msg"] and "partial: true" in result["msg"]
    result = build(trusted_content=None, partial=True)
    assert not result["complete"] and result["trusted_root"] is None
    assert build.file.read_text(encoding="ascii") == CHAIN


def test_nobody_to_trust_is_an_error_that_names_the_way_out(build):
    result = build(trusted_content=None)
    assert result["failed"] and "trusted" in result["msg"] and "partial: true" in result["msg"]


def test_a_chain_that_relies_on_sha1_is_followed_told_of_and_refused_unless_accepted(build):
    weak = signed_with("sha1", "Weak Server", TWO, key=shared_key("RSA-2048"))
    build.file.write_text(weak.pem, encoding="ascii")
    refused = build()
    assert refused["failed"] and "can be forged" in refused["msg"] and subjects(refused)[0] == "Weak Server"
    accepted = build(accept_weak=True)
    assert accepted["changed"] and "which can be forged" in accepted["weaknesses"][0]
    assert any("can be forged" in str(warning) for warning in accepted["warnings"])


@pytest.mark.parametrize(
    "leaf, options, words",
    [
        (dict(ends=NOW - DAY), {}, "expired on"),
        (dict(extensions=[(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), False)]), {}, "is not for serverAuth"),
        (dict(dns=["www.corp.example"]), dict(name="other.corp.example"), "the certificate is for www.corp.example, not for other.corp.example"),
    ],
)
def test_a_leaf_that_clients_would_refuse_is_refused_first(build, leaf, options, words):
    build.file.write_text(mint("www", issuer=TWO, **leaf).pem, encoding="ascii")
    result = build(**options)
    assert result["failed"] and words in result["msg"]


@pytest.mark.parametrize(
    "options, words",
    [
        (dict(path="/nowhere/cert.pem"), "path: /nowhere/cert.pem cannot be read"),
        (dict(candidates=["/nowhere"]), "candidates: /nowhere cannot be read"),
        (dict(trusted_content="nothing"), "trusted_path: no certificate in trusted_content"),
        (dict(path=None, content="nothing"), "content: it contains no certificate"),
        (dict(path=None, content_base64="§"), "content_base64 is not Base64"),
        (dict(at="soon"), "at: 'soon' is not a date or time"),
        (dict(aia=dict(allow_networks=["everywhere"])), "aia.allow_networks"),
        (dict(aia=dict(timeout=0)), "aia.timeout"),
    ],
)
def test_a_wrong_option_is_named(build, options, words):
    result = build(**options)
    assert result["failed"] and words in result["msg"] and result["advice"]


def test_a_der_file_is_not_overwritten_by_pem(build, tmp_path):
    build.file.write_bytes(LEAF.der)
    result = build()
    assert result["failed"] and "is not PEM" in result["msg"] and "dest" in result["msg"]
    assert build(dest=str(tmp_path / "chain.pem"))["changed"]


def test_what_cannot_be_read_in_the_pool_is_a_warning(build):
    (build.folder / "2.pem").write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", encoding="ascii")
    result = build()
    assert result["changed"] and any("2.pem" in str(warning) for warning in result["warnings"])


def test_the_intermediates_alone_are_written_for_an_additional_chain(build, tmp_path):
    dest = tmp_path / "additional.pem"
    predicted = build(check=True, output="intermediates", dest=str(dest))
    assert not dest.exists()
    done = build(output="intermediates", dest=str(dest))
    assert dest.read_text(encoding="ascii") == TWO.pem + ONE.pem == done["intermediates"]
    assert predicted["diff"] == done["diff"] and done["reasons"] == ["the file does not exist yet"] and subjects(done)[0] == "www.corp.example"
    assert not build(output="intermediates", dest=str(dest))["changed"]
    assert build(output="intermediates", dest=str(dest), include_root=True)["reasons"] == ["CN=Corp Root CA is missing"]
    assert dest.read_text(encoding="ascii") == TWO.pem + ONE.pem + ROOT.pem and build.file.read_text(encoding="ascii") == LEAF.pem


def test_without_dest_the_intermediates_are_returned_and_nothing_is_written(build):
    result = build(output="intermediates")
    assert result["intermediates"] == TWO.pem + ONE.pem and not result["changed"] and "dest" not in result
    assert build.file.read_text(encoding="ascii") == LEAF.pem


def test_a_chain_without_intermediates_has_nothing_to_write(build, tmp_path):
    build.file.write_text(mint("www.corp.example", issuer=ROOT).pem, encoding="ascii")
    result = build(output="intermediates", dest=str(tmp_path / "additional.pem"))
    assert result["failed"] and "include_root: true" in result["msg"]
    assert result["msg"].startswith("output: the chain of CN=www.corp.example has no intermediate")
    assert not (tmp_path / "additional.pem").exists()


@pytest.mark.parametrize("output, more", [("intermediates", {}), ("pkcs12", {"dest_password": "Out-Pw1!"})])
def test_the_certificate_itself_is_never_replaced_by_another_kind_of_file(build, tmp_path, output, more):
    link = tmp_path / "link.pem"
    link.symlink_to(build.file)
    for dest in (build.file, link):
        result = build(output=output, dest=str(dest), **more)
        assert result["failed"] and "is the file of path, which %s would replace" % output in result["msg"]
    assert build.file.read_text(encoding="ascii") == LEAF.pem


def test_intermediates_do_not_replace_a_file_with_a_private_key(build, tmp_path):
    server = tmp_path / "server.pem"
    server.write_text(LEAF.key_pem + LEAF.pem, encoding="ascii")
    result = build(output="intermediates", dest=str(server))
    assert result["failed"] and "contains a private key, which a file of intermediates must not have" in result["msg"]
    assert server.read_text(encoding="ascii") == LEAF.key_pem + LEAF.pem


@pytest.fixture
def export(build, tmp_path):
    """export(check=False, **options): a PKCS#12 from the certificate and its key, which are in one file."""
    build.file.write_text(LEAF.key_pem + LEAF.pem, encoding="ascii")

    def run(check=False, **options):
        return build(check, **{"output": "pkcs12", "dest": str(tmp_path / "server.p12"), "dest_password": "Out-Pw1!", **options})

    run.file, run.dest = build.file, tmp_path / "server.p12"
    return run


def contents(path, password="Out-Pw1!"):
    key, own, others = pkcs12.load_key_and_certificates(path.read_bytes(), password.encode())
    der = Encoding.DER
    return key_pem(key), own.public_bytes(der), {one.public_bytes(der) for one in others}


def test_a_pkcs12_has_the_key_and_the_chain_and_is_written_once(export):
    predicted = export(check=True)
    assert not export.dest.exists()
    done = export()
    assert predicted["diff"] == done["diff"] and done["changed"]
    assert contents(export.dest) == (LEAF.key_pem, LEAF.der, {TWO.der, ONE.der})
    assert stat.S_IMODE(export.dest.stat().st_mode) == 0o600
    before = export.dest.read_bytes()
    again = export()
    assert not again["changed"] and again["reasons"] == [] and export.dest.read_bytes() == before
    assert "contains: a private key (EC secp256r1, pin sha256/" in done["diff"][0]["after"]
    secret = [line for line in LEAF.key_pem.splitlines() if len(line) == 64]
    assert secret and not any(text in repr(done) for text in [*secret, "Out-Pw1!"])


def test_a_pkcs12_whose_contents_are_wrong_is_written_again_and_says_why(export, tmp_path):
    export()
    assert export(include_root=True)["reasons"] == ["CN=Corp Root CA is missing"]
    assert export()["reasons"] == ["CN=Corp Root CA does not belong in the chain"]
    assert export(dest_password="New-Pw2!")["reasons"] == ["it is not a PKCS#12 that dest_password opens"]
    assert contents(export.dest, "New-Pw2!")[1] == LEAF.der
    renewed = mint("www.corp.example", dns=["www.corp.example"], issuer=TWO)
    export.file.write_text(renewed.key_pem + renewed.pem, encoding="ascii")
    reasons = export(dest_password="New-Pw2!")["reasons"]
    assert reasons[:2] == ["CN=www.corp.example is missing", "CN=www.corp.example does not belong in the chain"]
    assert contents(export.dest, "New-Pw2!")[0] == renewed.key_pem


def test_another_mode_keeps_the_bytes_of_a_pkcs12(export):
    export()
    before = export.dest.read_bytes()
    result = export(mode="0640")
    assert result["reasons"] == ["its mode or owner differs"] and export.dest.read_bytes() == before
    assert stat.S_IMODE(export.dest.stat().st_mode) == 0o640


@pytest.mark.parametrize("form", ["PEM", "encrypted PEM", "PKCS#12"])
def test_the_key_of_a_pkcs12_can_be_in_a_file_of_its_own(export, tmp_path, form):
    key = tmp_path / "server.key"
    key.write_bytes({"PEM": LEAF.key_pem.encode(), "encrypted PEM": key_pem(LEAF.key, "In-Pw1!").encode(), "PKCS#12": forms.pkcs12(LEAF, [], "In-Pw1!")}[form])
    export.file.write_text(LEAF.pem, encoding="ascii")
    assert export(private_key_path=str(key), password="In-Pw1!")["changed"]
    assert contents(export.dest)[0] == LEAF.key_pem


def test_a_pkcs12_is_made_of_another_with_its_password(export, tmp_path):
    source = tmp_path / "source.p12"
    source.write_bytes(forms.pkcs12(LEAF, [], "In-Pw1!"))
    assert export(path=str(source), password="In-Pw1!")["changed"]
    assert contents(export.dest) == (LEAF.key_pem, LEAF.der, {TWO.der, ONE.der})


def test_a_pkcs12_needs_the_key_of_the_certificate(export, tmp_path):
    export.file.write_text(LEAF.pem, encoding="ascii")
    assert "cert.pem: contains no private key, which the PKCS#12 needs" in export()["msg"]
    other = tmp_path / "other.key"
    other.write_text(key_pem(new_key()), encoding="ascii")
    result = export(private_key_path=str(other))
    assert "other.key: the private key in it does not belong to the certificate CN=www.corp.example" in result["msg"]
    assert "private_key_path: %s cannot be read" % (tmp_path / "none") in export(private_key_path=str(tmp_path / "none"))["msg"]
    assert not export.dest.exists()


def test_a_pkcs12_needs_a_file_and_a_password(build):
    assert "output: pkcs12 requires dest and dest_password" in build(output="pkcs12")["msg"]
    assert "output: pkcs12 requires dest_password" in build(output="pkcs12", dest="/nowhere/x.p12")["msg"]


def test_candidates_and_roots_can_be_pkcs12_too(build, tmp_path):
    pool, roots = tmp_path / "pool.p12", tmp_path / "roots.p12"
    pool.write_bytes(forms.pkcs12(ONE, [TWO], "In-Pw1!"))
    roots.write_bytes(forms.pkcs12(ROOT, [], "In-Pw1!"))
    asked = dict(candidates=[str(pool)], trusted_path=[str(roots)], trusted_content=None)
    closed = build(**asked)
    assert closed["failed"] and "trusted_path: no certificate in %s; " % roots in closed["msg"] and "give its password in the option password" in closed["msg"]
    assert build(**asked, password="In-Pw1!")["changed"]
    assert build.file.read_text(encoding="ascii") == CHAIN


def test_whom_to_trust_may_have_its_old_name_with_a_deprecation(build, tmp_path):
    (tmp_path / "root.pem").write_text(ROOT.pem, encoding="ascii")
    built = build(trusted=[str(tmp_path / "root.pem")], trusted_content=None)
    assert built["changed"] and "'trusted'" in str(built["deprecations"])
