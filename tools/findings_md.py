# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Print docs/findings.md from the registry of rules; ansible_collections must be importable."""

from __future__ import annotations

import importlib

RULES = importlib.import_module("ansible_collections.certmend.tls.plugins.module_utils.x509.rules.catalogue").RULES

HEAD = """# Findings

What `cert_inspect` can find. Each finding has a stable code; its claim is what holds where the rule passes. This page is
generated from the rules (`python3 tools/findings_md.py > docs/findings.md`).

An endpoint that cannot be asked has a finding as well: `RESOLVE-FAILED`, `CONNECT-REFUSED`, `CONNECT-TIMEOUT`,
`HOST-UNREACHABLE`, `HANDSHAKE-TIMEOUT`, `NOT-TLS`, `TLS-ALERT`, `CONNECTION-CLOSED`; and what holds no certificate, `FORMAT-NO-CERTIFICATE`.
"""


def section(rule) -> str:
    """One rule."""
    severities = ", ".join("%s under `%s`" % (word, profile) for profile, word in sorted(rule.severity.items()))
    remedy = "role `%s`" % rule.remedy if rule.remedy else "a person"
    lines = ["", "## %s" % rule.code, "", rule.claim, "", "- Severity: " + severities, "- Mended by: " + remedy]
    return "\n".join(lines + ["- What to do: " + rule.advice, "- Source: " + rule.cites, ""])


if __name__ == "__main__":
    print(HEAD + "".join(section(rule) for rule in sorted(RULES, key=lambda rule: rule.code)), end="")
