# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Approvals of a changed pin: each names a server, both pins, a ticket and an expiry, and works once. Standard library only."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from functools import partial
from typing import Any, List, Mapping, Optional, Sequence, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.endpoints import HostPort
from ansible_collections.certmend.tls.plugins.module_utils.appliance.pin_store.records import PinRecord, UsedApproval, parse_pin
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError, attempt, raise_all
from ansible_collections.certmend.tls.plugins.module_utils.core.timestamps import UTC, parse_time, timestamp

REQUEST_APPROVAL = "Request an approval of the change that is served now, under a ticket of its own."
ALREADY_EXPIRED = datetime.datetime.min.replace(tzinfo=UTC)
DEFAULT_PORT = 443


@dataclass(frozen=True)
class UnapprovedChange:
    """A change of a server's key that a person may approve."""

    server: HostPort
    old_pin: str
    new_pin: str

    def as_yaml(self, expires: datetime.datetime) -> str:
        """An item of the approvals, in which only the ticket is missing. An empty ticket is refused.

        The time is quoted: YAML would read it as a time, which old releases of Ansible cannot put into a template.
        """
        host = "'%s'" % self.server.host if ":" in self.server.host else self.server.host
        return "{host: %s, port: %d, ticket: '', old_pin: %s, new_pin: %s, expires: '%s'}" % (
            host,
            self.server.port,
            self.old_pin,
            self.new_pin,
            timestamp(expires),
        )


def approvals_yaml(changes: Sequence[UnapprovedChange], expires: datetime.datetime) -> str:
    """The variable of the role pins that approves the changes, as YAML on a line of its own: Ansible shows a text without its line breaks."""
    return "pins_approvals: [%s]" % ", ".join(change.as_yaml(expires) for change in changes)


@dataclass(frozen=True)
class Approval:
    """Permission to replace one key of a server by another.

    :param option: the option that has it, for messages.
    """

    option: str
    server: HostPort
    old_pin: str
    new_pin: str
    ticket: str
    expires: datetime.datetime

    def as_used(self, at: str) -> UsedApproval:
        """The entry by which the store remembers that the approval was used."""
        return UsedApproval(self.ticket, self.server, self.old_pin, self.new_pin, self.expires.isoformat(), at)

    def refusals(self, record: PinRecord, served_pin: str, used_approvals: Sequence[UsedApproval], now: datetime.datetime) -> List[str]:
        """All reasons why the approval does not cover a change; empty if it covers the change.

        :param record: the pins of the server before the change.
        :param served_pin: the pin of the key that the server presents now.
        """
        reasons = []
        if self.old_pin not in record.accepted_pins:
            reasons.append("old_pin %s is not a pin of %s (%s)" % (self.old_pin, self.server, ", ".join(record.accepted_pins)))
        if self.new_pin != served_pin:
            reasons.append("new_pin %s is not what %s serves (%s)" % (self.new_pin, self.server, served_pin))
        if now >= self.expires:
            reasons.append("it expired at %s" % self.expires.isoformat())
        for used in used_approvals:
            if (used.ticket, used.server, used.old_pin, used.new_pin) == (self.ticket, self.server, self.old_pin, self.new_pin):
                reasons.append("it was used at %s and works once" % used.used)
        return reasons


def parse_approvals(
    approval: Optional[Mapping[str, Any]],
    approvals: Optional[Sequence[Mapping[str, Any]]],
    servers: Sequence[HostPort],
    ignore_others: bool = False,
) -> List[Approval]:
    """Read the options ``approval`` and ``approvals``.

    :param servers: the servers of this run.
    :param ignore_others: whether approvals for other servers are ignored; if not, they are errors.
    :raises RemediationError: with everything that is wrong in the options.
    """
    values: List[Tuple[str, Mapping[str, Any]]] = [("approval", approval)] if approval else []
    values += [("approvals[%d]" % index, value) for index, value in enumerate(approvals or [])]
    errors: List[RemediationError] = []
    parsed = [attempt(errors, partial(_parse, option, value, servers, ignore_others)) for option, value in values]
    result = [item for item in parsed if item]
    changes = [(item.server, item.new_pin) for item in result]
    repeated = sorted({str(change[0]) for change in changes if changes.count(change) > 1})
    if repeated:
        errors.append(RemediationError("approvals: %s has two approvals of the same new pin" % ", ".join(repeated), "Give one of them."))
    raise_all(errors)
    return result


def _parse(option: str, value: Mapping[str, Any], servers: Sequence[HostPort], ignore_others: bool) -> Optional[Approval]:
    """One approval; None if it is for another server and these are ignored."""
    server = _server(option, value, servers)
    if server not in servers:
        if ignore_others:
            return None
        raise RemediationError("%s: %s is not among the endpoints of this task" % (option, server), "Approve changes of this task's endpoints only.")
    ticket = str(value["ticket"]).strip()
    if not ticket:
        raise RemediationError("%s.ticket: is empty" % option, "Name the ticket under which the change was approved.")
    old_pin = parse_pin(value["old_pin"], option + ".old_pin")
    new_pin = parse_pin(value["new_pin"], option + ".new_pin")
    if old_pin == new_pin:
        raise RemediationError("%s: old_pin and new_pin are the same pin" % option, REQUEST_APPROVAL)
    if not value["expires"]:
        raise RemediationError("%s.expires: is empty" % option, "Write it as 2026-11-20T12:00:00Z.")
    expires = parse_time(value["expires"], option + ".expires", default=ALREADY_EXPIRED)
    return Approval(option, server, old_pin, new_pin, ticket, expires)


def _server(option: str, value: Mapping[str, Any], servers: Sequence[HostPort]) -> HostPort:
    """The server that an approval is for. It may be left out if the task has one server."""
    if value.get("host"):
        return HostPort.of(value["host"], value.get("port") or DEFAULT_PORT)
    if len(servers) != 1:
        raise RemediationError("%s.host: is missing, and the task has %d endpoints" % (option, len(servers)), "Name host and port.")
    return servers[0]
