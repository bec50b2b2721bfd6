# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Records of runs joined, with the records of their hosts, and what they come to. Pure."""

from __future__ import annotations

import shlex
from collections import Counter
from typing import Any, Dict, Iterable, List, Mapping, Optional, Sequence, Tuple

from ansible_collections.certmend.tls.plugins.plugin_utils.evidence_record import PHASES, host_part

Record = Dict[str, Any]
#: what a record says of all of its runs; the first record counts
OF_ALL = ("format", "title", "ticket", "operator", "check_mode", "window", "versions")
#: what is said of a whole run: the first of these that counts
OUTCOMES = ("failed", "partly", "restored", "stopped", "unfinished", "not_judged", "remaining", "mended", "nothing_to_do")
#: a journal of root's; that of another user lies in his home
OF_ROOT = "/var/lib/certmend/"


def joined(records: Sequence[Mapping[str, Any]]) -> Record:
    """One record: that of a run and those of its hosts, or those of the slices of one job.

    Each run, host, planned step and endpoint is there once; of two records of a host or an endpoint the later one counts.

    :raises ValueError: there is no record.
    """
    if not records:
        raise ValueError("there is no record to join")
    hosts = _latest(((host["host"],), host) for record in records for host in record["hosts"])
    endpoints = _latest(((each["source"],), each) for record in records for each in record["endpoints"])
    runs = _latest(((run["id"],), run) for record in records for run in record["runs"])
    plan = _latest(sorted((step for record in records for step in _planned(record)), key=lambda step: -int(step[1]["order"])))
    named = _hosts_of_names(hosts)
    found: Record = {name: records[0][name] for name in OF_ALL}
    found["inventory"] = list(dict.fromkeys(source for record in records for source in record["inventory"]))
    found["runs"] = sorted(runs, key=lambda run: (run["started"], run["id"]))
    found["plan"] = sorted(plan, key=lambda item: (item["order"], item["host"], item["role"]))
    found["hosts"] = sorted(hosts, key=lambda host: host["host"])
    found["endpoints"] = [_compared(each, named) for each in sorted(endpoints, key=lambda each: each["source"])]
    found["summary"] = _summary(found)
    return dict(found, outcome=_outcome(found), restore=_restore(found))


def ended(record: Mapping[str, Any], at: str, after: Sequence[Mapping[str, Any]]) -> Record:
    """The record at the end of its run.

    :param after: what the second audit has found, as ``inspections`` returns it.
    """
    runs = [dict(run, ended=at) for run in record["runs"]]
    known = {each["source"]: each for each in record["endpoints"]}
    for each in after:
        known[each["source"]] = dict(known.get(each["source"], {"source": each["source"], "host": "", "before": None}), after=each)
    return joined([dict(record, runs=runs, endpoints=list(known.values()))])


def _latest(items: Iterable[Tuple[Tuple[Any, ...], Mapping[str, Any]]]) -> List[Dict[str, Any]]:
    """Each key once, with the item that knows most: one that has an end, then the last one."""
    found: Dict[Tuple[Any, ...], Mapping[str, Any]] = {}
    for key, item in items:
        there = found.get(key, {})
        if not (there.get("after") or there.get("ended")) or item.get("after") or item.get("ended"):
            found[key] = item
    return [dict(item) for item in found.values()]


def _planned(record: Mapping[str, Any]) -> Iterable[Tuple[Tuple[Any, ...], Mapping[str, Any]]]:
    """The steps of a plan, each with its name, which is the same in all slices: its place in the plan is not. Several endpoints can give the same step."""
    seen: Counter[Tuple[Any, ...]] = Counter()
    for item in sorted(record["plan"], key=lambda item: int(item["order"])):
        name = (item["host"], item["role"], tuple(item["codes"]), item["who"])
        seen[name] += 1
        yield (*name, seen[name]), item


def _hosts_of_names(hosts: Sequence[Mapping[str, Any]]) -> Dict[str, str]:
    return {name.lower(): host["host"] for host in hosts for name in (*host["names"], host["host"])}


