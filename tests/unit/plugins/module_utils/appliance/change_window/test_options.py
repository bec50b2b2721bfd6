# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the task may give, and everything that is wrong with it at once."""

from __future__ import annotations

import sys

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.appliance.change_window.options import Options
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.tests.support.clock import FIXED

NONE = {"windows": [], "blackouts": [], "cutoff_minutes": 0, "estimated_minutes": 0, "on_closed": "fail", "wait_limit": 0, "override": None, "expires": []}
NIGHT = {"from": "22:00", "to": "02:00", "zone": "UTC"}
RULE = {"rrule": "FREQ=DAILY", "start": "2026-01-01T22:00", "duration_minutes": 60, "zone": "UTC"}


def read(**given):
    return Options.from_params(dict(NONE, **given), FIXED.now)


def refusal(**given):
    with pytest.raises(RemediationError) as raised:
        read(**given)
    return str(raised.value)


@pytest.mark.parametrize(
    "window, said",
    [
        (dict(NIGHT, zone="europe/berlin"), "windows[0].zone: there is no time zone 'europe/berlin'. Did you mean Europe/Berlin"),
        (dict(NIGHT, zone="New York"), "Did you mean America/New_York?"),
        (dict(NIGHT, zone="xyzzy42"), "Give an IANA name, such as Europe/Berlin or UTC."),
        (dict(NIGHT, zone="../../etc/passwd"), "there is no time zone '../../etc/passwd'"),
        (dict(NIGHT, zone="America"), "there is no time zone 'America'"),
        ({**NIGHT, "from": "1320"}, "windows[0].from: is the number 1320. Write the time in quotes, such as '22:00'"),
        ({**NIGHT, "from": "24:00"}, "windows[0].from: '24:00' is not a time. Write it as '22:00'"),
        (dict(NIGHT, to="half past two"), "windows[0].to: 'half past two' is not a time"),
        (dict(NIGHT, days=[]), "windows[0].days: is empty"),
        ({"zone": "UTC"}, "2 things are wrong: (1) windows[0].from: is missing."),
        ({"zone": "UTC", "from": "22:00"}, "windows[0].to: is missing. A window has zone, and either from and to, or rrule, start and duration_minutes."),
        (dict(NIGHT, duration_minutes=5), "windows[0].duration_minutes: does not go with from and to. Make it a window of its own."),
        (dict(RULE, days=["mon"]), "windows[0].days: does not go with rrule. Make it a window of its own."),
        (dict(RULE, start=None), "windows[0].start: is missing."),
        (dict(RULE, start="2026-01-01T22:00+01:00"), "windows[0].start: '2026-01-01T22:00+01:00' has a time zone of its own."),
        (dict(RULE, start="9999-12-31"), "windows[0].start: the year 9999 is not between 1970 and 9000."),
        (dict(RULE, rrule="FREQ=HOURLY"), "windows[0].rrule: 'FREQ=HOURLY' is not a rule for change windows."),
        (dict(RULE, rrule="every Tuesday"), "windows[0].rrule: 'every Tuesday' is not a rule for change windows."),
        (dict(RULE, rrule="FREQ=DAILY;INTERVAL=0"), "is not a rule for change windows."),
        (dict(RULE, rrule="FREQ=DAILY;BYDAY=XX"), "See RFC 5545 section 3.3.10."),
        (dict(RULE, rrule="FREQ=YEARLY;UNTIL=20200101"), "windows[0].rrule: 'FREQ=YEARLY;UNTIL=20200101' never starts a window."),
    ],
)
def test_a_window_that_cannot_be_read(window, said):
    assert said in refusal(windows=[window])


@pytest.mark.parametrize(
    "blackout, said",
    [
        ({"zone": "UTC"}, "blackouts[0]: has not either dates, or from and to."),
        ({"zone": "UTC", "from": "2026-12-20"}, "blackouts[0]: has not either dates, or from and to."),
        ({"zone": "UTC", "from": "2026-12-20", "to": "2026-12-21", "dates": ["2026-12-24"]}, "has not either dates, or from and to."),
        ({"zone": "UTC", "from": "2026-12-20", "to": "2026-12-19"}, "blackouts[0]: it ends before it begins. Correct from and to."),
        ({"zone": "UTC", "dates": ["2026-12-24", "24.12."]}, "blackouts[0].dates[1]: '24.12.' is not a date or time."),
        ({"zone": "Mars/Olympus", "dates": ["2026-12-24"]}, "blackouts[0].zone: there is no time zone 'Mars/Olympus'."),
    ],
)
def test_a_blackout_that_cannot_be_read(blackout, said):
    assert said in refusal(blackouts=[blackout])


def test_everything_that_is_wrong_is_one_error():
    said = refusal(windows=[{**NIGHT, "from": "x"}, dict(NIGHT, zone="x")], expires=[{"name": "a", "not_after": ""}], override={"reason": " ", "by": "Kim"})
    assert said.startswith("4 things are wrong: (1) windows[0].from: ") and "windows[1].zone: " in said
    assert "expires[0].not_after: is empty." in said and "override: reason is empty. Say why the change cannot wait" in said


def test_a_window_without_a_name_is_called_by_its_times():
    assert read(windows=[NIGHT, dict(NIGHT, name="patch night"), RULE]).windows[0].name == "every day 22:00-02:00 UTC"
    assert [window.name for window in read(windows=[dict(NIGHT, name="patch night"), RULE]).windows] == ["patch night", "FREQ=DAILY UTC"]


def test_only_a_window_by_a_rule_needs_dateutil(monkeypatch):
    monkeypatch.setitem(sys.modules, "dateutil.rrule", None)
    assert read(windows=[NIGHT]).windows
    assert "windows[0].rrule: the Python library python-dateutil is missing. Install python-dateutil on the controller." in refusal(windows=[RULE])


def test_a_python_without_time_zones_is_told_where_to_run_the_task(monkeypatch):
    monkeypatch.setitem(sys.modules, "zoneinfo", None)
    advice = "Run the task on the controller, with Python 3.9 or newer (delegate_to: localhost)."
    assert refusal(windows=[NIGHT]) == "windows[0].zone: this Python has no time zones (zoneinfo). " + advice


def test_a_machine_without_time_zones_is_told_what_to_install(monkeypatch):
    import zoneinfo

    monkeypatch.setattr(zoneinfo, "available_timezones", set)
    assert "This machine has no time zones: install the package tzdata" in refusal(windows=[dict(NIGHT, zone="Europe/Nowhere")])
