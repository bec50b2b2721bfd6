# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Check mode finds what the run would meet: each obstacle names the option, and nothing is written."""

from __future__ import annotations

import errno
import mmap
import os
import shutil
import subprocess
import sys
import tempfile

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.preflight import check_writable, path_error
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.replacement import Replacement
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.transaction import Transaction
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.tests.support.mounts import needs_mounts, with_mounts


@pytest.fixture
def files(tmp_path):
    """Two files."""
    one, two = tmp_path / "one", tmp_path / "two"
    one.write_bytes(b"old one")
    two.write_bytes(b"old two")
    return one, two


def replacements(files):
    return [Replacement(str(path), b"new " + path.name.encode(), "path") for path in files]


def test_files_that_can_be_written_are_not_touched(files, tmp_path):
    check_writable([*replacements(files), Replacement(str(tmp_path / "three"), b"new", "path")])
    assert [path.read_bytes() for path in files] == [b"old one", b"old two"] and len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize("below, words", [("", "Is a directory"), ("none/file", "No such file or directory")])
def test_a_file_that_cannot_be_written_is_reported_before_another_is(tmp_path, files, below, words):
    wrong = Replacement(str(tmp_path / below), b"x", "certificate_path")
    with pytest.raises(RemediationError, match="certificate_path: .*%s" % words):
        check_writable([wrong])
    with pytest.raises(RemediationError, match="certificate_path: .*%s" % words):
        Transaction([*replacements(files), wrong], backup=True).commit()
    assert sorted(contents_of_files(tmp_path)) == ["one", "two"]


def contents_of_files(folder):
    return [path.name for path in folder.iterdir() if path.is_file()]


def test_an_immutable_file_is_reported(files, tmp_path):
    if not shutil.which("chattr") or subprocess.run(["chattr", "+i", files[0]], stderr=subprocess.DEVNULL, check=False).returncode:
        pytest.skip("no chattr +i for this user on this file system")
    try:
        with pytest.raises(RemediationError, match="path: .*/one cannot be written: Operation not permitted"):
            check_writable(replacements(files[:1]))
    finally:
        subprocess.run(["chattr", "-i", files[0]], check=True)


def test_all_obstacles_are_reported_at_once(tmp_path):
    wrong = [Replacement(str(tmp_path), b"", "dest"), Replacement(str(tmp_path / "none" / "file"), b"", "csr_path")]
    with pytest.raises(RemediationError) as caught:
        check_writable(wrong)
    assert "dest: %s cannot be written: Is a directory" % tmp_path in str(caught.value)
    assert "csr_path: %s/none cannot be written: No such file or directory" % tmp_path in str(caught.value)


def test_a_file_for_which_the_disk_is_too_small_is_reported(files, tmp_path):
    with open(tmp_path / "sparse", "wb+") as sparse:
        sparse.truncate(shutil.disk_usage(tmp_path).total + 2**30)
        with mmap.mmap(sparse.fileno(), 0, access=mmap.ACCESS_READ) as content:
            for path in (files[0], tmp_path / "new"):
                with pytest.raises(RemediationError, match="dest: .* cannot be written: No space left on device"):
                    check_writable([Replacement(str(path), content, "dest")])


def test_a_folder_without_write_permission_is_reported():
    script = """
import os, sys
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.preflight import check_writable
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.transaction import Replacement
if os.geteuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
try:
    check_writable([Replacement(sys.argv[1], b"x", "path")])
except Exception as error:
    print(error)
"""
    with tempfile.TemporaryDirectory() as folder:  # another user cannot reach the folders of pytest
        os.chmod(folder, 0o555)
        command = [sys.executable, "-c", script, "%s/file" % folder]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, cwd="/")
    assert "path: %s cannot be written: Permission denied" % folder in done.stdout


@pytest.mark.parametrize(
    "number, advice",
    [
        (errno.ENOSPC, "The disk is full. Nothing was changed."),
        (errno.EDQUOT, "The disk quota is exceeded."),
        (errno.EROFS, "mounted read-only"),
        (errno.EACCES, "permission (become)"),
        (errno.EIO, "Check the path and its permissions."),
    ],
)
def test_an_error_of_the_system_has_the_option_the_path_the_reason_and_advice(number, advice):
    error = path_error("dest", "/etc/x", "cannot be written", OSError(number, os.strerror(number)))
    assert error.message == "dest: /etc/x cannot be written: %s" % os.strerror(number) and advice in error.advice


def test_an_error_without_a_reason_of_the_system_is_reported_by_its_text():
    assert path_error("dest", "/etc/x", "cannot be read", OSError("no idea")).message == "dest: /etc/x cannot be read: no idea"


#: "two" becomes a mount point whose file system has no room to grow
FULL = "mkdir small && mount -t tmpfs -o size=64k none small && cp two small/ && mount --bind small/two two"
GROWN = 'big = [Replacement("one", b"new", "one_path"), Replacement("two", b"x" * 1000000, "two_path")]\n'


@needs_mounts
def test_a_full_disk_is_reported_by_the_option_s_name(files, tmp_path):
    output = with_mounts(tmp_path, FULL, GROWN + "print(refused(lambda: check_writable(big)))")
    assert "two_path: " in output and "No space left" in output


@needs_mounts
def test_a_read_only_file_system_is_reported(files, tmp_path):
    mounts = "mkdir closed && mount -t tmpfs none closed && mount -o remount,ro closed"
    script = 'print(refused(lambda: check_writable([Replacement(os.path.abspath("closed/file"), b"", "path")])))'
    assert "path: " in with_mounts(tmp_path, mounts, script)
    # and a file that is mounted read-only into a writable folder
    output = with_mounts(tmp_path, "mount --bind one one && mount -o remount,bind,ro one", script.replace("closed/file", "one"))
    assert "/one cannot be written: Read-only file system" in output
