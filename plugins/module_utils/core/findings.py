# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Findings: what a rule reports about a certificate, an endpoint or a handshake.

Standard library only: the modules that run on appliances report in the same words.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Dict, Iterable

from ansible_collections.certmend.tls.plugins.module_utils.core.enums import StringEnum


class Severity(StringEnum):
    """How serious a finding is, from the least to the most."""

    NOTICE = "notice"
    WARNING = "warning"
    ERROR = "error"

    @property
    def rank(self) -> int:
        """Its position among the severities; a higher one is more serious."""
        return list(Severity).index(self)


NOTICE, WARNING, ERROR = Severity.NOTICE, Severity.WARNING, Severity.ERROR


class Verdict(StringEnum):
    """What a set of findings comes to."""

    OK = "ok"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True)
class Finding:
    """A single problem, present or coming.

    :param code: the stable name of the rule (``NAME-CN-IS-IP``); docs/findings.md lists them.
    :param message: what is wrong, with the value that was found.
    :param about: the certificate, endpoint or entry concerned.
    :param remedy: the role of this collection that repairs it; empty if a person has to.
    :param advice: one sentence for that person.
    :param cites: the article, RFC section or manual behind the rule.
    :param answer: the appliance's own message for this problem, word for word; empty if unknown.
    """

    code: str
    severity: Severity
    message: str
    about: str
    remedy: str
    advice: str
    cites: str
    answer: str = ""

    def as_dict(self) -> Dict[str, Any]:
        """The shape that modules return."""
        return dict(asdict(self), severity=self.severity.value)


def verdict_of(severities: Iterable[str]) -> Verdict:
    """The most serious of the severities; a notice alone is ``ok``."""
    present = set(severities)
    for severity in (ERROR, WARNING):
        if severity in present:
            return Verdict(severity.value)
    return Verdict.OK
