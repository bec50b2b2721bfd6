# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Journals of former runs are kept, and nothing stays of those that are not."""

from __future__ import annotations

import os

from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.journal import JournalState
from ansible_collections.certmend.tls.plugins.module_utils.appliance.journal.archive import archive, journals_in, remove_half_removed
from ansible_collections.certmend.tls.tests.support.journal import new_journal


def test_the_newest_journals_are_kept_under_the_names_of_their_runs(tmp_path):
    for run in ("first", "second", "third"):
        archive(new_journal(tmp_path / "nginx", JournalState.PROVED, run), 2)
    assert len(journals_in(str(tmp_path))) == len(os.listdir(tmp_path)) == 2 and (tmp_path / "nginx@third").is_dir()


def test_the_private_keys_of_a_journal_whose_removal_was_killed_are_removed(tmp_path):
    """The record goes first; a kill after it leaves old contents that no list shows."""
    for name in ("nginx@lost", "other@lost"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "0001").write_text("a private key", encoding="ascii")
    kept = new_journal(tmp_path / "nginx", JournalState.PROVED, "next")
    archive(kept, 5)
    remove_half_removed(kept)
    assert sorted(os.listdir(tmp_path)) == ["nginx@next", "other@lost"], "each journal removes its own"
