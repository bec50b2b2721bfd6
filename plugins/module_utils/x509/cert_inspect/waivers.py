# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Waivers: findings that somebody accepted until a date. They stay visible, marked as waived."""

from __future__ import annotations

import datetime
import fnmatch
from dataclasses import dataclass
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError, raise_all
from ansible_collections.certmend.tls.plugins.module_utils.core.findings import Finding


@dataclass(frozen=True)
class Waiver:
    """An accepted finding.

    :param about: what the finding must be about; a shell pattern.
    :param until: the last day (UTC) on which the waiver applies.
    """

    code: str
    about: str
    until: datetime.date
    reason: str

    def covers(self, finding: Finding, today: datetime.date) -> bool:
        """Whether a finding is waived today."""
        return self.code == finding.code and today <= self.until and fnmatch.fnmatchcase(finding.about, self.about)


def parse_waivers(values: Sequence[Mapping[str, Any]]) -> Tuple[Waiver, ...]:
    """Read the option ``waivers``.

    :raises RemediationError: with every date that is wrong.
    """
    waivers: List[Waiver] = []
    errors: List[RemediationError] = []
    for index, value in enumerate(values):
        try:
            until = datetime.date(*(int(part) for part in str(value["until"]).split("-")))
            waivers.append(Waiver(value["code"], value.get("about") or "*", until, value["reason"]))
        except (TypeError, ValueError):
            message = "waivers[%d].until: %r is not a date" % (index, value["until"])
            errors.append(RemediationError(message, "Write the last day as YYYY-MM-DD."))
    raise_all(errors)
    return tuple(waivers)


def waiver_of(finding: Finding, waivers: Sequence[Waiver], today: datetime.date) -> Optional[Dict[str, str]]:
    """The first waiver that covers a finding, as results show it; None if the finding is not waived."""
    for waiver in waivers:
        if waiver.covers(finding, today):
            return {"until": waiver.until.isoformat(), "reason": waiver.reason}
    return None
