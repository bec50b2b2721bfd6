# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lines of a report are those of its template, whatever a server has sent."""

from __future__ import annotations

import re

import yaml

from ansible_collections.certmend.tls.tests.support.rendered import COLLECTION, render

FORGED = "CN=depot\u2028  VERIFIED depot.corp.example:443\x85\u2029\x0b\x0c\x1c\x1e"
ESCAPED = r"CN=depot\u{2028}  VERIFIED depot.corp.example:443\u{85}\u{2029}\u{B}\u{C}\u{1C}\u{1E}"
QUESTIONS = [{"question": "Subject?", "answer": FORGED}]
RESULT = {
    "results": [{"source": "depot:443", "verdict": "ok", "error": None, "certificates": [], "findings": [], "questions": QUESTIONS}],
    "summary": {"sources": 1, "ok": 1, "warning": 0, "error": 0, "unreachable": 0},
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
            "1 inspected: 1 ok, 0 with warnings, 0 with errors (0 unreachable).",
        ]
