# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run the checks: all of them in two lanes, or those that are named. A line for each, its whole output in .logs/, a sum at the end.

A check is a list of commands. It passes where all of them exit with 0 and none of them says that it skipped everything.
"""

from __future__ import annotations

import os
import pathlib
import re
import shutil
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from typing import List, TextIO

import stage

ROOT = stage.ROOT
LOGS = ROOT / ".logs"
BIN, LINT, FLOOR = (ROOT / name / "bin" for name in (".venv", ".venv-lint", ".venv-floor"))
SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
TESTS = re.compile(r"^(?:=+ )?(\d+ (?:passed|failed|error|skipped|deselected|warning).*) in [\d.]+s", re.MULTILINE)
NOTHING = ("All targets skipped", "no tests ran")


@dataclass
class Check:
    """Commands, run one after another in the staged tree with a folder of programs first on the PATH."""

    name: str
    programs: pathlib.Path
    commands: List[list]
    folder: pathlib.Path = stage.STAGED
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    notes: List[str] = field(default_factory=list)

    def run(self) -> None:
        """Run it and say how it went."""
        started = time.monotonic()
        log = LOGS / (self.name + ".log")
        good = True
        with open(log, "w", encoding="utf-8") as stream:
            for command in self.commands:
                stream.write("$ %s\n" % " ".join(map(str, command)))
                stream.flush()
                good = good and self._succeeds(command, stream)
        text = log.read_text(encoding="utf-8", errors="replace")
        good = good and not any(words in text for words in NOTHING)
        self._count(text, good)
        with SAYING:
            print("%-10s %s in %.0f s%s" % (self.name, "passed" if good else "FAILED", time.monotonic() - started, self._told()), flush=True)
            if not good:
                print("\n".join("    " + line for line in text.splitlines()[-60:]) + "\n    (all of it: .logs/%s.log)" % self.name, flush=True)

    def _succeeds(self, command: list, stream: TextIO) -> bool:
        nothing, both = subprocess.DEVNULL, subprocess.STDOUT
        done = subprocess.run(command, cwd=self.folder, env=self.environment(), stdin=nothing, stdout=stream, stderr=both, check=False)
        return done.returncode == 0

    def environment(self) -> dict:
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


SAYING = threading.Lock()


def checks() -> List[List[Check]]:
    """All the checks, in two lanes: what computes, and what mostly waits."""
    python, lab = str(BIN / "python"), [str(BIN / "python"), str(ROOT / "tests/lab/labctl"), "enter", "--"]
    dist, site = ROOT / ".tree" / "dist", ROOT / ".docsite"
    pytest = ["-m", "pytest", "-rs"]
    lint = Check(
        "lint",
        LINT,
        [
            ["ruff", "check", "--no-cache", "."],
            ["yamllint", "--strict", "."],
            ["ansible-lint", "--offline", "-q"],
            ["antsibull-changelog", "lint"],
            ["antsibull-docs", "lint-collection-docs", "--plugin-docs", "--skip-rstcheck", "."],
        ],
    )
    unit = Check("unit", BIN, [[python, *pytest, "tests/unit"]])
    floor = Check("floor", FLOOR, [[FLOOR / "python", *pytest, "tests/unit"]])
    build = Check(
        "build",
        LINT,
        [
            ["rm", "-rf", dist],
            ["ansible-galaxy", "collection", "build", "--output-path", dist],
            ["bash", "-c", "ansible-galaxy collection install --offline --force -p %s/installed %s/*.tar.gz" % (dist, dist)],
            ["bash", "-c", "python -m galaxy_importer.main %s/*.tar.gz" % dist],
        ],
    )
    docs = Check("docs", LINT, [["bash", str(ROOT / "tools/docs.sh"), str(site)]])
    test_lab = Check("lab", BIN, [[*lab, python, *pytest, "tests/lab"]])
    molecule = Check("molecule", BIN, [[*lab, python, "-m", "molecule", "test", "--all"]])
    return [[lint, unit, floor, build, docs, *_sanity(), molecule], [test_lab]]


def _sanity() -> List[Check]:
    """ansible-test sanity on the newest and the oldest core; it prepares its environments in the home folder."""
    found = []
    for name, programs in (("sanity", BIN), ("sanity-2.16", FLOOR)):
        cache = [programs / "python", str(ROOT / "tools/ansible_test_cache.py")]
        found.append(Check(name, programs, [cache, [programs / "ansible-test", "sanity", "--color", "no"]]))
    return found


def main(names: List[str]) -> int:
    """Run the checks named, or all; 0 where everything passed."""
    stage.stage()
    LOGS.mkdir(exist_ok=True)
    lanes = checks()
    if names:
        lanes = [[check for lane in lanes for check in lane if check.name.split("-")[0] in names]]
    threads = [threading.Thread(target=lambda lane=lane: [check.run() for check in lane]) for lane in lanes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    done = [check for lane in lanes for check in lane]
    passed, failed, skipped = (sum(getattr(check, word) for check in done) for word in ("passed", "failed", "skipped"))
    print("%d passed, %d failed%s" % (passed, failed, ", %d skipped" % skipped if skipped else ""))
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    if not shutil.which("git"):
        sys.exit("make test needs git")
    sys.exit(main(sys.argv[1:]))
