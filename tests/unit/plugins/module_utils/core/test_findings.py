# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Findings, their severities, and what a set of them comes to."""

from __future__ import annotations

import enum

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.core.findings import ERROR, NOTICE, WARNING, Finding, Severity, Verdict, verdict_of

FINDING = Finding("NAME-CN-IS-IP", ERROR, "CN is 10.0.0.1", "www", "fqdn_certificate", "Reissue it.", "KB 429301")


def test_a_finding_becomes_what_modules_return():
    assert FINDING.as_dict() == {
        "code": "NAME-CN-IS-IP",
        "severity": "error",
        "message": "CN is 10.0.0.1",
        "about": "www",
        "remedy": "fqdn_certificate",
        "advice": "Reissue it.",
        "cites": "KB 429301",
        "answer": "",
    }
    assert FINDING.as_dict()["severity"] == "error" and not isinstance(FINDING.as_dict()["severity"], enum.Enum)


def test_severities_are_ranked_from_the_least_to_the_most_serious():
    assert sorted([ERROR, NOTICE, WARNING], key=lambda severity: severity.rank) == [NOTICE, WARNING, ERROR] == list(Severity)


@pytest.mark.parametrize(
    "severities, verdict",
    [
        ([], Verdict.OK),
        ([NOTICE], Verdict.OK),
        ([NOTICE, WARNING], Verdict.WARNING),
        ([WARNING, ERROR, NOTICE], Verdict.ERROR),
        (["notice", "warning"], Verdict.WARNING),
    ],
)
def test_the_verdict_is_the_most_serious_severity_from_a_warning_on(severities, verdict):
    assert verdict_of(severities) is verdict
