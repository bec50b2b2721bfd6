# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Times as options and results write them. Standard library only."""

from __future__ import annotations

import datetime
from typing import Optional

from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError

UTC = datetime.timezone.utc


def utc_now() -> datetime.datetime:
    """The system clock, with its time zone."""
    return datetime.datetime.now(UTC)


def parse_time(text: Optional[str], option: str, default: datetime.datetime) -> datetime.datetime:
    """Read an option such as ``2026-11-20T12:00:00Z`` or ``2026-11-20``, in UTC unless it has an offset.

    :param default: the time if the option is absent or empty.
    :raises RemediationError: the text is not a time; the message names the option.
    """
    if not text:
        return default
    try:
        parsed = datetime.datetime.fromisoformat(text.strip().replace("Z", "+00:00"))
        parsed.replace(tzinfo=parsed.tzinfo or UTC).astimezone(UTC)  # which the first and the last day of all may not have
    except (ValueError, OverflowError) as error:
        raise RemediationError("%s: %r is not a date or time" % (option, text), "Write it as 2026-11-20T12:00:00Z.") from error
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def timestamp(time: datetime.datetime) -> str:
    """A time as results have it: ``2026-11-20T12:00:00Z``."""
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def relative_day(time: datetime.datetime, now: datetime.datetime) -> str:
    """How far a time is from now, in whole days: ``in 5 days``, ``in 1 day``, ``today`` (less than 24 hours), ``2 days ago``.

    All messages, results and reports use these words.
    """
    days = abs(time - now) // datetime.timedelta(days=1)
    if not days:
        return "today"
    return ("in %d day%s" if time > now else "%d day%s ago") % (days, "" if days == 1 else "s")
