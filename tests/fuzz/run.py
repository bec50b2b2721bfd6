# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run every fuzz target, two at once: make fuzz SECONDS=60. Ends with an error if one has a finding, whose input stays in .logs.

With names, only these targets: run.py 60 reader hosts.
"""

from __future__ import annotations

import pathlib
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

HERE = pathlib.Path(__file__).resolve().parent
LOGS = HERE.parents[1] / ".logs"
WORKERS = 2


def run(name: str) -> bool:
    """One target; whether it ended without a finding."""
    command = [sys.executable, str(HERE / ("fuzz_%s.py" % name)), sys.argv[1]]
    with open(LOGS / ("fuzz-%s.log" % name), "w+", encoding="utf-8", errors="replace") as log:
        good = subprocess.run(command, cwd=LOGS, stdout=log, stderr=subprocess.STDOUT, check=False).returncode == 0
        log.seek(0)
        text = log.read()
    done = re.search(r"Done (\d+) runs in (\d+) second", text)
    covered = re.findall(r"cov: (\d+)", text)
    told = "%s inputs in %s s, %s edges" % (*done.groups(), covered[-1] if covered else "?") if done else "no sum"
    print("%-8s %s, %s (.logs/fuzz-%s.log)" % (name, "passed" if good else "FAILED", told, name), flush=True)
    return good


def main() -> None:
    """Run the targets that are named, or all."""
    names = sys.argv[2:] or sorted(path.stem[len("fuzz_") :] for path in HERE.glob("fuzz_*.py"))
    LOGS.mkdir(exist_ok=True)
    with ThreadPoolExecutor(WORKERS) as pool:
        results = list(pool.map(run, names))
    sys.exit(not all(results))


if __name__ == "__main__":
    main()
