# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of ``cert_pin``, read and checked; everything that is wrong in them is one error."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import partial
from typing import Any, Dict, List, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.endpoints import Endpoint, HostPort, parse_endpoints
from ansible_collections.certmend.tls.plugins.module_utils.appliance.pin_store.approvals import Approval, parse_approvals
from ansible_collections.certmend.tls.plugins.module_utils.appliance.pin_store.records import parse_pin
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError, attempt, raise_all
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_pin.announcements import Announcement, parse_announced
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_pin.collect import place_of

CHECKED, PINNED, REPINNED, ABSENT, RESTORED = "checked", "pinned", "repinned", "absent", "restored"
STATES = (CHECKED, PINNED, REPINNED, ABSENT, RESTORED)
#: the states that look at the servers, and those of them that may change the store
LOOKING, ACCEPTING = (CHECKED, PINNED, REPINNED), (PINNED, REPINNED)
#: options that mean something in some states only
BELONGS = {"approval": (REPINNED,), "approvals": (REPINNED,), "announced": ACCEPTING, "pins": (ABSENT,), "backup_path": (RESTORED,)}


@dataclass(frozen=True)
class Asked:
    """What the options ask for.

    :param places: where the endpoints are, each once, in their order.
    :param pins: those that state absent takes out; empty: all.
    """

    endpoints: Tuple[Endpoint, ...]
    places: Tuple[HostPort, ...]
    announced: Tuple[Announcement, ...]
    approvals: Tuple[Approval, ...]
    pins: Tuple[str, ...]


def asked_of(params: Dict[str, Any]) -> Asked:
    """Read the options.

    :raises RemediationError: naming each option that is wrong.
    """
    errors = _misplaced(params)
    endpoints = attempt(errors, lambda: _endpoints(params)) or []
    raise_all(errors)
    places = tuple(dict.fromkeys(place_of(one) for one in endpoints))
    announced = attempt(errors, lambda: parse_announced(params["announced"], places)) or []
    approvals = attempt(errors, lambda: parse_approvals(params["approval"], params["approvals"], places)) or []
    pins = [attempt(errors, partial(parse_pin, text, "pins[%d]" % number)) for number, text in enumerate(params["pins"] or [])]
    raise_all(errors)
    return Asked(tuple(endpoints), places, tuple(announced), tuple(approvals), tuple(pins))


def _endpoints(params: Dict[str, Any]) -> List[Endpoint]:
    if params["presented"] is not None:
        return parse_endpoints([{"host": params["host"], "port": params["port"]}], params["name"] or "")
    return list(dict.fromkeys(parse_endpoints(params["endpoints"] or [], params["name"] or "")))


def _misplaced(params: Dict[str, Any]) -> List[RemediationError]:
    """What would be ignored in this state, and what would spoil the store."""
    state = params["state"]
    errors = [
        RemediationError("%s: has no meaning with state %s" % (option, state), "Leave it out, or set state to %s." % " or ".join(states))
        for option, states in BELONGS.items()
        if params[option] is not None and state not in states
    ]
    log = params["audit_log"]
    if log and os.path.realpath(log) == os.path.realpath(params["pins_path"]):
        errors.append(RemediationError("audit_log: is the same file as pins_path", "Give it a file of its own."))
    return errors
