# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Write down what every task reported, one JSON line each, so that a test can compare two runs."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: task_record
type: notification
short_description: Record task results as JSON lines
description:
  - Appends play, task, host, status, changed, diff and msg of every task result, and of every loop item, to E(LAB_TASK_RECORD).
"""


class CallbackModule(CallbackBase):
    """Appends to the file that LAB_TASK_RECORD names; without it, does nothing.

    Before the task with the name LAB_HALT_TASK, of the play LAB_HALT_PLAY if that is set, it writes the file LAB_HALTED, which may be a pipe, and
    waits to be killed.
    """

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "task_record"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self):
        super().__init__()
        self.path = os.environ.get("LAB_TASK_RECORD")
        self.play = ""
        self.disabled = not self.path

    def v2_playbook_on_play_start(self, play):
        self.play = play.get_name()

    def v2_playbook_on_task_start(self, task, is_conditional):
        if self.play == os.environ.get("LAB_HALT_PLAY", self.play) and task.get_name().rpartition(" : ")[2] == os.environ.get("LAB_HALT_TASK"):
            Path(os.environ["LAB_HALTED"]).write_text("halted\n", encoding="ascii")
            signal.pause()

    def v2_runner_on_ok(self, result):
        self.record(result, "ok")

    def v2_runner_on_failed(self, result, ignore_errors=False):
        self.record(result, "ignored" if ignore_errors else "failed")

    def v2_runner_on_skipped(self, result):
        self.record(result, "skipped")

    def v2_runner_on_unreachable(self, result):
        self.record(result, "unreachable")

    def v2_runner_item_on_ok(self, result):
        self.record(result, "item ok")

    def v2_runner_item_on_failed(self, result):
        self.record(result, "item failed")

    def v2_runner_item_on_skipped(self, result):
        self.record(result, "item skipped")

    def record(self, result, status):
        reported = result._result
        line = {
            "play": self.play,
            "task": result._task.get_name(),
            "action": result._task.action,
            "host": result._host.get_name(),
            "status": status,
            "changed": bool(reported.get("changed")),
            "diff": reported.get("diff"),
            "msg": reported.get("msg"),
        }
        with open(self.path, "a", encoding="utf-8") as handle:
            handle.write(json.dumps(line, default=str) + "\n")
