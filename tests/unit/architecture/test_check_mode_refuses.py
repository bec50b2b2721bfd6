# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a run refuses, check mode refuses in the same words: every module that writes a file."""

from __future__ import annotations

import pytest

from ansible_collections.certmend.tls.tests.support.journal import new_journal
from ansible_collections.certmend.tls.tests.support.writers import MODULES

WITH_ATTRIBUTES = ("cert_chain_build", "cert_issue")


@pytest.fixture
def refused(run_module, tmp_path, monkeypatch):
    """refused(module, **wrong): the message with which check mode and run fail; nothing is written."""
    folder = tmp_path / "tls"
    folder.mkdir()
    monkeypatch.chdir(folder)

    def run(module, **wrong):
        option, needed = MODULES[module]
        given = {option: str(folder / "file"), **needed, **wrong}
        before = sorted(path.name for path in folder.iterdir())
        predicted, made = (run_module(module, given, check) for check in (True, False))
        assert predicted.get("failed") and made.get("failed"), (predicted, made)
        assert predicted["msg"] == made["msg"] and "exception" not in made and not made["changed"]
        assert sorted(path.name for path in folder.iterdir()) == before
        return made["msg"]

    return run


@pytest.mark.parametrize("module", MODULES)
def test_each_of_them_writes_its_file_if_nothing_is_wrong(module, run_module, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    option, needed = MODULES[module]
    result = run_module(module, {option: str(tmp_path / "file"), **needed})
    assert result["changed"] and (tmp_path / "file").is_file(), result


@pytest.mark.parametrize("module", WITH_ATTRIBUTES)
@pytest.mark.parametrize("option, value", [("owner", "nobody-here"), ("group", "nobody-here"), ("mode", "u=rw"), ("mode", "99999"), ("owner", "4294967295")])
def test_an_owner_a_group_or_a_mode_that_is_none(refused, module, option, value):
    assert refused(module, **{option: value}).startswith("%s: '%s' " % (option, value))


@pytest.mark.parametrize("option, value", [("private_key_owner", "nobody-here"), ("private_key_group", "nobody-here"), ("private_key_mode", "u=rw")])
def test_those_of_a_private_key_are_named_by_their_own_option(refused, option, value):
    assert refused("cert_issue", **{option: value}).startswith("%s: '%s' " % (option, value))


@pytest.mark.parametrize("module", MODULES)
def test_a_path_that_ends_like_a_folder(refused, module, tmp_path):
    option, _needed = MODULES[module]
    path = str(tmp_path / "tls" / "file") + "/"
    assert refused(module, **{option: path}).startswith("%s: %s ends in a slash, as the path of a folder does" % (option, path))


@pytest.mark.parametrize("module", MODULES)
def test_a_journal_that_is_a_file(refused, module, tmp_path):
    (tmp_path / "journal").write_bytes(b"")
    assert refused(module, journal=str(tmp_path / "journal")).startswith("journal: %s is not a folder that only user ID" % (tmp_path / "journal"))


@pytest.mark.parametrize("module", MODULES)
def test_a_journal_below_a_file(refused, module, tmp_path):
    (tmp_path / "file").write_bytes(b"")
    assert refused(module, journal=str(tmp_path / "file" / "journal")).startswith("journal: %s cannot be " % (tmp_path / "file" / "journal"))


@pytest.mark.parametrize("module", MODULES)
def test_a_journal_that_others_can_enter(refused, module, tmp_path):
    new_journal(tmp_path / "journal")
    (tmp_path / "journal").chmod(0o755)
    assert refused(module, journal=str(tmp_path / "journal")).startswith("journal: %s is not a folder that only user ID" % (tmp_path / "journal"))


@pytest.mark.parametrize("module", MODULES)
def test_a_journal_that_is_damaged(refused, module, tmp_path):
    new_journal(tmp_path / "journal")
    (tmp_path / "journal" / "journal.json").write_bytes(b"{")
    assert refused(module, journal=str(tmp_path / "journal")).startswith("journal: %s/journal.json is damaged" % (tmp_path / "journal"))


@pytest.mark.parametrize("module", MODULES)
def test_a_journal_that_the_run_will_open_is_no_obstacle_in_check_mode(run_module, module, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    option, needed = MODULES[module]
    assert run_module(module, {option: str(tmp_path / "file"), "journal": str(tmp_path / "journals" / "journal"), **needed}, check=True)["changed"]
