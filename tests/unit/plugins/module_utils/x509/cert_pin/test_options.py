# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of cert_pin: one value that is validated, or one error with everything that is wrong."""

from __future__ import annotations

import base64

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.endpoints import HostPort
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_pin.options import Options, State

HOST = "vault.corp.example"
PIN, OTHER = ("sha256/" + letter * 42 + "A=" for letter in "AB")
APPROVAL = {"host": HOST, "ticket": "CHG-1", "old_pin": PIN, "new_pin": OTHER, "expires": "2026-11-21"}
ABSENT = dict.fromkeys(("endpoints", "presented", "host", "name", "announced", "approval", "approvals", "pins", "backup_path", "audit_log"))
DEFAULTS = dict(
    ABSENT,
    pins_path="/srv/pins",
    create=False,
    port=443,
    state="checked",
    first_use="pin",
    unreachable="fail",
    keep_old=False,
    ignore_others=False,
    backup=True,
    journal=None,
    workers=32,
    timeout=5.0,
)


def options(**params):
    return Options.from_params(dict(DEFAULTS, **params))


def test_the_parameters_become_one_value():
    given = options(endpoints=[HOST], state="pinned", first_use="fail", unreachable="report", keep_old=True, audit_log="/srv/log", timeout=7.0)
    assert given.state is State.PINNED and given.targets.servers == (HostPort(HOST, 443),)
    assert not given.pin_first_use and not given.unreachable_fails and given.keep_old and given.presented is None
    assert (given.pins_path, given.audit_log, given.backup_path, given.backup, given.workers, given.timeout) == ("/srv/pins", "/srv/log", None, True, 32, 7.0)
    assert options(endpoints=[HOST]).pin_first_use and options(endpoints=[HOST]).unreachable_fails


@pytest.mark.parametrize(
    "state, observes, accepts",
    [
        ("checked", True, False),
        ("pinned", True, True),
        ("repinned", True, True),
        ("absent", False, False),
        ("restored", False, False),
        ("listed", False, False),
    ],
)
def test_a_state_says_whether_servers_are_observed_and_pins_accepted(state, observes, accepts):
    assert (State(state).observes, State(state).accepts) == (observes, accepts)


def test_of_a_presented_chain_the_first_certificate_counts():
    chain = [base64.b64encode(text).decode("ascii") for text in (b"leaf", b"issuer")]
    given = options(presented=chain, host=HOST, port=8443, name="name.corp.example")
    assert given.presented == b"leaf" and given.targets.servers == (HostPort(HOST, 8443),) and given.targets.endpoints[0].name == "name.corp.example"
    assert options(presented=[], host=HOST).presented == b""


@pytest.mark.parametrize("state", ["pinned", "repinned"])
def test_pins_and_approvals_are_read(state):
    given = options(endpoints=[HOST], state=state, announced=[{"pin": PIN}], approval=APPROVAL, approvals=[dict(APPROVAL, new_pin=PIN, old_pin=OTHER)])
    assert [announcement.pin for announcement in given.announced] == [PIN]
    assert [approval.new_pin for approval in given.approvals] == [OTHER, PIN]
    assert options(endpoints=[HOST], state="absent", pins=[PIN.replace("sha256/", "sha256//")]).pins == (PIN,)


def test_what_is_for_other_servers_can_be_ignored():
    other = {"host": "other.corp.example"}
    estate = dict(endpoints=[HOST], state="pinned", announced=[dict(other, path="/nonexistent"), {"pin": PIN}], approvals=[dict(APPROVAL, **other), APPROVAL])
    given = options(ignore_others=True, **estate)
    assert len(given.announced) == len(given.approvals) == 1 and given.approvals[0].option == "approvals[1]"
    with pytest.raises(RemediationError) as raised:
        options(**estate)
    words = ("announced[0].path", "announced[0]: other.corp.example:443 is not among", "approvals[0]: other.corp.example:443 is not among")
    assert words[2] in raised.value.message and any(word in raised.value.message for word in words[:2])


MEANINGLESS = [
    ("checked", {"approval": APPROVAL}, "pinned or repinned"),
    ("checked", {"approvals": [APPROVAL]}, "pinned or repinned"),
    ("restored", {"announced": [{"pin": PIN}]}, "pinned or repinned"),
    ("pinned", {"pins": [PIN]}, "absent or listed or restored"),
    ("absent", {"backup_path": "/srv/backup"}, "restored"),
]


@pytest.mark.parametrize("state, option, states", MEANINGLESS)
def test_an_option_that_the_state_would_ignore_is_an_error(state, option, states):
    with pytest.raises(RemediationError, match="%s: has no meaning with state %s" % (*option, state)) as raised:
        options(endpoints=[HOST], state=state, **option)
    assert raised.value.advice == "Leave it out, or set state to %s." % states


def test_all_that_is_wrong_is_reported_at_once(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "pins")
    with pytest.raises(RemediationError) as raised:
        options(presented=["%"], host="bad host", pins=[], pins_path=str(tmp_path / "pins"), audit_log=str(tmp_path / "link"))
    words = ("pins: has no meaning", "audit_log: is the same file as pins_path", "presented[0] is not Base64", "'bad host'")
    assert all(word in raised.value.message for word in words), raised.value.message
    with pytest.raises(RemediationError) as raised:
        options(endpoints=[HOST], state="pinned", announced=[{"pin": "x"}], approvals=[dict(APPROVAL, ticket="")])
    assert "announced[0].pin: 'x' is not a pin" in raised.value.message and "approvals[0].ticket: is empty" in raised.value.message
