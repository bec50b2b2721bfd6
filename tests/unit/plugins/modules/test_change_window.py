# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module as Ansible starts it. The hour does not matter to its windows."""

from __future__ import annotations

from ansible_collections.certmend.tls.tests.support.clock import DAY, REAL

ALWAYS = [{"zone": "Europe/Berlin", "from": "00:00", "to": "24:00"}]
FROZEN = [{"zone": "Europe/Berlin", "from": "2000-01-01", "to": (REAL.now + 9 * DAY).date().isoformat(), "reason": "frozen"}]


def test_an_open_window(run_module):
    result = run_module("change_window", {"windows": ALWAYS})
    assert result["open"] and not result["changed"] and result["reason"].startswith("A change may start now")


def test_a_closed_window_fails_and_check_mode_warns(run_module):
    task = {"windows": ALWAYS, "blackouts": FROZEN}
    failed, predicted = run_module("change_window", task), run_module("change_window", task, check=True)
    assert failed["failed"] and not failed["open"] and failed["next_open"] and "(frozen). The next change may start on" in failed["msg"]
    assert not predicted.get("failed") and predicted["reason"] == failed["reason"]


def test_nothing_that_is_missing_or_out_of_bounds_is_ignored(run_module):
    assert "missing required arguments: zone found in windows" in run_module("change_window", {"windows": [{"from": "22:00", "to": "23:00"}]})["msg"]
    assert "missing required arguments: by found in override" in run_module("change_window", {"override": {"reason": "x"}})["msg"]
    assert "wait_limit: 10081 is not between 0 and 10080" in run_module("change_window", {"wait_limit": 10081})["msg"]


def test_a_rule(run_module):
    night = {"zone": "America/New_York", "rrule": "FREQ=DAILY", "start": "2020-01-01T00:00", "duration_minutes": 1440, "name": "every day"}
    assert run_module("change_window", {"windows": [night], "on_closed": "report"})["window"]["names"] == ["every day"]
