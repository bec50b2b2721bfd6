# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Waivers: findings that somebody accepted until a date. They stay visible, marked."""

from __future__ import annotations

import datetime
import fnmatch
from dataclasses import dataclass
from typing import Any, List, Optional, Sequence

from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError, raise_all
from ansible_collections.certmend.tls.plugins.module_utils.core.findings import Finding


@dataclass(frozen=True)
class Waiver:
    """An accepted finding.

    :param about: which findings of that code; shell patterns, ``*`` for all.
    :param until: the last day (UTC) on which it counts.
    """

    code: str
    about: str
    until: datetime.date
    reason: str

    def covers(self, finding: Finding, today: datetime.date) -> bool:
        """Whether a finding is accepted today."""
        return self.code == finding.code and today <= self.until and fnmatch.fnmatchcase(finding.about, self.about)


def parse_waivers(values: Optional[Sequence[Any]]) -> List[Waiver]:
    """Read the option ``waivers``; everything that is wrong in it is one error."""
    waivers, errors = [], []
    for place, value in enumerate(values or []):
        try:
            until = datetime.date(*(int(part) for part in str(value["until"]).split("-")))
            waivers.append(Waiver(value["code"], value.get("about") or "*", until, value["reason"]))
        except (TypeError, ValueError):
            message = "waivers[%d].until: %r is not a date" % (place, value["until"])
            errors.append(RemediationError(message, "Write the last day as YYYY-MM-DD."))
    raise_all(errors)
    return waivers


def marked(findings: Sequence[Finding], waivers: Sequence[Waiver], today: datetime.date) -> List[dict]:
    """The findings as dicts; ``waived`` holds ``until`` and ``reason`` where one was accepted, else None."""
    out = []
    for finding in findings:
        waiver = next((one for one in waivers if one.covers(finding, today)), None)
        accepted = {"until": waiver.until.isoformat(), "reason": waiver.reason} if waiver else None
        out.append(dict(finding.as_dict(), waived=accepted))
    return out
