# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What keytool is asked and what its answers become; test_trust_anchor.py has real keystores."""

from __future__ import annotations

import json
import os
import sys

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.appliance import keytool
from ansible_collections.certmend.tls.plugins.module_utils.appliance.keytool import Keystore, KeystoreEntry
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.tests.support import mint

ROOT, OTHER = mint.authority("Root"), mint.authority("Other")
#: as keytool -list -rfc prints a keystore
LISTING = """Keystore type: PKCS12

Your keystore contains 2 entries

Alias name: root
Creation date: Nov 20, 2026
Entry type: trustedCertEntry

%s

*******************************************

Alias name: own
Creation date: Nov 20, 2026
Entry type: PrivateKeyEntry
Certificate chain length: 2
Certificate[1]:
%sCertificate[2]:
%s
""" % (ROOT.pem, OTHER.pem, ROOT.pem)


@pytest.fixture
def program(tmp_path, monkeypatch):
    """program(Python code): a keytool that runs it; its arguments are in ``sys.argv``."""

    def install(code):
        path = tmp_path / "bin" / "keytool"
        path.parent.mkdir(exist_ok=True)
        path.write_text("#!%s\nimport json, os, sys\n%s" % (sys.executable, code), encoding="utf-8")
        path.chmod(0o755)
        monkeypatch.setenv("PATH", str(path.parent))

    return install


@pytest.fixture
def keystore(tmp_path):
    (tmp_path / "store").touch()
    (tmp_path / "password").touch()
    return Keystore(str(tmp_path / "store"), str(tmp_path / "password"))


def test_the_program_is_found_on_the_path(program, tmp_path):
    program("")
    assert keytool.keytool() == str(tmp_path / "bin" / "keytool")


def test_the_program_is_found_in_the_folders_of_appliances(program, tmp_path, monkeypatch):
    program("")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(keytool, "FOLDERS", ("/nowhere", str(tmp_path / "bin")))
    assert keytool.keytool() == str(tmp_path / "bin" / "keytool")


def test_a_host_without_java_is_an_error(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(keytool, "FOLDERS", ("/nowhere",))
    with pytest.raises(RemediationError, match=r"keystore: keytool was not found on this host \(searched the PATH and /nowhere\)"):
        keytool.keytool()


SHOW = "print(json.dumps([sys.argv[1:], sys.stdin.read(), os.environ.get('CERTMEND_STOREPASS')]))"


def test_the_password_is_handed_over_in_a_file(program, keystore):
    program(SHOW)
    arguments, stdin, secret = json.loads(keytool.run(keystore, "-list", stdin="text"))
    assert arguments == [*keytool.JVM, "-list", "-keystore", keystore.path, "-storepass:file", keystore.password_file]
    assert stdin == "text" and secret is None


def test_the_default_password_is_handed_over_in_the_environment(program, keystore):
    program(SHOW)
    arguments, _stdin, secret = json.loads(keytool.run(Keystore(keystore.path), "-list"))
    assert arguments[-2:] == ["-storepass:env", "CERTMEND_STOREPASS"] and secret == "changeit" and "changeit" not in str(arguments)


@pytest.mark.parametrize("words", ["keystore password was incorrect", "Keystore integrity: password verification failed"])
def test_a_wrong_password_names_its_file(program, keystore, words):
    program("print('keytool error: java.io.IOException: %s'); sys.exit(1)" % words)
    with pytest.raises(RemediationError) as caught:
        keytool.run(keystore, "-list", option="java_keystore")
    expected = "java_keystore.password_file (%s): wrong password for the keystore %s" % (keystore.password_file, keystore.path)
    assert caught.value.message == expected
    with pytest.raises(RemediationError, match=r"keystore.password_file \(not set: the default password was tried\): wrong password"):
        keytool.run(Keystore(keystore.path), "-list")


def test_another_failure_has_the_first_lines_of_keytool_s_message(program, keystore):
    program("print('\\nkeytool error: first\\n\\nsecond'); sys.stderr.write('third\\n'); sys.exit(1)")
    with pytest.raises(RemediationError, match="keystore: keytool on .*/store failed: keytool error: first second\\. See keytool"):
        keytool.run(keystore, "-list")


def test_a_keytool_that_does_not_end_is_an_error(program, keystore, monkeypatch):
    program("sys.stdout.close(); os.pause() if hasattr(os, 'pause') else __import__('signal').pause()")
    monkeypatch.setattr(keytool, "TIMEOUT_SECONDS", 0.2)
    with pytest.raises(RemediationError, match="keystore: keytool on .*/store did not end within"):
        keytool.run(keystore, "-list")


def test_the_entries_of_a_keystore_are_trusted_certificates_and_keys_with_their_chains(program, keystore):
    program("print(%r)" % LISTING)
    pems = [certificate.pem.strip() for certificate in (ROOT, OTHER)]
    assert keytool.read_entries(keystore) == [KeystoreEntry("root", True, (pems[0],)), KeystoreEntry("own", False, (pems[1], pems[0]))]


def test_a_java_client_trusts_the_first_certificate_of_each_entry(program, keystore):
    program("print(%r)" % LISTING)
    assert keytool.anchors_pem(keystore) == ROOT.pem + OTHER.pem


def test_files_that_do_not_exist_name_their_options_before_keytool_runs(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RemediationError) as caught:
        keytool.read_entries(Keystore("/nowhere/store", "/nowhere/password"), "java_keystore")
    assert "java_keystore.path: /nowhere/store cannot be read: No such file" in str(caught.value)
    assert "java_keystore.password_file: /nowhere/password cannot be read: No such file" in str(caught.value)


def test_a_fifo_in_the_place_of_the_password_is_refused_before_keytool_waits_for_its_writer(tmp_path, program):
    program("raise SystemExit('keytool was started')")
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(RemediationError, match=r"keystore.password_file: .*/fifo is a named pipe"):
        keytool.read_entries(Keystore(__file__, str(tmp_path / "fifo")))
