# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Judge what a server serves against what is known about it. Pure: the store's records and the moment are arguments."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any, Dict, List, Optional, Sequence, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.endpoints import HostPort
from ansible_collections.certmend.tls.plugins.module_utils.appliance.pin_store.approvals import REQUEST_APPROVAL, Approval
from ansible_collections.certmend.tls.plugins.module_utils.appliance.pin_store.records import Acceptance, PinRecord, UsedApproval
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import Certificate
from ansible_collections.certmend.tls.plugins.module_utils.x509.path.presented_chain import chain_of
from ansible_collections.certmend.tls.plugins.module_utils.x509.rules.registry import judge
from ansible_collections.certmend.tls.plugins.module_utils.x509.rules.rule import Context

OK, CHANGED, UNREACHABLE = "ok", "changed", "unreachable"
FIRST_USE, ANNOUNCED, APPROVED = (way.value for way in Acceptance)
STATUSES = (OK, FIRST_USE, CHANGED, ANNOUNCED, UNREACHABLE)
#: a certificate with one of these is no successor, whoever approved it
NO_SUCCESSOR = ("NAME-MISMATCH", "VALIDITY-EXPIRED", "VALIDITY-NOT-YET")
FACTS = ("subject", "issuer", "serial_number", "not_before", "not_after", "subject_alternative_name", "fingerprints", "pin")
ASK = (
    "Trust nothing there until it is known who changed the key. Where the change was expected, run it again with state repinned and an approval of exactly "
    "this host, port, old_pin and new_pin (role pins: pins_approvals); where nobody knows of it, tell your IT security."
)


@dataclass(frozen=True)
class Visit:
    """What was seen at one address of a server.

    :param name: the name that the certificate must have.
    :param error: why there is no certificate: ``code``, ``message``, ``advice``.
    """

    place: HostPort
    name: str
    address: str
    leaf: Optional[Certificate]
    error: Optional[dict] = None


@dataclass(frozen=True)
class Policy:
    """What the options allow.

    :param accept: may the store be changed at all (state pinned or repinned)?
    :param unreachable_fails: whether a server that does not answer is a failure.
    """

    accept: bool
    first_use: bool
    unreachable_fails: bool
    now: datetime.datetime


@dataclass(frozen=True)
class Decision:
    """What a visit comes to.

    :param status: ok, first_use, changed, announced or unreachable.
    :param accepted: how its pin comes into the store; empty where it does not.
    :param failure: code, message and advice; None where nothing is wrong.
    """

    visit: Visit
    status: str
    accepted: str = ""
    approval: Optional[Approval] = None
    failure: Optional[dict] = None
    objections: Tuple[str, ...] = ()


def decide(
    visit: Visit, known: PinRecord, expected: Sequence[str], approvals: Sequence[Approval], spent: Sequence[UsedApproval], policy: Policy
) -> Decision:
    """What to do about one visit.

    :param expected: pins that this very task announces. They count only where nothing was pinned yet: an announcement that
        comes after the change is no announcement.
    :param approvals: those for this server.
    """
    status = status_of(visit, known, expected)
    if status == UNREACHABLE:
        return Decision(visit, status, failure=visit.error if policy.unreachable_fails else None)
    if status == OK:
        return Decision(visit, status)
    objections = objections_to(visit, policy.now)
    if status == FIRST_USE:
        if not policy.first_use:
            return Decision(visit, status, failure=_unpinned(visit, known.announced_pins + tuple(expected)), objections=objections)
        return Decision(visit, status, FIRST_USE if policy.accept else "", objections=objections)
    if status == ANNOUNCED:
        failure = _refused(visit, "announced", objections) if objections else None
        return Decision(visit, status, ANNOUNCED if policy.accept and not failure else "", failure=failure, objections=objections)
    return _changed(visit, known, approvals, spent, policy, objections)


def status_of(visit: Visit, known: PinRecord, expected: Sequence[str] = ()) -> str:
    """Whether the served key is a pinned one, an announced one, the first one, or another one."""
    if visit.leaf is None:
        return UNREACHABLE
    if visit.leaf.pin in known.accepted_pins:
        return OK
    if visit.leaf.pin in known.announced_pins or (not known.pins and visit.leaf.pin in expected):
        return ANNOUNCED
    return CHANGED if known.pins else FIRST_USE


def objections_to(visit: Visit, now: datetime.datetime) -> Tuple[str, ...]:
    """Why a certificate must not follow another one: it is outside its validity, or has another name."""
    context = Context(now=now, name=visit.name)
    found = judge(chain_of([visit.leaf], None, first_is_leaf=True, at=now), context, str(visit.place))
    return tuple(one.message for one in found if one.code in NO_SUCCESSOR)


