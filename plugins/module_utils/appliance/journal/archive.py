# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Journals whose run was proved, kept so that its changes can be restored later. Standard library only: appliances run this."""

from __future__ import annotations

import os
import shutil
from typing import List

from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.journal import Journal

#: between the name of a journal and the id of its run; no name has it
SEPARATOR = "@"


def journals_in(folder: str) -> List[Journal]:
    """All journals, those that are kept included, by name."""
    names = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
    journals = [Journal(os.path.join(folder, name)) for name in names]
    return [journal for journal in journals if os.path.lexists(journal.path)]


def archive(journal: Journal, keep: int) -> None:
    """Keep a journal under the name of its run, and remove the oldest kept ones.

    :param keep: how many journals of this name are kept.
    """
    run = str(journal.read().run["id"])
    os.rename(journal.folder, journal.folder + SEPARATOR + run)
    kept = [other for other in journals_in(os.path.dirname(journal.folder)) if other.folder.startswith(journal.folder + SEPARATOR)]
    kept.sort(key=lambda other: other.read().opened)
    for old in kept[: max(len(kept) - keep, 0)]:
        old.remove()


def remove_half_removed(journal: Journal) -> None:
    """Remove what is left of kept journals whose removal was interrupted: old contents without a record."""
    parent = os.path.dirname(journal.folder)
    for name in os.listdir(parent):
        old = Journal(os.path.join(parent, name))
        if old.folder.startswith(journal.folder + SEPARATOR) and not os.path.lexists(old.path):
            shutil.rmtree(old.folder, ignore_errors=True)
