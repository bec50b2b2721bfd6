# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Times as options and results write them."""

from __future__ import annotations

import datetime

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.core.timestamps import UTC, parse_time, relative_day, timestamp, utc_now
from ansible_collections.certmend.tls.tests.support.clock import FIXED


@pytest.mark.parametrize(
    "text, time",
    [
        ("2026-11-20T12:00:00Z", datetime.datetime(2026, 11, 20, 12, tzinfo=UTC)),
        (" 2026-11-20T12:00:00+02:00\n", datetime.datetime(2026, 11, 20, 10, tzinfo=UTC)),
        ("2026-11-20T12:00:00", datetime.datetime(2026, 11, 20, 12, tzinfo=UTC)),
        ("2026-11-20", datetime.datetime(2026, 11, 20, tzinfo=UTC)),
    ],
)
def test_a_time_is_utc_unless_it_has_an_offset(text, time):
    parsed = parse_time(text, "at", FIXED.now)
    assert parsed == time and parsed.tzinfo is not None


@pytest.mark.parametrize("text", [None, ""])
def test_an_option_that_is_not_set_has_its_default(text):
    assert parse_time(text, "at", FIXED.now) is FIXED.now


@pytest.mark.parametrize("text", ["tomorrow", "2026-13-01", "12:00", "   "])
def test_a_text_that_is_not_a_time_names_its_option(text):
    with pytest.raises(RemediationError, match="waivers.until: .* is not a date or time") as caught:
        parse_time(text, "waivers.until", FIXED.now)
    assert "2026-11-20T12:00:00Z" in caught.value.advice


def test_results_write_times_in_utc_to_the_second():
    zone = datetime.timezone(datetime.timedelta(hours=2))
    assert timestamp(datetime.datetime(2026, 11, 20, 1, 2, 3, 456, tzinfo=zone)) == "2026-11-19T23:02:03Z"
    assert parse_time(timestamp(FIXED.now), "at", utc_now()) == FIXED.now


def test_the_system_clock_has_its_time_zone():
    assert utc_now().tzinfo is UTC


AHEAD = [(48, "in 2 days"), (47, "in 1 day"), (24, "in 1 day"), (23, "today"), (0, "today")]
BEHIND = [(-23, "today"), (-24, "1 day ago"), (-47, "1 day ago"), (-48, "2 days ago")]


@pytest.mark.parametrize("hours, words", AHEAD + BEHIND)
def test_days_are_told_in_the_same_words_everywhere(hours, words):
    assert relative_day(FIXED.now + datetime.timedelta(hours=hours), FIXED.now) == words
