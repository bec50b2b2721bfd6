# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Journals lie where nobody else can enter."""

from __future__ import annotations

import os

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.private_folder import OF_ROOT, default_folder, make_private
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError


def test_a_private_folder_is_created_and_accepted_again(tmp_path):
    for _attempt in range(2):
        make_private(str(tmp_path / "a" / "b"), "folder")
        assert (tmp_path / "a" / "b").stat().st_mode & 0o777 == 0o700


def open_to_others(path):
    path.mkdir(mode=0o755)


def link(path):
    path.symlink_to(path.parent, target_is_directory=True)


def of_another_user(path):
    path.mkdir(mode=0o700)
    os.chown(path, 1, 1)


@pytest.mark.parametrize("make", [open_to_others, link, pytest.param(of_another_user, marks=pytest.mark.skipif(os.geteuid() != 0, reason="only root can"))])
def test_a_folder_that_somebody_else_could_change_is_refused(make, tmp_path):
    make(tmp_path / "journal")
    with pytest.raises(RemediationError, match="folder: .*/journal is not a folder that only user ID"):
        make_private(str(tmp_path / "journal"), "folder")


def test_a_file_in_its_place_is_named(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(RemediationError, match="folder: .*/file/journal cannot be created"):
        make_private(str(tmp_path / "file" / "journal"), "folder")


def test_the_default_is_of_the_user(monkeypatch, tmp_path):
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert default_folder() == OF_ROOT
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert default_folder() == str(tmp_path / "certmend" / "journal")
