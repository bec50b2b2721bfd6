# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run cases that other projects wrote: make conformance VECTORS=FOLDER.

The folder holds suites (chain, read, hostname: ``SUITE.jsonl.gz``) and their runner, run.py; none of it belongs to this project, which
does not need it. Every disagreement is printed with its reason; one without a reason makes the command fail.
"""

from __future__ import annotations

import json
import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

import stage

ADAPTER = pathlib.Path(__file__).with_name("conformance_adapter.py")
#: name of the row, suite, further arguments of the runner
ROWS = (
    ("chain", "chain", ()),
    ("read, stated", "read", ("--tag", "stated")),
    ("read, to be accepted", "read", ("--tag", "all-accept")),
    ("read, to be rejected", "read", ("--tag", "all-reject")),
    ("host names, core", "hostname", ("--tag", "core")),
    ("host names, others", "hostname", ("--no-tag", "core")),
)
#: why we answer otherwise than a case expects, by a pattern of its id; docs/adr/0004-host-names.md has the decisions
REASONS = (
    (r"^curl::192\.168\.0\.0 ", "an address is compared with iPAddress entries only (RFC 9525 section 6.5); curl falls back to a dNSName that spells it"),
    (r"^curl::(f|xxx)\*\.", "a wildcard is a whole label (RFC 9525 section 6.3); curl honours partial ones"),
    (r"^chromium::\S+\. ~ ", "a dNSName that ends in a dot covers nothing (RFC 5280 section 4.2.1.6); chromium ignores the dot"),
    (r"^chromium::\*\.(co\.uk|com\.br) ", "only a list of public suffixes tells that nobody may have this wildcard; an estate's own zones are not on it"),
    (r"^chromium::IP ~ 14\.15$", "the case reads a short form of an address as a URL parser does; here a name is a name"),
    (r"^chromium::.* ~ \S*%", "percent signs are decoded by a URL parser, before names are compared"),
)


def reason_for(case: str) -> str:
    """The written reason of a disagreement; empty where there is none."""
    return next((reason for pattern, reason in REASONS if re.search(pattern, case)), "")


def run(vectors: pathlib.Path, suite: str, arguments: tuple, out: pathlib.Path) -> dict:
    """One row: the runner's result for each case."""
    adapter = "%s %s" % (shlex.quote(sys.executable), shlex.quote(str(ADAPTER)))
    command = [sys.executable, "run.py", suite + ".jsonl.gz", "--adapter", adapter, "--list", "0", "--out", str(out), *arguments]
    environment = dict(os.environ, PYTHONPATH=str(stage.TREE))
    subprocess.run(command, cwd=vectors, env=environment, check=True, stdout=subprocess.DEVNULL)
    return json.loads(out.read_text(encoding="utf-8"))["cases"]


def main() -> None:
    """Print the table and the disagreements."""
    if len(sys.argv) != 2 or not (pathlib.Path(sys.argv[1]) / "run.py").is_file():
        sys.exit("conformance: make conformance VECTORS=FOLDER, where the folder holds run.py and the suites")
    stage.stage()
    unexplained = 0
    with tempfile.TemporaryDirectory() as folder:
        for name, suite, arguments in ROWS:
            cases = run(pathlib.Path(sys.argv[1]).resolve(), suite, arguments, pathlib.Path(folder, "out.json"))
            agreed = sum(case["status"] == "agree" for case in cases.values())
            print("%-22s %4d of %4d agree" % (name, agreed, len(cases)), flush=True)
            for case, outcome in sorted(cases.items()):
                if outcome["status"] != "agree":
                    reason = reason_for(case)
                    unexplained += not reason
                    print("    %s: %s\n        %s" % (case, outcome["detail"].replace(" ()", ""), reason or "NO REASON IS WRITTEN"))
    if unexplained:
        sys.exit("conformance: %d disagreements without a reason" % unexplained)


if __name__ == "__main__":
    main()
