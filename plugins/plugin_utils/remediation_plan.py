# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The plan of the playbook remediate: which finding on which host is repaired by which playbook, in which order, and what is left to a person. Pure.

A plan is a dictionary that a person can read as YAML, sign off and hand to a run:

- ``format``: 1,
- ``steps``: in the order in which they are taken, each with ``playbook``, ``host``, ``served`` (the SHA-256 fingerprint of the certificate that the host
  presents; empty if it presents none) and ``findings``, a list of ``code``, ``severity``, ``about`` and ``message``,
- ``left``: findings that no playbook repairs here, each with ``host`` and ``who``: what a person has to do.
"""

from __future__ import annotations

from typing import Any, Dict, Iterable, List, Mapping, Sequence, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.core.codes import entry_of
from ansible_collections.certmend.tls.plugins.module_utils.core.shown_text import printable

FORMAT = 1
WEB_SERVER = ("fqdn_certificate", "server_chain", "trust_anchor")
#: for each playbook, in the order of a run: the groups of its hosts, and the roles whose findings it repairs there. Certificates come before what records them.
PLAYBOOKS: Mapping[str, Tuple[Sequence[str], Sequence[str]]] = {
    "server_chain": (("webservers",), WEB_SERVER),
    "offline_depot": (("depots", "installers"), (*WEB_SERVER, "hosts_mapping")),
    "ome_migration": (("omes",), ("fqdn_certificate", "server_chain", "ome_chain")),
    "ssl_trust": (("vcenters",), ("ssl_trust",)),
    "pins": (("pinned",), ("pins",)),
}
#: what repairs a handshake that a client could not verify, by the beginning of its code
CLIENT_REMEDIES = {
    "TRUST-": "trust_anchor",
    "CHAIN-": "server_chain",
    "RESOLVE-": "hosts_mapping",
    "NAME-": "fqdn_certificate",
    "VALIDITY-": "fqdn_certificate",
}
#: playbooks that treat all their hosts in one transaction: a plan with one of them is a plan for all
TOGETHER = ("offline_depot", "ome_migration")
Finding = Mapping[str, Any]
Plan = Dict[str, Any]


class WrongPlan(ValueError):
    """The plan cannot be used; the message says why, and the way out. It may quote the plan, and is escaped here."""

    def __init__(self, message: str) -> None:
        super().__init__(printable(message))


def planned(results: Iterable[Mapping[str, Any]], hosts: Mapping[str, Mapping[str, Any]]) -> Plan:
    """The plan for these results of an audit.

    :param results: as cert_inspect returns them, with ``source``, ``certificates`` and ``findings``.
    :param hosts: for each audited host its ``sources`` and its ``groups``.
    """
    owners: Dict[str, List[str]] = {}
    for host, known in hosts.items():
        for source in dict.fromkeys(known["sources"]):
            owners.setdefault(source, []).append(host)
    steps: Dict[Tuple[str, str], Dict[str, Any]] = {}
    left: List[Dict[str, Any]] = []
    for result in results:
        for finding in filter(_is_open, result["findings"]):
            for host in owners.get(result["source"], [result["source"]]):
                playbook = _playbook_for(finding, hosts.get(host, {}).get("groups", []))
                if playbook:
                    step = steps.setdefault((playbook, host), {"playbook": playbook, "host": host, "served": _served(result), "findings": []})
                    _add(step["findings"], _shown(finding))
                else:
                    _add(left, dict(_shown(finding), host=host, who=_who(finding)))
    order = list(PLAYBOOKS)
    return {"format": FORMAT, "steps": sorted(steps.values(), key=lambda step: (order.index(step["playbook"]), step["host"])), "left": left}


def seen_by_clients(handshakes: Iterable[Mapping[str, Any]]) -> List[Dict[str, Any]]:
    """The handshakes that clients could not verify or make, as results of an audit.

    :param handshakes: results of tls_handshake, each with ``client``, the client's name in the inventory, and with ``server``, that of the server, if the
        server's playbook repairs the client too. One without ``error`` was not made.
    """
    results = []
    for handshake in handshakes:
        error = handshake["error"] if "error" in handshake else _not_made(handshake)
        if error:
            remedy = next((role for start, role in CLIENT_REMEDIES.items() if error["code"].startswith(start)), "")
            about = "%s from %s" % (handshake["name"], handshake["client"])
            finding = dict(error, severity="error", about=about, remedy=remedy)
            results.append({"source": repaired_at(handshake), "certificates": [], "findings": [finding]})
    return results


def repaired_at(handshake: Mapping[str, Any]) -> str:
    """The host whose playbook repairs what a client could not verify."""
    return str(handshake.get("server") or handshake["client"])


def _not_made(handshake: Mapping[str, Any]) -> Dict[str, str]:
    """Nothing is known, because the client could not be reached, or its module has failed."""
    entry = entry_of("AUDIT-FAILED")
    said = "%s could not connect: %s" % (handshake["client"], handshake.get("msg") or "the module ended without a result")
    return {"code": entry.code, "message": said, "advice": entry.advice}


def _is_open(finding: Finding) -> bool:
    """Whether somebody has to do something: notices and waived findings are for reading."""
    return finding["severity"] != "notice" and not finding.get("waived")


def _playbook_for(finding: Finding, groups: Sequence[str]) -> str:
    return next((name for name, (own, roles) in PLAYBOOKS.items() if set(own) & set(groups) and finding["remedy"] in roles), "")


def _add(findings: List[Dict[str, Any]], finding: Dict[str, Any]) -> None:
    """Once: the addresses of a server that has several report the same."""
    if finding not in findings:
        findings.append(finding)


def _who(finding: Finding) -> str:
    group = next((groups[0] for groups, roles in PLAYBOOKS.values() if finding["remedy"] in roles), "")
    added = "Add the server of %s to the inventory's group %s, whose playbook repairs this." % (finding["about"], group) if group else ""
    return " ".join(filter(None, [added, str(finding["advice"])]))


def _served(result: Mapping[str, Any]) -> str:
    return result["certificates"][0]["fingerprints"]["sha256"] if result["certificates"] else ""


def _shown(finding: Finding) -> Dict[str, Any]:
    return {key: str(finding[key]) for key in ("code", "severity", "about", "message")}


def agreed(approved: Any, present: Plan) -> Plan:
    """What a run does that was handed an approved plan: its steps, less those whose findings are gone by now.

    :param approved: the plan as it was read.
    :param present: the plan for what an audit has just found.
    :raises WrongPlan: if it is no plan, or if a host of it is not as it was.
    """
    _require_a_plan(approved)
    now = {(step["playbook"], step["host"]): step for step in present["steps"]}
    signed = {(step["playbook"], step["host"]): step for step in approved["steps"]}
    kept = [key for key in now if key in signed]
    changed = ["%s (%s): %s" % (key[1], key[0], _difference(signed[key], now[key])) for key in kept if _outline(signed[key]) != _outline(now[key])]
    together = {playbook for playbook, _host in kept} & set(TOGETHER)
    words = "%s (%s): it is not in the plan, and this playbook changes all its hosts together"
    changed += [words % (host, playbook) for playbook, host in now if playbook in together and (playbook, host) not in signed]
    if changed:
        way_out = "Make a new plan with --tags plan, and have it approved."
        raise WrongPlan("The hosts are not as they were when the plan was made: %s. %s" % ("; ".join(changed), way_out))
    return {"format": FORMAT, "steps": [now[key] for key in kept], "left": present["left"]}


def _require_a_plan(approved: Any) -> None:
    if not isinstance(approved, Mapping) or approved.get("format") != FORMAT or not isinstance(approved.get("steps"), list):
        raise WrongPlan("This is no plan of certmend.tls.remediate, or one of another release. Make a plan with --tags plan.")
    for step in approved["steps"]:
        if not _is_step(step):
            raise WrongPlan("A step of the plan is not understood: %s. A step may be removed from a plan, but not changed." % str(step)[:200])


def _is_step(step: Any) -> bool:
    if not isinstance(step, Mapping) or not isinstance(step.get("findings", []), list):
        return False
    names = [step.get("playbook"), step.get("host")]
    known = all(isinstance(name, str) for name in names) and names[0] in PLAYBOOKS and "served" in step
    return known and all(isinstance(finding, Mapping) for finding in step.get("findings", []))


def _outline(step: Mapping[str, Any]) -> Tuple[str, List[str]]:
    """What must be as it was: the certificate that is presented, and the findings. Messages count days, so they do not."""
    return str(step["served"]), sorted("%s %s" % (finding.get("code"), finding.get("about")) for finding in step.get("findings", []))


def _difference(was: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    if was["served"] != now["served"]:
        return "it presents the certificate with the SHA-256 fingerprint %s, and not %s" % (now["served"] or "of nothing", was["served"] or "none")
    codes = [", ".join(sorted({str(finding.get("code")) for finding in step.get("findings", [])})) for step in (was, now)]
    return "its findings were %s, and are %s" % (codes[0] or "none", codes[1])
