# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""cert_issue names the option that is wrong, in check mode and in the run, and changes nothing."""

from __future__ import annotations

import pytest

from ansible_collections.certmend.tls.tests.support import mint
from ansible_collections.certmend.tls.tests.support.clock import REAL

FQDN = "depot.corp.example"


@pytest.fixture
def options(tmp_path, run_module):
    """What issues a self-signed certificate; a certificate and its key are there already."""
    wanted = {"provider": "self_signed", "fqdn": FQDN, "profile": "vcf_installer"}
    wanted.update(private_key_path=str(tmp_path / "depot.key"), certificate_path=str(tmp_path / "depot.pem"))
    assert run_module("cert_issue", wanted)["changed"]
    return wanted


WRONG = [
    ({"fqdn": "10.77.0.10"}, "fqdn: '10.77.0.10' is an IP address, not a host name"),
    ({"fqdn": "depot..example"}, "'depot..example' is not made of labels"),
    ({"private_key_path": "/nowhere/none/depot.key"}, "private_key_path: /nowhere/none cannot be written"),
]
LATE = ({"certificate_path": "/proc/depot.pem"}, "certificate_path: /proc")
"""/proc says that root may write there, so only the attempt shows that nobody can."""


@pytest.mark.parametrize("wrong, words, check", [(*each, check) for check in (True, False) for each in WRONG] + [(*LATE, False)])
def test_bad_input_names_the_option_and_changes_nothing(options, run_module, tmp_path, wrong, words, check):
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    result = run_module("cert_issue", {**options, **wrong}, check)
    assert result["failed"] and words in result["msg"]
    assert not result.get("changed") and {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize("check", [True, False])
def test_one_path_for_key_and_certificate_is_refused_and_leaves_no_key_behind(tmp_path, run_module, check):
    path = str(tmp_path / "tls.pem")
    given = {"provider": "self_signed", "fqdn": "depot.corp.example", "key_type": "EC", "private_key_path": path, "certificate_path": path}
    result = run_module("cert_issue", given, check=check)
    assert result["failed"] and "private_key_path, certificate_path: the same file" in result["msg"] and "combined_path" in result["msg"]
    assert list(tmp_path.iterdir()) == []


CA_FILES = {"signing_ca_path": "ca.pem", "signing_ca_private_key_path": "ca.key"}
OVERWRITTEN = [
    ({"certificate_path": "ca.key"}, "certificate_path, signing_ca_private_key_path: the same file"),
    ({"private_key_path": "ca.key"}, "private_key_path, signing_ca_private_key_path: the same file"),
    ({"combined_path": "ca.key"}, "combined_path, signing_ca_private_key_path: the same file"),
    ({"combined_path": "ca.pem"}, "combined_path, signing_ca_path: the same file"),
    ({"combined_path": "depot.key.next"}, "combined_path, .next of private_key_path: the same file"),
    ({"certificate_path": "depot.key.signing"}, "certificate_path, .signing of private_key_path: the same file"),
]


@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize("wrong, words", OVERWRITTEN)
def test_no_file_that_is_read_or_waits_is_overwritten(tmp_path, run_module, wrong, words, check):
    ca = mint.mint("Lab CA", ca=True, **REAL.days())
    (tmp_path / "ca.pem").write_text(ca.pem, encoding="ascii")
    (tmp_path / "ca.key").write_text(ca.key_pem, encoding="ascii")
    names = {"private_key_path": "depot.key", "certificate_path": "depot.pem", **CA_FILES, **wrong}
    paths = {option: str(tmp_path / name) for option, name in names.items()}
    result = run_module("cert_issue", {"provider": "own_ca", "fqdn": FQDN, "key_type": "EC", **paths}, check)
    assert result["failed"] and words in result["msg"]
    assert (tmp_path / "ca.key").read_text(encoding="ascii") == ca.key_pem and len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize("given", [{}, {"signing_ca_private_key_content": "\n"}, {"certificate_path": None, "request_content": mint.csr("depot.corp.example")}])
@pytest.mark.parametrize("check", [True, False])
def test_a_ca_without_its_private_key_is_named_with_the_way_out(tmp_path, run_module, given, check):
    ca = mint.mint("Lab CA", ca=True, **REAL.days())
    paths = {} if "request_content" in given else {option: str(tmp_path / option) for option in ("private_key_path", "certificate_path")}
    given = {option: value for option, value in {**paths, **given}.items() if value is not None}
    result = run_module("cert_issue", {"provider": "own_ca", "fqdn": FQDN, "signing_ca_content": ca.pem, **given}, check)
    assert result["failed"] and "signing_ca_private_key_content: the private key of the CA is missing" in result["msg"]
    assert "certificate_content" in result["advice"] and list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("check", [True, False])
def test_an_encrypted_private_key_is_not_replaced(tmp_path, run_module, check):
    locked = mint.serialization.BestAvailableEncryption(b"secret")
    pkcs8 = mint.serialization.PrivateFormat.PKCS8
    encrypted = mint.new_key().private_bytes(mint.serialization.Encoding.PEM, pkcs8, locked)
    (tmp_path / "depot.key").write_bytes(encrypted)
    paths = {"private_key_path": str(tmp_path / "depot.key"), "certificate_path": str(tmp_path / "depot.pem")}
    result = run_module("cert_issue", {"provider": "self_signed", "fqdn": FQDN, **paths}, check)
    assert result["failed"] and "private_key_path: " in result["msg"] and "the private key is encrypted. It is not replaced" in result["msg"]
    assert (tmp_path / "depot.key").read_bytes() == encrypted and len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("form", ["path", "content"])
def test_the_ca_that_signs_may_have_its_old_names_with_a_deprecation(tmp_path, run_module, form):
    ca = mint.mint("Lab CA", ca=True, **REAL.days())
    texts = {"ca_certificate": ca.pem, "ca_private_key": mint.key_pem(ca.key, "Ca-Key-Pw1!")}
    for name, text in texts.items():
        (tmp_path / name).write_text(text, encoding="ascii")
    old = {"%s_%s" % (name, form): str(tmp_path / name) if form == "path" else text for name, text in texts.items()}
    old.update(ca_private_key_passphrase="Ca-Key-Pw1!", trusted=[str(tmp_path / "ca_certificate")])
    paths = {option: str(tmp_path / option) for option in ("private_key_path", "certificate_path")}
    result = run_module("cert_issue", {"provider": "own_ca", "fqdn": FQDN, "key_type": "EC", **paths, **old})
    assert result["certificate"]["issuer"] == "CN=Lab CA" and result["signing_ca_content"] == ca.pem
    assert [name for name in old if "'%s'" % name not in str(result["deprecations"])] == []
    assert "Ca-Key-Pw1!" not in str(result) and texts["ca_private_key"].splitlines()[1] not in str(result)
