# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a run does with a journal, decided from its record. Standard library only: appliances run this."""

from __future__ import annotations

import dataclasses
import datetime
from dataclasses import dataclass
from typing import Any, Dict, Mapping, Optional

from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.journal import JournalRecord, JournalState
from ansible_collections.certmend.tls.plugins.module_utils.appliance.journal.options import Options, Wanted
from ansible_collections.certmend.tls.plugins.module_utils.appliance.journal.restore import current_digest, marked_if_foreign
from ansible_collections.certmend.tls.plugins.module_utils.core.enums import StringEnum
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.core.timestamps import parse_time, timestamp

#: the notes to which several steps of a run add
JOINED = ("anchors", "restart", "served", "servers", "stores", "added")


class Action(StringEnum):
    """What is done with the journal."""

    NOTHING = "nothing"
    CREATE = "create"
    #: another run proved what it recorded: keep its journal under another name, and create one
    ARCHIVE = "archive"
    WRITE = "write"
    RESTORE = "restore"
    REMOVE = "remove"


@dataclass(frozen=True)
class Plan:
    """An action, and the record that it leaves."""

    action: Action
    record: Optional[JournalRecord] = None


class HeldError(RemediationError):
    """Another run holds the journal, and may be alive."""


def make_plan(options: Options, record: Optional[JournalRecord], now: datetime.datetime) -> Plan:
    """Decide what to do.

    :param record: None: there is no journal.
    :raises HeldError: another run holds the journal.
    :raises RemediationError: the journal cannot be brought into the wanted state.
    """
    if options.state is Wanted.OPENED:
        return plan_open(options, record, now)
    if record is None or (options.only_run and record.run["id"] != options.only_run):
        if options.state is Wanted.PROVED and options.only_run:
            raise _lost_to(record, options)
        return Plan(Action.NOTHING, record)
    if options.state in (Wanted.RESTORED, Wanted.CLOSED) and record.state is JournalState.OPEN:
        require_free(options, record, now)
    if options.state is Wanted.WRITTEN:
        return _plan_written(record)
    return {Wanted.PROVED: _plan_proved, Wanted.RESTORED: _plan_restore, Wanted.CLOSED: _plan_close}[options.state](record)


def plan_open(options: Options, record: Optional[JournalRecord], now: datetime.datetime) -> Plan:
    """Open a journal, or take over one that another run left open."""
    time = timestamp(now)
    new = JournalRecord(options.name, JournalState.OPEN, options.run, time, time, options.notes)
    if record is None:
        return Plan(Action.CREATE, new)
    mine = is_mine(options, record)
    if record.state is JournalState.PROVED and not mine:
        return Plan(Action.ARCHIVE, new)
    require_free(options, record, now)
    # what a lost run noted was true before its first change
    notes = merged(options.notes, record.notes) if is_unfinished(options, record) else merged(record.notes if record.changes else {}, options.notes)
    unproved = record.unproved or record.state is JournalState.RESTORED or (is_unfinished(options, record) and not mine)
    changes = record.changes if mine else tuple(marked_if_foreign(record.changes))
    run = record.run if mine else options.run  # a run that opens it again has opened it then
    opened = dataclasses.replace(record, state=JournalState.OPEN, run=run, notes=notes, unproved=unproved, changes=changes)
    return Plan(Action.NOTHING if opened == record else Action.WRITE, opened)


def is_mine(options: Options, record: JournalRecord) -> bool:
    """Whether this run holds the journal."""
    return bool(record.run["id"] == options.run["id"])


def require_free(options: Options, record: JournalRecord, now: datetime.datetime) -> None:
    """Refuse a journal whose run may still be alive.

    :raises HeldError: it may be.
    """
    if not is_mine(options, record) and not is_lost(options, record, now):
        raise HeldError(_held_by(record), "Wait until that run ends. If it has ended, the journal is free %d minutes after that time." % options.lease_minutes)


def _lost_to(record: Optional[JournalRecord], options: Options) -> RemediationError:
    other = "another run (%s) has taken it over" % record.run["id"] if record else "it was removed"
    advice = "Run the playbook again: it compares the files and what is served once more."
    return RemediationError("journal: %s is no longer the journal of this run, because %s; what was verified may be restored" % (options.name, other), advice)


def merged(notes: Mapping[str, Any], more: Mapping[str, Any]) -> Dict[str, Any]:
    """Notes with more of them. What several steps add to is extended, anything else is replaced."""
    result = dict(notes)
    for name, value in more.items():
        old = result.get(name)
        if name in JOINED and isinstance(old, list) and isinstance(value, list):
            value = old + [item for item in value if item not in old]
        result[name] = value
    return result


def is_lost(options: Options, record: JournalRecord, now: datetime.datetime) -> bool:
    """Whether the run that holds the journal has ended."""
    silent = now - parse_time(record.updated, "journal", now)
    return options.lost_run == record.run["id"] or silent > datetime.timedelta(minutes=options.lease_minutes)


def is_unfinished(options: Options, record: Optional[JournalRecord]) -> bool:
    """Whether a run ended after it began to change files and before it proved the result: the service may use old files still."""
    if options.state is not Wanted.OPENED or record is None or record.state is JournalState.PROVED:
        return False
    return bool(record.changes) or record.unproved or record.state is JournalState.RESTORED


def _plan_written(record: JournalRecord) -> Plan:
    """Note the files as they are now: a system's tool may have changed them once more on behalf of this run. What somebody else wrote stays theirs."""
    changes = tuple(change if change.foreign else dataclasses.replace(change, after=current_digest(change.path)) for change in record.changes)
    written = dataclasses.replace(record, changes=changes)
    return Plan(Action.NOTHING if written == record else Action.WRITE, written)


def _plan_proved(record: JournalRecord) -> Plan:
    if record.state is JournalState.PROVED:
        return Plan(Action.NOTHING, record)
    if not record.changes:
        return Plan(Action.REMOVE)
    return Plan(Action.WRITE, dataclasses.replace(record, state=JournalState.PROVED, unproved=False))


def _plan_restore(record: JournalRecord) -> Plan:
    if record.state is JournalState.RESTORED:
        return Plan(Action.NOTHING, record)
    return Plan(Action.RESTORE, record)


def _plan_close(record: JournalRecord) -> Plan:
    if record.changes:
        advice = "Run the playbook again: it finishes or restores the changes. To restore them, use state=restored first."
        what = "changes that are neither proved nor restored" if record.state is JournalState.OPEN else "the old files of changes that were not restored"
        raise RemediationError("journal: %s has %s" % (record.name, what), advice)
    return Plan(Action.REMOVE)


def _held_by(record: JournalRecord) -> str:
    run = record.run
    where = "a run that does not say where it is"
    if run["controller"]:
        where = "process %s on %s" % ((run["process"].split("-") + [""])[1], run["controller"].partition("/")[0])
    return "name: %s is in use by another run (%s), last seen at %s" % (record.name, where, record.updated)
