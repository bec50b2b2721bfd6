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
    return dict(dict(code="NAME-CN-IS-IP", about="*", until="2026-11-20", reason="replaced next week"), **given)


@pytest.mark.parametrize("about", ["*", "depot.*", "depot.corp.example:44?", "depot.corp.example:443", None, ""])
def test_a_waiver_covers_findings_of_its_code_about_its_pattern(about):
    assert waiver_of(FINDING, parse_waivers([waiver(about=about)]), DAY) == {"until": "2026-11-20", "reason": "replaced next week"}


@pytest.mark.parametrize("given", [dict(code="NAME-CN-EMPTY"), dict(about="DEPOT*"), dict(about="web*"), dict(until="2026-11-19")])
def test_another_code_another_subject_or_a_past_date_does_not_cover_it(given):
    assert waiver_of(FINDING, parse_waivers([waiver(**given)]), DAY) is None


def test_the_first_of_several_waivers_counts():
    waivers = parse_waivers([waiver(until="2026-01-01"), waiver(reason="second"), waiver(reason="third")])
    assert waiver_of(FINDING, waivers, DAY)["reason"] == "second"


@pytest.mark.parametrize("until", ["soon", "2026-13-01", "2026-11", "20 November 2026", "", 1])
def test_a_date_that_is_none_is_refused(until):
    with pytest.raises(RemediationError, match=r"waivers\[0\].until: .* is not a date"):
        parse_waivers([waiver(until=until)])


def test_every_wrong_date_is_named():
    with pytest.raises(RemediationError) as raised:
        parse_waivers([waiver(until="soon"), waiver(), waiver(until="later")])
    assert "waivers[0].until" in raised.value.message and "waivers[2].until" in raised.value.message
