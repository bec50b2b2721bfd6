# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What becomes of a server's record, and how that is shown: in a diff, and as events for the audit log."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, replace
from typing import List, Sequence, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.appliance.pin_store.approvals import Approval
from ansible_collections.certmend.tls.plugins.module_utils.appliance.pin_store.records import (
    AcceptedPin,
    AnnouncedPin,
    PinRecord,
)
from ansible_collections.certmend.tls.plugins.module_utils.core.timestamps import timestamp
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_pin.announcements import Announcement
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_pin.judge import APPROVED, FIRST_USE, Decision, facts_of


@dataclass(frozen=True)
class Change:
    """A server's record before and after.

    :param events: for the audit log, without their moment.
    :param approvals: that were used for it.
    """

    before: PinRecord
    after: PinRecord
    events: Tuple[dict, ...] = ()
    approvals: Tuple[Approval, ...] = ()

    @property
    def before_text(self) -> str:
        """For a diff: pins and subjects. When a pin came is left out, because check mode cannot know it."""
        return _text(self.before)

    @property
    def after_text(self) -> str:
        """The same of the state to come."""
        return _text(self.after)


def accepted(known: PinRecord, decisions: Sequence[Decision], now: datetime.datetime, keep_old: bool) -> Change:
    """The record with the pins that were accepted at this server's addresses.

    The old ones go, but for those that another address of it still serves, or all of them are kept.
    """
    taken = {one.visit.leaf.pin: one for one in decisions if one.accepted}  # type: ignore[union-attr]
    if not taken:
        return Change(known, known)
    served = {one.visit.leaf.pin for one in decisions if one.visit.leaf}
    unseen = any(one.visit.leaf is None for one in decisions)  # an address that did not answer may still have the old key
    pins = tuple(one for one in known.pins if keep_old or unseen or one.pin in served)
    pins += tuple(_accepted(one, now) for one in taken.values())
    after = replace(known, pins=pins, announced=tuple(one for one in known.announced if one.pin not in taken))
    approvals = tuple(one.approval for one in taken.values() if one.approval)
    return Change(known, after, tuple(_event(one, known) for one in taken.values()), approvals)


def _accepted(decision: Decision, now: datetime.datetime) -> AcceptedPin:
    leaf, ticket = decision.visit.leaf, decision.approval.ticket if decision.approval else ""
    return AcceptedPin(leaf.pin, timestamp(now), decision.accepted, ticket, facts_of(leaf))  # type: ignore[union-attr,arg-type]


def _event(decision: Decision, known: PinRecord) -> dict:
    name = {FIRST_USE: "pinned", APPROVED: "repinned"}.get(decision.accepted, "rotated")
    leaf, approval = decision.visit.leaf, decision.approval
    event = _base(name, known, [leaf.pin])  # type: ignore[union-attr]
    event.update(old_pins=list(known.accepted_pins), subject=leaf.subject, fingerprint=leaf.fingerprint())  # type: ignore[union-attr]
    if approval:
        event.update(ticket=approval.ticket, expires=timestamp(approval.expires))
    return event


def _base(name: str, known: PinRecord, pins: Sequence[str]) -> dict:
    return {"event": name, "host": known.server.host, "port": known.server.port, "pins": list(pins)}


def announced(change: Change, news: Sequence[Announcement], moment: str) -> Change:
    """The change with further pins announced; those that are known already stay as they are."""
    record = change.after
    fresh = {one.pin: one for one in news if one.pin not in record.accepted_pins + record.announced_pins}
    if not fresh:
        return change
    after = replace(record, announced=record.announced + tuple(AnnouncedPin(one.pin, moment, one.source) for one in fresh.values()))
    return replace(change, after=after, events=change.events + (_base("announced", record, list(fresh)),))


def removed(known: PinRecord, pins: Sequence[str]) -> Change:
    """The record without some pins, or without any."""
    left = [one for one in known.pins if pins and one.pin not in pins]
    coming = [one for one in known.announced if pins and one.pin not in pins]
    after = PinRecord(known.server, tuple(left), tuple(coming))
    gone = [pin for pin in known.accepted_pins + known.announced_pins if pin not in after.accepted_pins + after.announced_pins]
    return Change(known, after, (_base("removed", known, gone),) if gone else ())


def put_back(known: PinRecord, former: PinRecord) -> Change:
    """The record as a backup has it."""
    return Change(known, former, (_base("put_back", known, former.accepted_pins),) if known != former else ())


def _text(known: PinRecord) -> str:
    lines: List[str] = ["%s\n" % known.server]
    for one in known.pins:
        shown = one.certificate.get("fingerprints", {}).get("sha256", "unknown")
        ticket = ", ticket %s" % one.ticket if one.ticket else ""
        lines.append("  pin: %s (%s%s; %s; sha256 %s)\n" % (one.pin, one.accepted, ticket, one.certificate.get("subject") or "no subject", shown))
    lines += ["  announced: %s (from %s)\n" % (one.pin, one.source) for one in known.announced]
    return "".join(lines) if len(lines) > 1 else "%s\n  no pin\n" % known.server
