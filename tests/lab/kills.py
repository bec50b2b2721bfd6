# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Kill runs of a role at random moments, run the playbook once more, and find out where that ends: make kills ROLE=hosts_mapping COUNT=100 SEED=1.

Runs inside the lab (labctl enter). A trial kills the controller, the module's process on the host, or the ssh connections. After one more run the trial is

- proved: the change is complete, clients see it, and the journal is closed;
- as before: all files are as before the first run, with owner, mode and ACL, and no journal is left;
- reported: the run failed, and its message names the host and the file or the journal;
- NOT CONVERGED: anything else, and whatever leaves a temporary file or a copy of a private key. Then this program ends with 1.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from kill_cases import CASES  # noqa: E402 - the line above makes it importable
from lab import Lab  # noqa: E402

#: how many of ten trials kill what: all processes of the run here, its first process alone (its workers finish their tasks), …
SHARES = ["controller"] * 3 + ["ansible-playbook"] * 3 + ["module"] * 2 + ["connection"] * 2
#: seconds after which a run hangs
PATIENCE = 900
#: wait for a module's process below an ssh session, and kill it after so many seconds more
KILL_MODULE = r"""
import os, signal, sys, time
def processes():
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open("/proc/%s/stat" % name) as stream:
                words = stream.read().replace("(", "").replace(")", "").split()
            yield int(name), words[1], int(words[3])
        except (OSError, ValueError):
            pass
def modules():
    known = {pid: (name, parent) for pid, name, parent in processes()}
    for pid, (name, parent) in known.items():
        above = parent
        while above in known and not known[above][0].startswith("sshd"):
            above = known[above][1]
        if name.startswith("python") and above in known:
            yield pid
task, seconds, limit = sys.argv[1], float(sys.argv[2]), time.monotonic() + float(sys.argv[3])
while not list(modules()) if task == "kill" else list(modules()):
    if time.monotonic() > limit:
        sys.exit(1)
    time.sleep(0.01)
time.sleep(seconds)
for pid in modules() if task == "kill" else ():
    os.kill(pid, signal.SIGKILL)
"""
#: end the sessions of sshd, not sshd itself; what runs in them goes on
CUT = "for session in $(pgrep -P $(pgrep -o -x sshd)); do kill -KILL $session; pkill -KILL -x -P $session sshd; done; true"


