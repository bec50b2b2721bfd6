# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A file is replaced as a whole, by a rename or in place, with its attributes."""

from __future__ import annotations

import errno
import os
import resource

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.atomic_write import (
    IN_PLACE,
    RENAME,
    apply_attributes,
    overwrite,
    remove_if_present,
    replace_file,
    write_temporary,
)
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
    temporary = write_temporary(str(target), b"new")
    assert os.path.dirname(temporary) == str(target.parent) and os.path.basename(temporary).startswith(".certmend-")
    assert open(temporary, "rb").read() == b"new" and attributes_of(temporary)[0] == 0o600


def test_a_temporary_file_that_cannot_be_written_is_removed(target):
    with pytest.raises(TypeError):
        write_temporary(str(target), "text, not bytes")
    assert os.listdir(target.parent) == ["target"]


def test_a_file_is_replaced_by_a_rename_if_the_system_allows_it(target):
    temporary = write_temporary(str(target), b"new")
    inode = os.stat(temporary).st_ino
    assert replace_file(temporary, str(target)) == RENAME
    assert target.read_bytes() == b"new" and target.stat().st_ino == inode and os.listdir(target.parent) == ["target"]


@needs_mounts
def test_a_file_that_is_busy_as_a_mount_point_is_written_in_place(target, tmp_path):
    script = """
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.atomic_write import replace_file, write_temporary
inode = os.stat("target").st_ino
temporary = write_temporary(os.path.abspath("target"), b"new")
try:
    os.rename(temporary, "target")
except OSError as error:
    print(errno.errorcode[error.errno])
print(replace_file(temporary, os.path.abspath("target")), os.stat("target").st_ino == inode, open("target").read())
"""
    assert with_mounts(tmp_path, "mount --bind target target", script) == "EBUSY\nin_place True new\n"


def on_another_file_system(folder):
    """A folder to which no file of the given one can be renamed, if this machine has one."""
    for path in ("/dev/shm", "/run", "/tmp"):
        if os.path.isdir(path) and os.access(path, os.W_OK) and os.stat(path).st_dev != os.stat(folder).st_dev:
            return path
    pytest.skip("all writable folders are on one file system")


def test_a_file_on_another_file_system_is_written_in_place_with_mode_and_owner(target):
    source = write_temporary(os.path.join(on_another_file_system(target.parent), "x"), b"new")
    try:
        os.chmod(source, 0o640)
        assert replace_file(source, str(target)) == IN_PLACE
    finally:
        os.unlink(source)
    assert target.read_bytes() == b"new" and attributes_of(target)[0] == 0o640


def test_another_refusal_of_a_rename_is_an_error_and_the_target_stays(target):
    temporary = write_temporary(str(target), b"new")
    folder = target.parent / "folder"
    folder.mkdir()
    with pytest.raises(IsADirectoryError):
        replace_file(temporary, str(folder))
    assert target.read_bytes() == b"old content"


@pytest.mark.parametrize("content", [b"", b"short", b"exactly as l", b"longer than the old content"])
def test_a_file_is_overwritten_whether_it_grows_or_shrinks(target, content):
    other = target.parent / "other"
    other.touch()
    other.chmod(0o604)
    inode = target.stat().st_ino
    overwrite(str(target), content, os.stat(other))
    assert target.read_bytes() == content and target.stat().st_ino == inode and attributes_of(target) == attributes_of(other)


def test_if_there_is_no_space_to_grow_not_a_byte_is_overwritten(target):
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    try:
        with pytest.raises(OSError, match="File too large") as caught:
            overwrite(str(target), b"n" * 2000, os.stat(target))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert caught.value.errno == errno.EFBIG and target.read_bytes() == b"old content"


def test_the_mode_is_set_and_extended_attributes_are_copied(target, tmp_path):
    copy = tmp_path / "copy"
    copy.touch()
    try:
        os.setxattr(target, "user.origin", b"here")
    except OSError:
        pytest.skip("this file system has no extended attributes")
    apply_attributes(str(copy), str(target), 0o2604, os.geteuid(), os.getegid())
    assert attributes_of(copy) == (0o2604, os.geteuid(), os.getegid()) and os.getxattr(copy, "user.origin") == b"here"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_the_owner_is_set_before_the_mode_so_that_no_bit_is_lost(target, tmp_path):
    apply_attributes(str(target), str(tmp_path / "none"), 0o4755, 1, 2)
    assert attributes_of(target) == (0o4755, 1, 2)


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
