# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Change windows in a run over two hosts: it changes nothing on any host, postpones everything, or rolls back; and in a restore."""

from __future__ import annotations

import re

import pytest
import yaml

from ansible_collections.certmend.tls.tests.support.clock import DAY, REAL
from ansible_collections.certmend.tls.tests.support.depot_and_installer import estate_in
from ansible_collections.certmend.tls.tests.support.rendered import COLLECTION

CLOSED = {
    "change_window_windows": [{"zone": "UTC", "from": "00:00", "to": "24:00"}],
    "change_window_blackouts": [{"zone": "UTC", "from": "2000-01-01", "to": (REAL.now + 9 * DAY).date().isoformat(), "reason": "end of the year"}],
}
OVERRIDE = {"change_window_override": {"reason": "it has expired", "by": "the night shift"}}


@pytest.fixture
def estate(tmp_path):
    with estate_in(tmp_path / "estate") as made:
        yield made


def steps(estate, **more):
    """The plays that take a step on each host; the installer is the second."""
    included = {"name": "certmend.tls.remediation", "tasks_from": "attempt.yml"}
    for host, task in (("depot", estate.certificate()), ("installer", estate.mapping())):
        tasks = [{"ansible.builtin.include_role": included, "vars": {"remediation_step": estate.write("step", [task]), **more}}]
        yield {"hosts": host, "gather_facts": False, "ignore_unreachable": True, "tasks": tasks}


def plays(estate):
    """A run as the playbooks have it: preflight, change, end."""
    stop = {"ansible.builtin.include_role": {"name": "certmend.tls.remediation", "tasks_from": "stop.yml"}}
    end = yaml.safe_load((COLLECTION / "playbooks" / "offline_depot.yml").read_text(encoding="utf-8"))[-2:]
    ending = [dict(play, hosts="all", become=False, vars_files=[], vars={"depot_keep_on_failure": False}) for play in end]
    return [*steps(estate, remediation_preflight=True), {"hosts": "all", "gather_facts": False, "tasks": [stop]}, *steps(estate), *ending]


def test_a_closed_window_ends_the_run_before_the_first_change_on_any_host(estate):
    done = estate.playbook(plays(estate), **CLOSED)
    assert done.returncode != 0 and estate.is_restored() and estate.journals("depot") == estate.journals("installer") == [], done.stdout
    assert "(end of the year). The next change may start on " in done.stdout and "Nothing was changed on any host." in done.stdout


def test_a_certificate_that_expires_before_the_next_window_is_named_with_both_dates(estate):
    late = (REAL.now + 200 * DAY).date().isoformat()
    done = estate.playbook(plays(estate), **dict(CLOSED, change_window_blackouts=[dict(CLOSED["change_window_blackouts"][0], to=late)]))
    warned = re.findall(r"[Ii]ts certificate \(depot.corp.example\) expires at (\S+), before the next change window opens at (\S+)\.", done.stdout)
    assert warned and warned[0][0] < late < warned[0][1], done.stdout


def test_a_run_that_only_reports_postpones_every_change_and_succeeds(estate):
    done = estate.playbook(plays(estate), change_window_on_closed="report", **CLOSED)
    assert done.returncode == 0 and estate.is_restored() and estate.journals("depot") == estate.journals("installer") == [], done.stdout
    for host in ("depot", "installer"):
        assert "%s: nothing was changed: No change may start now, " % host in done.stdout, done.stdout


@pytest.mark.everything
def test_an_override_lets_the_run_change_both_hosts_and_the_next_run_needs_none(estate):
    done = estate.playbook(plays(estate), **OVERRIDE, **CLOSED)
    assert done.returncode == 0 and not estate.is_restored(), done.stdout
    assert done.stdout.count("outside of the change windows, as decided by the night shift: it has expired") == 2, done.stdout
    again = estate.playbook(plays(estate), **CLOSED)
    assert again.returncode == 0 and "installer: nothing had to be changed" in again.stdout, again.stdout


def test_a_window_that_closes_in_the_middle_of_a_run_has_its_changes_rolled_back(estate):
    """The installer's window is closed when its turn comes; the preflight found it open."""
    mark = str(estate.controller / "closed")
    close = {"ansible.builtin.copy": {"content": "", "dest": mark}, "delegate_to": "localhost", "vars": {"ansible_connection": "local"}}
    run = plays(estate)
    run.insert(4, {"hosts": "depot", "gather_facts": False, "tasks": [close]})
    blackouts = "{{ %s if lookup('ansible.builtin.fileglob', '%s') else [] }}" % (CLOSED["change_window_blackouts"], mark)
    done = estate.playbook(run, **dict(CLOSED, change_window_blackouts=blackouts))
    assert done.returncode != 0 and "installer: No change may start now, " in done.stdout, done.stdout
    assert "depot: rolled back %s/web.pem" % estate["depot"] in done.stdout and "because installer failed" in done.stdout and estate.is_restored(), done.stdout


def test_a_restore_asks_too(estate):
    estate.change()
    done = estate.restore(**CLOSED)
    assert done.returncode != 0 and not estate.is_restored() and "No change may start now, " in done.stdout, done.stdout
    assert estate.restore("--check", **CLOSED).returncode == 0
    done = estate.restore(**OVERRIDE, **CLOSED)
    assert done.returncode == 0 and estate.is_restored(), done.stdout
