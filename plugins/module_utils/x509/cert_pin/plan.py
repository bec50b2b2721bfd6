# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plan what becomes of the servers' records: as a new store, in a diff, and as entries of the audit log. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import List, Optional, Sequence, Tuple, Union

from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.replacement import Replacement
from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.endpoints import HostPort
from ansible_collections.certmend.tls.plugins.module_utils.appliance.pin_store.approvals import Approval
from ansible_collections.certmend.tls.plugins.module_utils.appliance.pin_store.audit_log import format_entry
from ansible_collections.certmend.tls.plugins.module_utils.appliance.pin_store.records import AcceptedPin, AnnouncedPin, PinRecord, UsedApproval
from ansible_collections.certmend.tls.plugins.module_utils.appliance.pin_store.store import Store, dump
from ansible_collections.certmend.tls.plugins.module_utils.core.converge import Step
from ansible_collections.certmend.tls.plugins.module_utils.core.timestamps import timestamp
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_pin.announcements import Announcement
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_pin.judge import Decision
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_pin.log_entries import NOT_STORED, Event, LogPlan, log_entry, new_event


@dataclass(frozen=True)
class WriteStore:
    """Write the pin store."""

    replacement: Replacement


@dataclass(frozen=True)
class AppendLog:
    """Add entries to the audit log.

    :param withdrawal: the entries that say that the change was not stored, if it cannot be.
    """

    path: str
    entries: Tuple[Event, ...]
    withdrawal: Tuple[Event, ...] = ()


Payload = Union[WriteStore, AppendLog]


@dataclass(frozen=True)
class Change:
    """A server's record before and after. Nothing changes if there are no events.

    :param events: for the audit log, without their time.
    :param approvals: the approvals that were used.
    """

    before: PinRecord
    after: PinRecord
    events: Tuple[Event, ...] = ()
    approvals: Tuple[Approval, ...] = ()


def accept(record: PinRecord, decisions: Sequence[Decision], keep_old: bool) -> Change:
    """Add the pins that were accepted at the addresses of one server.

    Old pins are removed unless ``keep_old`` is set, another address of the server still presents them, or an address did not answer and may present
    them.
    """
    accepted = {decision.accepted.pin: (decision.accepted, decision) for decision in decisions if decision.accepted}
    if not accepted:
        return Change(record, record)
    served = {decision.observation.pin for decision in decisions}
    keep_all = keep_old or None in served
    pins = tuple(old for old in record.pins if keep_all or old.pin in served)
    old_pin = next((old.unlisted or old.pin for old in reversed(record.pins)), "")  # clients that no worklist has still have the pin of before
    after = replace(
        record,
        pins=pins + tuple(replace(pin, unlisted=old_pin) for pin, _decision in accepted.values()),
        announced=tuple(announced for announced in record.announced if announced.pin not in accepted),
    )
    events = tuple(_accepted_event(record, pin, decision) for pin, decision in accepted.values())
    return Change(record, after, events, tuple(decision.approval for _pin, decision in accepted.values() if decision.approval))


def announce(change: Change, announcements: Sequence[Announcement], at: str) -> Change:
    """Add announced pins to a change; pins that the record has already are left alone."""
    record = change.after
    known = record.accepted_pins + record.announced_pins
    added = {announcement.pin: announcement for announcement in announcements if announcement.pin not in known}
    if not added:
        return change
    announced = tuple(AnnouncedPin(announcement.pin, at, announcement.source) for announcement in added.values())
    after = replace(record, announced=record.announced + announced)
    return replace(change, after=after, events=change.events + (new_event("announced", record, list(added)),))


def remove(record: PinRecord, pins: Sequence[str]) -> Change:
    """Remove some pins from a record; without pins, remove all of them."""
    after = replace(
        record,
        pins=tuple(accepted for accepted in record.pins if pins and accepted.pin not in pins),
        announced=tuple(announced for announced in record.announced if pins and announced.pin not in pins),
    )
    left = after.accepted_pins + after.announced_pins
    removed = [pin for pin in record.accepted_pins + record.announced_pins if pin not in left]
    return Change(record, after, (new_event("removed", record, removed),) if removed else ())


