# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lock keeps concurrent runs out, and nothing of it remains."""

from __future__ import annotations

import fcntl
import os

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.lock import locked
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError


def test_the_lock_is_on_the_folder_and_no_lock_file_remains(tmp_path):
    (tmp_path / "one").touch()
    folder = os.open(tmp_path, os.O_RDONLY)
    with locked(str(tmp_path / "one"), "path"), pytest.raises(BlockingIOError):
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    os.close(folder)
    assert os.listdir(tmp_path) == ["one"]


def test_a_link_is_locked_where_its_file_is(tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "file").touch()
    (tmp_path / "link").symlink_to(folder / "file")
    handle = os.open(folder, os.O_RDONLY)
    with locked(str(tmp_path / "link"), "path"), pytest.raises(BlockingIOError):
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    os.close(handle)


def test_a_folder_that_does_not_exist_names_the_option(tmp_path):
    with pytest.raises(RemediationError, match="keystore.path: .*/none cannot be opened: No such file"), locked(str(tmp_path / "none" / "x"), "keystore.path"):
        pass
