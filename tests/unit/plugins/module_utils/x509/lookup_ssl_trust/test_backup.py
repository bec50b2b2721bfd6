# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Backups of registrations: written for their owner alone, and read again."""

from __future__ import annotations

import datetime
import json
import os
import stat

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.x509.lookup_ssl_trust.backup import FORMAT, FORMAT_1, Backup, check_folder, load, path_for, write
from ansible_collections.certmend.tls.tests.support.mint import NOW
from ansible_collections.certmend.tls.tests.support.vsphere import estate
from ansible_collections.certmend.tls.tests.support.vsphere.certificates import HOST, NEW, OLD
from ansible_collections.certmend.tls.tests.support.vsphere.listing import listed

URL = "https://%s/sdk" % HOST


def registered(*names, certificate=OLD, **more):
    endpoints = [estate.endpoint(URL, [estate.anchor(certificate)])]
    return tuple(listed([estate.registration(name, endpoints, future=(("serviceFuture", "later"),), **more) for name in names]))


BACKUP = Backup("vsphere.local", HOST, registered("vc-a", "vc-b"), registered("vc-a", "vc-b", certificate=NEW))


@pytest.fixture
def written(tmp_path):
    path = path_for(str(tmp_path / "new" / "folder"), HOST, NOW)
    write(path, BACKUP, NOW, "backup_dir")
    return path


def refused(function, *arguments):
    with pytest.raises(RemediationError) as raised:
        function(*arguments)
    return raised.value.message


def test_a_backup_is_read_as_it_was_written(written):
    assert load(written, "backup_path") == BACKUP


def test_a_backup_of_an_earlier_release_does_not_record_what_was_written(written):
    with open(written, encoding="utf-8") as file:
        content = json.load(file)
    del content["written"]
    with open(written, "w", encoding="utf-8") as file:
        json.dump(dict(content, format=FORMAT_1), file)
    assert load(written, "backup_path") == Backup("vsphere.local", HOST, BACKUP.registrations, None)


def test_a_backup_and_its_new_folder_are_closed_to_others(written):
    assert stat.S_IMODE(os.stat(written).st_mode) == 0o600
    assert stat.S_IMODE(os.stat(os.path.dirname(written)).st_mode) == 0o700


def test_a_backup_says_where_and_when_it_was_taken(written):
    with open(written, encoding="utf-8") as file:
        content = json.load(file)
    assert content["format"] == FORMAT and content["sso_domain"] == "vsphere.local" and content["hostname"] == HOST
    assert content["taken_at"] == NOW.strftime("%Y-%m-%dT%H:%M:%SZ")


def test_the_name_of_a_backup_has_host_and_moment_and_no_colon(tmp_path):
    moment = datetime.datetime(2026, 11, 20, 12, 0, 0, 5, tzinfo=datetime.timezone.utc)
    assert path_for(str(tmp_path), "fd00::1", moment) == os.path.realpath(tmp_path / "ssl_trust-fd00__1-20261120T120000.000005Z.json")


def test_a_link_to_a_folder_is_followed(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert os.path.dirname(path_for(str(tmp_path / "link"), HOST, NOW)) == os.path.realpath(tmp_path / "real")


def test_a_folder_that_cannot_be_created_is_an_error_of_the_option(tmp_path):
    (tmp_path / "file").write_text("", encoding="ascii")
    path = path_for(str(tmp_path / "file" / "backups"), HOST, NOW)
    assert "backup_dir: " in refused(write, path, BACKUP, NOW, "backup_dir") and "cannot be created" in refused(write, path, BACKUP, NOW, "backup_dir")


def test_a_folder_is_checked_without_writing(tmp_path):
    check_folder(path_for(str(tmp_path), HOST, NOW), "backup_dir")
    check_folder(path_for(str(tmp_path / "missing"), HOST, NOW), "backup_dir")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["file", "file/folder/below", "dangling", "dangling/folder"])
def test_a_folder_that_cannot_be_created_is_known_before(tmp_path, name):
    (tmp_path / "file").write_text("", encoding="ascii")
    (tmp_path / "dangling").symlink_to(tmp_path / "file" / "missing")
    message = refused(check_folder, str(tmp_path / name / "a.json"), "backup_dir")
    assert message.startswith("backup_dir: %s cannot be created: " % (tmp_path / name)) and "is not a folder" in message


def test_a_backup_that_cannot_be_written_is_known_before(tmp_path):
    (tmp_path / "a.json").mkdir()
    assert refused(check_folder, str(tmp_path / "a.json"), "backup_dir").startswith("backup_dir: %s cannot be written" % (tmp_path / "a.json"))


@pytest.mark.parametrize(
    "content",
    [
        b"\xff",
        b"no JSON",
        b"[]",
        b"7",
        b"{}",
        b'{"format": "another"}',
        json.dumps({"format": "another", "sso_domain": "a", "hostname": "b", "registrations": []}).encode(),
        json.dumps({"format": FORMAT, "registrations": []}).encode(),
        json.dumps({"format": FORMAT, "sso_domain": "a", "hostname": "b", "registrations": [{}]}).encode(),
        json.dumps({"format": FORMAT, "sso_domain": "a", "hostname": "b", "registrations": 7}).encode(),
        json.dumps({"format": FORMAT, "sso_domain": "a", "hostname": "b", "registrations": []}).encode(),
    ],
)
def test_another_file_is_not_a_backup(tmp_path, content):
    (tmp_path / "a.json").write_bytes(content)
    message = refused(load, str(tmp_path / "a.json"), "backup_path")
    assert message.startswith("backup_path: %s is not a backup of lookup_ssl_trust: " % (tmp_path / "a.json"))


def test_a_file_that_does_not_exist_is_an_error_of_the_option():
    assert "backup_path: /does/not/exist cannot be read" in refused(load, "/does/not/exist", "backup_path")
