# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Programs that are run to their end, and no longer."""

from __future__ import annotations

import os
import sys

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.core.interrupts import Interrupted, raised_signals
from ansible_collections.certmend.tls.plugins.module_utils.core.programs import run_program
from ansible_collections.certmend.tls.tests.support.clock import PATIENCE

#: says that it runs, and waits to be killed
WAITS = "import os, signal, sys; open(sys.argv[1], 'w').write(str(os.getpid())); os.kill(int(sys.argv[2]), signal.SIGTERM); signal.pause()"


def python(code, *arguments, seconds=PATIENCE, **more):
    return run_program([sys.executable, "-c", code, *arguments], seconds, **more)


def test_what_a_program_reads_and_says():
    code = "import os, sys; print(sys.stdin.read() + os.environ['WORD']); print('no', file=sys.stderr); sys.exit(3)"
    ended = python(code, stdin="given ", environment={"WORD": "said"})
    assert ended == (3, "given said\n", "no\n") and ended.all_output == "given said\nno\n"


def test_a_program_has_nothing_to_read_unless_it_is_given_something():
    assert python("import sys; print(repr(sys.stdin.read()))").output == "''\n"


def test_a_program_that_does_not_end_is_killed(tmp_path):
    started = tmp_path / "pid"
    with pytest.raises(TimeoutError, match="it did not end within 0.5 seconds"):
        python("import os, signal, sys; open(sys.argv[1], 'w').write(str(os.getpid())); signal.pause()", str(started), seconds=0.5)
    assert not is_alive(started)


def test_a_program_is_killed_if_a_signal_ends_the_module(tmp_path):
    started = tmp_path / "pid"
    with raised_signals(), pytest.raises(Interrupted):
        python(WAITS, str(started), str(os.getpid()))
    assert not is_alive(started)


def test_a_program_that_cannot_be_started_is_an_error_of_the_system(tmp_path):
    with pytest.raises(FileNotFoundError):
        run_program([str(tmp_path / "nothing")], PATIENCE)


def is_alive(started):
    """Whether the process runs whose number is in a file; none is there if it was killed before it wrote one."""
    if not started.exists() or not started.read_text():
        return False
    try:
        os.kill(int(started.read_text()), 0)
    except ProcessLookupError:
        return False
    return True
