# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of ``change_window``, validated. Standard library only."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from functools import partial
from typing import Any, Callable, List, Mapping, Optional, Sequence, Tuple, TypeVar

from ansible_collections.certmend.tls.plugins.module_utils.appliance.change_window.blackouts import parse_blackout
from ansible_collections.certmend.tls.plugins.module_utils.appliance.change_window.spans import Span
from ansible_collections.certmend.tls.plugins.module_utils.appliance.change_window.windows import Window, parse_window
from ansible_collections.certmend.tls.plugins.module_utils.core.enums import StringEnum
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError, attempt, raise_all
from ansible_collections.certmend.tls.plugins.module_utils.core.timestamps import parse_time

Item = TypeVar("Item")


class OnClosed(StringEnum):
    """What the task does if no change may start."""

    FAIL = "fail"
    REPORT = "report"
    WAIT = "wait"


@dataclass(frozen=True)
class Override:
    """Somebody lets a change start all the same.

    :param reason: why; it is written down.
    :param by: who.
    """

    reason: str
    by: str


@dataclass(frozen=True)
class Expiry:
    """A certificate, and the end of its validity."""

    name: str
    not_after: datetime.datetime


@dataclass(frozen=True)
class Options:
    """What the task asks for.

    :param windows: empty: always open, but for the blackouts.
    :param cutoff: nothing starts later than this before the end of a window.
    :param estimate: how long the change takes; it must end within the window.
    :param wait_limit: how long the task may wait for a window.
    """

    windows: Tuple[Window, ...] = ()
    blackouts: Tuple[Span, ...] = ()
    cutoff: datetime.timedelta = datetime.timedelta()
    estimate: datetime.timedelta = datetime.timedelta()
    on_closed: OnClosed = OnClosed.FAIL
    wait_limit: datetime.timedelta = datetime.timedelta()
    override: Optional[Override] = None
    expires: Tuple[Expiry, ...] = ()

    @classmethod
    def from_params(cls, params: Mapping[str, Any], now: datetime.datetime) -> Options:
        """Validate the module's parameters.

        :raises RemediationError: with everything that is wrong in them.
        """
        errors: List[RemediationError] = []
        windows = _each(errors, params["windows"], "windows", parse_window)
        blackouts = _each(errors, params["blackouts"], "blackouts", parse_blackout)
        expires = _each(errors, params["expires"], "expires", partial(_expiry, now=now))
        override = attempt(errors, lambda: _override(params["override"]))
        raise_all(errors)
        return cls(
            windows=tuple(windows),
            blackouts=tuple(span for spans in blackouts for span in spans),
            cutoff=datetime.timedelta(minutes=params["cutoff_minutes"]),
            estimate=datetime.timedelta(minutes=params["estimated_minutes"]),
            on_closed=OnClosed(params["on_closed"]),
            wait_limit=datetime.timedelta(minutes=params["wait_limit"]),
            override=override,
            expires=tuple(expires),
        )


def _each(errors: List[RemediationError], given: Optional[Sequence[Any]], option: str, parse: Callable[[Mapping[str, Any], str], Item]) -> List[Item]:
    """The items of a list that can be read."""
    read = [attempt(errors, partial(parse, item, "%s[%d]" % (option, number))) for number, item in enumerate(given or ())]
    return [item for item in read if item is not None]


def _expiry(given: Mapping[str, Any], option: str, now: datetime.datetime) -> Expiry:
    if not given["not_after"].strip():
        raise RemediationError("%s.not_after: is empty" % option, "Write it as 2026-11-20T12:00:00Z.")
    return Expiry(given["name"], parse_time(given["not_after"], option + ".not_after", now))


def _override(given: Optional[Mapping[str, Any]]) -> Optional[Override]:
    if given is None:
        return None
    missing = [part for part in ("reason", "by") if not (given.get(part) or "").strip()]
    if missing:
        raise RemediationError("override: %s is empty" % " and ".join(missing), "Say why the change cannot wait for a window, and who decides it.")
    return Override(given["reason"].strip(), given["by"].strip())
