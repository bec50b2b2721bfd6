# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lines of a report are those of its template, whatever a server has sent."""

from __future__ import annotations

import re

import yaml

from ansible_collections.certmend.tls.plugins.module_utils.core.findings import ERROR, Finding
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_inspect.collect import Criteria
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_inspect.judge import judge_source, overall
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import from_x509
from ansible_collections.certmend.tls.plugins.module_utils.x509.rules.inspection import CollectedSource
from ansible_collections.certmend.tls.plugins.module_utils.x509.rules.rule import JudgementContext
from ansible_collections.certmend.tls.tests.support.clock import FIXED
from ansible_collections.certmend.tls.tests.support.mint import authority, mint
from ansible_collections.certmend.tls.tests.support.rendered import COLLECTION, render

FORGED = "CN=depot\u2028  VERIFIED depot.corp.example:443\x85\u2029\x0b\x0c\x1c\x1e"
ESCAPED = r"CN=depot\u{2028}  VERIFIED depot.corp.example:443\u{85}\u{2029}\u{B}\u{C}\u{1C}\u{1E}"
QUESTIONS = [{"question": "Subject?", "answer": FORGED}]
RESULT = {
    "results": [{"source": "depot:443", "reachable": True, "verdict": "ok", "error": None, "certificates": [], "findings": [], "questions": QUESTIONS}],
    "summary": {"sources": 1, "ok": 1, "warning": 0, "error": 0, "unreachable": 0, "not_judged": 0},
}
TEMPLATE = re.compile(r"lookup\('ansible.builtin.template', 'templates/findings.j2'\)")


def expressions():
    """How each playbook splits the report of the findings."""
    found = {}
    for path in sorted((COLLECTION / "playbooks").glob("*.yml")):
        tasks = [task for play in yaml.safe_load(path.read_text(encoding="utf-8")) for task in play.get("tasks", [])]
        for text in [str(task.get("ansible.builtin.debug", {}).get("msg", "")) for task in tasks]:
            if TEMPLATE.search(text):
                found[path.stem] = text[2:-2].strip().replace("'templates/", "'%s/playbooks/templates/" % COLLECTION)
    return found


def test_a_line_separator_in_a_certificate_starts_no_line(tmp_path):
    asked = expressions()
    assert set(asked) == {"audit", "offline_depot", "server_chain"}
    inventory = {"cases": {"hosts": {"case": {"findings_result": RESULT}}}}
    values = list(render(tmp_path, "endpoint", inventory, list(asked.values()))["case"].values())
    assert len(values) == len(set(asked.values()))
    for lines in values:
        assert lines == [
            "depot:443: ok",
            "    Subject? " + ESCAPED,
            "1 endpoint checked: 1 ok, 0 with warnings, 0 with errors.",
        ]


SERVED = mint("depot.corp.example", dns=["depot.corp.example"], issuer=authority())
REFUSED = Finding("CONNECT-REFUSED", ERROR, "the connection was refused", "web:443", "", "Check the port.", "RFC 9293")


def total(*sources):
    """What cert_inspect returns, if nobody says whom the clients trust."""
    results = [judge_source(source, Criteria(JudgementContext(FIXED.now)), ()) for source in sources]
    return {"results": results, **overall(results)}


def served(name, reachable=True):
    return CollectedSource(name, certificates=(from_x509(SERVED.x509),), presented=bool(reachable), reachable=reachable)


#: what was inspected, the name that the playbook gives it, and the last line
SUMMARIES = {
    "endpoints": (
        [served("depot:443"), CollectedSource("web:443", reachable=False, error=REFUSED)],
        {},
        "2 endpoints checked: 0 ok, 1 with warnings, 1 with errors (1 unreachable, 1 whose trust was not judged).",
    ),
    "unreachable": (
        [CollectedSource("web:443", reachable=False, error=REFUSED)],
        {},
        "1 endpoint checked: 0 ok, 0 with warnings, 1 with errors (1 unreachable).",
    ),
    "presented": (
        [served("presented", None)],
        {"findings_source": "depot:443"},
        "1 endpoint checked: 0 ok, 1 with warnings, 0 with errors (1 whose trust was not judged).",
    ),
    "file": ([served("www.pem", None)], {}, "1 certificate file checked: 0 ok, 1 with warnings, 0 with errors (1 whose trust was not judged)."),
}


def test_the_last_line_counts_what_was_checked_and_what_was_not_judged(tmp_path):
    hosts = {name: {"findings_result": total(*sources), **more} for name, (sources, more, _line) in SUMMARIES.items()}
    printed = render(tmp_path, "endpoint", {"cases": {"hosts": hosts}}, [expressions()["audit"]])
    assert {name: lines[-1] for name, values in printed.items() for lines in values.values()} == {
        name: line for name, (_sources, _more, line) in SUMMARIES.items()
    }
