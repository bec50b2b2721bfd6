# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Journals for tests."""

from __future__ import annotations

import pathlib

from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.journal import Journal, JournalRecord, JournalState
from ansible_collections.certmend.tls.plugins.module_utils.core.timestamps import timestamp
from ansible_collections.certmend.tls.tests.support.clock import FIXED

RUN = {"id": "this", "controller": "here/0", "process": "1-2-3"}


def new_record(name: str = "test", state: JournalState = JournalState.OPEN, run: str = "this") -> JournalRecord:
    """A record without changes."""
    time = timestamp(FIXED.now)
    return JournalRecord(name, state, dict(RUN, id=run), time, time, {})


def new_journal(folder: pathlib.Path, state: JournalState = JournalState.OPEN, run: str = "this") -> Journal:
    """A journal without changes."""
    folder.mkdir(mode=0o700)
    journal = Journal(str(folder))
    journal.write(new_record(folder.name, state, run))
    return journal
