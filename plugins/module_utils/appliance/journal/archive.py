# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Journals whose run was proved, kept so that its changes can be restored later. Standard library only: appliances run this."""

from __future__ import annotations

import itertools
import os
import shutil
from typing import List

from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.atomic_write import write_file
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.journal import Journal
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.read import read_file
from ansible_collections.certmend.tls.plugins.module_utils.appliance.journal.options import Options, Wanted

#: between the name of a journal and the id of its run; no name has it
SEPARATOR = "@"
#: the file with the ids of the runs that were restored, and how many it keeps
RESTORED, MOST_RUNS = "restored-runs", 100


def journals_in(folder: str) -> List[Journal]:
    """All journals, those that are kept included, by name."""
    names = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
    journals = [Journal(os.path.join(folder, name)) for name in names]
    return [journal for journal in journals if os.path.lexists(journal.path)]


def journal_of(options: Options) -> Journal:
    """The journal that a task means: the current one of its name, or a kept one of the run that is restored or closed."""
    current = Journal(os.path.join(options.folder, options.name))
    if not options.only_run or options.state not in (Wanted.RESTORED, Wanted.CLOSED):
        return current
    if os.path.lexists(current.path) and current.read().run["id"] == options.only_run:
        return current
    kept = [journal for journal in journals_in(options.folder) if _is_kept(journal, current.folder + SEPARATOR + options.only_run)]
    return max(kept, key=lambda journal: journal.written_ns) if kept else current


def _is_kept(journal: Journal, folder: str) -> bool:
    """Whether a journal is kept under this name, alone or with a number."""
    return journal.folder == folder or journal.folder.startswith(folder + SEPARATOR)


def restored_runs(folder: str) -> List[str]:
    """The runs that were rolled back or restored here, the last one first."""
    path = os.path.join(folder, RESTORED)
    return read_file(path, "folder").decode("utf-8", "replace").split()[::-1] if os.path.lexists(path) else []


def remember_restored(folder: str, run: str) -> None:
    """Note a run that was restored, so that one who asks for it again is told so."""
    runs = [run, *(other for other in restored_runs(folder) if other != run)][:MOST_RUNS]
    path = os.path.join(folder, RESTORED)
    write_file(path, "".join(line + "\n" for line in reversed(runs)).encode("utf-8"))


def archive(journal: Journal, keep: int) -> None:
    """Keep a journal under the name of its run, and remove the oldest kept ones.

    :param keep: how many journals of this name are kept.
    """
    run = str(journal.read().run["id"])
    os.rename(journal.folder, _free_name(journal.folder + SEPARATOR + run))
    kept = [other for other in journals_in(os.path.dirname(journal.folder)) if other.folder.startswith(journal.folder + SEPARATOR)]
    kept.sort(key=lambda other: other.written_ns)
    for old in kept[: max(len(kept) - keep, 0)]:
        old.remove()


def _free_name(folder: str) -> str:
    """The folder, or the folder with a number: a run that opens a journal between those of other runs has several."""
    if not os.path.lexists(folder):
        return folder
    return next(name for name in ("%s%s%d" % (folder, SEPARATOR, number) for number in itertools.count(2)) if not os.path.lexists(name))


def remove_half_removed(journal: Journal) -> None:
    """Remove what is left of kept journals whose removal was interrupted: old contents without a record."""
    parent = os.path.dirname(journal.folder)
    for name in os.listdir(parent):
        old = Journal(os.path.join(parent, name))
        if old.folder.startswith(journal.folder + SEPARATOR) and not os.path.lexists(old.path):
            shutil.rmtree(old.folder, ignore_errors=True)
