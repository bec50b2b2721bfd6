# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A restore under attack: it follows nothing foreign, restores everything of a file, and says what it could not."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.replacement import Replacement
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.transaction import Transaction
from ansible_collections.certmend.tls.tests.support.second_user import EVE, a_place, as_eve, needs_root

pytestmark = needs_root
ME = {"id": "me", "controller": "here/0", "process": "1-2-3"}


@pytest.fixture
def place():
    with a_place() as place:
        yield place


@pytest.fixture
def ask(run_module, tmp_path):
    def run(state, check=False, **params):
        return run_module("journal", dict(dict(name="test", folder=str(tmp_path / "journals"), run=ME, state=state), **params), check)

    return run


def changed(ask, *paths, remove=(), **options):
    """The journal of a run that has changed files."""
    opened = ask("opened")
    Transaction([Replacement(str(path), b"new", "path", **options) for path in paths], backup=False, journal=opened["path"]).commit(remove=remove)
    return opened["path"]


def picture(path):
    status = os.lstat(path)
    extended = {name: os.getxattr(path, name, follow_symlinks=False) for name in os.listxattr(path, follow_symlinks=False)}
    content = os.readlink(path) if os.path.islink(path) else path.read_bytes()
    return status.st_mode, status.st_uid, status.st_gid, extended, content


def test_everything_of_a_file_is_restored_and_what_was_absent_is_absent(ask, place):
    served, gone, new, link = (place.top / name for name in ("served", "gone", "new", "link"))
    for path in (served, gone):
        path.write_bytes(b"old")
        os.chown(path, EVE, 77)
        path.chmod(0o2640)
        try:
            os.setxattr(path, "user.origin", b"here")
        except OSError:
            pytest.skip("this file system has no extended attributes")
    link.symlink_to(gone)
    before = {path: picture(path) for path in (served, gone, link)}
    changed(ask, served, new, remove=[str(link)], owner="0", group="0", mode="0600")
    assert picture(served) != before[served] and not gone.exists() and link.is_symlink() and new.exists()
    restored = ask("restored")
    assert sorted(restored["restored"]) == sorted(map(str, (served, gone, new))) and restored["left"] == []
    assert {path: picture(path) for path in before} == before and not new.exists()


@pytest.mark.parametrize("what", ["file", "folder"])
def test_a_link_in_the_place_of_a_changed_file_or_its_folder_is_not_followed(ask, place, what):
    inner = place.eves / "inner"
    with as_eve():
        inner.mkdir()
        (inner / "victim").write_bytes(b"old")
    changed(ask, inner / "victim")
    with as_eve():
        if what == "folder":
            place.swap_folder("inner")
        else:
            os.unlink(inner / "victim")
            os.symlink(place.victim, inner / "victim")
    failed = ask("restored")
    assert failed["failed"] and failed["left"] == [{"path": str(inner / "victim"), "reason": "somebody else changed it after this run"}]
    assert not place.won()


def test_an_old_content_that_was_swapped_is_not_restored(ask, place):
    served = place.top / "served"
    served.write_bytes(b"old")
    journal = changed(ask, served)
    os.unlink(journal + "/0001")
    os.symlink(place.victim, journal + "/0001")
    failed = ask("restored")
    assert failed["failed"] and "0001" in failed["left"][0]["reason"] and served.read_bytes() == b"new"


@pytest.mark.parametrize("name", ["../../victim", "/etc/hostname", "journal.json", ""])
def test_a_record_that_names_another_file_as_old_content_is_damaged(ask, place, name):
    served = place.top / "served"
    served.write_bytes(b"old")
    journal = changed(ask, served)
    with open(journal + "/journal.json", encoding="utf-8") as stream:
        record = json.load(stream)
    record["changes"][0]["before"]["saved_as"] = name
    with open(journal + "/journal.json", "w", encoding="utf-8") as stream:
        json.dump(record, stream)
    assert "is damaged" in ask("restored")["msg"] and served.read_bytes() == b"new"


def test_a_journal_in_whose_way_another_user_can_write_is_refused(ask, place):
    (place.eves / "journals").mkdir(mode=0o700)
    failed = ask("opened", folder=str(place.eves / "journals"))
    assert failed["failed"] and "can put another folder in the place" in failed["msg"] and os.listdir(place.eves / "journals") == []


def test_what_could_not_be_restored_is_said_exactly(ask, place, monkeypatch):
    """A file system that takes neither the mode nor the attribute, as vfat: the calls succeed, and nothing happens."""
    served = place.top / "served"
    served.write_bytes(b"old")
    served.chmod(0o640)
    try:
        os.setxattr(served, "user.origin", b"here")
    except OSError:
        pytest.skip("this file system has no extended attributes")
    changed(ask, served, mode="0600")
    monkeypatch.setattr(os, "fchmod", lambda *_arguments: None)
    monkeypatch.setattr(os, "setxattr", lambda *_arguments: None)
    (left,) = ask("restored")["left"]
    assert left == {"path": str(served), "reason": "it has mode 0600, not 0640, another extended attribute user.origin"}


@pytest.mark.parametrize("damage", ["lost", "changed"])
def test_an_old_content_that_is_lost_or_damaged_is_reported_in_check_mode_already(ask, place, damage):
    served = place.top / "served"
    served.write_bytes(b"old")
    kept = Path(changed(ask, served), "0001")
    kept.unlink() if damage == "lost" else kept.write_bytes(b"another")
    for check in (True, False):
        failed = ask("restored", check=check)
        assert failed["failed"] and failed["left"][0]["path"] == str(served) and "0001" in failed["left"][0]["reason"]
    assert served.read_bytes() == b"new"
