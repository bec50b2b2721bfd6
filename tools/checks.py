# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run the checks of every day, with --all every check, or those that are named. A line for each, its whole output in .logs/, a sum at the end.

A check is a list of commands. It passes if all of them exit with 0 and none of them reports that it skipped everything. Two workers take the checks
from one queue, the longest first. A name stands for a check and for its parts: `lab` for `lab-pins` and all the others.
"""

from __future__ import annotations

import argparse
import pathlib
import shutil
import sys
import threading
from typing import List

import stage
from check import FLOOR, LOGS, Check, Command, Queue
from environments import CORES, NEWEST, ROOT

BIN, LINT = (ROOT / name / "bin" for name in (".venv", ".venv-lint"))
#: what mypy looks at, below the folder that holds ansible_collections
TYPED = tuple("ansible_collections/certmend/tls/plugins/" + folder for folder in ("module_utils", "plugin_utils"))
#: ansible-lint is part of the check lint, and the importer gives it 180 seconds however slow the machine is; Automation Hub requires one of its tags
IMPORTER = "GALAXY_IMPORTER_RUN_ANSIBLE_LINT=false GALAXY_IMPORTER_CHECK_REQUIRED_TAGS=true"
WORKERS = 2
LAB_SECONDS = {
    "lab-ca-key": 90,
    "lab-estate": 275,
    "lab-examples": 155,
    "lab-failures": 35,
    "lab-interruptions": 230,
    "lab-lab": 65,
    "lab-offline-depot": 1000,
    "lab-ome-migration": 340,
    "lab-pins": 165,
    "lab-reliability": 350,
    "lab-server-chain": 760,
    "lab-ssl-trust": 155,
    "lab-trust-anchor": 40,
}
"""What each file of tests/lab takes; a file that is not named here counts as 120."""


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
    with_playbooks = ["tests/unit/" + name for name in ("eda", "newcomer", "playbooks", "roles")]
    without = ["--ignore=" + folder for folder in with_playbooks]
    unit = Check("unit", BIN, [[python, *pytest, *coverage, *_selection(everything), *without, "tests/unit"]], seconds=460)
    playbooks = Check("unit-playbooks", BIN, [[python, *pytest, "--durations=15", *_selection(everything), *with_playbooks]], seconds=2300)
    day, utils = ["bash", str(ROOT / "tools/any_day.sh")], "tests/unit/plugins/module_utils"
    # what core and appliance do depends on neither release: unit and days run their tests
    floor = Check("floor", FLOOR, [[*day, "+310d", FLOOR / "python", *pytest, "tests/unit/plugins/modules", utils + "/x509"]], seconds=175)
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
    return [lint, unit, playbooks, floor, days, _newest(everything), build, docs, *_sanity(), _ansible_test_units(), *_lab(everything), _kills(), *_molecule()]


def _selection(everything: bool) -> List[str]:
    """What pytest is told, so that it leaves out the tests that are not for every day."""
    return [] if everything else ["-m", "not everything"]


#: what depends on the release of Python and of ansible-core: TLS and the clients that use it, programs and signals, plugins
EVERY_DAY_ON_THE_NEWEST = [
    "module_utils/core",
    "module_utils/appliance/net",
    "module_utils/appliance/lookup_service",
    "module_utils/x509/rules",
    "module_utils/x509/cert_inspect",
    "module_utils/x509/cert_chain_build",
    "modules/test_cert_inspect.py",
    "modules/test_lookup_ssl_trust.py",
    "modules/test_ome_certificate_chain.py",
    "modules/test_tls_handshake.py",
    "filter",
]


def _newest(everything: bool) -> Check:
    """The unit tests on the newest Python and ansible-core; every day those for which the release matters."""
    tests = ["tests/unit"] if everything else ["tests/unit/plugins/" + name for name in EVERY_DAY_ON_THE_NEWEST]
    return Check("newest", NEWEST.programs, [["python", "-m", "pytest", "-rs", *tests]], seconds=900 if everything else 150, own=NEWEST)


def _sanity() -> List[Check]:
    """ansible-test sanity on every core; every day on that of the development. It prepares its environments in the home folder."""
    development = Check("sanity", BIN, _ansible_test(BIN, "sanity"), 185, True)
    oldest = Check("sanity-2.16", FLOOR, _ansible_test(FLOOR, "sanity"), 185, True, every_day=False)
    others = [Check("cores-" + core, own.programs, _ansible_test(own.programs, "sanity"), 185, True, False, own=own) for core, own in CORES.items()]
    return [development, oldest, *others]


def _ansible_test_units() -> Check:
    """ansible-test runs each test in a process of its own, which makes the fixtures of its file again; so these are tests without slow ones."""
    tests = ["tests/unit/plugins/%s/" % name for name in ("module_utils/core", "module_utils/appliance/net", "module_utils/x509/rules", "filter")]
    python = ["--venv", "--python", "%d.%d" % sys.version_info[:2]]
    return Check("ansible-test-units", BIN, _ansible_test(BIN, "units", *python, *tests), 240, leaves_files=True, every_day=False)


def _ansible_test(programs: pathlib.Path, *arguments: str) -> List[Command]:
    cache = [programs / "python", str(ROOT / "tools/ansible_test_cache.py")]
    return [cache, [programs / "ansible-test", arguments[0], "--color", "no", *arguments[1:]]]


def _in_lab(*command: str) -> Command:
    """A command in a lab of its own; several labs run side by side and do not meet."""
    return [str(BIN / "python"), str(ROOT / "tests/lab/labctl"), "enter", "--", str(BIN / "python"), "-m", *command]


def _lab(everything: bool) -> List[Check]:
    """A check for each file of tests/lab."""
    found = []
    for path in sorted((ROOT / "tests/lab").glob("test_*.py")):
        name = "lab-" + path.stem.partition("_")[2].replace("_", "-")
        command = _in_lab("pytest", "-rs", "--durations=15", *_selection(everything), "tests/lab/" + path.name)
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