def list_repinned(record: PinRecord, pins: Sequence[str]) -> Change:
    """Note that the worklists for re-pinning clients to some pins were written; without pins, to all of them."""
    listed = [accepted.pin for accepted in record.pins if accepted.unlisted and (not pins or accepted.pin in pins)]
    after = replace(record, pins=tuple(replace(accepted, unlisted="") if accepted.pin in listed else accepted for accepted in record.pins))
    return Change(record, after, (new_event("listed", record, listed),) if listed else ())


def restore(record: PinRecord, backup: PinRecord) -> Change:
    """Restore a record from a backup."""
    return Change(record, backup, (new_event("put_back", record, backup.accepted_pins),) if record != backup else ())


def changed_since(record: PinRecord, backup: PinRecord, written: Sequence[str]) -> bool:
    """Whether somebody else has changed a record since a task wrote it: a pin is neither the task's nor the backup's, or all are gone.

    :param written: the pins that the task stored; empty: nobody knows them, and nothing is compared.
    """
    now, before = record.accepted_pins + record.announced_pins, backup.accepted_pins + backup.announced_pins
    known = (*before, *written)
    return bool(written) and now != before and (not now or any(pin not in known for pin in now))


def make_steps(store: Store, changes: Sequence[Change], used: Tuple[UsedApproval, ...], pins_path: str, log: Optional[LogPlan], at: str) -> List[Step[Payload]]:
    """The entries of the audit log, and then one write of the store; no steps if nothing changes.

    :param used: the approvals that were used before this run.
    :param at: the time of the run, as ``2026-11-20T12:00:00Z``.
    """
    changes = [change for change in changes if change.events]
    steps: List[Step[Payload]] = []
    if log and (changes or log.notes):
        events = [*log.notes, *(event for change in changes for event in change.events)]
        entries = _entries(changes, store, log, at)
        lines = "".join("%s\n" % format_entry(event) for event in events)
        steps.append(Step(log.path, "", lines, AppendLog(log.path, entries, _withdrawal(changes, log, at))))
    if changes:
        used += tuple(approval.as_used(at) for change in changes for approval in change.approvals)
        content = dump(store.with_records([change.after for change in changes], used))
        before = "".join(describe_record(change.before) for change in changes)
        after = "".join(describe_record(change.after) for change in changes)
        steps.append(Step(pins_path, before, after, WriteStore(Replacement(pins_path, content, "pins_path"))))
    return steps


def _entries(changes: Sequence[Change], store: Store, log: LogPlan, at: str) -> Tuple[Event, ...]:
    """The events with their time, their store, and the digest of the record that the store has after them."""
    found = [(note, store.at(HostPort(note["host"], note["port"]))) for note in log.notes]
    found += [(event, change.after) for change in changes for event in change.events]
    return tuple(log_entry(event, record, log.store, at) for event, record in found)


def _withdrawal(changes: Sequence[Change], log: LogPlan, at: str) -> Tuple[Event, ...]:
    events = [(change, [pin for event in change.events for pin in event["pins"]]) for change in changes]
    return tuple(log_entry(new_event(NOT_STORED, change.before, pins), change.before, log.store, at) for change, pins in events)


def describe_record(record: PinRecord) -> str:
    """A record as text for a diff. It has no times: check mode and the run must show the same."""
    lines = ["%s\n" % record.server]
    for accepted in record.pins:
        fingerprint = accepted.certificate.get("fingerprints", {}).get("sha256", "unknown")
        ticket = ", ticket %s" % accepted.ticket if accepted.ticket else ""
        subject = accepted.certificate.get("subject") or "no subject"
        lines.append("  pin: %s (%s%s; %s; sha256 %s)\n" % (accepted.pin, accepted.accepted, ticket, subject, fingerprint))
    lines += ["  not in a worklist yet: %s, for clients that have %s\n" % (accepted.pin, accepted.unlisted) for accepted in record.pins if accepted.unlisted]
    lines += ["  announced: %s (from %s)\n" % (announced.pin, announced.source) for announced in record.announced]
    return "".join(lines) if len(lines) > 1 else "%s\n  no pin\n" % record.server


def _accepted_event(record: PinRecord, accepted: AcceptedPin, decision: Decision) -> Event:
    event = new_event(decision.action.value, record, [accepted.pin])
    certificate, approval = accepted.certificate, decision.approval
    event.update(old_pins=list(record.accepted_pins), subject=certificate["subject"], fingerprint=certificate["fingerprints"]["sha256"])
    if approval:
        event.update(ticket=approval.ticket, expires=timestamp(approval.expires))
    return event
