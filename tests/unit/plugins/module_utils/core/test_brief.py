# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A failed task returns what fits on a screen."""

from __future__ import annotations

import json

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.core.brief import KEPT, LIMIT, MOST_ITEMS, brief

CERTIFICATE = {"subject": "CN=depot.corp.example", "pem": "-----BEGIN CERTIFICATE-----\n%s\n-----END CERTIFICATE-----\n" % ("A" * 1200)}


@pytest.mark.parametrize("value", [True, False, 0, 7, "stale", ["a.pem", "b.pem"], {"ok": 6, "stale": 5}, {"sha256": "AB:" * 31 + "AB"}])
def test_small_facts_stay_as_they_are(value):
    assert brief({"fact": value}) == {"fact": value}


@pytest.mark.parametrize("value", [None, "", [], {}])
def test_empty_facts_are_left_out(value):
    assert brief({"fact": value, KEPT[0]: value}) == {}


@pytest.mark.parametrize("value", [CERTIFICATE, [CERTIFICATE] * 3, CERTIFICATE["pem"], ["A" * LIMIT]])
def test_certificates_and_other_bulky_facts_are_named_and_left_out(value):
    assert brief({"b": value, "changed": False, "a": value}) == {"changed": False, "omitted": "a, b (shown with -vvv)"}


def test_the_limit_is_that_of_the_text_that_is_printed():
    assert brief({"fact": "A" * (LIMIT - 2)}) == {"fact": "A" * (LIMIT - 2)}
    assert brief({"fact": "A" * (LIMIT - 1)}) == {"omitted": "fact (shown with -vvv)"}


@pytest.mark.parametrize("name", KEPT)
def test_what_a_rollback_needs_stays_whatever_its_size(name):
    assert brief({name: ["A" * LIMIT]}) == {name: ["A" * LIMIT]}


def test_a_run_names_further_facts_that_stay():
    assert brief({"added": [CERTIFICATE], "anchors": [CERTIFICATE]}, ["added"]) == {"added": [CERTIFICATE], "omitted": "anchors (shown with -vvv)"}


def test_of_many_findings_their_codes_stay():
    finding = {"code": "CHAIN-INCOMPLETE", "severity": "error", "about": "web:443", "message": "x" * LIMIT, "advice": "y", "answer": ""}
    failure = {"endpoint": "web:443", "code": "PIN-CHANGED", "old_pin": "sha256/a", "new_pin": "sha256/b", "message": "x" * LIMIT}
    assert brief({"findings": [finding] * 2})["findings"] == [{"code": "CHAIN-INCOMPLETE", "severity": "error", "about": "web:443"}] * 2
    (short,) = brief({"failures": [failure]})["failures"]
    assert short == {"endpoint": "web:443", "code": "PIN-CHANGED", "old_pin": "sha256/a", "new_pin": "sha256/b"}
    assert len(brief({"findings": [finding] * 100})["findings"]) == MOST_ITEMS


def test_what_is_returned_can_be_printed():
    assert json.loads(json.dumps(brief({"a": CERTIFICATE, "b": 1}))) == {"b": 1, "omitted": "a (shown with -vvv)"}
