# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Print docs/findings.md from the registry of rules; ansible_collections must be importable."""

from __future__ import annotations

import importlib

RULES = importlib.import_module("ansible_collections.certmend.tls.plugins.module_utils.x509.rules.registry").RULES

HEAD = """# Findings

What `cert_inspect` can find. Each finding has a stable code; its claim is what holds where the rule passes. This page is
generated from the rules (`python3 tools/findings_md.py > docs/findings.md`).

An endpoint that cannot be asked has a finding as well: `RESOLVE-FAILED`, `CONNECT-REFUSED`, `CONNECT-TIMEOUT`,
`HOST-UNREACHABLE`, `HANDSHAKE-TIMEOUT`, `NOT-TLS`, `TLS-ALERT`, `CONNECTION-CLOSED`; and what holds no certificate, `FORMAT-NO-CERTIFICATE`.
`ome_certificate_chain` has two more: `MUTUAL-REFUSED`, where one side of a mutual handshake refused the other, and `OME-REFUSED`, an
answer that no rule foretold.
"""


def section(rule) -> str:
    """One rule."""
    lines = ["", "## %s" % rule.code, "", rule.claim, ""]
    by_words = {}
    for profile, words in sorted(rule.outcomes.items()):
        by_words.setdefault(words, []).append("`%s`" % profile)
    for words, profiles in by_words.items():
        remedy = "role `%s`" % words.remedy if words.remedy else "a person"
        lines += ["- %s under %s" % (words.severity.capitalize(), ", ".join(profiles))]
        lines += ["  - The appliance answers: " + words.answer] if words.answer else []
        lines += ["  - Mended by: " + remedy, "  - What to do: " + words.advice]
    return "\n".join(lines + ["- Source: " + rule.cites, ""])


if __name__ == "__main__":
    print(HEAD + "".join(section(rule) for rule in sorted(RULES, key=lambda rule: rule.code)), end="")
