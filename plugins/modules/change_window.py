#!/usr/bin/python
# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: change_window
short_description: Ask whether a change may start now
version_added: 0.5.0
author: certmend.tls contributors (@certmend)
description:
  - Fails, waits or reports if no change window is open. Put the task right before the first task that changes something.
  - Several windows are a union, blackouts win. A change may start from the first moment of a window. It may not start in the last O(cutoff_minutes) of a
    window, nor if it would not end within the window by O(estimated_minutes).
  - A window stays on the wall clock of its O(windows[].zone) when daylight saving time begins or ends. If a window begins or ends at a time that the clock
    skips, it begins or ends at the moment of the leap. If it begins or ends at a time that the clock shows twice, the first counts. A blackout ends at
    the second.
  - Check mode is never blocked. The task then only warns that it would fail or wait.
  - Run it on the controller (C(delegate_to=localhost)). It changes nothing.
requirements:
  - Python 3.9 or newer with the IANA time zones (of the system, or the Python library C(tzdata))
  - python-dateutil (for O(windows[].rrule))
extends_documentation_fragment:
  - certmend.tls.attributes
  - certmend.tls.attributes.reads_only
options:
  windows:
    description:
      - The change windows, each on days of the week (O(windows[].from), O(windows[].to)) or by a recurrence rule (O(windows[].rrule), O(windows[].start),
        O(windows[].duration_minutes)).
      - Windows that overlap or touch each other are one window.
      - Without any window, a change may start at any time that is not in a blackout.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: What the messages call the window. The default is its times.
        type: str
      zone:
        description: The time zone by its IANA name, such as V(Europe/Berlin) or V(UTC). There is no default, because a controller is often in another zone.
        type: str
        required: true
      days:
        description: The days on which the window starts. The default is every day.
        type: list
        elements: str
        choices: [mon, tue, wed, thu, fri, sat, sun]
      from:
        description: When the window opens, such as V('22:00'). Write the quotes, because YAML reads V(22:00) as a number.
        type: str
      to:
        description:
          - When the window closes, such as V('02:00'). This moment is not part of the window. V('24:00') is the end of the day.
          - If it is not later than O(windows[].from), the window closes on the next day. It belongs to the day on which it starts, so that a window on V(fri)
            from V('22:00') to V('02:00') closes on Saturday.
        type: str
      rrule:
        description:
          - A recurrence rule (RFC 5545) with the days on which the window opens, such as V(FREQ=MONTHLY;BYDAY=2TU).
          - C(FREQ) is C(DAILY), C(WEEKLY), C(MONTHLY) or C(YEARLY). An C(UNTIL) that is a date includes that day.
          - A window does not open on a day on which the clock skips its start (RFC 5545).
        type: str
      start:
        description:
          - The first time at which the rule can open the window, on the wall clock of the zone, such as V('2026-01-13T22:00').
          - The rule takes its hour from it.
        type: str
      duration_minutes:
        description: How long a window lasts that a rule opens, in minutes.
        type: int
  blackouts:
    description: Times without changes, whatever the windows say. Each has either O(blackouts[].dates), or O(blackouts[].from) and O(blackouts[].to).
    type: list
    elements: dict
    default: []
    suboptions:
      zone:
        description: The time zone by its IANA name.
        type: str
        required: true
      from:
        description: The first day, such as V(2026-12-20), or the first moment on the wall clock, such as V('2026-12-20T18:00').
        type: str
      to:
        description: The last day, which counts as a whole, or the moment at which the blackout ends.
        type: str
      dates:
        description: Single days.
        type: list
        elements: str
      reason:
        description: What the messages say about it.
        type: str
  cutoff_minutes:
    description: No change may start in the last minutes of a window. At exactly this many minutes before the end it may.
    type: int
    default: 0
  estimated_minutes:
    description: How long the change takes. It may only start if it can end within the window.
    type: int
    default: 0
  on_closed:
    description:
      - What to do if no change may start now. V(fail) fails and names the next window. V(report) succeeds with RV(open) false. V(wait) waits for the next
        window, and fails at once if it opens after more than O(wait_limit).
    type: str
    choices: [fail, report, wait]
    default: fail
  wait_limit:
    description: For how many minutes O(on_closed=wait) may wait, in all.
    type: int
    default: 60
  override:
    description: Lets a change start although no window is open. The task returns it in RV(override), for the record of the change.
    type: dict
    suboptions:
      reason:
        description: Why the change cannot wait for a window.
        type: str
        required: true
      by:
        description: Who decides it.
        type: str
        required: true
  expires:
    description: Certificates that wait for a change. If no change may start now, the task warns about each that expires before the next window opens.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: What the warning calls the certificate.
        type: str
        required: true
      not_after:
        description: The end of its validity, as the modules of this collection return it.
        type: str
        required: true
"""

EXAMPLES = r"""
- name: Change only on Friday nights, and never at the end of the year
  certmend.tls.change_window:
    windows:
      - days: [fri]
        from: "22:00"
        to: "02:00"
        zone: Europe/Berlin
    blackouts:
      - from: 2026-12-18
        to: 2027-01-06
        zone: Europe/Berlin
        reason: end of the year
    cutoff_minutes: 30
    on_closed: report
  delegate_to: localhost
  register: window

