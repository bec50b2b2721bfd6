# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Paths as operators give them: from where the playbook was started, in lists, folders, and never by guessing."""

from __future__ import annotations

import os

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.operator_paths import Folders
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError, SeveralErrors
from ansible_collections.certmend.tls.plugins.module_utils.x509.load.operator_files import (
    NamedFile,
    absolute_path,
    certificates_pem,
    private_key_pem,
    read_files,
)
from ansible_collections.certmend.tls.tests.support.forms import pkcs12, several_certificates
from ansible_collections.certmend.tls.tests.support.mint import authority, key_pem, mint, new_key

ROOT, MIDDLE = authority("Root"), authority("Middle")
LEAF = mint()
PASSWORD = "File-Pw1!"


@pytest.fixture
def folders(tmp_path):
    """The folder in which the playbook was started, and that of the playbook."""
    for name in ("start", "play"):
        (tmp_path / name).mkdir()
    return Folders(str(tmp_path / "start"), (str(tmp_path / "play"), str(tmp_path / "play/files")))


def put(folders, name, data=b"", index=None):
    path = os.path.join(folders.start if index is None else folders.beside[index], name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as handle:
        handle.write(data)
    return path


def test_a_relative_path_starts_where_the_playbook_was_started(folders):
    path = put(folders, "ca.pem")
    assert absolute_path("ca.pem", folders, "ca_path") == path
    assert absolute_path("./ca.pem", folders, "ca_path") == path
    assert absolute_path(path, folders, "ca_path") == path


def test_a_path_into_the_home_folder_is_expanded(folders, monkeypatch):
    monkeypatch.setenv("HOME", folders.beside[0])
    path = put(folders, "ca.pem", index=0)
    assert absolute_path("~/ca.pem", folders, "ca_path") == path


def test_a_second_file_beside_the_playbook_makes_the_path_ambiguous(folders):
    first, second = put(folders, "ca.pem"), put(folders, "ca.pem", index=1)
    with pytest.raises(RemediationError) as caught:
        absolute_path("ca.pem", folders, "ca_path")
    assert caught.value.message.startswith("ca_path: ca.pem can be ") and first in caught.value.message and second in caught.value.message
    assert caught.value.advice == "Give the absolute path of the file that is meant."
    assert absolute_path(first, folders, "ca_path") == first


def test_the_same_file_by_two_ways_is_not_ambiguous(folders):
    path = put(folders, "ca.pem")
    os.symlink(path, os.path.join(folders.beside[0], "ca.pem"))
    assert absolute_path("ca.pem", folders, "ca_path") == path


def test_a_file_that_is_only_beside_the_playbook_is_not_guessed_but_named(folders):
    path = put(folders, "ca.pem", index=1)
    with pytest.raises(RemediationError, match="ca_path: .*start/ca.pem does not exist") as caught:
        absolute_path("ca.pem", folders, "ca_path")
    assert "give the absolute path if %s is meant" % path in caught.value.advice


def test_every_file_that_is_missing_is_reported_at_once(folders):
    put(folders, "empty/.keep")
    os.unlink(os.path.join(folders.start, "empty/.keep"))
    with pytest.raises(SeveralErrors) as caught:
        read_files(["a.pem,empty", "b.pem"], folders, "candidates")
    assert [error.message.split()[-3:] for error in caught.value.errors] == [["does", "not", "exist"], ["folder", "without", "files"], ["does", "not", "exist"]]


@pytest.mark.parametrize("form, data", sorted(several_certificates([LEAF, MIDDLE, ROOT]).items()))
def test_every_form_becomes_the_same_pem(form, data):
    assert certificates_pem([NamedFile("ca", data)], None, True) == (LEAF.pem + MIDDLE.pem + ROOT.pem, [])


def test_a_folder_is_read_in_the_order_of_its_names_and_each_certificate_is_returned_once(folders):
    for name, data in (("b.der", MIDDLE.der), ("a.pem", ROOT.pem.encode()), ("c.p12", pkcs12(LEAF, [ROOT], PASSWORD)), ("README", b"These are ours.\n")):
        put(folders, "pool/" + name, data)
    text, warnings = certificates_pem(read_files(["pool"], folders, "candidates"), PASSWORD, True)
    assert text == ROOT.pem + MIDDLE.pem + LEAF.pem
    assert [warning.split(": ")[:2] for warning in warnings] == [["candidates", os.path.join(folders.start, "pool/README")]]


def test_a_file_without_a_certificate_is_an_error_with_its_reason(folders):
    put(folders, "key.pem", LEAF.key_pem.encode())
    put(folders, "pool/README", b"-")
    files = read_files(["key.pem"], folders, "roots")
    with pytest.raises(RemediationError, match=r"^roots: .*/key.pem contains no certificate: the content holds no certificate, but: PRIVATE KEY"):
        certificates_pem(files, None, True)
    assert certificates_pem(files, None, False)[0] == ""
    with pytest.raises(RemediationError, match=r"^roots: .*/pool/README contains no certificate: "):
        certificates_pem(read_files(["pool"], folders, "roots"), None, True)
    with pytest.raises(RemediationError, match="the password is wrong") as caught:
        certificates_pem([NamedFile("ca.p12", pkcs12(LEAF, [], PASSWORD))], "wrong-Pw1!", True)
    assert "Pw1!" not in str(caught.value)


def test_no_file_at_all_is_an_empty_text():
    assert certificates_pem([], None, True) == ("", []) and private_key_pem([], None, True) == ""


def test_the_private_key_is_the_one_that_a_file_has():
    files = [NamedFile("ca.pem", LEAF.pem.encode()), NamedFile("ca.p12", pkcs12(LEAF, [ROOT], PASSWORD))]
    assert private_key_pem(files, PASSWORD, True) == LEAF.key_pem
    assert private_key_pem(files[:1], None, False) == ""
    with pytest.raises(RemediationError, match="^ca.pem contains no private key"):
        private_key_pem(files[:1], None, True)


def test_two_files_with_different_keys_are_ambiguous():
    with pytest.raises(RemediationError, match="^a, b: contain 2 private keys"):
        private_key_pem([NamedFile("a", LEAF.key_pem.encode()), NamedFile("b", key_pem(new_key()).encode())], None, True)
