# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the results of a role's tasks say about its changes, in the form of the record. Pure."""

from __future__ import annotations

import difflib
from typing import Any, Dict, Iterator, List, Mapping, Sequence

#: lines of one diff; a record is no copy of a trust store
LONGEST = 400


def note_of(given: Mapping[str, Any]) -> Dict[str, Any]:
    """A note, as ``evidence_record.noted`` takes it.

    :param given: besides its plain values ``results`` (of the tasks that made the change), ``changes`` (of the journal of this step), ``journals`` (of this
        run on the host), ``undone_by`` (of changes that are in no journal) and ``ending`` (the role remediation describes both).
    """
    journals = [journal for journal in given.get("journals") or [] if journal.get("run", {}).get("id") == given["run"]]
    ending = list(given.get("ending") or [])
    files = [_file(change) for change in given.get("changes") or []]
    backups = [journal["path"] for journal in journals if journal["files"]] + [path for each in ending for path in each.get("backups") or []]
    found = {name: given.get(name) for name in ("host", "run", "at", "phase", "role", "journal", "changed")}
    found["said"] = str(given.get("said") or "")  # Ansible before 2.19 makes values of texts that look like some: of the JSON that a server has answered
    found["names"] = [str(name) for name in given.get("names") or []]
    found["diffs"] = [diff for result in given.get("results") or [] for diff in diffs_in(result)]
    found["undone_by"] = [dict(each) for each in given.get("undone_by") or []]
    found["backups"] = backups + [path for result in given.get("results") or [] for path in _backups_in(result)]
    return dict(found, files=files, verified=_all(ending, "verified"), undo=_all(ending, "undo"), next=_all(ending, "next"))


def _file(change: Mapping[str, Any]) -> Dict[str, Any]:
    return {"path": str(change["path"]), "existed": change.get("existed"), "now": change.get("now")}


def _all(ending: Sequence[Mapping[str, Any]], name: str) -> List[Any]:
    """The values of a list of endings, which are texts or lists."""
    found: List[Any] = []
    for each in ending:
        value = each.get(name) or []
        found += [value] if isinstance(value, (str, Mapping)) else list(value)
    return [_verified(item) for item in found]


def _verified(item: Any) -> Any:
    """A proof: what was verified by whom, or a text."""
    if not isinstance(item, Mapping):
        return str(item)
    return " ".join(str(part) for part in (item.get("server"), "from", item.get("by"), "anchor", item.get("anchor"), "until", item.get("until")) if part)


def _results(result: Any) -> Iterator[Mapping[str, Any]]:
    """A result, or those of its loop."""
    if isinstance(result, Mapping):
        yield result
        for item in result.get("results") or []:
            if isinstance(item, Mapping):
                yield item


def diffs_in(result: Any) -> Iterator[Dict[str, Any]]:
    """The diffs of a result as unified diffs, bounded."""
    for each in _results(result):
        found = each.get("diff") or []
        for diff in found if isinstance(found, list) else [found]:
            if isinstance(diff, Mapping) and diff.get("before") != diff.get("after"):
                yield unified(diff)


def unified(diff: Mapping[str, Any]) -> Dict[str, Any]:
    """A diff as Ansible has it, as a unified diff."""
    before, after = (str(diff.get(name) or "").splitlines() for name in ("before", "after"))
    old, new = (str(diff.get(name) or "") for name in ("before_header", "after_header"))
    lines = list(difflib.unified_diff(before, after, "before", "after", lineterm="", n=3))[2:]
    return {"path": (new or old).strip(), "diff": "\n".join(lines[:LONGEST]), "omitted": max(0, len(lines) - LONGEST)}


def _backups_in(result: Any) -> Iterator[str]:
    for each in _results(result):
        yield from (str(path) for path in [*(each.get("backup_files") or []), each.get("backup_path"), each.get("backup_file")] if path)