- name: Change in the night after the second Tuesday of a month, and wait up to two hours for it
  certmend.tls.change_window:
    windows:
      - name: patch night
        rrule: FREQ=MONTHLY;BYDAY=2TU
        start: "2026-01-13T22:00"
        duration_minutes: 240
        zone: America/New_York
    estimated_minutes: 45
    on_closed: wait
    wait_limit: 120
    override:
      reason: The certificate of the vCenter has expired
      by: the night shift, CHG-4711
  delegate_to: localhost
"""

RETURN = r"""
open:
  description: Whether a change may start, by a window or by O(override).
  returned: always
  type: bool
  sample: false
reason:
  description: Why, in words.
  returned: always
  type: str
  sample: >-
    No change may start now, Wed 2026-03-25 12:00 CET (Europe/Berlin): it is outside of all change windows. The next change may start on
    Fri 2026-03-27 22:00 CET (Europe/Berlin).
gate:
  description: >-
    Why, in a word. V(open); V(outside) of all windows; V(blackout); V(cutoff), the window is about to end; V(estimate), the change would not end within
    the window.
  returned: always
  type: str
  sample: outside
window:
  description:
    - The window around this moment, with C(names), C(opened_at), C(closes_at) and C(zone). What a blackout takes is not part of it.
    - Null outside of all windows.
    - C(opened_at) is not looked for further back than a few days, if windows touch each other.
  returned: always
  type: dict
  sample: {names: [patch night], opened_at: "2026-03-27T21:00:00Z", closes_at: "2026-03-28T01:00:00Z", zone: Europe/Berlin}
blackout:
  description: The blackout around this moment, with C(reasons), C(begins_at), C(ends_at) and C(zone). Null if there is none.
  returned: always
  type: dict
closes_at:
  description: When the window around this moment closes (UTC). Null outside of all windows, and if it does not close within nine years.
  returned: always
  type: str
  sample: "2026-03-28T01:00:00Z"
closes_at_local:
  description: The same in the zone of the window.
  returned: always
  type: str
  sample: Sat 2026-03-28 02:00 CET (Europe/Berlin)
last_start:
  description: The last moment at which a change may start in this window (UTC), by O(cutoff_minutes) and O(estimated_minutes).
  returned: always
  type: str
  sample: "2026-03-28T00:30:00Z"
last_start_local:
  description: The same in the zone of the window.
  returned: always
  type: str
  sample: Sat 2026-03-28 01:30 CET (Europe/Berlin)
next_open:
  description: When the next window opens in which a change may start (UTC), after the present one. Null if there is none within nine years.
  returned: always
  type: str
  sample: "2026-04-03T20:00:00Z"
next_open_local:
  description: The same in the zone of that window.
  returned: always
  type: str
  sample: Fri 2026-04-03 22:00 CEST (Europe/Berlin)
overridden:
  description: Whether a change may start only because of O(override).
  returned: always
  type: bool
  sample: false
override:
  description: The O(override) with C(reason) and C(by), if it was needed. Else null.
  returned: always
  type: dict
expiring:
  description: Those of O(expires) whose validity ends before RV(next_open), with C(name) and C(not_after).
  returned: always
  type: list
  elements: dict
judged_at:
  description: The moment that was judged (UTC). After a wait it is the end of the wait.
  returned: always
  type: str
  sample: "2026-03-27T21:15:00Z"
waited_seconds:
  description: For how many seconds the task waited.
  returned: always
  type: int
  sample: 0
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.certmend.tls.plugins.module_utils.appliance.change_window.run import ChangeWindowRun
from ansible_collections.certmend.tls.plugins.module_utils.core.discreet import discreet
from ansible_collections.certmend.tls.plugins.module_utils.core.run import run_module

WINDOW = {
    "name": dict(type="str"),
    "zone": dict(type="str", required=True),
    "days": dict(type="list", elements="str", choices=["mon", "tue", "wed", "thu", "fri", "sat", "sun"]),
    "from": dict(type="str"),
    "to": dict(type="str"),
    "rrule": dict(type="str"),
    "start": dict(type="str"),
    "duration_minutes": dict(type="int"),
}
BLACKOUT = {
    "zone": dict(type="str", required=True),
    "from": dict(type="str"),
    "to": dict(type="str"),
    "dates": dict(type="list", elements="str"),
    "reason": dict(type="str"),
}
ARGUMENT_SPEC = dict(
    windows=dict(type="list", elements="dict", default=[], options=WINDOW),
    blackouts=dict(type="list", elements="dict", default=[], options=BLACKOUT),
    cutoff_minutes=dict(type="int", default=0),
    estimated_minutes=dict(type="int", default=0),
    on_closed=dict(type="str", choices=["fail", "report", "wait"], default="fail"),
    wait_limit=dict(type="int", default=60),
    override=dict(type="dict", options=dict(reason=dict(type="str", required=True), by=dict(type="str", required=True))),
    expires=dict(
        type="list",
        elements="dict",
        default=[],
        options=dict(name=dict(type="str", required=True), not_after=dict(type="str", required=True)),
    ),
)


def main():
    module = discreet(AnsibleModule)(ARGUMENT_SPEC, supports_check_mode=True)
    run_module(module, ChangeWindowRun.from_params)


if __name__ == "__main__":
    main()
