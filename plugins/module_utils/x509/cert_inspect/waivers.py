# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Waivers: findings that somebody accepted until a date. They stay visible, marked as waived."""

from __future__ import annotations

import datetime
import fnmatch
from dataclasses import dataclass
from functools import partial
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError, attempt, raise_all
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


def parse_waivers(values: Sequence[Mapping[str, Any]], today: datetime.date, days: int) -> Tuple[Waiver, ...]:
    """Read the option ``waivers``.

    :param days: the largest number of days from today to the end of a waiver.
    :raises RemediationError: with everything that is wrong.
    """
    errors: List[RemediationError] = []
    parsed: List[Tuple[Any, Optional[datetime.date], Optional[str]]] = []
    for index, value in enumerate(values):
        option = "waivers[%d]" % index
        until = attempt(errors, partial(_until, option, value["until"], today, days))
        about = attempt(errors, partial(_about, option, value))
        attempt(errors, partial(_require_reason, option, value["reason"]))
        parsed.append((value, until, about))
    raise_all(errors)
    return tuple(Waiver(value["code"], about, until, value["reason"]) for value, until, about in parsed if until is not None and about is not None)


def _until(option: str, text: Any, today: datetime.date, days: int) -> datetime.date:
    try:
        until = datetime.date(*(int(part) for part in str(text).split("-")))
    except (TypeError, ValueError):
        raise RemediationError("%s.until: %r is not a date" % (option, text), "Write the last day as YYYY-MM-DD.") from None
    if (until - today).days > days:
        raise RemediationError(
            "%s.until: %s is more than %d days ahead" % (option, until, days),
            "A waiver is for a time: give an earlier day and decide again then, or set waiver_days.",
        )
    return until


def _about(option: str, value: Mapping[str, Any]) -> str:
    about, everything = (value.get("about") or "").strip(), bool(value.get("all"))
    if about and everything:
        raise RemediationError("%s: about and all cannot be given together" % option, "Leave one of them out.")
    if everything:
        return "*"
    if not about.strip("*?"):
        raise RemediationError(
            "%s.about: %s" % (option, "%r matches everything" % about if about else "is missing"),
            "Say what the finding is about (the result's about), or set all to true to waive the code everywhere.",
        )
    return about


def _require_reason(option: str, reason: Any) -> None:
    if not str(reason).strip():
        raise RemediationError("%s.reason: is empty" % option, "Write why the finding was accepted; the report shows it.")


def waiver_of(finding: Finding, waivers: Sequence[Waiver], today: datetime.date) -> Optional[Dict[str, str]]:
    """The first waiver that covers a finding, as results show it; None if the finding is not waived."""
    for waiver in waivers:
        if waiver.covers(finding, today):
            return {"until": waiver.until.isoformat(), "reason": waiver.reason}
    return None
