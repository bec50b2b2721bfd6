# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Anchors in real Java keystores, by the platform's keytool."""

from __future__ import annotations

import base64
import functools
import json
import os
import pathlib
import shutil
import subprocess
import tempfile

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.appliance.keytool import JVM
from ansible_collections.certmend.tls.tests.support import mint
from ansible_collections.certmend.tls.tests.support.clock import REAL
from ansible_collections.certmend.tls.tests.support.run import module_process

pytestmark = pytest.mark.skipif(not shutil.which("keytool"), reason="no Java here; tests/lab has one")
PASSWORD = "correct-horse"
DAYS = REAL.days()
ROOT, OTHER, LATER = (mint.authority(name, **DAYS) for name in ("Root", "Other Root", "Later Root"))


def keytool(store, *arguments, text=None):
    command = ["keytool", *JVM, *arguments, "-keystore", str(store), "-storepass", PASSWORD]
    return subprocess.run(command, input=text, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout


@functools.lru_cache(maxsize=None)
def keystore_with_other(kind):
    """The bytes of a keystore that trusts OTHER; each test gets a copy, because a start of keytool takes half a second."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "store")
        keytool(path, "-importcert", "-noprompt", "-alias", "Somebody's", "-storetype", kind, text=OTHER.pem)
        return path.read_bytes()


@pytest.fixture
def store(tmp_path, request):
    """A keystore that trusts OTHER, with its password beside it."""
    folder = tmp_path / "store"
    folder.mkdir()
    path = folder / "trusted.store"
    path.write_bytes(keystore_with_other(getattr(request, "param", "PKCS12")))
    (tmp_path / "password").write_text(PASSWORD + "\n", encoding="ascii")
    return path


def given(store, content, **more):
    keystore = dict(path=str(store), password_file=str(store.parent.parent / "password"))
    return dict(dict(content=content, store="java", keystore=keystore), **more)


def fingerprints(store):
    return keytool(store, "-list", "-v")


def sha256(certificate):
    digest = certificate.x509.fingerprint(mint.SHA256).hex().upper()
    return ":".join(digest[place : place + 2] for place in range(0, 64, 2))


@pytest.mark.parametrize("store", ["JKS", "PKCS12"], indirect=True)
def test_anchors_are_predicted_added_once_and_removed_by_fingerprint(store, run_module):
    both = given(store, ROOT.pem + OTHER.pem)
    predicted, made, again = (run_module("trust_anchor", both, check=check) for check in (True, False, False))
    assert predicted["diff"] == made["diff"] and sha256(ROOT) in made["diff"][0]["after"] and "CN=Root" in made["diff"][0]["after"]
    assert [anchor["subject"] for anchor in made["added"]] == ["CN=Root"] and not again["changed"]
    assert sha256(ROOT) in fingerprints(store)
    gone = run_module("trust_anchor", given(store, OTHER.pem, state="absent"))
    assert gone["changed"] and sha256(OTHER) not in fingerprints(store) and sha256(ROOT) in fingerprints(store)


def test_a_rollback_removes_the_alias_that_the_task_created_and_no_other(store, run_module):
    predicted, made = (run_module("trust_anchor", given(store, ROOT.pem, name="ours"), check=check) for check in (True, False))
    assert [added["entry"] for added in predicted["added"]] == [added["entry"] for added in made["added"]] == ["ours"]
    keytool(store, "-importcert", "-noprompt", "-alias", "theirs", text=ROOT.pem)
    undo = given(store, ROOT.pem, state="absent", entries=["ours"])
    predicted, gone, again = (run_module("trust_anchor", undo, check=check) for check in (True, False, False))
    assert predicted["changed"] and gone["changed"] and not again["changed"]
    assert "Alias name: theirs" in fingerprints(store) and "Alias name: ours" not in fingerprints(store)
    assert not run_module("trust_anchor", given(store, ROOT.pem, state="absent", entries=[]))["changed"]


def test_the_old_keystore_is_kept_and_nothing_else_is_left(store, run_module):
    before = store.read_bytes()
    store.chmod(0o640)
    made = run_module("trust_anchor", given(store, ROOT.pem))
    [kept] = made["backup_files"].values()
    assert open(kept, "rb").read() == before and os.stat(kept).st_mode & 0o777 == 0o640 == store.stat().st_mode & 0o777
    assert sorted(os.listdir(store.parent)) == sorted([store.name, os.path.basename(kept)])


def test_a_linked_keystore_stays_a_link_and_its_copy_lies_beside_the_file(store, run_module, tmp_path):
    link = tmp_path / "cacerts"
    link.symlink_to(store)
    keystore = dict(path=str(link), password_file=str(tmp_path / "password"))
    made = run_module("trust_anchor", given(store, ROOT.pem, keystore=keystore, backup=False))
    assert made["changed"] and link.is_symlink() and sha256(ROOT) in fingerprints(store)


def test_two_that_add_at_once_lose_nothing(store):
    processes = [module_process("trust_anchor", given(store, root.pem, backup=False)) for root in (ROOT, LATER)]
    for process in processes:
        process.stdin.write(process.ask)
        process.stdin.close()
        process.stdin = None
    results = [json.loads(process.communicate()[0].strip().splitlines()[-1]) for process in processes]
    assert all(result["changed"] for result in results), results
    assert sha256(ROOT) in fingerprints(store) and sha256(LATER) in fingerprints(store)


def test_an_alias_that_another_entry_has_is_reported_in_check_mode_too(store, run_module):
    keytool(store, "-genkeypair", "-alias", "ours", "-keyalg", "EC", "-dname", "CN=key", "-keypass", PASSWORD)
    before = store.read_bytes()
    for check in (True, False):
        result = run_module("trust_anchor", given(store, ROOT.pem, name="Ours"), check=check)
        assert result["failed"] and "name: the alias ours is already used by another entry" in result["msg"]
    assert store.read_bytes() == before


def test_a_label_makes_the_diff_of_a_certificate_to_come_that_of_the_run(store, run_module):
    coming = given(store, "", label="the depot's certificate", pending=True)
    predicted = run_module("trust_anchor", coming, check=True)
    made = run_module("trust_anchor", dict(coming, content=ROOT.pem))
    assert predicted["changed"] and predicted["diff"] == made["diff"] and "depot's" in made["diff"][0]["after"]
    empty = run_module("trust_anchor", coming)
    assert empty["failed"] and "content: contains no certificate" in empty["msg"]


def test_a_leaf_is_refused_unless_it_is_asked_for(store, run_module):
    leaf = mint.mint("depot.corp.example", **DAYS)
    refused = run_module("trust_anchor", given(store, leaf.pem + ROOT.pem))
    assert refused["failed"] and "content: CN=depot.corp.example is not a CA" in refused["msg"] and sha256(ROOT) not in fingerprints(store)
    assert run_module("trust_anchor", given(store, leaf.pem, allow_leaf=True))["changed"]


@pytest.mark.parametrize(
    "wrong, words",
    [
        (dict(content="no certificate"), "content: contains no certificate"),
        (dict(content="-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"), "content: contains a block that is not a certificate"),
        (dict(keystore=dict(path="/nowhere/ks")), "keystore.path: /nowhere/ks cannot be read: No such file"),
        (dict(keystore=dict(path=__file__, password_file="/nowhere/pw")), "keystore.password_file: /nowhere/pw cannot be read: No such file"),
        (dict(path="/nowhere/ca.pem", content=None), "path: /nowhere/ca.pem cannot be read"),
        (dict(store="suse"), "store: /etc/pki/trust/anchors does not exist"),
    ],
)
def test_bad_input_names_the_option_in_check_mode_and_in_the_run(store, run_module, wrong, words):
    before = store.read_bytes()
    for check in (True, False):
        params = {name: value for name, value in dict(given(store, ROOT.pem), **wrong).items() if value is not None}
        result = run_module("trust_anchor", params, check=check)
        assert result["failed"] and words in result["msg"] and result["advice"]
    assert store.read_bytes() == before


def test_a_wrong_password_names_the_option_and_is_not_repeated(store, run_module, tmp_path):
    (tmp_path / "password").write_text("wrong-horse\n", encoding="ascii")
    result = run_module("trust_anchor", given(store, ROOT.pem))
    assert result["failed"] and "keystore.password_file (%s): wrong password for the keystore" % (tmp_path / "password") in result["msg"]
    assert "wrong-horse" not in json.dumps(result)


def test_a_handshake_trusts_what_the_keystore_trusts_and_no_more(store, run_module, tls_server, tmp_path):
    leaf = mint.mint("localhost", dns=["localhost"], issuer=ROOT, **DAYS)
    asked = dict(
        host="localhost",
        port=tls_server(leaf.pem, leaf.key_pem),
        java_keystore=dict(path=str(store), password_file=str(tmp_path / "password")),
        expect="any",
    )
    assert run_module("tls_handshake", asked)["error"]["code"] == "CHAIN-INCOMPLETE"
    # a key of the keystore's own has its chain there too: a Java client trusts no CA for that
    own = mint.mint("client", issuer=ROOT, **DAYS)
    bundle = tmp_path / "own.p12"
    command = ["openssl", "pkcs12", "-export", "-name", "own", "-passout", "pass:" + PASSWORD, "-out", str(bundle)]
    subprocess.run(command, input=own.key_pem + own.pem + ROOT.pem, text=True, check=True, stderr=subprocess.DEVNULL)
    keytool(store, "-importkeystore", "-noprompt", "-srckeystore", str(bundle), "-srcstorepass", PASSWORD, "-deststorepass", PASSWORD)
    assert run_module("tls_handshake", asked)["error"]["code"] == "CHAIN-INCOMPLETE"
    assert run_module("trust_anchor", given(store, ROOT.pem, name="root"))["changed"], "the chain of a key is no anchor"
    seen = run_module("tls_handshake", asked)
    assert seen["verified"] and base64.b64decode(seen["presented"][0]) == leaf.der


def test_a_keystore_without_a_certificate_is_an_error_of_its_option(store, run_module):
    keytool(store, "-delete", "-alias", "Somebody's")
    asked = dict(host="localhost", port=1, java_keystore=dict(path=str(store), password_file=str(store.parent.parent / "password")))
    result = run_module("tls_handshake", asked)
    assert result["failed"] and "java_keystore: contains no certificate" in result["msg"]