class Driver:
    """The trials of one role."""

    def __init__(self, lab, role, seed):
        self.lab, self.random = lab, random.Random("%s %s" % (role, seed))
        self.folder = Path(tempfile.mkdtemp())
        self.case = CASES[role](lab, self.folder)
        (self.folder / "play.yml").write_text(self.case.play(), encoding="utf-8")
        collections_path = self.folder / "collections" / "ansible_collections" / "certmend"
        collections_path.mkdir(parents=True)
        (collections_path / "tls").symlink_to(HERE.parent.parent)
        self.command = [str(Path(sys.executable).with_name("ansible-playbook")), "-i", str(lab.inventory), str(self.folder / "play.yml")]
        own = {"ANSIBLE_CONFIG": str(HERE / "ansible.cfg"), "ANSIBLE_COLLECTIONS_PATH": str(self.folder / "collections")}
        self.environment = {**os.environ, **own, "ANSIBLE_PIPELINING": "true", "ANSIBLE_HOME": str(self.folder / "home"), "ANSIBLE_NOCOLOR": "true"}

    def begin(self):
        """Start a run."""
        with open(self.folder / "output", "wb") as output:
            return subprocess.Popen(
                self.command, env=self.environment, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
            )

    def finish(self, process):
        """Wait for the end of a run; its status and output."""
        status = process.wait(PATIENCE)
        return status, (self.folder / "output").read_text(encoding="utf-8", errors="replace")

    def undisturbed(self):
        """Measure a run that nobody kills, and keep what it makes."""
        began = time.monotonic()
        status, output = self.finish(self.begin())
        seconds = time.monotonic() - began
        if status != 0:
            sys.exit("%s: the undisturbed run failed\n%s" % (self.case.name, output[-3000:]))
        self.case.reference = self.case.picture()
        problems = self.case.incomplete()
        if problems:
            sys.exit("%s: the undisturbed run is not complete: %s" % (self.case.name, "; ".join(problems)))
        return seconds

    def trial(self, seconds):
        """Kill one run, run once more, and say where it ended: outcome, what was killed, when, and the details."""
        self.case.restore()
        what, moment = self.random.choice(SHARES), self.random.uniform(0, seconds)
        process = self.begin()
        try:
            process.wait(moment)
        except subprocess.TimeoutExpired:
            self.kill(what, process)
        self.finish(process)
        between = sorted(set(self.case.picture()) ^ set(self.case.start))
        status, output = self.finish(self.begin())
        if not self.case.local:
            self.run_on_host("idle", 0)
        outcome, details = self.classify(status, output)
        return outcome, "%s at %.2f s of %.2f" % (what, moment, seconds), details if outcome != "NOT CONVERGED" else [*details, *between, output[-2500:]]

    def kill(self, what, process):
        """Kill a part of a run."""
        if what in ("controller", "ansible-playbook"):
            victims = descendants(process.pid) if what == "controller" else ()
            for victim in (process.pid, *victims):
                kill_if_there(victim)
        elif self.case.local:
            kill_local_module(process)
        elif what == "connection":
            self.case.host.run("sh", "-c", CUT)
        else:
            self.run_on_host("kill", self.random.uniform(0, 0.3))

    def run_on_host(self, task, seconds):
        """Kill the module's process on the host, or wait until there is none."""
        self.case.host.run("python3", "-c", KILL_MODULE, task, str(seconds), str(20 if task == "kill" else PATIENCE), check=False)

    def classify(self, status, output):
        """Where a trial ended."""
        incomplete, changed = self.case.incomplete(), self.case.not_as_before()
        if status == 0:
            return ("proved", []) if not incomplete else ("NOT CONVERGED", ["the run ended with 0", *incomplete])
        if not changed:
            return "as before", []
        failed = [line for line in output.splitlines() if line.startswith(("fatal:", "failed:", "[ERROR]"))]
        if any(self.case.host_name in line and "/" in line.partition("=>")[2] for line in failed) and not self.case.leftovers():
            return "reported", failed
        return "NOT CONVERGED", ["the run failed", *incomplete]


def descendants(pid):
    """The processes of a run, as far as they have not left it: ssh's master connection has."""
    parents = {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            parents[int(name)] = int(Path("/proc", name, "stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()[1])
        except (OSError, ValueError):
            continue
    found, new = set(), {pid}
    while new:
        new = {child for child, parent in parents.items() if parent in new} - found
        found |= new
    return found


def kill_local_module(process):
    """Kill the process of the first module that a run has started on this machine, or nothing if the run ends before."""
    while process.poll() is None:
        for pid in descendants(process.pid):
            with contextlib.suppress(OSError):
                if b"AnsiballZ" in Path("/proc", str(pid), "cmdline").read_bytes():
                    kill_if_there(pid)
                    return
        time.sleep(0.01)


def kill_if_there(pid):
    """Kill a process, unless it has ended."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def main(arguments=None):
    """Run the trials of the named roles; 1 if one did not converge."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--role", action="append", choices=sorted(CASES), help="default: all roles")
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000))
    parser.add_argument("--until", type=float, default=float("inf"), help="begin no trial after this time, in seconds since 1970")
    options = parser.parse_args(arguments)
    print("seed %d" % options.seed, flush=True)
    lab, bad = Lab.current(), 0
    for role in options.role or CASES:
        lab.reset(CASES[role].host_name)
        driver, outcomes = Driver(lab, role, options.seed), collections.Counter()
        seconds = driver.undisturbed()
        for number in range(1, options.count + 1):
            if time.time() > options.until:
                break
            outcome, how, details = driver.trial(seconds)
            outcomes[outcome] += 1
            print("%s %d: %s: %s%s" % (role, number, how, outcome, "".join("\n    " + detail for detail in details)), flush=True)
        counts = [outcomes[name] for name in ("proved", "as before", "reported", "NOT CONVERGED")]
        print("%s: %d kills, %d proved, %d as before, %d reported, %d not converged" % (role, sum(counts), *counts), flush=True)
        bad += counts[-1]
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
