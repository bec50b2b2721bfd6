# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Approvals of a changed pin: each binds a server, both pins, a ticket and an end, and works once. Standard library only."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from functools import partial
from typing import Any, List, Optional, Sequence, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.endpoints import HostPort
from ansible_collections.certmend.tls.plugins.module_utils.appliance.pin_store.records import Known, Spent, parse_pin
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError, attempt, raise_all
from ansible_collections.certmend.tls.plugins.module_utils.core.legacy import moment

WRITE_ANEW = "Let the change be approved for what is served now, under a ticket of its own."


@dataclass(frozen=True)
class Approval:
    """Somebody's word that one key may follow another.

    :param option: where it was given, for messages.
    """

    option: str
    place: HostPort
    old_pin: str
    new_pin: str
    ticket: str
    expires: datetime.datetime

    def spent(self, used: str) -> Spent:
        """As it is remembered, so that it works once."""
        return Spent(self.ticket, self.place, self.old_pin, self.new_pin, self.expires.isoformat(), used)

    def refusals(self, known: Known, served: str, spent: Sequence[Spent], now: datetime.datetime) -> List[str]:
        """Why it does not cover this change, all of it; empty where it does."""
        found = []
        if self.old_pin not in known.accepts:
            found.append("old_pin %s is not a pin of %s (%s)" % (self.old_pin, self.place, ", ".join(known.accepts)))
        if self.new_pin != served:
            found.append("new_pin %s is not what %s serves (%s)" % (self.new_pin, self.place, served))
        if now >= self.expires:
            found.append("it expired at %s" % self.expires.isoformat())
        for one in spent:
            if (one.ticket, one.place, one.old_pin, one.new_pin) == (self.ticket, self.place, self.old_pin, self.new_pin):
                found.append("it was used at %s and works once" % one.used)
        return found


def parse_approvals(one: Optional[dict], several: Optional[List[dict]], places: Sequence[HostPort]) -> List[Approval]:
    """Read the options ``approval`` and ``approvals``; everything that is wrong in them is one error.

    :param places: the servers of this run; an approval that names none of them is a mistake.
    """
    given: List[Tuple[str, dict]] = [("approval", one)] if one else []
    given += [("approvals[%d]" % number, value) for number, value in enumerate(several or [])]
    errors: List[RemediationError] = []
    made = [attempt(errors, partial(_parse, option, value, places)) for option, value in given]
    approvals: List[Approval] = [approval for approval in made if approval]
    taken = [(approval.place, approval.new_pin) for approval in approvals]
    twice = sorted({str(pair[0]) for pair in taken if taken.count(pair) > 1})
    if twice:
        errors.append(RemediationError("approvals: two of the same new pin for %s" % ", ".join(twice), "Give one."))
    raise_all(errors)
    return approvals


def _parse(option: str, value: Any, places: Sequence[HostPort]) -> Approval:
    place = _place(option, value, places)
    if place not in places:
        raise RemediationError("%s: %s is not among the endpoints of this task" % (option, place), "Approve what is asked for.")
    if not str(value["ticket"]).strip():
        raise RemediationError("%s.ticket: is empty" % option, "Name the ticket under which the change was approved.")
    old_pin = parse_pin(value["old_pin"], option + ".old_pin")
    new_pin = parse_pin(value["new_pin"], option + ".new_pin")
    if old_pin == new_pin:
        raise RemediationError("%s: old_pin and new_pin are the same pin" % option, WRITE_ANEW)
    expires = moment(value["expires"] or "never", option + ".expires")
    return Approval(option, place, old_pin, new_pin, str(value["ticket"]).strip(), expires)


def _place(option: str, value: Any, places: Sequence[HostPort]) -> HostPort:
    """The server that it is for; it may be left out where only one is asked for."""
    if value.get("host"):
        return HostPort.of(value["host"], value.get("port") or 443)
    if len(places) != 1:
        raise RemediationError("%s.host: is missing, and there are %d endpoints" % (option, len(places)), "Name host and port.")
    return places[0]
