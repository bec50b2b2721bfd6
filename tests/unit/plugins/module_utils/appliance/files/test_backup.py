# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The old content of a file is backed up beside it, and restored."""

from __future__ import annotations

import os
import re

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.backup import Snapshot
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"old")
    path.chmod(0o640)
    return path


def test_a_snapshot_restores_content_and_mode(file):
    snapshot = Snapshot.of(str(file))
    file.write_bytes(b"new and longer")
    file.chmod(0o600)
    snapshot.restore()
    assert file.read_bytes() == b"old" and file.stat().st_mode & 0o777 == 0o640 and os.listdir(file.parent) == ["file"]


def test_a_snapshot_restores_a_file_that_was_removed(file):
    snapshot = Snapshot.of(str(file))
    file.unlink()
    snapshot.restore()
    assert file.read_bytes() == b"old" and file.stat().st_mode & 0o777 == 0o640


def test_there_is_no_snapshot_of_a_missing_file(tmp_path):
    assert Snapshot.of(str(tmp_path / "none")) is None
    with pytest.raises(RemediationError, match="keystore.path: .*/none cannot be read: No such file"):
        Snapshot.of_existing(str(tmp_path / "none"), "keystore.path")


def test_a_backup_has_the_content_the_mode_and_a_name_that_sorts(file):
    backups = [Snapshot.of(str(file)).back_up("path") for _attempt in range(3)]
    assert backups == sorted(backups) and len(set(backups)) == 3
    assert all(re.fullmatch(re.escape(str(file)) + r"\.\d{8}T\d{6}Z(_\d\d)?\.bak", backup) for backup in backups)
    assert {open(backup, "rb").read() for backup in backups} == {b"old"} and {os.stat(backup).st_mode & 0o777 for backup in backups} == {0o640}


def test_a_backup_that_cannot_be_written_names_the_option(file, tmp_path):
    snapshot = Snapshot.of(str(file))
    moved = Snapshot(str(tmp_path / "none" / "file"), snapshot.content, snapshot.status)
    with pytest.raises(RemediationError, match="dest: .*/none/file cannot be backed up: No such file"):
        moved.back_up("dest")


@pytest.mark.skipif(os.geteuid() == 0, reason="root can give files away")
def test_a_copy_that_cannot_have_its_owner_is_removed(file):
    foreign = Snapshot.of("/etc/passwd")
    with pytest.raises(PermissionError):
        Snapshot(str(file), foreign.content, foreign.status).write_copy()
    assert os.listdir(file.parent) == ["file"]
