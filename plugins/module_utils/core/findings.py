# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Findings: what a rule says about a certificate, an endpoint or a handshake.

Standard library only: the modules that run on appliances report in the same words.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Iterable

ERROR = "error"
WARNING = "warning"
NOTICE = "notice"

#: from the least to the most severe
SEVERITIES = (NOTICE, WARNING, ERROR)

OK = "ok"


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong, or will be.

    :param code: the stable name of the rule (``NAME-CN-IS-IP``); docs/findings.md lists them.
    :param severity: ``error``, ``warning`` or ``notice``.
    :param message: what was seen, with the value that was seen.
    :param about: which certificate, endpoint or entry.
    :param remedy: the role or module of this collection that mends it; empty where a person must.
    :param advice: one sentence for that person.
    :param cites: the article, RFC section or manual behind the rule.
    :param answer: what the appliance that judges it answers then, word for word; empty where nobody knows.
    """

    code: str
    severity: str
    message: str
    about: str
    remedy: str
    advice: str
    cites: str
    answer: str = ""

    def as_dict(self) -> dict:
        """The shape that modules return."""
        return asdict(self)


def verdict_of(severities: Iterable[str]) -> str:
    """``error`` or ``warning`` where one of that severity is among them, else ``ok`` (a notice is no trouble)."""
    seen = set(severities)
    for severity in (ERROR, WARNING):
        if severity in seen:
            return severity
    return OK
