# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files on real file systems: all in place or none, and what the system refuses is told by the option's name."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
import sys

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.lock import locked
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.preflight import check_writable
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.read import read_file
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.transaction import Replacement, Transaction
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError


def may_mount():
    return shutil.which("unshare") and subprocess.run(["unshare", "-m", "true"], stderr=subprocess.DEVNULL, check=False).returncode == 0


needs_mounts = pytest.mark.skipif(not may_mount(), reason="needs a mount namespace of its own (root)")
PRELUDE = """
import errno, os, signal, sys
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.transaction import Replacement, Transaction, check_writable
def refused(action):
    try:
        action()
    except RemediationError as error:
        return str(error)
    raise SystemExit("nothing was refused")
"""


def with_mounts(folder, mounts, script):
    """Run a Python script in a mount namespace where some shell commands have mounted things; return what it prints."""
    shell = 'cd "$0" && %s && exec "$1" -c "$2"' % mounts
    command = ["unshare", "-m", "sh", "-c", shell, str(folder), sys.executable, PRELUDE + script]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def files(tmp_path):
    """Two files that are there, the second one for nobody else's eyes, and the path of a third."""
    one, two, three = (tmp_path / name for name in ("one", "two", "three"))
    one.write_bytes(b"old one")
    two.write_bytes(b"old two")
    one.chmod(0o640)
    two.chmod(0o600)
    return one, two, three


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def replacements(files):
    return [Replacement(str(path), b"new " + path.name.encode(), "path") for path in files]


def test_several_files_are_put_in_place_and_taken_back(files, tmp_path):
    before = contents(tmp_path)
    transaction = Transaction(replacements(files), backup=True)
    roll_back = transaction.commit()
    assert [path.read_bytes() for path in files] == [b"new one", b"new two", b"new three"]
    assert transaction.created == [str(files[2])] and set(transaction.backups) == {str(files[0]), str(files[1])}
    roll_back()
    assert contents(tmp_path) == before and transaction.backups == {} and transaction.created == []


def test_a_backup_has_the_old_content_and_mode_sorts_and_replaces_no_other(files):
    kept = []
    for number in range(3):
        transaction = Transaction([Replacement(str(files[1]), b"%d" % number, "path")], backup=True)
        transaction.commit()
        kept.append(transaction.backups[str(files[1])])
    assert [open(path, "rb").read() for path in kept] == [b"old two", b"0", b"1"]
    assert {os.stat(path).st_mode & 0o777 for path in kept} == {0o600} and kept == sorted(kept)
    assert all(re.fullmatch(re.escape(str(files[1])) + r"\.\d{8}T\d{6}Z(_\d\d)?\.bak", path) for path in kept)


def test_a_removed_file_is_kept_and_comes_back(files):
    transaction = Transaction(replacements(files[:1]), backup=True)
    roll_back = transaction.commit(remove=[str(files[1])])
    assert not files[1].exists() and open(transaction.backups[str(files[1])], "rb").read() == b"old two"
    roll_back()
    assert files[1].read_bytes() == b"old two" and files[0].read_bytes() == b"old one"


@pytest.mark.parametrize(
    "place, given, mode",
    [
        (0, dict(), 0o640),
        (0, dict(mode="0604"), 0o604),
        (0, dict(mode=0o400, secret=True), 0o400),
        (2, dict(), 0o644),
        (2, dict(secret=True), 0o600),
    ],
)
def test_a_file_keeps_its_mode_unless_one_is_given_and_a_new_secret_is_closed(files, place, given, mode):
    Transaction([Replacement(str(files[place]), b"x", "path", **given)], backup=False).commit()
    assert files[place].stat().st_mode & 0o7777 == mode


@pytest.mark.parametrize(
    "given, words",
    [
        (dict(mode="rw"), "mode: 'rw' is not an octal mode"),
        (dict(owner="nobody-of-that-name"), "owner: 'nobody-of-that-name' does not exist on this host"),
        (dict(group="no-such-group"), "group: 'no-such-group' does not exist on this host"),
    ],
)
def test_wrong_attributes_name_their_option_and_leave_nothing(files, tmp_path, given, words):
    before = contents(tmp_path)
    with pytest.raises(RemediationError, match=words):
        Transaction([*replacements(files[:1]), Replacement(str(files[2]), b"x", "path", **given)], backup=True).commit()
    assert contents(tmp_path) == before


def test_attributes_beside_the_mode_are_kept(files):
    try:
        os.setxattr(files[0], "user.origin", b"here")
    except OSError:
        pytest.skip("this file system has no extended attributes")
    Transaction(replacements(files[:1]), backup=False).commit()
    assert os.getxattr(files[0], "user.origin") == b"here"


def test_what_cannot_be_read_names_the_option(tmp_path):
    with pytest.raises(RemediationError, match="ca_path: .*/none cannot be read: No such file"):
        read_file(str(tmp_path / "none"), "ca_path")


