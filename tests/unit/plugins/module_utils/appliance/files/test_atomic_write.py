# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A file is replaced as a whole, by a rename or in place, with its attributes."""

from __future__ import annotations

import dataclasses
import os

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.atomic_write import RENAME, NewFile, remove_if_present
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.replacement import Replacement
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.transaction import Transaction
from ansible_collections.certmend.tls.tests.support.mounts import needs_mounts, with_mounts


@pytest.fixture
def target(tmp_path):
    path = tmp_path / "target"
    path.write_bytes(b"old content")
    return path


def attributes_of(path):
    status = os.stat(path)
    return status.st_mode & 0o7777, status.st_uid, status.st_gid


def test_a_temporary_file_lies_beside_its_target_and_is_private(target):
    with NewFile(str(target), b"new") as new:
        assert os.path.dirname(new.path) == str(target.parent) and os.path.basename(new.path).startswith(".certmend-")
        assert open(new.path, "rb").read() == b"new" and attributes_of(new.path)[0] == 0o600
    assert os.listdir(target.parent) == ["target"]


def test_a_temporary_file_that_cannot_be_written_is_removed(target):
    with pytest.raises(TypeError):
        NewFile(str(target), "text, not bytes")
    assert os.listdir(target.parent) == ["target"]


def test_a_file_is_replaced_by_a_rename_if_the_system_allows_it(target):
    with NewFile(str(target), b"new") as new:
        inode = os.stat(new.path).st_ino
        assert new.replace() == RENAME
    assert target.read_bytes() == b"new" and target.stat().st_ino == inode and os.listdir(target.parent) == ["target"]


@needs_mounts
def test_a_file_that_is_busy_as_a_mount_point_is_written_in_place(target, tmp_path):
    script = """
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.atomic_write import NewFile
inode = os.stat("target").st_ino
with NewFile(os.path.abspath("target"), b"new") as new:
    try:
        os.rename(new.path, "target")
    except OSError as error:
        print(errno.errorcode[error.errno])
    print(new.replace(), os.stat("target").st_ino == inode, open("target").read(), os.listdir("."))
print(os.listdir("."))
"""
    output = with_mounts(tmp_path, "mount --bind target target", script)
    assert output.startswith("EBUSY\nin_place True new ") and output.endswith("\n['target']\n")


def test_another_refusal_of_a_rename_is_an_error_and_the_target_stays(target):
    folder = target.parent / "folder"
    folder.mkdir()
    with NewFile(str(folder), b"new") as new, pytest.raises(IsADirectoryError):
        new.replace()
    assert sorted(os.listdir(target.parent)) == ["folder", "target"] and os.listdir(folder) == []


def test_a_temporary_file_in_whose_place_is_another_one_replaces_nothing_and_is_not_removed(target):
    with NewFile(str(target), b"new") as new:
        os.unlink(new.path)
        os.symlink("/etc/hostname", new.path)
        with pytest.raises(OSError, match="put another file in the place"):
            new.replace()
        with pytest.raises(OSError, match="put another file in the place"):
            new.link("backup")
        path = new.path
    assert target.read_bytes() == b"old content" and os.path.islink(path)


def test_mode_and_extended_attributes_are_set_and_others_are_removed(target):
    with NewFile(str(target), b"new") as new:
        try:
            os.setxattr(new.path, "user.inherited", b"x")
        except OSError:
            pytest.skip("this file system has no extended attributes")
        new.give(dataclasses.replace(new.created, mode=0o2604, extended={"user.origin": b"here"}))
        assert attributes_of(new.path) == (0o2604, os.geteuid(), os.getegid())
        assert {name: os.getxattr(new.path, name) for name in os.listxattr(new.path)} == {"user.origin": b"here"}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_the_owner_is_set_before_the_mode_so_that_no_bit_is_lost(target):
    with NewFile(str(target), b"new") as new:
        new.give(dataclasses.replace(new.created, mode=0o4755, owner=1, group=2))
        assert attributes_of(new.path) == (0o4755, 1, 2)


def test_a_file_is_removed_if_it_exists(target):
    remove_if_present(str(target))
    remove_if_present(str(target))
    assert not target.exists()


def test_a_replaced_file_keeps_its_extended_attributes(target):
    try:
        os.setxattr(target, "user.origin", b"here")
    except OSError:
        pytest.skip("this file system has no extended attributes")
    Transaction([Replacement(str(target), b"new", "path")], backup=False).commit()
    assert os.getxattr(target, "user.origin") == b"here"