def open_codes(inspection: Optional[Mapping[str, Any]]) -> Optional[List[str]]:
    """The codes of the findings that are more than a notice and not waived; None if nothing is known."""
    if inspection is None:
        return None
    return sorted({each["code"] for each in inspection["findings"] if each["severity"] != "notice" and not each["waived"]})


def _compared(endpoint: Mapping[str, Any], named: Mapping[str, str]) -> Dict[str, Any]:
    """An endpoint with what became of its findings."""
    before, after = open_codes(endpoint["before"]), open_codes(endpoint["after"])
    mended = sorted(set(before or ()) - set(after)) if after is not None else []
    new = sorted(set(after or ()) - set(before)) if before is not None else []
    remaining = sorted(set(after if after is not None else before or ()) - set(new))
    outcome = "unknown" if after is None else "new" if new else "remaining" if remaining else "mended" if mended else "ok"
    host = endpoint["host"] or named.get(host_part(endpoint["source"]), "")
    return dict(endpoint, host=host, outcome=outcome, mended=mended, remaining=remaining, new=new)


def _summary(record: Record) -> Dict[str, Any]:
    """Numbers, for a glance and for machines."""
    endpoints, hosts = record["endpoints"], record["hosts"]
    return {
        "endpoints": len(endpoints),
        "before": _verdicts(endpoints, "before"),
        "after": _verdicts(endpoints, "after"),
        "findings": {name: sum(len(each[name]) for each in endpoints) for name in ("mended", "remaining", "new")},
        "hosts": {phase: sum(host["phase"] == phase for host in hosts) for phase in PHASES},
        "changed_hosts": sorted(host["host"] for host in hosts if is_changed(host)),
        "not_ours": sum(not item["ours"] for item in record["plan"]),
    }


def _verdicts(endpoints: Sequence[Mapping[str, Any]], when: str) -> Optional[Dict[str, int]]:
    """How many endpoints have which verdict; None if nothing was inspected."""
    known = [each[when]["verdict"] for each in endpoints if each[when]]
    return {verdict: known.count(verdict) for verdict in ("ok", "warning", "error")} if known else None


def is_changed(host: Mapping[str, Any]) -> bool:
    """Whether the run has changed something on a host and left it so."""
    return any(step["changed"] and step["phase"] not in ("restored",) for step in host["steps"])


def _outcome(record: Record) -> str:
    """The whole run in a word."""
    phases = {host["phase"] for host in record["hosts"]}
    codes = [code for each in record["endpoints"] for code in each["remaining"] + each["new"]]
    inspected = [each for each in record["endpoints"] if each["after"]]
    changed = record["summary"]["changed_hosts"]
    if not all(run["ended"] for run in record["runs"]) or "changing" in phases:
        said = "failed" if "failed" in phases else "unfinished"
    elif phases & {"failed", "restored", "stopped"}:
        said = "failed" if "failed" in phases else "partly" if changed else "restored" if "restored" in phases else "stopped"
    elif len(inspected) < len(record["endpoints"]):
        said = "not_judged"
    else:
        said = "remaining" if codes else "mended" if changed or any(each["mended"] for each in inspected) else "nothing_to_do"
    return said


def _restore(record: Record) -> List[Dict[str, Any]]:
    """For each run the command that puts back what it has changed, as restore.yml documents it."""
    inventory = " ".join("-i " + shlex.quote(source) for source in record["inventory"] or ["INVENTORY"])
    found = []
    for run in record["runs"]:
        hosts = [host for host in record["hosts"] if host["run"] == run["id"] and (is_changed(host) or host["phase"] in ("changing", "failed"))]
        journals = [step["journal"] for host in hosts for step in host["steps"] if step["journal"]]
        become = all(path.startswith(OF_ROOT) for path in journals)
        more = [] if become else ["-e restore_become=false"]
        words = ["ansible-playbook", inventory, "certmend.tls.restore", "-e restore_run=" + shlex.quote(run["id"]), *more]
        names = [host["host"] for host in hosts if any(step["journal"] for step in host["steps"])]
        if names:
            found.append({"run": run["id"], "hosts": names, "become": become, "command": " ".join([*words, "--limit", shlex.quote(",".join(names))])})
    return found
