# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One check: commands, how they ended, and what is said of it. And the queue of those that wait for a worker."""

from __future__ import annotations

import os
import pathlib
import re
import signal
import subprocess
import threading
import time
from dataclasses import dataclass, field
from typing import Any, Dict, List, Optional, TextIO

import stage
from environments import ROOT, Environment

LOGS = ROOT / ".logs"
FLOOR = ROOT / ".venv-floor" / "bin"
SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
TESTS = re.compile(r"^(?:=+ )?(\d+ (?:passed|failed|error|skipped|deselected|warning).*) in [\d.]+s", re.MULTILINE)
NOTHING = ("All targets skipped", "no tests ran")
#: seconds; the slowest command takes about half of it. What hangs is ended and named, so that a run that nobody watches ends and says why
HANGS_AFTER = 4000
Command = List[Any]
"""Words, paths among them."""
SAYING = threading.Lock()
#: held while an environment is made: two checks may want the same one
MAKING = threading.Lock()


@dataclass
class Check:
    """Commands, run one after another in the staged tree with a folder of programs first on the PATH.

    `seconds` is about what the check takes beside another one on two cores; it decides the order and nothing else. Of the checks that leave files in
    the staged tree only one runs at a time. A check that is not for every day runs if it is named, and in `make test-all`. A check with an environment of
    its own makes it; on a machine without a Python for it, the check is skipped and says so.
    """

    name: str
    programs: pathlib.Path
    commands: List[Command]
    seconds: int
    leaves_files: bool = False
    every_day: bool = True
    folder: pathlib.Path = stage.STAGED
    own: Optional[Environment] = None
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    notes: List[str] = field(default_factory=list)

    def run(self) -> None:
        """Run it and report how it went."""
        started = time.monotonic()
        making = self.own.making() if self.own else []
        if making is None:
            self._skip("SKIPPED " + self.own.missing if self.own else "")
            return
        log = LOGS / (self.name + ".log")
        with open(log, "w", encoding="utf-8") as stream:
            with MAKING:
                good = not making or self._succeeds(making, stream)
            for command in self.commands:
                good = good and self._succeeds(command, stream)
        text = log.read_text(encoding="utf-8", errors="replace")
        good = good and not any(words in text for words in NOTHING)
        self._count(text, good)
        with SAYING:
            print("%-20s %s in %.0f s%s" % (self.name, "passed" if good else "FAILED", time.monotonic() - started, self._told()), flush=True)
            if not good:
                print("\n".join("    " + line for line in text.splitlines()[-60:]) + "\n    (all of it: .logs/%s.log)" % self.name, flush=True)

    def _skip(self, why: str) -> None:
        self.skipped, self.notes = 1, [why]
        with SAYING:
            print("%-20s skipped%s" % (self.name, self._told()), flush=True)

    def _succeeds(self, command: Command, stream: TextIO) -> bool:
        stream.write("$ %s\n" % " ".join(map(str, command)))
        stream.flush()
        nothing, both = subprocess.DEVNULL, subprocess.STDOUT
        process = subprocess.Popen(command, cwd=self.folder, env=self.environment(), stdin=nothing, stdout=stream, stderr=both, start_new_session=True)
        try:
            return process.wait(HANGS_AFTER) == 0
        except subprocess.TimeoutExpired:
            stream.write("\nENDED: this did not end within %d seconds.\n" % HANGS_AFTER)
            return False
        finally:
            if process.poll() is None:  # it hangs, or make was interrupted
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    def environment(self) -> Dict[str, str]:
        """Nothing of the caller's but what programs need; its own programs first."""
        kept = {name: value for name, value in os.environ.items() if name.startswith(("LAB_", "PIP_", "HOME", "TERM", "USER", "XDG_", "http", "SSL_"))}
        kept.update(
            PATH="%s:%s" % (self.programs, SYSTEM_PATH),
            LC_ALL="C.UTF-8",
            PYTHONDONTWRITEBYTECODE="1",
            PYTHONPATH=str(stage.TREE),
            ANSIBLE_COLLECTIONS_PATH=str(stage.TREE),
            ANSIBLE_NOCOLOR="1",
            LAB_OLDEST=str(FLOOR),
        )
        return kept

    def _count(self, text: str, good: bool) -> None:
        counts = {"passed": 0, "failed": 0, "error": 0, "skipped": 0}
        for line in TESTS.findall(text):
            for number, word in re.findall(r"(\d+) (passed|failed|error|skipped)", line):
                counts[word] += int(number)
        self.passed, self.skipped = counts["passed"], counts["skipped"]
        self.failed = counts["failed"] + counts["error"]
        if not any(counts.values()):
            self.passed = int(good)
        if not good and not self.failed:
            self.failed = 1
        self.notes = sorted(set(re.findall(r"^SKIPPED .*", text, re.MULTILINE)))

    def _told(self) -> str:
        told = ", %d tests" % self.passed if self.passed > 1 else ""
        return told + "".join("\n    " + note for note in self.notes)


class Queue:
    """The checks that wait for a worker, the longest first."""

    def __init__(self, waiting: List[Check]) -> None:
        self.waiting = sorted(waiting, key=lambda check: -check.seconds)
        self.running: List[Check] = []
        self.changed = threading.Condition()

    def work(self) -> None:
        """Take checks until none waits."""
        while True:
            with self.changed:
                while self.waiting and self._next() is None:
                    self.changed.wait()
                check = self._next()
                if check is None:
                    return
                self.waiting.remove(check)
                self.running.append(check)
            try:
                check.run()
            finally:
                with self.changed:
                    self.running.remove(check)
                    self.changed.notify_all()

    def _next(self) -> Optional[Check]:
        occupied = any(check.leaves_files for check in self.running)
        return next((check for check in self.waiting if not (occupied and check.leaves_files)), None)