@pytest.mark.parametrize("below, words", [("", "Is a directory"), ("none/file", "No such file or directory")])
def test_what_cannot_be_written_is_told_before_anything_is(tmp_path, files, below, words):
    wrong = Replacement(str(tmp_path / below), b"x", "certificate_path")
    with pytest.raises(RemediationError, match="certificate_path: .*%s" % words):
        check_writable([wrong])
    with pytest.raises(RemediationError, match="certificate_path: .*%s" % words):
        Transaction([*replacements(files), wrong], backup=True).commit()
    assert sorted(contents_of_files(tmp_path)) == ["one", "two"]


def contents_of_files(folder):
    return [path.name for path in folder.iterdir() if path.is_file()]


def test_an_immutable_file_is_told_in_check_mode_too(files, tmp_path):
    if not shutil.which("chattr") or subprocess.run(["chattr", "+i", files[0]], stderr=subprocess.DEVNULL, check=False).returncode:
        pytest.skip("no chattr +i for this user on this file system")
    try:
        with pytest.raises(RemediationError, match="path: .*/one cannot be written: Operation not permitted"):
            check_writable(replacements(files[:1]))
    finally:
        subprocess.run(["chattr", "-i", files[0]], check=True)


def test_the_lock_is_on_the_folder_and_leaves_nothing(files, tmp_path):
    folder = os.open(tmp_path, os.O_RDONLY)
    with locked(str(files[0]), "path"), pytest.raises(BlockingIOError):
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    os.close(folder)
    assert sorted(contents(tmp_path)) == ["one", "two"]


#: "two" becomes a mount point whose file system has no room to grow
FULL = "mkdir small && mount -t tmpfs -o size=64k none small && cp two small/ && mount --bind small/two two"
GROWN = 'big = [Replacement("one", b"new", "one_path"), Replacement("two", b"x" * 1000000, "two_path")]\n'


@needs_mounts
def test_a_full_disk_is_told_in_check_mode_and_by_the_option_s_name(files, tmp_path):
    said = with_mounts(tmp_path, FULL, GROWN + "print(refused(lambda: check_writable(big)))")
    assert "two_path: " in said and "No space left" in said


@needs_mounts
def test_when_the_second_file_finds_the_disk_full_the_first_one_is_put_back(files, tmp_path):
    # there is room for either of the two that lie in the small file system, and not for both
    script = """
both = [Replacement(os.path.abspath(path), b"x" * 40000, path) for path in ("one", "small/new", "two")]
check_writable(both)
transaction = Transaction(both, backup=True)
print(refused(transaction.commit), transaction.backups, sorted(os.listdir(".")), os.listdir("small"), open("one").read(), open("two").read())
"""
    said = with_mounts(tmp_path, FULL, script)
    assert "two: " in said and "/two cannot be written: No space left" in said
    assert "{} ['one', 'small', 'two'] ['two'] old one old two" in said


@needs_mounts
def test_a_read_only_file_system_is_told(files, tmp_path):
    mounts = "mkdir closed && mount -t tmpfs none closed && mount -o remount,ro closed"
    script = 'print(refused(lambda: check_writable([Replacement(os.path.abspath("closed/file"), b"", "path")])))'
    assert "path: " in with_mounts(tmp_path, mounts, script)
    # and a file that is mounted read-only into a writable folder
    said = with_mounts(tmp_path, "mount --bind one one && mount -o remount,bind,ro one", script.replace("closed/file", "one"))
    assert "/one cannot be written: Read-only file system" in said


IN_PLACE = """
transaction = Transaction([Replacement(os.path.abspath("one"), b"n", "path", mode="0600", owner="1", group="2")], backup=True)
roll_back = transaction.commit()
print(list(transaction.methods.values()), oct(os.stat("one").st_mode & 0o777), os.stat("one").st_uid, os.stat("one").st_gid, open("one").read())
roll_back()
print(oct(os.stat("one").st_mode & 0o777), os.stat("one").st_uid, open("one").read(), sorted(os.listdir(".")))
"""


@needs_mounts
def test_a_mount_point_is_written_in_place_with_its_new_mode_and_owner_and_taken_back(files, tmp_path):
    said = with_mounts(tmp_path, "mount --bind one one", IN_PLACE)
    assert said == "['in_place'] 0o600 1 2 n\n0o640 0 old one ['one', 'two']\n"


@needs_mounts
def test_a_writer_that_a_signal_ends_is_a_failure(files, tmp_path):
    script = """
os.register_at_fork(after_in_child=lambda: os.kill(os.getpid(), signal.SIGKILL))
print(refused(Transaction([Replacement(os.path.abspath("one"), b"n", "path")], backup=False).commit), open("one").read())
"""
    said = with_mounts(tmp_path, "mount --bind one one", script)
    assert "path: " in said and "cannot be written" in said and said.endswith("old one\n")
