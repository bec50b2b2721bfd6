# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a change may start: a table of moments, and moments drawn by lot, each beside a reference that walks through the minutes of the wall clock."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.certmend.tls.plugins.module_utils.appliance.change_window.judge import judge
from ansible_collections.certmend.tls.plugins.module_utils.appliance.change_window.options import Options
from ansible_collections.certmend.tls.tests.support.wall_clock import Minutes, moment

BERLIN, YORK, SYDNEY, KOLKATA, LONDON, APIA = "Europe/Berlin", "America/New_York", "Australia/Sydney", "Asia/Kolkata", "Europe/London", "Pacific/Apia"
NONE = {"windows": [], "blackouts": [], "cutoff_minutes": 0, "estimated_minutes": 0, "on_closed": "report", "wait_limit": 0, "override": None, "expires": []}


def weekly(begin, end, zone=BERLIN, *days):
    return {"from": begin, "to": end, "zone": zone, **({"days": list(days)} if days else {})}


def rule(text, start, minutes, zone=BERLIN):
    return {"rrule": text, "start": start, "duration_minutes": minutes, "zone": zone}


def freeze(begin, end, zone=BERLIN):
    return {"from": begin, "to": end, "zone": zone}


def days_off(*dates, zone=BERLIN):
    return {"dates": list(dates), "zone": zone}


def answer_of(now, **task):
    return judge(Options.from_params(dict(NONE, **task), now), now)


FRIDAY = [weekly("22:00", "02:00", BERLIN, "fri")]
NIGHT = [weekly("01:00", "04:00")]
LEAP = [weekly("02:30", "03:30", BERLIN, "sun")]
GONE = [weekly("02:10", "02:50", BERLIN, "sun")]
TWICE = [weekly("00:30", "02:30", BERLIN, "sun")]
FROM_TWICE = [weekly("02:30", "05:00", BERLIN, "sun")]
TUESDAY = [rule("FREQ=MONTHLY;BYDAY=2TU", "2026-01-13T22:00", 240, YORK)]
LAST_DAY = [rule("FREQ=MONTHLY;BYMONTHDAY=-1", "2026-01-31T22:00", 180)]
BY_RULE_AT_NIGHT = [rule("FREQ=DAILY", "2026-01-01T02:30", 60)]
TWO = [weekly("20:00", "23:00", BERLIN, "wed"), weekly("22:30", "01:00", LONDON, "wed")]
TOUCHING = [weekly("20:00", "22:00", BERLIN, "wed"), weekly("22:00", "23:00", BERLIN, "wed")]
SATURDAY, UNTIL_TWICE = [days_off("2026-01-10")], [freeze("2026-10-24", "2026-10-25T02:30")]
WHOLE_DAY = [weekly("00:00", "24:00", BERLIN, "sat")]

