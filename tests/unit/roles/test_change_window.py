# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What roles that change a host do while no change window is open. A run with a host for each case, and hosts files that it would change."""

from __future__ import annotations

import datetime

import pytest

from ansible_collections.certmend.tls.tests.support.clock import DAY, REAL, written
from ansible_collections.certmend.tls.tests.support.role_cases import Cases

NAME, OTHERS = "depot.corp.example", "127.0.0.1 localhost\n"
#: the hour does not matter to a window of the whole day
ALWAYS = [{"zone": "UTC", "from": "00:00", "to": "24:00", "days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]}]
ENDS = (REAL.now + 10 * DAY).date()
#: the next window is the day after it
FREEZE = [{"zone": "UTC", "from": "2000-01-01", "to": ENDS.isoformat(), "reason": "end of the year"}]
NEXT = (ENDS + datetime.timedelta(days=1)).isoformat() + " 00:00 UTC"
CLOSED = {"change_window_windows": ALWAYS, "change_window_blackouts": FREEZE, "change_window_on_closed": "fail"}
OVERRIDE = {"change_window_override": {"reason": "the certificate has expired", "by": "the night shift, CHG-4711"}}
CASES = {
    "unset": {},
    "open": {"change_window_windows": ALWAYS},
    "closed": CLOSED,
    "mapped": CLOSED,
    "reported": {**CLOSED, "change_window_on_closed": "report"},
    "waiting": {**CLOSED, "change_window_on_closed": "wait", "change_window_wait_limit": 1},
    "overridden": {**CLOSED, **OVERRIDE},
    "late": {"change_window_windows": [dict(ALWAYS[0], days=["mon"])], "change_window_cutoff_minutes": 2 * 24 * 60},
    "long": {"change_window_windows": [dict(ALWAYS[0], days=["mon"])], "change_window_estimated_minutes": 2 * 24 * 60},
    "expiring": {**CLOSED, "change_window_expires": [{"name": NAME, "not_after": written(REAL.now + 2 * DAY)}]},
    "unknown": {"change_window_windows": [dict(ALWAYS[0], zone="Berlin")]},
    "text": {**CLOSED, "change_window_blackouts": '[{"zone": "UTC", "from": "2000-01-01", "to": "9000-12-30"}]'},
}
REFUSED = ("closed", "waiting", "late", "long", "expiring", "unknown", "text")
MAPPING = {"hosts_mapping_entries": [{"address": "10.77.0.10", "names": [NAME]}], "hosts_mapping_check_resolution": False}
MAP = {"name": "Map", "ansible.builtin.include_role": {"name": "certmend.tls.hosts_mapping"}, "vars": MAPPING}
FINISH = {"name": "certmend.tls.remediation", "tasks_from": "finish.yml"}
END = {"name": "Finish", "ansible.builtin.include_role": FINISH, "vars": {"remediation_gone": []}}


def play(*tasks, **more):
    return dict({"hosts": "all", "gather_facts": False, "tasks": list(tasks)}, **more)


class Made:
    """Check mode, then the run, and the hosts files after each."""

    def __init__(self, folder):
        path = {"hosts_mapping_path": "{{ playbook_dir | dirname }}/hosts/{{ inventory_hostname }}/hosts"}
        self.hosts = Cases(folder, {name: {**path, **given} for name, given in CASES.items()})
        for name in CASES:
            (self.hosts[name] / "hosts").write_text(OTHERS, encoding="ascii")
        (self.hosts["mapped"] / "hosts").write_text("10.77.0.10 %s\n" % NAME, encoding="ascii")
        self.before = self.files()
        self.check = self.hosts.run([play(MAP)], "--check")
        self.checked = self.files()
        self.run = self.hosts.run([play(MAP), play(END)])
        self.after = self.files()

    def files(self):
        return {name: (self.hosts[name] / "hosts").read_text(encoding="ascii") for name in CASES}

    def changed(self):
        return {name for name in CASES if self.after[name] != self.before[name]}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return Made(tmp_path_factory.mktemp("windows") / "hosts")


def test_nothing_is_changed_unless_a_window_is_open_or_overridden_or_there_is_none(made):
    assert made.changed() == {"unset", "open", "overridden"}, made.hosts.output
    assert {name for name in CASES if made.run[name].failure} == set(REFUSED)
    assert all(not made.hosts.journals(name) for name in REFUSED), "a refused change leaves no journal"


def test_a_closed_window_says_why_and_when_the_next_change_may_start(made):
    said = made.run["closed"].failure
    assert "No change may start now, " in said and "a blackout lasts until %s" % NEXT[:10] not in said
    assert "a blackout lasts until " in said and "(end of the year). The next change may start on " in said and NEXT in said
    assert said.endswith("Nothing was changed on closed.")


def test_a_host_with_nothing_to_change_does_not_fail_outside_of_the_windows(made):
    assert not made.run["mapped"].failure and made.run["mapped"].changed == []


def test_a_change_that_is_only_reported_is_left_for_a_later_run(made):
    assert not made.run["reported"].failure and made.run["reported"].changed == []
    assert "Nothing was changed on reported. No change may start now, " in made.run["reported"].said
    assert "reported: nothing was changed: No change may start now, " in made.hosts.output


def test_a_wait_that_is_too_long_fails_at_once(made):
    assert "That is more than the 1 minutes of wait_limit away" in made.run["waiting"].failure


def test_an_override_is_named_at_the_end_of_the_run(made):
    line = "; outside of the change windows, as decided by the night shift, CHG-4711: the certificate has expired"
    assert line in made.hosts.output
    assert "The closed change window is overridden by the night shift, CHG-4711. Reason: the certificate has expired. No change" in made.run["overridden"].said


def test_nothing_starts_after_the_cut_off_nor_if_it_does_not_fit(made):
    """On a Monday in the window, on other days outside of it: a window of one day is too short for two days either way."""
    for name in ("late", "long"):
        assert "There is no further change window in the next nine years." in made.run[name].failure


def test_a_certificate_that_expires_before_the_next_window_is_a_warning(made):
    assert "The certificate of %s expires before the next change window: on " % NAME in made.hosts.output


def test_a_zone_that_does_not_exist_is_named_with_the_nearest(made):
    assert "change_window_windows[0].zone: there is no time zone 'Berlin'. Did you mean Europe/Berlin?" in made.run["unknown"].failure


def test_check_mode_is_never_blocked_and_says_what_the_run_would_say(made):
    assert made.checked == made.before
    for name in ("closed", "late", "waiting", "overridden", "open", "unset"):
        assert not made.check[name].failure and made.check[name].changed == made.run["unset"].changed, made.check[name].failure
    assert "No change may start now, " in made.check["closed"].said


def test_the_role_alone_fails_before_the_tasks_after_it_and_sees_each_batch(tmp_path):
    """The window closes between two batches: the second one reads it anew."""
    hosts = Cases(tmp_path / "hosts", {"first": {}, "second": {}})
    close = {"name": "Close", "ansible.builtin.copy": {"content": "closed", "dest": str(tmp_path / "closed")}, "changed_when": True}
    blackouts = "{{ %s if lookup('ansible.builtin.fileglob', '%s') else [] }}" % (FREEZE, tmp_path / "closed")
    variables = {"change_window_windows": ALWAYS, "change_window_blackouts": blackouts}
    roles = [{"role": "certmend.tls.change_window"}]
    run = hosts.run([dict(play(close, serial=1, vars=variables), roles=roles)])
    assert not run["first"].failure and run["first"].changed == ["Close"]
    assert "No change may start now, " in run["second"].failure and run["second"].changed == []