def _changed(
    visit: Visit, known: PinRecord, approvals: Sequence[Approval], spent: Sequence[UsedApproval], policy: Policy, objections: Tuple[str, ...]
) -> Decision:
    pin = visit.leaf.pin  # type: ignore[union-attr]
    chosen = next((one for one in approvals if one.new_pin == pin), approvals[0] if approvals else None)
    if chosen is None:
        return Decision(visit, CHANGED, failure=_unannounced(visit, known), objections=objections)
    refusals = chosen.refusals(known, pin, spent, policy.now)
    if refusals:
        message = "%s (ticket %s) does not cover it: %s" % (chosen.option, chosen.ticket, "; ".join(refusals))
        failure = _failure("APPROVAL-REFUSED", "%s; %s" % (_unannounced(visit, known)["message"], message), REQUEST_APPROVAL)
        return Decision(visit, CHANGED, failure=failure, objections=objections)
    if objections:
        return Decision(visit, CHANGED, failure=_refused(visit, "approved (ticket %s)" % chosen.ticket, objections), objections=objections)
    return Decision(visit, CHANGED, APPROVED, chosen)


def _failure(code: str, message: str, advice: str) -> dict:
    return {"code": code, "message": message, "advice": advice}


def _unannounced(visit: Visit, known: PinRecord) -> dict:
    """The one message that must do at two in the morning."""
    old = known.pins[-1]
    message = "%s shows another public key than the pinned one, and nobody announced that. Served now: %s. Pinned since %s: %s" % (
        visit.place,
        told(visit.leaf.pin, _seen(visit)),  # type: ignore[union-attr]
        old.since,
        " and ".join(told(one.pin, one.certificate) for one in known.pins),
    )
    if known.announced:
        message += ". Announced: %s" % ", ".join(known.announced_pins)
    return _failure("PIN-CHANGED", message, ASK)


def told(pin: str, certificate: Dict[str, Any]) -> str:
    """A pin with its certificate, in a sentence."""
    parts = [certificate.get("subject") or "no subject"]
    if certificate.get("issuer"):
        parts.append("by %s" % certificate["issuer"])
    if certificate.get("not_after"):
        parts.append("valid %s to %s" % (certificate.get("not_before"), certificate["not_after"]))
    parts.append("certificate SHA-256 %s" % certificate.get("fingerprints", {}).get("sha256", "unknown"))
    return "%s (%s)" % (pin, ", ".join(parts))


def _seen(visit: Visit) -> Dict[str, Any]:
    return facts_of(visit.leaf)  # type: ignore[arg-type]


def _unpinned(visit: Visit, awaited: Sequence[str]) -> dict:
    served = told(visit.leaf.pin, _seen(visit))  # type: ignore[union-attr]
    message = "%s has no pin yet, and first_use is fail. Served now: %s" % (visit.place, served)
    if awaited:
        message += ". Announced: %s" % ", ".join(dict.fromkeys(awaited))
    return _failure("PIN-UNKNOWN", message, "Compare that pin with one from another source, and give it in announced (state pinned).")


def _refused(visit: Visit, how: str, objections: Sequence[str]) -> dict:
    message = "%s: the new certificate was %s, but %s" % (visit.place, how, "; ".join(objections))
    return _failure("PIN-REFUSED", message, "Mend the certificate first (role fqdn_certificate).")


def facts_of(leaf: Certificate) -> Dict[str, Any]:
    """What a store remembers of a certificate, and a failure shows as evidence."""
    whole = leaf.as_dict(leaf.not_after)  # days_left is not among them
    return {name: whole[name] for name in FACTS}


def evidence(decision: Decision, known: PinRecord) -> dict:
    """The documented result of one visit."""
    visit = decision.visit
    old = known.pins[-1] if known.pins else None
    actions = {FIRST_USE: "pinned", ANNOUNCED: "rotated", APPROVED: "repinned"}
    return {
        "endpoint": str(visit.place),
        "host": visit.place.host,
        "port": visit.place.port,
        "address": visit.address,
        "status": decision.status,
        "action": actions.get(decision.accepted, "none"),
        "old_pin": old.pin if old else None,
        "old_pins": list(known.accepted_pins),
        "announced_pins": list(known.announced_pins),
        "new_pin": visit.leaf.pin if visit.leaf else None,
        "since": old.since if old else None,
        "ticket": decision.approval.ticket if decision.approval else None,
        "old_certificate": old.certificate if old else None,
        "new_certificate": facts_of(visit.leaf) if visit.leaf else None,
        "objections": list(decision.objections),
        "error": visit.error,
    }


def all_failures(decisions: Sequence[Decision]) -> List[dict]:
    """What is wrong, with the server that it is about."""
    return [dict({"endpoint": str(one.visit.place)}, **one.failure) for one in decisions if one.failure]
