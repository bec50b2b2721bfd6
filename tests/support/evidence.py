# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The record of a run, of real audits of real TLS servers before and after it."""

from __future__ import annotations

import json
from typing import Any, Callable, Dict, List

import jsonschema
from cryptography import x509

from ansible_collections.certmend.tls.plugins.filter.evidence_end import evidence_end
from ansible_collections.certmend.tls.plugins.filter.evidence_note import evidence_note
from ansible_collections.certmend.tls.plugins.filter.evidence_record import evidence_record
from ansible_collections.certmend.tls.plugins.filter.joined_reports import joined_reports

from . import mint
from .clock import DAY, REAL
from .run import run_in_process
from .source import ROOT

SCHEMA = json.loads((ROOT / "docs/evidence.schema.json").read_text(encoding="utf-8"))
KEY_USAGE = (x509.KeyUsage(False, False, False, False, False, True, True, False, False), True)
KEYS = mint.new_key(), mint.new_key()
CA = mint.authority("Corp Root CA", key=KEYS[0], extensions=[*mint.key_identifiers(KEYS[0])[:1], KEY_USAGE], **REAL.days(ends=3000))
MIDDLE = mint.authority("Corp Issuing CA", CA, key=KEYS[1], extensions=[*mint.key_identifiers(KEYS[1], CA), KEY_USAGE], **REAL.days(ends=1500))
RUN = {"id": "admin1.4026531836-4711-80231", "controller": "admin1/5f3c2a10"}
STARTED, ENDED = "2026-11-20T12:00:00Z", "2026-11-20T12:14:36Z"


def leaf(name: str, **more: Any) -> mint.Minted:
    """A certificate that nobody refuses, below the intermediate."""
    key = mint.new_key()
    return mint.mint(name, dns=[name], issuer=MIDDLE, key=key, extensions=mint.key_identifiers(key, MIDDLE), **{**REAL.days(), **more})


WWW, SOON = leaf("www.corp.example"), REAL.now + 12 * DAY
#: what each server presents before the run, and after it
BEFORE = {
    "depot.corp.example": [mint.mint("10.77.0.10", **REAL.days())],
    "www.corp.example": [WWW],
    "lb.corp.example": [leaf("lb.corp.example", ends=SOON), MIDDLE],
    "vcenter.corp.example": [leaf("vcenter.corp.example", starts=REAL.now - 400 * DAY, ends=REAL.now - 3 * DAY), MIDDLE],
    "fine.corp.example": [leaf("fine.corp.example"), MIDDLE],
    "a-host-with-a-very-long-name-in-a-far-away-branch.department.division.corp.example": [leaf("other.corp.example"), MIDDLE, CA],
}
AFTER = {
    **BEFORE,
    "depot.corp.example": [leaf("depot.corp.example"), MIDDLE],
    "www.corp.example": [WWW, MIDDLE],
    "lb.corp.example": [leaf("lb.corp.example", ends=REAL.now + 397 * DAY), MIDDLE],
}
HOSTS = {"depot.corp.example": "depot", "www.corp.example": "www", "lb.corp.example": "lb", "vcenter.corp.example": "vcenter"}
PLAN = [
    {"host": "depot", "codes": ["NAME-MISMATCH", "NAME-SAN-MISSING"], "role": "fqdn_certificate", "order": 1},
    {"host": "www", "codes": ["CHAIN-INCOMPLETE"], "role": "server_chain", "order": 2},
    {"host": "lb", "codes": ["VALIDITY-SOON"], "role": "fqdn_certificate", "order": 3},
    {"host": "vcenter", "codes": ["VALIDITY-EXPIRED"], "role": "", "order": 4, "ours": False, "who": "the administrators of the vCenter"},
]
DIFF = {
    "before": "certificate /etc/nginx/tls/depot.pem\n  subject: CN=10.77.0.10\n",
    "after": "certificate /etc/nginx/tls/depot.pem\n  subject: CN=depot.corp.example\n",
    "before_header": "/etc/nginx/tls/depot.pem",
    "after_header": "/etc/nginx/tls/depot.pem",
}


def audit(start: Callable[..., int], presented: Dict[str, List[mint.Minted]]) -> Dict[str, Any]:
    """What the playbook audit makes of servers that present these chains, at port 443; and of one that refuses connections."""
    ports = {name: start("".join(each.pem for each in chain), chain[0].key_pem) for name, chain in presented.items()}
    endpoints = [{"host": name, "port": port, "address": "127.0.0.1"} for name, port in {**ports, "gone.corp.example": 1}.items()]
    result = run_in_process("cert_inspect", {"endpoints": endpoints, "trusted_content": CA.pem})
    text = json.dumps(result["results"])
    for endpoint in endpoints:
        text = text.replace(json.dumps("%(host)s:%(port)d" % endpoint)[1:-1], json.dumps(endpoint["host"] + ":443")[1:-1])
    return joined_reports([{"results": json.loads(text)}])


def begun(before: Dict[str, Any], hide: Any = (), **more: Any) -> Dict[str, Any]:
    """The record before the first change."""
    given = {"run": RUN["id"], "controller": RUN["controller"], "started": STARTED, "title": "Quarterly repair", "ticket": "CHG-20417", "operator": "ops"}
    given.update(inventory=["inventory.yml"], ansible="2.19.14", names=HOSTS, plan=PLAN, before=before)
    return evidence_record({**given, **more}, hide)


def noted(host: str, role: str, *phases: Any, hide: Any = (), run: str = RUN["id"]) -> Dict[str, Any]:
    """The record of a host after some phases: each a name, or a name with what is noted besides."""
    record: Dict[str, Any] = {}
    for minute, phase in enumerate(phases):
        name, more = (phase, {}) if isinstance(phase, str) else phase
        entry = {"host": host, "run": run, "at": "2026-11-20T12:%02d:07Z" % (minute + 1), "phase": name, "role": role}
        record = evidence_note(record, {**entry, "journal": "/var/lib/certmend/journal/" + role, **more}, hide)
    return record


CHANGED = ("changed", {"results": [{"diff": [DIFF]}]})
VERIFIED = ("verified", {"changes": [{"path": "/etc/nginx/tls/depot.pem", "existed": True, "now": "as_written"}]})


def hosts() -> List[Dict[str, Any]]:
    """What happened to the hosts of a run: two were mended, on one a step failed."""
    failed = ("restored", {"said": "Reload: the reload of haproxy did not end within 90 seconds."})
    return [
        noted("depot", "fqdn_certificate", "changing", CHANGED, VERIFIED),
        noted("installer", "hosts_mapping", "changing", CHANGED, "verified"),
        noted("www", "server_chain", "changing", CHANGED, "verified"),
        noted("lb", "fqdn_certificate", "changing", CHANGED, failed),
    ]


def whole(start: Callable[..., int], **more: Any) -> Dict[str, Any]:
    """The record of a run over several hosts, at its end."""
    record = begun(audit(start, BEFORE), **more)
    return evidence_end(dict(record, hosts=hosts()), ENDED, audit(start, AFTER))


def problems(record: Dict[str, Any]) -> List[str]:
    """What the schema refuses."""
    found = jsonschema.Draft202012Validator(SCHEMA).iter_errors(record)
    return ["%s: %s" % ("/".join(map(str, error.path)), error.message[:300]) for error in found]
