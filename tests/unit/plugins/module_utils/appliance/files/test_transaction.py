# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Several files are replaced together or not at all, on real file systems."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import shutil
import stat
import subprocess
import sys

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.atomic_write import NewFile
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.process import identity_of
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.replacement import Replacement
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.transaction import Transaction
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.tests.support.faults import Fault
from ansible_collections.certmend.tls.tests.support.journal import new_journal
from ansible_collections.certmend.tls.tests.support.mounts import needs_mounts, with_mounts


@pytest.fixture
def files(tmp_path):
    """Two files, the second readable by its owner only, and the path of a third that does not exist."""
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


def test_several_files_are_replaced_and_rolled_back(files, tmp_path):
    before = contents(tmp_path)
    transaction = Transaction(replacements(files), backup=True)
    roll_back = transaction.commit()
    assert [path.read_bytes() for path in files] == [b"new one", b"new two", b"new three"]
    assert transaction.created == [str(files[2])] and set(transaction.backups) == {str(files[0]), str(files[1])}
    roll_back()
    assert contents(tmp_path) == before and transaction.backups == {} and transaction.created == []


def test_a_backup_has_the_old_content_and_mode_and_replaces_no_other_backup(files):
    kept = []
    for number in range(3):
        transaction = Transaction([Replacement(str(files[1]), b"%d" % number, "path")], backup=True)
        transaction.commit()
        kept.append(transaction.backups[str(files[1])])
    assert [open(path, "rb").read() for path in kept] == [b"old two", b"0", b"1"]
    assert {os.stat(path).st_mode & 0o777 for path in kept} == {0o600} and kept == sorted(kept)
    assert all(re.fullmatch(re.escape("%s/.%s" % (files[1].parent, files[1].name)) + r"\.\d{8}T\d{6}Z(_\d\d)?\.bak", path) for path in kept)


def test_a_removed_file_is_backed_up_and_restored(files):
    transaction = Transaction(replacements(files[:1]), backup=True)
    roll_back = transaction.commit(remove=[str(files[1])])
    assert not files[1].exists() and open(transaction.backups[str(files[1])], "rb").read() == b"old two"
    roll_back()
    assert files[1].read_bytes() == b"old two" and files[0].read_bytes() == b"old one"


@pytest.mark.parametrize(
    "index, given, mode",
    [
        (0, dict(), 0o640),
        (0, dict(mode="0604"), 0o604),
        (0, dict(mode=0o400, secret=True), 0o400),
        (2, dict(), 0o644),
        (2, dict(secret=True), 0o600),
    ],
)
def test_a_file_keeps_its_mode_unless_another_is_given_and_a_new_secret_is_private(files, index, given, mode):
    Transaction([Replacement(str(files[index]), b"x", "path", **given)], backup=False).commit()
    assert files[index].stat().st_mode & 0o7777 == mode


@pytest.mark.parametrize(
    "given, words",
    [
        (dict(mode="rw"), "mode: 'rw' is not an octal mode"),
        (dict(owner="nobody-of-that-name"), "owner: 'nobody-of-that-name' does not exist on this host"),
        (dict(group="no-such-group"), "group: 'no-such-group' does not exist on this host"),
    ],
)
def test_wrong_attributes_name_their_option_and_nothing_remains(files, tmp_path, given, words):
    before = contents(tmp_path)
    with pytest.raises(RemediationError, match=words):
        Transaction([*replacements(files[:1]), Replacement(str(files[2]), b"x", "path", **given)], backup=True).commit()
    assert contents(tmp_path) == before


#: "two" becomes a mount point whose file system has no room to grow
FULL = "mkdir small && mount -t tmpfs -o size=64k none small && cp two small/ && mount --bind small/two two"


