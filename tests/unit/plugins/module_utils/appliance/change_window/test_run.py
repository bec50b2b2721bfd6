# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the task does with the answer: it fails, waits on a clock that the test sets, or reports; an override, and check mode."""

from __future__ import annotations

import datetime

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.appliance.change_window.run import ChangeWindowRun
from ansible_collections.certmend.tls.plugins.module_utils.appliance.change_window.waiting import LONGEST_SLEEP, Clock
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.core.run import RunContext, carry_out, result_of
from ansible_collections.certmend.tls.tests.support.wall_clock import moment

FRIDAY = {"from": "22:00", "to": "02:00", "zone": "Europe/Berlin", "days": ["fri"]}
DEFAULTS = {"blackouts": [], "cutoff_minutes": 0, "estimated_minutes": 0, "on_closed": "fail", "wait_limit": 60, "override": None, "expires": []}
BEFORE, WITHIN = moment("2026-01-09T20:15"), moment("2026-01-09T21:00")
OVERRIDE = {"reason": "the certificate has expired", "by": "the night shift"}


class Hands:
    """A clock that stands still until somebody sleeps.

    :param drift: seconds that each sleep loses, as if the clock were set back.
    """

    def __init__(self, now, drift=0.0):
        self.now, self.drift, self.sleeps = now, drift, []

    def clock(self):
        return Clock(lambda: self.now, self.sleep)

    def sleep(self, seconds):
        self.sleeps.append(seconds)
        self.now += datetime.timedelta(seconds=seconds - self.drift)


def run_at(now, check=False, hands=None, **given):
    """The run, its result and its error, as the module would end."""
    hands = hands or Hands(now)
    context = RunContext(check, now)
    run = ChangeWindowRun.from_params(dict(DEFAULTS, windows=[FRIDAY], **given), context, hands.clock())
    try:
        carry_out(run, context)
        said = ""
    except RemediationError as error:
        said = str(error)
    return run, result_of(run), said


def test_a_closed_window_fails_and_names_the_next():
    _run, result, said = run_at(BEFORE)
    assert said == (
        "No change may start now, Fri 2026-01-09 21:15 CET (Europe/Berlin): it is outside of all change windows. The next change may start on "
        "Fri 2026-01-09 22:00 CET (Europe/Berlin). Run it again then, or give an override with its reason if it cannot wait."
    )
    assert not result["open"] and result["next_open"] == "2026-01-09T21:00:00Z" and result["next_open_local"] == "Fri 2026-01-09 22:00 CET (Europe/Berlin)"
    assert not result["changed"] and result["window"] is None and result["closes_at"] is None


def test_an_open_window_says_until_when():
    _run, result, said = run_at(WITHIN, cutoff_minutes=30)
    assert said == "" and result["open"] and result["closes_at"] == "2026-01-10T01:00:00Z" and result["last_start"] == "2026-01-10T00:30:00Z"
    assert result["closes_at_local"] == "Sat 2026-01-10 02:00 CET (Europe/Berlin)" and result["next_open"] == "2026-01-16T21:00:00Z"
    assert result["reason"] == (
        "A change may start now, until Sat 2026-01-10 02:00 CET (Europe/Berlin) (fri 22:00-02:00 Europe/Berlin); none may start after "
        "Sat 2026-01-10 01:30 CET (Europe/Berlin)."
    )


def test_a_report_does_not_fail():
    _run, result, said = run_at(BEFORE, on_closed="report")
    assert said == "" and result["gate"] == "outside" and not result["open"]


def test_a_wait_ends_when_the_window_opens():
    hands = Hands(BEFORE)
    _run, result, said = run_at(BEFORE, hands=hands, on_closed="wait")
    assert said == "" and result["open"] and result["waited_seconds"] == 45 * 60 and result["judged_at"] == "2026-01-09T21:00:00Z"
    assert sum(hands.sleeps) == 45 * 60 and max(hands.sleeps) <= LONGEST_SLEEP.total_seconds()


def test_a_wait_that_is_too_long_is_refused_before_it_begins():
    hands = Hands(BEFORE)
    _run, result, said = run_at(BEFORE, hands=hands, on_closed="wait", wait_limit=44)
    assert hands.sleeps == [] and not result["open"] and "That is more than the 44 minutes of wait_limit away; run it again then" in said


def test_a_wait_ends_at_its_limit_although_the_clock_is_set_back():
    hands = Hands(BEFORE, drift=25.0)
    _run, result, said = run_at(BEFORE, hands=hands, on_closed="wait")
    assert not result["open"] and "No change may start now" in said and sum(hands.sleeps) <= 60 * 60


def test_an_override_opens_a_closed_window_and_is_returned():
    _run, result, said = run_at(BEFORE, override=OVERRIDE)
    assert said == "" and result["open"] and result["overridden"] and result["override"] == OVERRIDE
    assert result["reason"].startswith(
        "The closed change window is overridden by the night shift. Reason: the certificate has expired. No change may start now"
    )


def test_an_override_that_is_not_needed_is_none():
    _run, result, _said = run_at(WITHIN, override=OVERRIDE)
    assert result["open"] and not result["overridden"] and result["override"] is None


def test_an_override_does_not_wait():
    hands = Hands(BEFORE)
    _run, result, _said = run_at(BEFORE, hands=hands, on_closed="wait", override=OVERRIDE)
    assert result["open"] and hands.sleeps == []


@pytest.mark.parametrize("on_closed, limit, would", [("fail", 60, "fail"), ("wait", 60, "wait"), ("wait", 1, "fail")])
def test_check_mode_is_never_blocked_and_says_what_the_task_would_do(on_closed, limit, would):
    hands = Hands(BEFORE)
    run, result, said = run_at(BEFORE, check=True, hands=hands, on_closed=on_closed, wait_limit=limit)
    assert said == "" and hands.sleeps == [] and not result["open"]
    assert run.warnings[0].startswith("Without check mode this task would %s. No change may start now, " % would)


def test_check_mode_does_not_warn_if_the_task_would_not_stop():
    for given in ({"on_closed": "report"}, {"override": OVERRIDE}):
        assert run_at(BEFORE, check=True, **given)[0].warnings == []
    assert run_at(WITHIN, check=True)[0].warnings == []


@pytest.mark.parametrize("on_closed", ["fail", "report"])
def test_a_certificate_that_expires_before_the_next_window_is_a_warning_with_both_dates(on_closed):
    expires = [{"name": "www", "not_after": "2026-01-14T12:00:00Z"}, {"name": "lb", "not_after": "2026-01-16T21:00:00Z"}]
    run, result, _said = run_at(moment("2026-01-12T09:00"), on_closed=on_closed, expires=expires)
    assert run.warnings == [
        "The certificate of www expires before the next change window: on Wed 2026-01-14 13:00 CET (Europe/Berlin), in 2 days. "
        "The next change may start on Fri 2026-01-16 22:00 CET (Europe/Berlin)."
    ]
    assert result["expiring"] == [{"name": "www", "not_after": "2026-01-14T12:00:00Z"}]


def test_without_a_further_window_the_advice_is_to_correct_them():
    blackout = {"from": "2026-01-01", "to": "2089-12-31", "zone": "UTC", "reason": "frozen"}
    said = run_at(WITHIN, blackouts=[blackout])[2]
    assert "a blackout lasts until Sun 2090-01-01 00:00 UTC (frozen). There is no further change window in the next nine years. Correct the windows" in said
