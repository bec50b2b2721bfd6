# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The entries of the audit log: what changed, in which store, and what the store has after the change. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, Mapping, Sequence, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.endpoints import HostPort
from ansible_collections.certmend.tls.plugins.module_utils.appliance.pin_store.audit_log import Entry
from ansible_collections.certmend.tls.plugins.module_utils.appliance.pin_store.records import PinRecord
from ansible_collections.certmend.tls.plugins.module_utils.appliance.pin_store.store import record_digest

Event = Dict[str, Any]
#: the name of an event: the store does not have what the entries before it say
NOT_STORED = "not_stored"


@dataclass(frozen=True)
class LogPlan:
    """The audit log, and what it gets besides the changes.

    :param store: the path of the store, as the entries have it.
    :param notes: the changes that it has and the store has not.
    """

    path: str
    store: str
    notes: Tuple[Event, ...] = ()


def new_event(name: str, record: PinRecord, pins: Sequence[str]) -> Event:
    """An event of a server, without its time."""
    return {"event": name, "host": record.server.host, "port": record.server.port, "pins": list(pins)}


def log_entry(event: Event, record: PinRecord, store: str, at: str) -> Event:
    """The entry of an event.

    :param record: the record that the store has after it.
    """
    return dict({"at": at}, **event, store=store, record_sha256=record_digest(record))


def not_stored(records: Sequence[PinRecord], last: Mapping[HostPort, Entry]) -> Tuple[Event, ...]:
    """The changes that the audit log has and the store has not: a run was ended between the two, or somebody changed the store.

    :param last: the last entry of each server.
    """
    differing = [(record, last[record.server]) for record in records if record.server in last]
    return tuple(
        dict(new_event(NOT_STORED, record, entry.get("pins") or []), logged=entry.get("event"), logged_at=entry.get("at"))
        for record, entry in differing
        if entry.get("record_sha256") != record_digest(record)
    )


def describe_unstored(note: Event) -> str:
    """A change that the log has and the store has not, as a warning."""
    return (
        "%(host)s:%(port)s: the last entry of audit_log (%(logged)s at %(logged_at)s) is not what the store has: a run was ended before it stored the change,"
        " or the store was changed without the log" % note
    )
