# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run the checks of every day, with --all every check, or those that are named. A line for each, its whole output in .logs/, a sum at the end.

A check is a list of commands. It passes if all of them exit with 0 and none of them reports that it skipped everything. Two workers take the checks
from one queue, the longest first. A name stands for a check and for its parts: `lab` for `lab-pins` and all the others.
"""

from __future__ import annotations

import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from typing import Any, Dict, List, Optional, TextIO

import stage

ROOT = stage.ROOT
LOGS = ROOT / ".logs"
BIN, LINT, FLOOR = (ROOT / name / "bin" for name in (".venv", ".venv-lint", ".venv-floor"))
SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
#: what mypy looks at, below the folder that holds ansible_collections
TYPED = tuple("ansible_collections/certmend/tls/plugins/" + folder for folder in ("module_utils", "plugin_utils"))
TESTS = re.compile(r"^(?:=+ )?(\d+ (?:passed|failed|error|skipped|deselected|warning).*) in [\d.]+s", re.MULTILINE)
NOTHING = ("All targets skipped", "no tests ran")
#: ansible-lint is part of the check lint, and the importer gives it 180 seconds however slow the machine is; Automation Hub requires one of its tags
IMPORTER = "GALAXY_IMPORTER_RUN_ANSIBLE_LINT=false GALAXY_IMPORTER_CHECK_REQUIRED_TAGS=true"
WORKERS = 2
Command = List[Any]
"""Words, paths among them."""


@dataclass
class Check:
    """Commands, run one after another in the staged tree with a folder of programs first on the PATH.

    `seconds` is about what the check takes beside another one on two cores; it decides the order and nothing else. Of the checks that leave files in
    the staged tree only one runs at a time. A check that is not for every day runs if it is named, and in `make test-all`.
    """

    name: str
    programs: pathlib.Path
    commands: List[Command]
    seconds: int
    leaves_files: bool = False
    every_day: bool = True
    folder: pathlib.Path = stage.STAGED
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    notes: List[str] = field(default_factory=list)

    def run(self) -> None:
        """Run it and report how it went."""
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
            print("%-20s %s in %.0f s%s" % (self.name, "passed" if good else "FAILED", time.monotonic() - started, self._told()), flush=True)
            if not good:
                print("\n".join("    " + line for line in text.splitlines()[-60:]) + "\n    (all of it: .logs/%s.log)" % self.name, flush=True)

    def _succeeds(self, command: Command, stream: TextIO) -> bool:
        nothing, both = subprocess.DEVNULL, subprocess.STDOUT
        done = subprocess.run(command, cwd=self.folder, env=self.environment(), stdin=nothing, stdout=stream, stderr=both, check=False)
        return done.returncode == 0

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


SAYING = threading.Lock()
LAB_SECONDS = {
    "lab-ca-key": 60,
    "lab-examples": 230,
    "lab-failures": 35,
    "lab-interruptions": 245,
    "lab-lab": 75,
    "lab-offline-depot": 975,
    "lab-ome-migration": 280,
    "lab-pins": 165,
    "lab-reliability": 345,
    "lab-server-chain": 625,
    "lab-ssl-trust": 180,
    "lab-trust-anchor": 45,
}
"""What each file of tests/lab takes; a file that is not named here counts as 120."""


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


def checks(everything: bool) -> List[Check]:
    """All the checks; with everything each in full."""
    python = str(BIN / "python")
    dist, site = ROOT / ".tree" / "dist", ROOT / ".docsite"
    pytest = ["-m", "pytest", "-rs"]
    lint = Check(
        "lint",
        LINT,
        [
            ["ruff", "check", "--no-cache", "."],
            ["ruff", "format", "--check", "--no-cache", "."],
            ["bash", "-c", "cd %s && python -m mypy --config-file %s %s" % (stage.TREE, stage.STAGED / "pyproject.toml", " ".join(TYPED))],
            ["yamllint", "--strict", "."],
            ["ansible-lint", "--offline", "--strict", "-q"],
            ["reuse", "lint"],
            ["antsibull-changelog", "lint"],
            ["antsibull-docs", "lint-collection-docs", "--plugin-docs", "--skip-rstcheck", "."],
        ],
        seconds=70,
        leaves_files=True,
    )
    coverage = ["--cov", "--cov-config=pyproject.toml", "--cov-report=term-missing:skip-covered"]  # the gate stands in pyproject.toml
    unit = Check("unit", BIN, [[python, *pytest, *coverage, "tests/unit"]], seconds=940)
    day, utils = ["bash", str(ROOT / "tools/any_day.sh")], "tests/unit/plugins/module_utils"
    # what core and appliance do depends on neither release: unit and days run their tests
    floor = Check("floor", FLOOR, [[*day, "+310d", FLOOR / "python", *pytest, "tests/unit/plugins/modules", utils + "/x509"]], seconds=265)
    later = [*day, "+310d", python, *pytest, utils + "/core", utils + "/appliance"]
    midnight = [*day, "yesterday 23:59:50", python, *pytest, utils]
    days = Check("days", BIN, [later, midnight], seconds=160)
    build = Check(
        "build",
        LINT,
        [
            ["rm", "-rf", dist],
            ["ansible-galaxy", "collection", "build", "--output-path", dist],
            ["bash", "-c", "ansible-galaxy collection install --offline --force -p %s/installed %s/*.tar.gz" % (dist, dist)],
            ["bash", "-c", "set -o pipefail; %s python -m galaxy_importer.main %s/*.tar.gz 2>&1 | tee %s/importer.log" % (IMPORTER, dist, dist)],
            ["bash", "-c", "! grep -E '^(WARNING|ERROR)' %s/importer.log" % dist],
            ["ansible-builder", "introspect", dist / "installed", "--write-pip", dist / "pip", "--write-bindep", dist / "bindep"],
            ["bash", "-c", "diff <(sed 's/ *#.*//' %s/pip) <(grep -v '^#' meta/ee-requirements.txt)" % dist],
            ["bash", "-c", "diff <(sed 's/ *#.*//' %s/bindep) <(grep -v '^#' meta/ee-bindep.txt)" % dist],
        ],
        seconds=40,
        leaves_files=True,
    )
    docs = Check("docs", LINT, [["bash", str(ROOT / "tools/docs.sh"), str(site)]], seconds=10)
    return [lint, unit, floor, days, build, docs, *_sanity(), *_lab(everything), _kills(), *_molecule()]


def _sanity() -> List[Check]:
    """ansible-test sanity on the newest and the oldest core; it prepares its environments in the home folder."""
    found = []
    for name, programs in (("sanity", BIN), ("sanity-2.16", FLOOR)):
        cache = [programs / "python", str(ROOT / "tools/ansible_test_cache.py")]
        found.append(Check(name, programs, [cache, [programs / "ansible-test", "sanity", "--color", "no"]], seconds=185, leaves_files=True))
    return found


def _in_lab(*command: str) -> Command:
    """A command in a lab of its own; several labs run side by side and do not meet."""
    return [str(BIN / "python"), str(ROOT / "tests/lab/labctl"), "enter", "--", str(BIN / "python"), "-m", *command]


def _lab(everything: bool) -> List[Check]:
    """A check for each file of tests/lab."""
    selection = [] if everything else ["-m", "not everything"]
    found = []
    for path in sorted((ROOT / "tests/lab").glob("test_*.py")):
        name = "lab-" + path.stem.partition("_")[2].replace("_", "-")
        command = _in_lab("pytest", "-rs", "--durations=15", *selection, "tests/lab/" + path.name)
        found.append(Check(name, BIN, [command], seconds=LAB_SECONDS.get(name, 120)))
    return found


def _kills() -> Check:
    """Ten runs of each role and of each module are killed at random moments; make kills kills more of them."""
    roles = [str(BIN / "python"), str(ROOT / "tests/lab/labctl"), "enter", "--", str(BIN / "python"), "tests/lab/kills.py", "--count", "10"]
    modules = [str(BIN / "python"), "tests/kills/run.py", "--count", "10"]
    return Check("kills", BIN, [modules, roles], seconds=1000, every_day=False)


def _molecule() -> List[Check]:
    """A check for each scenario. Every day runs the one that proves most: what a role changed is as it was after a failure."""
    found = []
    for path in sorted((ROOT / "extensions/molecule").glob("*/molecule.yml")):
        scenario = path.parent.name
        command = _in_lab("molecule", "test", "--scenario-name", scenario)
        found.append(Check("molecule-" + scenario.replace("_", "-"), BIN, [command], seconds=60, every_day=scenario == "rollback"))
    return found


def chosen(names: List[str], everything: bool) -> List[Check]:
    """The checks with these names or beginnings of names; without names those of every day, or everything."""
    known = checks(everything)
    unknown = [name for name in names if not any(_stands_for(name, check) for check in known)]
    if unknown:
        sys.exit("%s: no such check. The checks are: %s" % (", ".join(unknown), ", ".join(check.name for check in known)))
    if names:
        return [check for check in known if any(_stands_for(name, check) for name in names)]
    return [check for check in known if everything or check.every_day]


def _stands_for(name: str, check: Check) -> bool:
    return check.name == name or check.name.startswith(name + "-")


def main(arguments: List[str]) -> int:
    """Run the checks; 0 if everything passed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="run these checks, or all whose names begin so: lab, lab-pins")
    parser.add_argument("--all", action="store_true", help="run every check in full")
    options = parser.parse_args(arguments)
    stage.stage()
    LOGS.mkdir(exist_ok=True)
    todo = chosen(options.names, options.all)
    queue = Queue(todo)
    workers = [threading.Thread(target=queue.work) for _worker in range(WORKERS)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    passed, failed, skipped = (sum(getattr(check, word) for check in todo) for word in ("passed", "failed", "skipped"))
    print("%d passed, %d failed%s" % (passed, failed, ", %d skipped" % skipped if skipped else ""))
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    if not shutil.which("git"):
        sys.exit("make test needs git")
    sys.exit(main(sys.argv[1:]))
