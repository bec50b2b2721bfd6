# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keep what is on the disk before each task: what a run leaves there if it is killed at that moment."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: task_states
type: notification
short_description: Keep the files of some folders before each task
description:
  - Copies the folders in E(LAB_STATES_OF), one in each line, into a folder of its own in E(LAB_STATES), unless they are as in a copy that is there.
  - Appends a JSON line with the number of the copy and the name of the task to C(tasks.jsonl) there.
"""


class CallbackModule(CallbackBase):
    """Without LAB_STATES, does nothing."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "task_states"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self):
        super().__init__()
        self.kept = Path(os.environ.get("LAB_STATES", ""))
        self.folders = [Path(line) for line in os.environ.get("LAB_STATES_OF", "").splitlines()]
        self.numbers = {}
        self.disabled = not self.folders

    def v2_playbook_on_task_start(self, task, is_conditional):
        state = tuple(sorted(found for folder in self.folders for found in self.files(folder)))
        if state not in self.numbers:
            self.numbers[state] = len(self.numbers)
            for folder in self.folders:
                if folder.exists():
                    shutil.copytree(folder, self.kept / str(self.numbers[state]) / folder.name, symlinks=True)
        with open(self.kept / "tasks.jsonl", "a", encoding="utf-8") as handle:
            handle.write(json.dumps([self.numbers[state], task.get_name()]) + "\n")

    v2_playbook_on_handler_task_start = v2_playbook_on_task_start

    @staticmethod
    def files(folder):
        for path in folder.rglob("*"):
            if path.is_file():
                yield str(path), path.stat().st_mtime_ns, path.stat().st_ino
