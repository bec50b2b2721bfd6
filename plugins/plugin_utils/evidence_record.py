# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The record of a run: how it begins, and what is noted about a host. docs/evidence.md describes its form, docs/evidence.schema.json defines it.

Pure: times and what was found are given. Nothing is copied that the form does not have, so that a bulky or secret result cannot slip in.
"""

from __future__ import annotations

import hashlib
import re
from typing import Any, Dict, Iterable, List, Mapping, Optional, Sequence

FORMAT = 1
#: what happens to a host, and what is said of it after several steps: the first of these that any step has
PHASES = ("failed", "changing", "restored", "stopped", "changed", "verified")
#: of a certificate: everything but its PEM, which is bulky
CERTIFICATE = (
    "subject",
    "issuer",
    "common_name",
    "serial_number",
    "not_before",
    "not_after",
    "days_left",
    "expiry",
    "subject_alternative_name",
    "key",
    "signature_algorithm",
    "is_ca",
    "self_signed",
    "fingerprints",
    "pin",
)
INSPECTION = ("reachable", "verdict", "error", "chain", "findings", "warnings")
FINDING = ("code", "severity", "message", "about", "remedy", "advice", "cites", "waived")
STEP_LISTS = ("files", "backups", "diffs", "verified", "undone_by")
#: what the end of a run says about a host
HOST_LISTS = ("backups", "verified", "undo", "next")


def begun(given: Mapping[str, Any]) -> Dict[str, Any]:
    """The record before the first change.

    :param given: the values of the role: ``run``, ``started``, ``title`` and others.
    """
    job = str(given.get("job") or "") or None
    run = {"id": given["run"], "controller": given.get("controller") or "", "job": job, "started": given["started"], "ended": None}
    return {
        "format": FORMAT,
        "title": str(given.get("title") or ""),
        "ticket": str(given.get("ticket") or "") or None,
        "operator": str(given.get("operator") or ""),
        "check_mode": bool(given.get("check_mode")),
        "runs": [run],
        "inventory": [str(source) for source in given.get("inventory") or []],
        "window": dict(given["window"]) if given.get("window") else None,
        "versions": {str(name): str(version) for name, version in (given.get("versions") or {}).items()},
        "plan": [_planned(item) for item in given.get("plan") or []],
        "hosts": [],
        "endpoints": _endpoints(given),
    }


def _endpoints(given: Mapping[str, Any]) -> List[Dict[str, Any]]:
    """What the audit has found, each with its host of the inventory: as the plan says, or by the name that the audit connects to."""
    planned = {source: str(item["host"]) for item in given.get("plan") or [] for source in item.get("endpoints") or []}
    names = given.get("names") or {}
    found = inspections(given.get("before"))
    hosts = [planned.get(each["source"]) or names.get(host_part(each["source"]), "") for each in found]
    return [{"source": each["source"], "host": host, "before": each, "after": None} for each, host in zip(found, hosts)]


def host_part(source: str) -> str:
    """The host of an endpoint as the audit writes it: ``depot.corp.example:443``, ``[2001:db8::1]:443``."""
    return source.rpartition(":")[0].strip("[]").lower() if ":" in source else source.lower()


def _planned(item: Mapping[str, Any]) -> Dict[str, Any]:
    return {
        "host": str(item.get("host") or ""),
        "codes": [str(code) for code in item.get("codes") or []],
        "role": str(item.get("role") or ""),
        "order": int(item.get("order") or 0),
        "ours": bool(item.get("ours", True)),
        "who": str(item.get("who") or ""),
    }


def inspections(audit: Optional[Mapping[str, Any]]) -> List[Dict[str, Any]]:
    """The results of an audit, as the record has them."""
    return [_inspection(result) for result in (audit or {}).get("results") or []]


def _inspection(result: Mapping[str, Any]) -> Dict[str, Any]:
    found = {name: result.get(name) for name in INSPECTION}
    found["findings"] = [{name: finding.get(name) for name in FINDING} for finding in result.get("findings") or []]
    found["certificates"] = [{name: each.get(name) for name in CERTIFICATE} for each in result.get("certificates") or []]
    found["warnings"] = list(result.get("warnings") or [])
    return dict(found, source=str(result["source"]))


def noted(record: Optional[Mapping[str, Any]], note: Mapping[str, Any]) -> Dict[str, Any]:
    """The record of a host with one more note.

    :param record: of this host so far; empty before the first note.
    :param note: ``host``, ``names``, ``run``, ``at``, ``phase``, ``role``, ``journal``, ``said`` and the lists of a step. A note without a role is about
        the whole host: what its run has changed was verified, rolled back, or neither.
    :raises ValueError: there is no such phase.
    """
    if note["phase"] not in PHASES:
        raise ValueError("evidence_phase: %s is not one of %s" % (note["phase"], ", ".join(PHASES)))
    record = dict(record or {"host": note["host"], "names": sorted(set(note.get("names") or [])), "run": note["run"], "steps": [], "events": []})
    event = {"at": note["at"], "phase": note["phase"], "role": note.get("role") or "", "said": note.get("said") or ""}
    steps = _with(record["steps"], note) if note.get("role") else [_undone(step, note) for step in record["steps"]]
    events = [*record["events"], event]
    phases = [step["phase"] for step in steps] or [note["phase"]]
    phases += [each["phase"] for each in events if each["phase"] == "stopped"]  # there is no step that it belongs to
    more = {name: _merged(record.get(name) or [], [] if note.get("role") else note.get(name) or []) for name in HOST_LISTS}
    return dict(record, phase=min(phases, key=PHASES.index), steps=steps, events=events, **more)


def _with(steps: Sequence[Mapping[str, Any]], note: Mapping[str, Any]) -> List[Dict[str, Any]]:
    """The steps with what is noted about one of them."""
    known = [(step["role"], step["journal"]) for step in steps]
    mine = (note["role"], note.get("journal") or "")
    return [_step(step, note) if name == mine else dict(step) for name, step in zip(known, steps)] + ([] if mine in known else [_step(None, note)])


def _step(step: Optional[Mapping[str, Any]], note: Mapping[str, Any]) -> Dict[str, Any]:
    """What a role has done to the host."""
    start: Dict[str, Any] = {"role": note["role"], "journal": note.get("journal") or "", "changed": False, "started": note["at"], "said": ""}
    step = dict(step or {**start, **{name: [] for name in STEP_LISTS}})
    more = {name: _merged(step[name], note.get(name) or []) for name in STEP_LISTS}
    changed = bool(step["changed"] or note.get("changed") or more["files"] or more["diffs"])
    return dict(step, **more, phase=note["phase"], changed=changed, ended=note["at"], said=note.get("said") or step["said"])


def _undone(step: Mapping[str, Any], note: Mapping[str, Any]) -> Dict[str, Any]:
    """A step after a rollback of the whole run. Other notes about the host leave it as it was."""
    if note["phase"] not in ("restored", "failed") or not step["changed"]:
        return dict(step)
    return dict(step, phase=note["phase"], ended=note["at"], said=note.get("said") or step["said"])


def _merged(there: Sequence[Any], new: Iterable[Any]) -> List[Any]:
    """Both lists, each item once. Files and diffs are known by their path: the later one counts."""
    found: Dict[Any, Any] = {}
    for item in (*there, *new):
        found[item.get("path") if isinstance(item, Mapping) and item.get("path") else repr(item)] = item
    return list(found.values())


def file_name(host: str, suffix: str = ".json") -> str:
    """The name of a host's file. A host may have any name in an inventory."""
    safe = re.sub(r"[^A-Za-z0-9._-]", "_", host)[:100]
    if safe == host and not host.startswith(".") and host:
        return safe + suffix
    return "%s-%s%s" % (safe.lstrip("."), hashlib.sha256(host.encode("utf-8", "surrogatepass")).hexdigest()[:12], suffix)
