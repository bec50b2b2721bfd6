# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The controller's part of the module journal: which run this is, and whether the run that holds a journal has ended."""

from __future__ import annotations

import os
import socket
import time
from typing import Any, Dict, Optional

from ansible.plugins.action import ActionBase

from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.process import has_ended, identity_of
from ansible_collections.certmend.tls.plugins.module_utils.core.timestamps import utc_now
from ansible_collections.certmend.tls.plugins.plugin_utils.loaded_once import FILTERS, LOOKUPS

SECONDS_BETWEEN_ATTEMPTS = 2
#: used by the tasks of the run, which inherit them from the process that has loaded this plugin
LOADED = FILTERS + LOOKUPS


class ActionModule(ActionBase):
    """Runs the module on the host, again and again while another run holds the journal."""

    _supports_check_mode = True

    def run(self, tmp: Optional[str] = None, task_vars: Optional[Dict[str, Any]] = None) -> Dict[str, Any]:
        """Run the module; wait if another run holds the journal and may be alive."""
        result: Dict[str, Any] = super().run(tmp, task_vars)
        # hosts have clocks of their own, and what was changed last is restored first on all of them
        run = this_run()
        arguments = dict(self._task.args, run=dict(run, opened=utc_now().isoformat(timespec="microseconds")))
        # the preflight, whose tasks are in check mode, waits: the run that it belongs to is none
        last = time.monotonic() + (0 if (task_vars or {}).get("ansible_check_mode") else _seconds(arguments.get("wait", 120)))
        while True:
            outcome = self._execute_module(module_name="certmend.tls.journal", module_args=arguments, task_vars=task_vars)
            held_by = outcome.get("held_by")
            if held_by and held_by["controller"] == controller() and has_ended(held_by["process"]) and "lost_run" not in arguments:
                arguments["lost_run"] = held_by["id"]
            elif not held_by or time.monotonic() >= last:
                return dict(result, **outcome, this_run=run)
            else:
                time.sleep(SECONDS_BETWEEN_ATTEMPTS)


def _seconds(value: Any) -> int:
    """How long to wait; 0 if the value is no finite number, which the module then says."""
    try:
        return int(value)
    except (OverflowError, TypeError, ValueError):
        return 0


def this_run() -> Dict[str, str]:
    """The process of ansible-playbook, whose worker this process is."""
    process = identity_of(os.getppid())
    return {"id": "%s.%s" % (socket.gethostname(), process), "controller": controller(), "process": process}


def controller() -> str:
    """This machine since it was started."""
    return "%s/%s" % (socket.gethostname(), _boot_id())


def _boot_id() -> str:
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as stream:
            return stream.read()[:8]
    except OSError:
        return "unknown"
