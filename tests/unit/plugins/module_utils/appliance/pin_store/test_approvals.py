# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Approvals: what they cover, and everything that is wrong with them."""

from __future__ import annotations

import datetime

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.endpoints import HostPort
from ansible_collections.certmend.tls.plugins.module_utils.appliance.pin_store.approvals import parse_approvals
from ansible_collections.certmend.tls.plugins.module_utils.appliance.pin_store.records import AcceptedPin, PinRecord, UsedApproval
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.core.timestamps import UTC

NOW = datetime.datetime(2026, 11, 20, 12, tzinfo=UTC)
OLD, NEW, OTHER = ("sha256/" + letter * 42 + "A=" for letter in "ABC")
VAULT, SECOND = HostPort("vault.corp.example", 443), HostPort("vault.corp.example", 8443)
RECORD = PinRecord(VAULT, (AcceptedPin(OLD, "2026-11-01T12:00:00Z", "first_use"),))


def value(**more):
    return {"host": "Vault.Corp.Example", "port": 443, "ticket": " CHG-1 ", "old_pin": OLD, "new_pin": NEW, "expires": "2026-11-21T06:00:00Z", **more}


def approval(**more):
    (parsed,) = parse_approvals(value(**more), None, [VAULT])
    return parsed


def used(approved, at="2026-11-20T11:00:00Z"):
    return approved.as_used(at)


def test_an_approval_covers_its_own_change_until_it_expires():
    assert approval().ticket == "CHG-1" and approval().server == VAULT
    assert approval().refusals(RECORD, NEW, [], NOW) == []
    last = approval().expires
    assert approval().refusals(RECORD, NEW, [], last) == ["it expired at 2026-11-21T06:00:00+00:00"]
    assert approval().refusals(RECORD, NEW, [], last - datetime.timedelta(seconds=1)) == []


def test_all_the_reasons_of_a_refusal_are_given():
    approved = approval(old_pin=OTHER, expires="2026-11-01")
    reasons = approved.refusals(RECORD, OLD, [used(approved)], NOW)
    assert reasons == [
        "old_pin %s is not a pin of vault.corp.example:443 (%s)" % (OTHER, OLD),
        "new_pin %s is not what vault.corp.example:443 serves (%s)" % (NEW, OLD),
        "it expired at 2026-11-01T00:00:00+00:00",
        "it was used at 2026-11-20T11:00:00Z and works once",
    ]


@pytest.mark.parametrize("other", [{"ticket": "CHG-2"}, {"old_pin": OTHER}, {"new_pin": OTHER}])
def test_the_use_of_another_approval_does_not_matter(other):
    assert approval().refusals(RECORD, NEW, [used(approval(**other))], NOW) == []


def test_a_used_approval_keeps_all_that_identifies_it():
    assert used(approval()) == UsedApproval("CHG-1", VAULT, OLD, NEW, "2026-11-21T06:00:00+00:00", "2026-11-20T11:00:00Z")


def test_the_host_may_be_left_out_if_there_is_one_server():
    assert approval(host=None, port=None).server == VAULT
    with pytest.raises(RemediationError, match=r"approvals\[0\].host: is missing, and the task has 2 endpoints"):
        parse_approvals(None, [value(host=None)], [VAULT, SECOND])


def test_both_options_count():
    several = parse_approvals(value(), [value(port=8443), value(new_pin=OTHER)], [VAULT, SECOND])
    assert [(parsed.option, str(parsed.server)) for parsed in several] == [
        ("approval", "vault.corp.example:443"),
        ("approvals[0]", "vault.corp.example:8443"),
        ("approvals[1]", "vault.corp.example:443"),
    ]
    assert parse_approvals(None, None, [VAULT]) == []


def test_approvals_for_other_servers_are_errors_unless_they_are_ignored():
    elsewhere = value(host="other.corp.example", old_pin="nonsense")
    with pytest.raises(RemediationError, match=r"approvals\[0\]: other.corp.example:443 is not among the endpoints of this task"):
        parse_approvals(None, [elsewhere, value()], [VAULT])
    (kept,) = parse_approvals(None, [elsewhere, value()], [VAULT], ignore_others=True)
    assert kept.option == "approvals[1]"
    assert parse_approvals(elsewhere, None, [VAULT], ignore_others=True) == []


@pytest.mark.parametrize(
    "wrong, message",
    [
        ({"ticket": "\t"}, "approval.ticket: is empty"),
        ({"old_pin": "x"}, "approval.old_pin: 'x' is not a pin"),
        ({"new_pin": "x"}, "approval.new_pin: 'x' is not a pin"),
        ({"new_pin": OLD}, "approval: old_pin and new_pin are the same pin"),
        ({"expires": ""}, "approval.expires: is empty"),
        ({"expires": "tomorrow"}, "approval.expires: 'tomorrow' is not a date or time"),
    ],
)
def test_a_wrong_value_is_reported_by_its_option(wrong, message):
    with pytest.raises(RemediationError) as raised:
        approval(**wrong)
    assert raised.value.message == message


def test_two_approvals_of_the_same_pin_are_refused_with_everything_else_that_is_wrong():
    with pytest.raises(RemediationError) as raised:
        parse_approvals(None, [value(), value(ticket="CHG-2"), value(expires="never")], [VAULT])
    assert "approvals: vault.corp.example:443 has two approvals of the same new pin" in raised.value.message
    assert "approvals[2].expires: 'never' is not a date or time" in raised.value.message
