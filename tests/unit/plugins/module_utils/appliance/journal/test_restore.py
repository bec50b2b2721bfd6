# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files are restored as they were, each on its own, unless somebody else has changed them since."""

from __future__ import annotations

import os
import stat

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.replacement import Replacement
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.transaction import Transaction
from ansible_collections.certmend.tls.plugins.module_utils.appliance.journal.restore import restore_all
from ansible_collections.certmend.tls.tests.support.acl import ACL, ATTRIBUTE, acl_of, set_acl
from ansible_collections.certmend.tls.tests.support.journal import new_journal
from ansible_collections.certmend.tls.tests.support.mounts import needs_mounts, with_mounts


@pytest.fixture
def journal(tmp_path):
    return new_journal(tmp_path / "journal")


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "one").write_bytes(b"old one")
    (folder / "one").chmod(0o640)
    (folder / "two").write_bytes(b"old two")
    return folder


def write(journal, contents, remove=()):
    replacements = [Replacement(path, content, "path") for path, content in contents.items()]
    Transaction(replacements, backup=False, journal=journal.folder).commit(remove=remove)


def restore(journal):
    return restore_all(journal, journal.read().changes)


def picture(folder):
    return {path.name: (path.read_bytes(), path.stat().st_mode, path.stat().st_uid, path.stat().st_mtime_ns) for path in folder.iterdir()}


def test_replaced_created_and_removed_files_are_as_before(journal, folder):
    before = picture(folder)
    write(journal, {str(folder / "one"): b"new", str(folder / "three"): b"created"}, remove=[str(folder / "two")])
    assert sorted(picture(folder)) == ["one", "three"]
    done = restore(journal)
    assert picture(folder) == before and sorted(done.restored) == sorted(str(folder / name) for name in ("one", "two", "three")) and done.left == ()


def test_a_file_that_was_changed_twice_gets_its_first_content(journal, folder):
    before = picture(folder)
    for content in (b"first", b"second"):
        write(journal, {str(folder / "one"): content})
    assert restore(journal).restored == (str(folder / "one"),) and picture(folder) == before


def test_a_recorded_change_that_was_never_made_is_no_restoration(journal, folder):
    write(journal, {str(folder / "one"): b"new"})
    (folder / "one").write_bytes(b"old one")
    (folder / "one").chmod(0o640)
    assert restore(journal).restored == ()


@pytest.mark.parametrize("path", ["one", "three"])
def test_what_somebody_else_changed_since_is_left_and_reported(journal, folder, path):
    write(journal, {str(folder / "one"): b"new", str(folder / "three"): b"created", str(folder / "two"): b"new"})
    (folder / path).write_bytes(b"of somebody else")
    done = restore(journal)
    assert done.left == ((str(folder / path), "somebody else changed it after this run"),) and len(done.restored) == 2
    assert (folder / path).read_bytes() == b"of somebody else" and (folder / "two").read_bytes() == b"old two"


def test_one_file_that_cannot_be_restored_does_not_keep_the_others(journal, folder):
    write(journal, {str(folder / "one"): b"new", str(folder / "two"): b"new"})
    change = next(change for change in journal.read().changes if change.path.endswith("one"))
    os.unlink(os.path.join(journal.folder, change.before.name))
    done = restore(journal)
    assert done.restored == (str(folder / "two"),) and done.left[0][0] == str(folder / "one") and "cannot be read" in done.left[0][1]


def test_owner_and_mode_come_back(journal, folder):
    if os.geteuid() == 0:
        os.chown(folder / "two", 1, 1)
    (folder / "two").chmod(0o604)
    before = picture(folder)
    Transaction([Replacement(str(folder / "two"), b"old two", "path", mode="0600", owner=str(os.geteuid()))], backup=False, journal=journal.folder).commit()
    assert picture(folder) != before
    restore(journal)
    assert picture(folder) == before


@pytest.mark.reliability(
    "files are links or on another file system",
    playbooks=["restore"],
    afterwards="the link stays, and its target has the old content",
)
def test_a_link_stays_a_link(journal, folder):
    (folder / "link").symlink_to("one")
    write(journal, {str(folder / "link"): b"new"})
    assert (folder / "one").read_bytes() == b"new"
    restore(journal)
    assert stat.S_ISLNK((folder / "link").lstat().st_mode) and (folder / "one").read_bytes() == b"old one"


@pytest.mark.reliability(
    "files have ACLs",
    playbooks=["restore"],
    afterwards="the ACL is as before, also of a file that was removed",
)
def test_acls_come_back(journal, folder):
    for name in ("one", "two"):
        set_acl(folder / name)
    write(journal, {str(folder / "one"): b"new"}, remove=[str(folder / "two")])
    os.removexattr(folder / "one", ATTRIBUTE)
    restore(journal)
    assert [acl_of(folder / name) for name in ("one", "two")] == [ACL, ACL]


@needs_mounts
@pytest.mark.reliability(
    "files are bind mounts",
    playbooks=["restore"],
    afterwards="restored in place; the mount stays",
)
def test_a_mounted_file_keeps_its_mount(journal, folder):
    script = """
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.journal import Journal
from ansible_collections.certmend.tls.plugins.module_utils.appliance.journal.restore import restore_all
journal = Journal(%r)
before = os.stat("two").st_ino
Transaction([Replacement(os.path.abspath("two"), b"new", "path")], backup=False, journal=journal.folder).commit()
assert open("two", "rb").read() == b"new"
print(restore_all(journal, journal.read().changes).left, open("two").read(), os.stat("two").st_ino == before)
"""
    assert with_mounts(folder, "mount --bind one two", script % journal.folder) == "() old one True\n"