#: what it is about, the moment (UTC), the task, and the gate; the reference has the moments at which the window closes and the next one opens
TABLE = [
    ("a minute before it opens", "2026-01-09T20:59", {"windows": FRIDAY}, "outside"),
    ("its first minute", "2026-01-09T21:00", {"windows": FRIDAY}, "open"),
    ("over midnight it is Friday's", "2026-01-10T00:30", {"windows": FRIDAY}, "open"),
    ("its last minute", "2026-01-10T00:59", {"windows": FRIDAY}, "open"),
    ("its end is not part of it", "2026-01-10T01:00", {"windows": FRIDAY}, "outside"),
    ("the night from Thursday to Friday is Thursday's", "2026-01-09T00:30", {"windows": FRIDAY}, "outside"),
    ("Saturday night is not Friday's", "2026-01-10T22:00", {"windows": FRIDAY}, "outside"),
    ("in summer it opens an hour earlier in UTC", "2026-07-10T20:00", {"windows": FRIDAY}, "open"),
    ("in summer it closes an hour earlier in UTC", "2026-07-11T00:00", {"windows": FRIDAY}, "outside"),
    ("the week in which summer time begins: still winter time", "2026-03-27T21:00", {"windows": FRIDAY}, "open"),
    ("the week after: summer time", "2026-04-03T20:00", {"windows": FRIDAY}, "open"),
    ("the next window is after the leap", "2026-03-28T02:00", {"windows": FRIDAY}, "outside"),
    ("a window over the leap, before it", "2026-03-29T00:30", {"windows": NIGHT}, "open"),
    ("a window over the leap, after it", "2026-03-29T01:30", {"windows": NIGHT}, "open"),
    ("a window over the leap is an hour shorter", "2026-03-29T02:00", {"windows": NIGHT}, "outside"),
    ("it begins at a time that is skipped: a minute before the leap", "2026-03-29T00:59", {"windows": LEAP}, "outside"),
    ("it begins at a time that is skipped: at the leap", "2026-03-29T01:00", {"windows": LEAP}, "open"),
    ("it ends on the wall clock all the same", "2026-03-29T01:30", {"windows": LEAP}, "outside"),
    ("a window that is skipped as a whole does not open", "2026-03-29T01:00", {"windows": GONE}, "outside"),
    ("the week before the leap it opened", "2026-03-22T01:20", {"windows": GONE}, "open"),
    ("a window over the hour that is shown twice, the first time", "2026-10-25T00:30", {"windows": NIGHT}, "open"),
    ("a window over the hour that is shown twice, the second time", "2026-10-25T01:30", {"windows": NIGHT}, "open"),
    ("it is an hour longer", "2026-10-25T02:59", {"windows": NIGHT}, "open"),
    ("and then closes", "2026-10-25T03:00", {"windows": NIGHT}, "outside"),
    ("it ends within that hour: before the first time", "2026-10-25T00:29", {"windows": TWICE}, "open"),
    ("it ends within that hour: the first time counts", "2026-10-25T00:30", {"windows": TWICE}, "outside"),
    ("it ends within that hour: it does not open again", "2026-10-25T01:15", {"windows": TWICE}, "outside"),
    ("it begins within that hour: the first time counts", "2026-10-25T00:30", {"windows": FROM_TWICE}, "open"),
    ("it begins within that hour: it stays open", "2026-10-25T01:10", {"windows": FROM_TWICE}, "open"),
    ("New York leaps on another Sunday", "2026-03-08T06:59", {"windows": [weekly("01:00", "03:00", YORK)]}, "open"),
    ("New York after its leap", "2026-03-08T07:00", {"windows": [weekly("01:00", "03:00", YORK)]}, "outside"),
    ("Sydney sets its clocks back in April", "2026-04-04T15:30", {"windows": [weekly("02:00", "04:00", SYDNEY)]}, "open"),
    ("Sydney after the hour that is shown twice", "2026-04-04T17:30", {"windows": [weekly("02:00", "04:00", SYDNEY)]}, "open"),
    ("Sydney leaps in October", "2026-10-03T16:30", {"windows": [weekly("01:30", "03:30", SYDNEY)]}, "outside"),
    ("a zone with half an hour", "2026-05-06T16:30", {"windows": [weekly("22:00", "23:00", KOLKATA)]}, "open"),
    ("a zone with half an hour, before", "2026-05-06T16:29", {"windows": [weekly("22:00", "23:00", KOLKATA)]}, "outside"),
    ("a zone that has skipped a whole day", "2011-12-30T10:30", {"windows": [weekly("00:00", "12:00", APIA, "sat")]}, "open"),
    ("a day that was skipped as a whole", "2011-12-30T09:30", {"windows": [weekly("06:00", "12:00", APIA, "fri")]}, "outside"),
    ("the second Tuesday of a month", "2026-03-11T02:00", {"windows": TUESDAY}, "open"),
    ("the third Tuesday of a month", "2026-03-18T02:00", {"windows": TUESDAY}, "outside"),
    ("a rule before its start", "2026-01-07T03:00", {"windows": TUESDAY}, "outside"),
    ("a rule's minutes are minutes: the end", "2026-03-11T06:00", {"windows": TUESDAY}, "outside"),
    ("the last day of April, over midnight", "2026-04-30T22:30", {"windows": LAST_DAY}, "open"),
    ("the last day of February", "2026-02-28T21:00", {"windows": LAST_DAY}, "open"),
    ("the 28th of February in a leap year is not the last day", "2028-02-28T21:00", {"windows": LAST_DAY}, "outside"),
    ("the 29th of February", "2028-02-29T21:00", {"windows": LAST_DAY}, "open"),
    ("a leap day by the day of the week, over midnight", "2028-03-01T00:30", {"windows": [weekly("22:00", "02:00", BERLIN, "tue")]}, "open"),
    ("the end of a year, over midnight", "2026-12-31T23:30", {"windows": [weekly("22:00", "02:00", BERLIN, "thu")]}, "open"),
    ("a rule's start that the clock skips", "2026-03-29T01:30", {"windows": BY_RULE_AT_NIGHT}, "outside"),
    ("a rule's start that the clock shows twice: the first", "2026-10-25T01:29", {"windows": BY_RULE_AT_NIGHT}, "open"),
    ("a rule's start that the clock shows twice: not the second", "2026-10-25T01:30", {"windows": BY_RULE_AT_NIGHT}, "outside"),
    ("a rule with an end in UTC", "2026-02-10T22:30", {"windows": [rule("FREQ=DAILY;UNTIL=20260209T220000Z", "2026-01-01T23:00", 60)]}, "outside"),
    ("a rule every other week", "2026-01-19T21:30", {"windows": [rule("FREQ=WEEKLY;INTERVAL=2", "2026-01-05T22:00", 60)]}, "open"),
    ("a rule every other week, the other one", "2026-01-12T21:30", {"windows": [rule("FREQ=WEEKLY;INTERVAL=2", "2026-01-05T22:00", 60)]}, "outside"),
    ("two windows of two zones are a union", "2026-01-14T22:15", {"windows": TWO}, "outside"),
    ("the second of two windows", "2026-01-14T22:45", {"windows": TWO}, "open"),
    ("the cut-off of windows that touch counts from the end of both", "2026-01-14T20:50", {"windows": TOUCHING, "cutoff_minutes": 30}, "open"),
    ("within the cut-off", "2026-01-10T00:31", {"windows": FRIDAY, "cutoff_minutes": 30}, "cutoff"),
    ("exactly at the cut-off", "2026-01-10T00:30", {"windows": FRIDAY, "cutoff_minutes": 30}, "open"),
    ("the estimate just fits", "2026-01-10T00:15", {"windows": FRIDAY, "estimated_minutes": 45}, "open"),
    ("the estimate does not fit", "2026-01-10T00:16", {"windows": FRIDAY, "estimated_minutes": 45}, "estimate"),
    ("both: the cut-off is named", "2026-01-10T00:50", {"windows": FRIDAY, "cutoff_minutes": 30, "estimated_minutes": 45}, "cutoff"),
    ("the estimate over the leap: the window is an hour shorter", "2026-03-29T00:30", {"windows": NIGHT, "estimated_minutes": 120}, "estimate"),
    ("the estimate over the hour that is shown twice", "2026-10-25T00:00", {"windows": NIGHT, "estimated_minutes": 180}, "open"),
    ("a window that is shorter than the estimate never opens", "2026-01-14T19:30", {"windows": [*TOUCHING, *NIGHT], "estimated_minutes": 181}, "estimate"),
    ("a blackout wins", "2026-12-25T21:30", {"windows": FRIDAY, "blackouts": [freeze("2026-12-18", "2026-12-25")]}, "blackout"),
    ("its last day counts as a whole", "2026-12-25T22:59", {"windows": FRIDAY, "blackouts": [freeze("2026-12-18", "2026-12-25")]}, "blackout"),
    ("after it, the rest of the window is open", "2026-12-25T23:00", {"windows": FRIDAY, "blackouts": [freeze("2026-12-18", "2026-12-25")]}, "open"),
    ("a change must end before a blackout", "2026-01-09T21:30", {"windows": FRIDAY, "blackouts": SATURDAY, "estimated_minutes": 100}, "estimate"),
    ("single days", "2026-01-10T00:30", {"windows": FRIDAY, "blackouts": [days_off("2026-01-10", "2026-01-12")]}, "blackout"),
    ("a blackout in another zone", "2026-01-09T21:30", {"windows": FRIDAY, "blackouts": [days_off("2026-01-10", zone=SYDNEY)]}, "blackout"),
    ("it begins at an hour", "2026-01-09T22:00", {"windows": FRIDAY, "blackouts": [freeze("2026-01-09T23:00", "2026-01-10T00:30")]}, "blackout"),
    ("it ends at an hour that is shown twice: the second", "2026-10-25T01:29", {"windows": NIGHT, "blackouts": UNTIL_TWICE}, "blackout"),
    ("a whole day in the week of the leap", "2026-03-28T22:59", {"windows": WHOLE_DAY}, "open"),
]


