# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A file is restored as it was, with everything that belongs to it."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.snapshot import Snapshot
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


def test_a_file_that_is_as_it_was_is_not_touched(file):
    snapshot, inode = Snapshot.of(str(file)), file.stat().st_ino
    snapshot.restore()
    assert file.stat().st_ino == inode


@pytest.mark.skipif(not shutil.which("setfacl"), reason="needs setfacl (Debian: acl)")
def test_a_snapshot_restores_acl_time_and_owner(file):
    subprocess.run(["setfacl", "-m", "u:daemon:r", str(file)], check=True)
    os.utime(file, ns=(10**18, 10**18))
    subprocess.run(["setfacl", "-d", "-m", "u:bin:rw", str(file.parent)], check=True)  # new files inherit this, the restored one must not
    before, acl = file.stat(), subprocess.run(["getfacl", str(file)], check=True, capture_output=True).stdout
    snapshot = Snapshot.of(str(file))
    file.unlink()
    file.write_bytes(b"new")
    assert not snapshot.is_current()
    snapshot.restore()
    after = file.stat()
    assert (after.st_mode, after.st_uid, after.st_gid, after.st_mtime_ns) == (before.st_mode, before.st_uid, before.st_gid, before.st_mtime_ns)
    assert subprocess.run(["getfacl", str(file)], check=True, capture_output=True).stdout == acl and snapshot.is_current()


def test_neither_a_link_nor_what_is_no_file_is_read(file, tmp_path):
    os.symlink(file, tmp_path / "link")
    os.mkfifo(tmp_path / "fifo")
    for name, words in (("link", "symbolic link"), ("fifo", "not a regular file"), ("", "Is a directory")):
        with pytest.raises(RemediationError, match="cannot be read: .*%s" % words):
            Snapshot.of(str(tmp_path / name))


def test_there_is_no_snapshot_of_a_missing_file(tmp_path):
    assert Snapshot.of(str(tmp_path / "none")) is None
    with pytest.raises(RemediationError, match="keystore.path: .*/none cannot be read: No such file"):
        Snapshot.of_existing(str(tmp_path / "none"), "keystore.path")


def test_there_is_no_snapshot_of_a_fifo_and_nobody_waits_for_its_writer(tmp_path):
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(RemediationError, match="path: .*/fifo cannot be read: it is not a regular file"):
        Snapshot.of(str(tmp_path / "fifo"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root can give files away")
def test_a_copy_that_cannot_have_its_owner_is_removed(file):
    foreign = Snapshot.of("/etc/passwd")
    with pytest.raises(PermissionError):
        Snapshot(str(file), foreign.content, foreign.metadata).copy()
    assert os.listdir(file.parent) == ["file"]
