# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What becomes of a journal is decided from its record, the run, and the time."""

from __future__ import annotations

import dataclasses
import datetime

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.journal import FileChange, JournalState
from ansible_collections.certmend.tls.plugins.module_utils.appliance.journal.options import Options
from ansible_collections.certmend.tls.plugins.module_utils.appliance.journal.plan import Action, HeldError, is_unfinished, make_plan
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.tests.support.clock import FIXED
from ansible_collections.certmend.tls.tests.support.journal import RUN, new_record

CHANGES = (FileChange("/no/such/file", None, "00"),)


def asked(state, **params):
    given = dict(name="test", state=state, folder="/j", run=RUN, notes=None, only_run=None, lost_run=None, lease_minutes=30, keep=5, certificates_of=None)
    return Options.from_params(dict(given, **params))


def record(state="open", run="this", changes=CHANGES, notes=None):
    return dataclasses.replace(new_record("test", JournalState(state), run), changes=changes, notes=notes or {})


@pytest.mark.parametrize(
    ("state", "found", "action", "left"),
    [
        ("opened", None, Action.CREATE, "open"),
        ("opened", record(), Action.NOTHING, "open"),
        ("opened", record("proved"), Action.WRITE, "open"),
        ("opened", record("restored"), Action.WRITE, "open"),
        ("opened", record("proved", run="other"), Action.ARCHIVE, "open"),
        ("proved", record(), Action.WRITE, "proved"),
        ("proved", record(changes=()), Action.REMOVE, None),
        ("proved", record("proved"), Action.NOTHING, "proved"),
        ("proved", None, Action.NOTHING, None),
        ("restored", record(), Action.RESTORE, "open"),
        ("restored", record("proved"), Action.RESTORE, "proved"),
        ("restored", record("restored"), Action.NOTHING, "restored"),
        ("restored", None, Action.NOTHING, None),
        ("closed", record("restored", changes=()), Action.REMOVE, None),
        ("closed", record(changes=()), Action.REMOVE, None),
        ("closed", None, Action.NOTHING, None),
    ],
)
def test_the_action_follows_from_the_record(state, found, action, left):
    plan = make_plan(asked(state), found, FIXED.now)
    assert plan.action is action and (plan.record and str(plan.record.state)) == left


def test_a_journal_of_another_run_is_held_until_that_run_has_ended():
    held = record(run="other")
    with pytest.raises(HeldError, match="name: test is in use by another run .process 2 on here., last seen at 2010"):
        make_plan(asked("opened"), held, FIXED.now + datetime.timedelta(minutes=29))
    for plan in (make_plan(asked("opened", lost_run="other"), held, FIXED.now), make_plan(asked("opened"), held, FIXED.now + datetime.timedelta(minutes=31))):
        assert plan.action is Action.WRITE and plan.record.run["id"] == "this" and plan.record.changes == CHANGES


def test_what_a_lost_run_noted_before_its_first_change_is_kept():
    notes = dict(added=["from this run"], more=1)
    taken = make_plan(asked("opened", lost_run="other", notes=notes), record(run="other", notes={"added": ["before"]}), FIXED.now)
    assert taken.record.notes == {"added": ["from this run", "before"], "more": 1}
    fresh = make_plan(asked("opened", lost_run="other", notes=notes), record(run="other", notes={"added": ["before"]}, changes=()), FIXED.now)
    assert fresh.record.notes == notes, "the lost run changed nothing"


@pytest.mark.parametrize(
    ("state", "found", "unfinished"),
    [
        ("opened", None, False),
        ("opened", record(changes=()), False),
        ("opened", record(), True),
        ("opened", record("restored", changes=()), True),
        ("opened", record("proved"), False),
        ("opened", dataclasses.replace(record(changes=()), unproved=True), True),
        ("restored", record(), False),
    ],
)
def test_a_journal_with_changes_or_restored_files_is_unfinished(state, found, unfinished):
    assert is_unfinished(asked(state), found) is unfinished


@pytest.mark.parametrize("found", [record("restored", run="other", changes=()), record(run="other")], ids=["restored", "changed"])
def test_a_reload_stays_due_until_a_run_proves_it_even_if_the_next_run_is_lost_too(found):
    first = make_plan(asked("opened", lost_run="other"), found, FIXED.now).record
    second = dataclasses.replace(first, run=dict(RUN, id="second"), changes=())
    assert is_unfinished(asked("opened", lost_run="second"), second)
    taken = make_plan(asked("opened", lost_run="second"), second, FIXED.now).record
    assert taken.unproved and make_plan(asked("opened"), taken, FIXED.now).action is Action.NOTHING
    proved = make_plan(asked("proved"), dataclasses.replace(taken, changes=CHANGES), FIXED.now).record
    assert proved.state is JournalState.PROVED and not is_unfinished(asked("opened"), proved)


def test_changes_that_are_neither_proved_nor_restored_keep_their_journal():
    with pytest.raises(RemediationError, match="journal: test has changes that are neither proved nor restored"):
        make_plan(asked("closed"), record(), FIXED.now)


@pytest.mark.parametrize("state", ["restored", "closed"])
def test_the_journal_of_another_run_is_left_alone_if_the_task_says_so(state):
    assert make_plan(asked(state, only_run="this"), record(run="other"), FIXED.now).action is Action.NOTHING


@pytest.mark.parametrize("name", [None, "", "../x", "a/b", ".hidden", "a@b", "x" * 300])
def test_a_name_cannot_leave_the_folder(name):
    with pytest.raises(RemediationError, match="is not a name for a journal"):
        asked("opened", name=name)


def test_the_notes_of_several_steps_of_one_run_are_joined():
    first = record("proved", notes={"anchors": ["a"], "restart": ["lcm"], "reload": "nginx"})
    plan = make_plan(asked("opened", notes={"anchors": ["b"], "restart": ["lcm"], "reload": "httpd"}), first, FIXED.now)
    assert plan.record.notes == {"anchors": ["a", "b"], "restart": ["lcm"], "reload": "httpd"}
