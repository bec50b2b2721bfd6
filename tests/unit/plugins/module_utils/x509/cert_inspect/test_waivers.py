# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Waivers."""

from __future__ import annotations

import datetime

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.core.findings import ERROR, Finding
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_inspect.waivers import parse_waivers, waiver_of

FINDING = Finding("NAME-CN-IS-IP", ERROR, "message", "depot.corp.example:443", "", "advice", "source")
DAY = datetime.date(2026, 11, 20)


def waiver(**given):
    return dict(dict(code="NAME-CN-IS-IP", about="depot.*", until="2026-11-20", reason="replaced next week"), **given)


def parsed(*waivers, days=400):
    return parse_waivers(waivers, DAY, days)


def refused(*waivers, days=400):
    with pytest.raises(RemediationError) as caught:
        parsed(*waivers, days=days)
    return str(caught.value)


@pytest.mark.parametrize(
    "given", [dict(about="depot.*"), dict(about="depot.corp.example:44?"), dict(about="depot.corp.example:443"), dict(about=None, all=True)]
)
def test_a_waiver_covers_findings_of_its_code_about_its_pattern(given):
    assert waiver_of(FINDING, parsed(waiver(**given)), DAY) == {"until": "2026-11-20", "reason": "replaced next week"}


@pytest.mark.parametrize("given", [dict(code="NAME-CN-EMPTY"), dict(about="DEPOT*"), dict(about="web*"), dict(until="2026-11-19")])
def test_another_code_another_subject_or_a_past_date_does_not_cover_it(given):
    assert waiver_of(FINDING, parsed(waiver(**given)), DAY) is None


def test_the_first_of_several_waivers_counts():
    waivers = parsed(waiver(until="2026-01-01"), waiver(reason="second"), waiver(reason="third"))
    assert waiver_of(FINDING, waivers, DAY)["reason"] == "second"


@pytest.mark.parametrize("until", ["soon", "2026-13-01", "2026-11", "20 November 2026", "", 1])
def test_a_date_that_is_none_is_refused(until):
    assert "waivers[0].until: %r is not a date" % until in refused(waiver(until=until))


def test_a_waiver_lasts_a_year_or_as_long_as_the_task_allows():
    assert parsed(waiver(until="2027-12-25"))
    assert "waivers[0].until: 2027-12-26 is more than 400 days ahead" in refused(waiver(until="2027-12-26"))
    assert parsed(waiver(until="2099-12-31"), days=36500)
    assert "more than 7 days ahead" in refused(waiver(until="2026-11-28"), days=7)


@pytest.mark.parametrize("about", [None, "", "  "])
def test_a_waiver_of_everything_must_say_so(about):
    assert "waivers[0].about: is missing" in refused(waiver(about=about)) and "set all to true" in refused(waiver(about=about))


@pytest.mark.parametrize("about", ["*", "**", "?*"])
def test_a_pattern_that_matches_everything_is_no_subject(about):
    assert "waivers[0].about: %r matches everything" % about in refused(waiver(about=about))


def test_a_subject_and_all_contradict_each_other():
    assert "waivers[0]: about and all cannot be given together" in refused(waiver(all=True))


@pytest.mark.parametrize("reason", ["", " ", "\n"])
def test_a_waiver_without_a_reason_is_refused(reason):
    assert "waivers[0].reason: is empty" in refused(waiver(reason=reason))


def test_everything_that_is_wrong_is_named():
    message = refused(waiver(until="soon", reason=""), waiver(), waiver(until="later", about=""))
    assert all(option in message for option in ("waivers[0].until", "waivers[0].reason", "waivers[2].until", "waivers[2].about"))