def test_the_table_has_the_cases_that_were_asked_for():
    assert len(TABLE) >= 60 and len({name for name, *_rest in TABLE}) == len(TABLE)


@pytest.mark.parametrize("text, task, gate", [pytest.param(*case, id=name) for name, *case in TABLE])
def test_a_moment(text, task, gate):
    now = moment(text)
    answer, minutes = answer_of(now, **task), Minutes(now, task, days=35 if any("rrule" in window for window in task["windows"]) else 16)
    assert answer.gate.value == gate
    assert answer.is_open == minutes.is_open()
    assert answer.closes == minutes.closes_at()
    expected = minutes.next_open()
    assert answer.next_open == expected or (expected is None and (answer.next_open is None or answer.next_open >= minutes.all[-1]))


@st.composite
def tasks(draw):
    """Windows and blackouts around the days on which clocks are set."""
    zones = st.sampled_from([BERLIN, YORK, SYDNEY, LONDON, KOLKATA, "Australia/Lord_Howe", "America/Sao_Paulo", "UTC"])
    clock = st.builds("{:02d}:{:02d}".format, st.integers(0, 23), st.sampled_from([0, 15, 30, 59]))
    day = st.lists(st.sampled_from(["mon", "fri", "sat", "sun"]), min_size=1, max_size=3, unique=True)
    now = draw(st.sampled_from(["2026-03-08T07:00", "2026-03-29T01:00", "2026-04-04T16:00", "2026-10-25T01:00", "2026-11-01T06:00", "2018-02-18T02:00"]))
    at = moment(now) + datetime.timedelta(minutes=draw(st.integers(-2000, 2000)))
    windows = [weekly(*draw(st.tuples(clock, clock, zones)), *draw(day)) for _number in range(draw(st.integers(1, 3)))]
    blackouts = []
    for _number in range(draw(st.integers(0, 2))):
        begin = at.replace(tzinfo=None, second=0) + datetime.timedelta(minutes=draw(st.integers(-3000, 3000)))
        end = begin + datetime.timedelta(minutes=draw(st.integers(90, 2000)))
        blackouts.append(freeze(begin.isoformat(timespec="minutes"), end.isoformat(timespec="minutes"), draw(zones)))
    minutes = st.sampled_from([0, 1, 30, 61, 240])
    return at, {"windows": windows, "blackouts": blackouts, "cutoff_minutes": draw(minutes), "estimated_minutes": draw(minutes)}