@needs_mounts
def test_if_the_disk_is_full_at_the_second_file_the_first_is_rolled_back(files, tmp_path):
    # there is room for either of the two that lie in the small file system, and not for both
    script = """
both = [Replacement(os.path.abspath(path), b"x" * 40000, path) for path in ("one", "small/new", "two")]
check_writable(both)
transaction = Transaction(both, backup=True)
print(refused(transaction.commit), transaction.backups, sorted(os.listdir(".")), os.listdir("small"), open("one").read(), open("two").read())
"""
    output = with_mounts(tmp_path, FULL, script)
    assert "two: " in output and "/two cannot be written: No space left" in output
    assert "{} ['one', 'small', 'two'] ['two'] old one old two" in output


IN_PLACE = """
transaction = Transaction([Replacement(os.path.abspath("one"), b"n", "path", mode="0600", owner="1", group="2")], backup=True)
roll_back = transaction.commit()
print(list(transaction.methods.values()), oct(os.stat("one").st_mode & 0o777), os.stat("one").st_uid, os.stat("one").st_gid, open("one").read())
roll_back()
print(oct(os.stat("one").st_mode & 0o777), os.stat("one").st_uid, open("one").read(), sorted(os.listdir(".")))
"""


@needs_mounts
def test_a_mount_point_is_written_in_place_with_its_new_mode_and_owner_and_rolled_back(files, tmp_path):
    output = with_mounts(tmp_path, "mount --bind one one", IN_PLACE)
    assert output == "['in_place'] 0o600 1 2 n\n0o640 0 old one ['one', 'two']\n"


@needs_mounts
def test_a_writer_that_a_signal_kills_is_a_failure(files, tmp_path):
    script = """
os.register_at_fork(after_in_child=lambda: os.kill(os.getpid(), signal.SIGKILL))
print(refused(Transaction([Replacement(os.path.abspath("one"), b"n", "path")], backup=False).commit), open("one").read())
"""
    output = with_mounts(tmp_path, "mount --bind one one", script)
    assert "path: " in output and "cannot be written" in output and output.endswith("old one\n")


