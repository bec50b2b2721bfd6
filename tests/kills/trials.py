# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Start a module, kill it at a random moment, run it again, and find out where that ends.

The moment is drawn over the time that an undisturbed run works. That begins when the module reads its parameters (before, it imports, and a kill
changes nothing), and ends when its result is printed. One of three moments is anywhere in it. The others are where the files or the server are being changed:
each trial says whether that came later or earlier, and the next moments follow it.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import random
import select
import signal
import statistics
import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass
from typing import Any, Dict, Iterator, List, Set
from unittest import mock

from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.process import identity_of
from ansible_collections.certmend.tls.tests.kills.case import Case, NotFinished
from ansible_collections.certmend.tls.tests.support.clock import PATIENCE
from ansible_collections.certmend.tls.tests.support.run import module_process, result_of

#: fcntl.F_GETPIPE_SZ, which Python has by name from 3.10 on
GET_PIPE_SIZE = 1032
#: undisturbed runs whose median is the duration
MEASURED = 3
#: which fraction of the moments is anywhere in a run
ANYWHERE = 1 / 3
#: how far the others are from the moment at which something changes, and how fast they follow it; fractions of a run
SPREAD = 0.1
STEPS = {"as before": 0.05, "complete": -0.05}


@contextlib.contextmanager
def compiled_once() -> Iterator[None]:
    """Keep what Python compiles, in a folder of its own: each trial starts a module, and no compiled file must lie in the collection."""
    with tempfile.TemporaryDirectory() as folder, mock.patch.dict(os.environ, PYTHONPYCACHEPREFIX=folder):
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        yield


@dataclass(frozen=True)
class Trial:
    """Where a trial ended.

    :param killed: whether the kill met the module while it was running.
    :param progress: how far it had got: ``as before``, ``in between`` or ``complete``.
    :param torn: what is neither as before nor as the run wanted it.
    :param unconverged: what the next runs did not bring to the end of an undisturbed run.
    """

    killed: bool
    moment: float
    progress: str
    torn: List[str]
    unconverged: List[str]


class Driver:
    """The trials of one case."""

    def __init__(self, case: Case, seed: int) -> None:
        self.case, self.random = case, random.Random("%s %s" % (case.name, seed))
        #: how long a run works, and about when it changes something
        self.seconds, self.centre = 0.0, 0.0

    def measure(self, runs: int = MEASURED) -> None:
        """Measure undisturbed runs, and keep what they make.

        :raises RuntimeError: such a run does not do what the case says.
        """
        self.seconds = statistics.median([self._undisturbed() for _number in range(runs)])
        self.centre = self.seconds / 2

    def _undisturbed(self) -> float:
        """The seconds that a run works which nobody kills."""
        case = self.case
        case.fresh()
        process = begin(case.module, case.params())
        began = time.monotonic()
        select.select([process.stdout], [], [], PATIENCE)
        seconds = time.monotonic() - began
        result = result_of(*process.communicate(timeout=PATIENCE))
        case.reference = case.picture()
        progress, wrong = case.progress(), case.torn() + case.loose() + self.converge()
        if wrong or progress != "complete" or not result["changed"]:
            raise RuntimeError("%s: the undisturbed run ends %s: %s" % (case.name, progress, "; ".join([*wrong, result.get("msg", "")])))
        return seconds

    def moment(self) -> float:
        """When the next run is killed."""
        if self.random.random() < ANYWHERE:
            return self.random.uniform(0, max(self.seconds, self.centre))
        return max(self.centre + self.random.uniform(-SPREAD, SPREAD) * self.seconds, 0.0)

    def follow(self, progress: str) -> None:
        """Come nearer to the moment at which something changes. On a machine that has more to do than before, that may be later than the first runs ended."""
        self.centre = max(self.centre + STEPS.get(progress, 0.0) * self.seconds, 0.0)

    def trial(self) -> Trial:
        """Kill a run, and run twice more."""
        self.case.fresh()
        moment, threads = self.moment(), set(threading.enumerate())
        process = begin(self.case.module, self.case.params())
        self.case.identity = identity_of(process.pid) or ""
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=moment)
        killed = process.poll() is None
        with contextlib.suppress(ProcessLookupError):  # also what it has started
            os.killpg(process.pid, signal.SIGKILL)
        output, errors = process.communicate(timeout=PATIENCE)
        await_end(threads)
        ended = [] if process.returncode in (0, -signal.SIGKILL) else ["it failed before it was killed: %s" % (output or errors)[-500:]]
        progress, torn = self.case.progress(), [*ended, *self.case.torn(), *self.case.loose()]
        self.follow(progress)
        return Trial(killed, moment, progress, torn, self.converge())

    def converge(self) -> List[str]:
        """Run again, and once more: why the end is not that of an undisturbed run."""
        wrong: List[str] = []
        try:
            for number in (1, 2):
                result = self.case.run(number)
                if result.get("failed"):
                    return ["run %d fails: %s" % (number + 1, result["msg"])]
            now, wanted = self.case.picture(), self.case.reference
            wrong += ["%s is %r, not %r" % (name, now.get(name), wanted.get(name)) for name in sorted({*now, *wanted}) if now.get(name) != wanted.get(name)]
            wrong += ["the third run changes something: %s" % result.get("diff")] if result["changed"] else []
            wrong += [*self.case.left_over(), *self.case.loose(), *self.case.undone()]
        except NotFinished as error:
            wrong.append(str(error))
        return wrong


def await_end(known: Set[threading.Thread]) -> None:
    """Wait until the servers here have carried out what the killed run asked for: all but the known threads have ended."""
    while True:
        serving = set(threading.enumerate()) - known
        if not serving:
            return
        for thread in serving:
            if thread.ident:  # else it is only being started
                thread.join(PATIENCE)


def begin(module: str, params: Dict[str, Any]) -> subprocess.Popen:
    """Start a module, up to the moment at which it reads its parameters.

    Its standard input is filled to the brim with them and with blanks, which JSON allows. So there is room for more as soon as it reads.
    """
    process = module_process(module, params, own_session=True)
    handle = process.stdin.fileno()
    filled = process.ask.encode("utf-8").ljust(fcntl.fcntl(handle, GET_PIPE_SIZE))
    while filled:
        filled = filled[os.write(handle, filled) :]
    select.select([], [handle], [], PATIENCE)
    process.stdin.close()
    process.stdin = None
    return process
