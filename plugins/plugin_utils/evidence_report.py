# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A record as one page of HTML: nothing is fetched, and nothing is run."""

from __future__ import annotations

import datetime
import functools
import os
from typing import Any, Dict, List, Mapping, Tuple

import jinja2

from ansible_collections.certmend.tls.plugins.module_utils.core.shown_text import printable_lines
from ansible_collections.certmend.tls.plugins.module_utils.core.timestamps import UTC, parse_time
from ansible_collections.certmend.tls.plugins.plugin_utils import evidence_chains, evidence_timeline
from ansible_collections.certmend.tls.plugins.plugin_utils.descriptions import COLLECTION

TEMPLATES = os.path.join(COLLECTION, "roles", "evidence", "templates")
UNKNOWN = datetime.datetime(1970, 1, 1, tzinfo=UTC)
#: the run in a word, as a state and in a sentence
OUTCOMES = {
    "failed": ("error", "Failed", "At least one host may not be as it was before the run."),
    "partly": ("error", "Partly done", "Some hosts were changed; on others a step failed, and they are as they were before the run."),
    "restored": ("warning", "Rolled back", "A step failed, and every host is as it was before the run."),
    "stopped": ("error", "Stopped", "A step failed before anything was changed, and nothing was changed on any host."),
    "unfinished": ("error", "Broken off", "The run had no end when this page was written: it was at work, was killed, or failed before its first change."),
    "not_judged": ("warning", "Done, not inspected again", "The changes were made, but not every endpoint was inspected afterwards."),
    "remaining": ("warning", "Findings remain", "Not everything that was found is mended."),
    "mended": ("ok", "Mended", "Everything that was found is mended, and was inspected again."),
    "nothing_to_do": ("ok", "Nothing to mend", "Every endpoint was inspected, and nothing is open."),
}
#: what became of a host, as a state and in words
PHASES = {
    "failed": ("error", "failed"),
    "changing": ("error", "broken off"),
    "restored": ("warning", "rolled back"),
    "stopped": ("error", "failed, not changed"),
    "changed": ("warning", "changed, not verified"),
    "verified": ("ok", "verified"),
}
#: what became of an endpoint; what is open has the state of its verdict
ENDPOINTS = {
    "unknown": ("unknown", "not inspected again"),
    "new": ("", "new findings"),
    "remaining": ("", "findings remain"),
    "mended": ("ok", "mended"),
    "ok": ("ok", "nothing open"),
}
#: the most serious first
STATES = ("error", "warning", "unknown", "ok")


def report(record: Mapping[str, Any]) -> str:
    """The page.

    :param record: as ``evidence_merge.joined`` returns it.
    """
    return _environment().get_template("report.html.j2").render(record=record, **_view(record))


@functools.lru_cache(maxsize=None)
def _environment() -> jinja2.Environment:
    loader = jinja2.FileSystemLoader(TEMPLATES)
    environment = jinja2.Environment(loader=loader, autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters["certmend.tls.printable"] = lambda text, lines=False: printable_lines(str(text))
    environment.filters.update(moment=_moment, duration=_duration)
    return environment


def _moment(text: Any) -> str:
    """A time for a reader: ``2026-11-20 12:00:00 UTC``."""
    return str(text or "").replace("T", " ").replace("Z", " UTC")


def _duration(span: Mapping[str, Any]) -> str:
    """How long a run or a step took, from its ``started`` and ``ended``."""
    if not span["ended"]:
        return ""
    start, end = (parse_time(span[name], name, UNKNOWN) for name in ("started", "ended"))
    minutes, seconds = divmod(int((end - start).total_seconds()), 60)
    return "%d min %d s" % (minutes, seconds) if minutes else "%d s" % seconds


def _view(record: Mapping[str, Any]) -> Dict[str, Any]:
    """What the template shows besides the record itself."""
    now = parse_time(max(run["ended"] or run["started"] for run in record["runs"]), "ended", UNKNOWN)
    rows = evidence_timeline.rows_of(record["endpoints"], now)
    hosts = _hosts(record)
    return {
        "verdict": OUTCOMES[record["outcome"]],
        "hosts": [host for host in hosts if not host["quiet"]],
        "quiet": [endpoint for host in hosts if host["quiet"] for endpoint in host["endpoints"]],
        "timeline": evidence_timeline.drawing(rows[: evidence_timeline.ROWS], now),
        "expiries": rows,
        "drawn": evidence_timeline.ROWS,
        "chain_of": evidence_chains.drawing,
        "marks": evidence_chains.MARKS,
        "phases": PHASES,
        "standing": _standing_of,
        "is_same": _is_same,
    }


def _hosts(record: Mapping[str, Any]) -> List[Dict[str, Any]]:
    """Each host with its endpoints, the most serious first; an endpoint that belongs to no host of the run stands by itself."""
    there = {host["host"]: dict(host, endpoints=[]) for host in record["hosts"]}
    for endpoint in record["endpoints"]:
        name = endpoint["host"] or endpoint["source"]
        nothing = {"host": name, "phase": "", "steps": [], "events": [], "backups": [], "verified": [], "undo": [], "next": [], "endpoints": []}
        there.setdefault(name, nothing)["endpoints"].append(endpoint)
    found = [dict(host, **_standing(host), place=place) for place, host in enumerate(there.values())]
    return sorted(found, key=lambda host: (STATES.index(host["state"]), host["host"]))


def _standing_of(endpoint: Mapping[str, Any]) -> Tuple[str, str]:
    """The state of an endpoint, and the words for it."""
    state, words = ENDPOINTS[endpoint["outcome"]]
    return state or str((endpoint["after"] or endpoint["before"])["verdict"]), words


def _standing(host: Mapping[str, Any]) -> Dict[str, Any]:
    """A host at a glance: the worst of what happened to it and to its endpoints."""
    said = [_standing_of(each) for each in host["endpoints"]] + ([PHASES[host["phase"]]] if host["phase"] else [])
    state, words = min(said, key=lambda each: STATES.index(each[0]))
    quiet = not host["steps"] and host["phase"] != "stopped" and all(each["outcome"] == "ok" for each in host["endpoints"])
    return {"state": state, "words": words, "quiet": quiet}


def _is_same(endpoint: Mapping[str, Any]) -> bool:
    """Whether the endpoint is as before, and one picture of it is enough."""
    before, after = endpoint["before"], endpoint["after"]
    if not before or not after or endpoint["mended"] or endpoint["new"]:
        return False
    return [each["fingerprints"] for each in before["certificates"]] == [each["fingerprints"] for each in after["certificates"]]
