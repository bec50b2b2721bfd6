# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A backup lies beside its file, where no server reads it."""

from __future__ import annotations

import os
import re

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.backup import back_up
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.snapshot import Snapshot
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"old")
    path.chmod(0o640)
    return path


def test_a_backup_has_the_content_the_mode_and_a_name_that_sorts(file):
    backups = [back_up(Snapshot.of(str(file)), "path") for _attempt in range(3)]
    assert backups == sorted(backups) and len(set(backups)) == 3
    assert all(re.fullmatch(re.escape(str(file.parent)) + r"/\.file\.\d{8}T\d{6}Z(_\d\d)?\.bak", backup) for backup in backups)
    assert {open(backup, "rb").read() for backup in backups} == {b"old"} and {os.stat(backup).st_mode & 0o777 for backup in backups} == {0o640}


def test_a_backup_that_cannot_be_written_names_the_option(file, tmp_path):
    snapshot = Snapshot.of(str(file))
    moved = Snapshot(str(tmp_path / "none" / "file"), snapshot.content, snapshot.metadata)
    with pytest.raises(RemediationError, match="dest: .*/none/file cannot be backed up: No such file"):
        back_up(moved, "dest")
