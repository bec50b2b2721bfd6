# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Kill runs of a module at random moments, run it twice more, and find out where that ends: make kills MODULE=cert_issue COUNT=100 SEED=1.

A trial has a fresh estate of real files and servers. The module runs in a process of its own, which is killed with all that it has started. Then

- nothing may be torn: each file and each registration is as before, or as the run wanted it, and no private key has a loose mode;
- the next run must succeed and end where an undisturbed run ends; the third must change nothing; no temporary file may be left;
- the documented way back (the journal, the backup) must lead to what was there before the killed run.

Otherwise this program says what is wrong, and ends with 1.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import pathlib
import random
import sys
import tempfile
from typing import Tuple

from ansible_collections.certmend.tls.tests.kills.cases import CASES, needs
from ansible_collections.certmend.tls.tests.kills.trials import Driver, compiled_once

PROGRESS = ("as before", "in between", "complete")


def count(driver: Driver, trials: int) -> Tuple[str, bool]:
    """Run the trials of a case, and print what is wrong.

    :returns: a summary, and whether nothing was torn and every trial converged.
    """
    counted: collections.Counter = collections.Counter()
    for number in range(1, trials + 1):
        trial = driver.trial()
        wrong = {"TORN": trial.torn, "NOT CONVERGED": trial.unconverged}
        counted.update([name for name, found in wrong.items() if found])
        counted.update(["killed", trial.progress] if trial.killed else [])
        for name, found in wrong.items():
            for line in found:
                where = "%s %d, %s at %.3f s of %.3f" % (driver.case.name, number, trial.progress, trial.moment, driver.seconds)
                print("%s: %s: %s" % (where, name, line), flush=True)
    progress = ", ".join("%d %s" % (counted[name], name) for name in PROGRESS)
    outcome = "%d torn, %d not converged" % (counted["TORN"], counted["NOT CONVERGED"])
    summary = "%s: %d trials, %d killed while running (%s), %s" % (driver.case.name, trials, counted["killed"], progress, outcome)
    return summary, not counted["TORN"] + counted["NOT CONVERGED"]


def main(arguments=None) -> int:
    """Run the trials of the named modules; 1 if anything is torn or did not converge."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--module", action="append", choices=sorted({case.module for case in CASES}), help="default: all modules")
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000))
    options = parser.parse_args(arguments)
    print("seed %d" % options.seed, flush=True)
    good = True
    for kind in CASES:
        if options.module and kind.module not in options.module:
            continue
        if needs(kind):
            print("%s %s: not run: %s" % (kind.module, kind.variant, needs(kind)), flush=True)
            continue
        with tempfile.TemporaryDirectory() as folder, contextlib.closing(kind(pathlib.Path(folder))) as case:
            driver = Driver(case, options.seed)
            driver.measure()
            summary, is_good = count(driver, options.count)
        print(summary, flush=True)
        good = good and is_good
    return 0 if good else 1


if __name__ == "__main__":
    with compiled_once():
        sys.exit(main())