def test_a_rollback_that_fails_is_reported_and_the_other_files_are_restored(files, tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    inner = folder / "inner"
    inner.write_bytes(b"old inner")
    transaction = Transaction([*replacements(files), Replacement(str(inner), b"new inner", "path")], backup=True)
    roll_back = transaction.commit()
    shutil.rmtree(folder)
    with pytest.raises(RemediationError, match=r"NOT rolled back: %s \(.*No such file" % re.escape(str(inner))) as caught:
        roll_back()
    assert [path.read_bytes() for path in files[:2]] == [b"old one", b"old two"] and not files[2].exists()
    assert all(backup in caught.value.advice for backup in transaction.backups.values()), "the backups stay, and are named"


def test_a_failed_rollback_of_a_failed_commit_reports_both(files):
    transaction = Transaction(replacements(files[:1]), backup=False)

    def replace_the_file_with_a_folder():
        files[0].unlink()
        files[0].mkdir()
        yield str(files[0] / "none")
        raise RemediationError("the second half failed", "Do it again.")

    with pytest.raises(RemediationError, match="the second half failed; NOT rolled back: .*/one .*Is a directory") as caught:
        transaction.commit(remove=replace_the_file_with_a_folder())
    assert caught.value.advice == "Restore the files by hand. Backups: none."


def test_a_file_that_cannot_be_removed_is_reported_and_the_others_are_rolled_back(files):
    if not shutil.which("chattr") or subprocess.run(["chattr", "+i", files[1]], stderr=subprocess.DEVNULL, check=False).returncode:
        pytest.skip("no chattr +i for this user on this file system")
    try:
        with pytest.raises(RemediationError, match="path: .*/two cannot be removed: Operation not permitted"):
            Transaction(replacements(files[:1]), backup=False).commit(remove=[str(files[1])])
    finally:
        subprocess.run(["chattr", "-i", files[1]], check=True)
    assert files[0].read_bytes() == b"old one"


def test_a_file_that_does_not_exist_need_not_be_removed(files):
    Transaction(replacements(files[:1]), backup=True).commit(remove=[str(files[2])])
    assert files[0].read_bytes() == b"new one"


def test_a_temporary_file_that_cannot_be_written_leaves_no_other(files, tmp_path):
    before = contents(tmp_path)
    long = Replacement(str(tmp_path / ("x" * 300)), b"x", "path")
    with pytest.raises(RemediationError, match="path: .*xxx cannot be written: File name too long"):
        Transaction([*replacements(files), long], backup=True).commit()
    assert contents(tmp_path) == before


def test_a_file_that_was_replaced_although_the_call_failed_is_rolled_back(files, tmp_path, monkeypatch):
    """The rename succeeded, flushing the folder did not: the caller must not read that nothing was changed."""
    before, flush, calls = contents(tmp_path), os.fsync, []

    def fail_for_folders(handle):
        if stat.S_ISDIR(os.fstat(handle).st_mode) and not calls:
            calls.append(handle)
            raise OSError(errno.EIO, "Input/output error")
        flush(handle)

    monkeypatch.setattr(os, "fsync", fail_for_folders)
    with pytest.raises(RemediationError, match="one cannot be written: Input/output error"):
        Transaction(replacements(files), backup=False).commit()
    assert calls and contents(tmp_path) == before


def test_the_journal_knows_all_files_before_the_first_is_replaced(files, tmp_path, monkeypatch):
    journal = new_journal(tmp_path.parent / (tmp_path.name + "-journal"))
    seen = []
    replace = NewFile.replace

    def look_and_replace(new):
        if os.path.dirname(new.path) == str(tmp_path):
            seen.append(len(journal.read().changes))
        return replace(new)

    monkeypatch.setattr(NewFile, "replace", look_and_replace)
    Transaction(replacements(files), backup=False, journal=journal.folder).commit(remove=[str(tmp_path / "gone")])
    assert seen == [3, 3, 3]
    changes = {change.path: change for change in journal.read().changes}
    assert changes[str(files[2])].before is None and journal.saved_content(changes[str(files[1])].before) == b"old two"
    assert changes[str(files[0])].after == hashlib.sha256(b"new one").hexdigest()


def test_temporary_files_of_killed_processes_are_removed(files, tmp_path):
    """A copy of a private key was left by 94 of 124 killed runs."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        left, living = (tmp_path / (".certmend-%s_abc" % identity_of(number)) for number in (process.pid, os.getpid()))
        process.communicate(b"\n")
    for path in (left, living):
        path.write_bytes(b"key")
    Transaction(replacements(files), backup=False).commit()
    assert not left.exists() and living.exists()


def of_three(files):
    return Transaction([Replacement(str(path), b"new", "path") for path in files[1:]], backup=False)


@pytest.mark.parametrize("error", [RecursionError("deep"), MemoryError(), KeyboardInterrupt()], ids=lambda error: type(error).__name__)
def test_an_exception_at_any_call_leaves_all_files_as_they_were(error, files):
    counter, transaction = Fault(), of_three(files)
    counter.run(transaction.commit, [str(files[0])])
    transaction.roll_back()
    assert counter.calls > 20
    for number in range(1, counter.calls + 1):
        transaction = of_three(files)
        with pytest.raises(type(error)):
            Fault(number, error).run(transaction.commit, [str(files[0])])
        transaction.settle()
        assert [path.read_bytes() if path.exists() else None for path in files] == [b"old one", b"old two", None], number


def test_a_file_that_cannot_be_restored_does_not_keep_the_others_from_it(files):
    transaction = of_three(files)
    transaction.commit([str(files[0])])
    files[1].unlink()
    files[1].mkdir()
    with pytest.raises(RemediationError, match="NOT rolled back: %s" % files[1]):
        transaction.roll_back()
    assert files[0].read_bytes() == b"old one" and not files[2].exists()