@settings(max_examples=60, deadline=None)
@given(tasks())
def test_any_windows_agree_with_the_wall_clock(drawn):
    now, task = drawn
    answer, minutes = answer_of(now, **task), Minutes(now, task)
    assert (answer.is_open, answer.closes) == (minutes.is_open(), minutes.closes_at())
    expected = minutes.next_open()
    assert answer.next_open == expected or (expected is None and (answer.next_open is None or answer.next_open >= minutes.all[-1]))


def test_a_leap_day_once_a_year_is_found_eight_years_ahead():
    """2100 is no leap year."""
    found = answer_of(moment("2096-03-05T00:00"), windows=[rule("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", "2024-02-29T22:00", 60)])
    assert found.next_open == moment("2104-02-29T21:00")


@pytest.mark.parametrize("day", range(9, 23))
@pytest.mark.parametrize("limit", ["cutoff_minutes", "estimated_minutes"])
def test_windows_that_are_all_too_short_never_open_on_any_day(day, limit):
    """On four days of a week, the first search ends close before a window; that one is too short as well."""
    found = answer_of(moment("2026-01-%02dT22:00" % day), windows=FRIDAY, **{limit: 2 * 24 * 60})
    assert not found.is_open and found.next_open is None


def test_a_window_over_the_horizon_of_the_first_search_is_found_with_its_real_end():
    """The horizon is 40 days ahead, in the window of five hours on that day; two of its hours are behind it."""
    now = moment("2026-01-09T21:00")
    only = [rule("FREQ=DAILY;COUNT=1", "2026-02-18T19:00", 300)]
    assert (moment("2026-02-18T18:00") - now).days == 39
    assert answer_of(now, windows=only, estimated_minutes=240).next_open == moment("2026-02-18T18:00")
    assert answer_of(now, windows=only, estimated_minutes=301).next_open is None


def test_a_second_counts():
    second = datetime.timedelta(seconds=1)
    assert not answer_of(moment("2026-01-09T21:00") - second, windows=FRIDAY).is_open
    assert answer_of(moment("2026-01-10T01:00") - second, windows=FRIDAY).is_open
    assert not answer_of(moment("2026-01-10T00:30") + second, windows=FRIDAY, cutoff_minutes=30).is_open


def test_without_windows_a_change_may_start_at_any_time_outside_of_blackouts():
    assert answer_of(moment("2026-01-09T21:00")).is_open
    frozen = answer_of(moment("2026-12-24T12:00"), blackouts=[freeze("2026-12-18", "2026-12-31")])
    assert frozen.gate.value == "blackout" and frozen.next_open == moment("2026-12-31T23:00")


def test_windows_without_a_gap_never_close():
    found = answer_of(moment("2026-01-09T21:00"), windows=[weekly("00:00", "24:00")], estimated_minutes=10000)
    assert found.is_open and found.closes is None and found.next_open is None


def test_what_a_blackout_leaves_of_a_window_ends_with_its_beginning():
    found = answer_of(moment("2026-01-09T21:30"), windows=FRIDAY, blackouts=[days_off("2026-01-10")])
    assert found.is_open and found.closes == found.last_start == moment("2026-01-09T23:00")
