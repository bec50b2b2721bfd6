# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Print docs/findings.md from the rules and the catalogue of the other codes; ansible_collections must be importable."""

from __future__ import annotations

import importlib

UTILS = "ansible_collections.certmend.tls.plugins.module_utils."
RULES = importlib.import_module(UTILS + "x509.rules.registry").RULES
CODES = importlib.import_module(UTILS + "core.codes").CODES

HEAD = """# Findings

Every finding, and every error of a handshake, has a stable code. The claim below a code is false if the code is reported.
[Rules](#rules) judge certificates by the profile of the clients that use them. `cert_inspect` reports all of these codes, other modules
report some of them. [Other codes](#other-codes) name the modules that report them.

This page is generated from the rules and from `plugins/module_utils/core/codes.py` (`make findings`).
"""


def rule_section(rule) -> str:
    """One rule, with its outcomes by profile."""
    lines = ["", "### %s" % rule.code, "", rule.claim, ""]
    profiles = {}
    for profile, outcome in sorted(rule.outcomes.items()):
        profiles.setdefault(outcome, []).append("`%s`" % profile)
    for outcome, names in profiles.items():
        lines += ["- %s under %s" % (outcome.severity.capitalize(), ", ".join(names))]
        lines += ["  - The appliance answers: " + outcome.answer] if outcome.answer else []
        lines += ["  - Repaired by: " + ("role `%s`" % outcome.remedy if outcome.remedy else "a person"), "  - What to do: " + outcome.advice]
    lines += ["- Warning at most, if " + rule.uncertain] if rule.uncertain else []
    return "\n".join(lines + ["- Source: " + rule.cites, ""])


def code_section(entry) -> str:
    """One code that no rule reports."""
    modules = ", ".join("`%s`" % name for name in entry.reported_by)
    lines = ["", "### %s" % entry.code, "", entry.claim, "", "- Error, reported by " + modules]
    return "\n".join(lines + ["  - What to do: " + entry.advice, "- Source: " + entry.cites, ""])


def page() -> str:
    """The whole page."""
    rules = "".join(rule_section(rule) for rule in sorted(RULES, key=lambda rule: rule.code))
    codes = "".join(code_section(entry) for entry in sorted(CODES, key=lambda entry: entry.code))
    return "%s\n## Rules\n%s\n## Other codes\n%s" % (HEAD, rules, codes)


if __name__ == "__main__":
    print(page(), end="")
