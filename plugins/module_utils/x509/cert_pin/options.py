# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of ``cert_pin``, validated."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import partial
from typing import Any, Dict, List, Mapping, Optional, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.appliance.pin_store.approvals import Approval, parse_approvals
from ansible_collections.certmend.tls.plugins.module_utils.appliance.pin_store.records import parse_pin
from ansible_collections.certmend.tls.plugins.module_utils.core.enums import StringEnum
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError, attempt, raise_all
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_pin.announcements import Announcement, parse_announced
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_pin.targets import Targets, parse_targets
from ansible_collections.certmend.tls.plugins.module_utils.x509.load.base64_text import decode_base64


class State(StringEnum):
    """What the task does."""

    CHECKED = "checked"
    PINNED = "pinned"
    REPINNED = "repinned"
    LISTED = "listed"
    ABSENT = "absent"
    RESTORED = "restored"

    @property
    def observes(self) -> bool:
        """Whether the servers are asked for their certificates."""
        return self in (State.CHECKED, State.PINNED, State.REPINNED)

    @property
    def accepts(self) -> bool:
        """Whether pins may be accepted into the store."""
        return self in (State.PINNED, State.REPINNED)


#: options that have a meaning in some states only
STATES_OF_OPTION = {
    "approval": (State.PINNED, State.REPINNED),
    "approvals": (State.PINNED, State.REPINNED),
    "announced": (State.PINNED, State.REPINNED),
    "pins": (State.ABSENT, State.LISTED, State.RESTORED),
    "backup_path": (State.RESTORED,),
}


@dataclass(frozen=True)
class Options:
    """What the task asks for.

    :param presented: the first certificate of a chain that was collected elsewhere, empty if the chain is; None: connect to the endpoints.
    :param create: whether a new store may be made.
    :param pin_first_use: whether the first key of a server is trusted.
    :param unreachable_fails: whether a server that does not answer is a failure.
    :param pins: the pins that state absent removes, or that state listed has listed, or that the task stored which state restored undoes; empty: all.
    """

    state: State
    pins_path: str
    targets: Targets
    presented: Optional[bytes]
    create: bool
    pin_first_use: bool
    unreachable_fails: bool
    keep_old: bool
    announced: Tuple[Announcement, ...]
    approvals: Tuple[Approval, ...]
    pins: Tuple[str, ...]
    backup_path: Optional[str]
    audit_log: Optional[str]
    backup: bool
    journal: Optional[str]
    workers: int
    timeout: float

    @classmethod
    def from_params(cls, params: Mapping[str, Any]) -> Options:
        """Validate the module's parameters.

        :raises RemediationError: with everything that is wrong in them. Options that name endpoints are validated if the endpoints are valid.
        """
        errors = _misplaced(params)
        targets = attempt(errors, lambda: _targets(params)) or Targets()
        presented = attempt(errors, lambda: _presented(params["presented"]))
        raise_all(errors)
        return cls(
            targets=targets,
            presented=presented,
            state=State(params["state"]),
            pin_first_use=params["first_use"] == "pin",
            unreachable_fails=params["unreachable"] == "fail",
            **_pins(params, targets),
            **{name: params[name] for name in ("pins_path", "create", "keep_old", "backup_path", "audit_log", "backup", "journal", "workers", "timeout")},
        )


def _targets(params: Mapping[str, Any]) -> Targets:
    endpoints = params["endpoints"] or []
    if params["presented"] is not None:
        endpoints = [{"host": params["host"], "port": params["port"]}]
    return parse_targets(endpoints, params["name"] or "")


def _presented(chain: Optional[List[str]]) -> Optional[bytes]:
    """The server's own certificate, which comes first in its chain."""
    if chain is None:
        return None
    return decode_base64(chain[0], "presented[0]") if chain else b""


def _pins(params: Mapping[str, Any], targets: Targets) -> Dict[str, Any]:
    """The fields ``announced``, ``approvals`` and ``pins``."""
    errors: List[RemediationError] = []
    servers, ignore_others = targets.servers, params["ignore_others"]
    announced = attempt(errors, lambda: parse_announced(params["announced"], servers, ignore_others)) or []
    approvals = attempt(errors, lambda: parse_approvals(params["approval"], params["approvals"], servers, ignore_others)) or []
    pins = [attempt(errors, partial(parse_pin, text, "pins[%d]" % index)) for index, text in enumerate(params["pins"] or [])]
    raise_all(errors)
    return {"announced": tuple(announced), "approvals": tuple(approvals), "pins": tuple(pins)}


def _misplaced(params: Mapping[str, Any]) -> List[RemediationError]:
    """Options that the state would ignore, and an audit log that would damage the store."""
    state = params["state"]
    errors = [
        RemediationError("%s: has no meaning with state %s" % (option, state), "Leave it out, or set state to %s." % " or ".join(states))
        for option, states in STATES_OF_OPTION.items()
        if params[option] is not None and state not in states
    ]
    log = params["audit_log"]
    if log and os.path.realpath(log) == os.path.realpath(params["pins_path"]):
        errors.append(RemediationError("audit_log: is the same file as pins_path", "Give the audit log a file of its own."))
    return errors
