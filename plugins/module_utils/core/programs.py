# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run another program to its end. Standard library only: appliances run this.

Nothing else starts programs. It is ``subprocess``, and not ``run_command`` of AnsibleModule, for three reasons: ``run_command`` waits without end; it
leaves the program running if a signal interrupts the module, which then rolls back what the program is still changing; and it is a method of a module,
which what is called here never sees. ansible-test asks for ``run_command`` since ansible-core 2.21; the comment at the call answers it.
"""

from __future__ import annotations

import os
import subprocess
from typing import Dict, NamedTuple, Optional, Sequence


class Ended(NamedTuple):
    """How a program ended."""

    status: int
    output: str
    errors: str

    @property
    def all_output(self) -> str:
        """What it said, its errors last."""
        return self.output + self.errors


def run_program(command: Sequence[str], seconds: float, stdin: str = "", environment: Optional[Dict[str, str]] = None) -> Ended:
    """Run a program; it is killed if it does not end in time, or if the module is interrupted.

    :param environment: variables beside those of this process.
    :raises OSError: it cannot be started.
    :raises TimeoutError: it did not end within so many seconds.
    """
    try:
        done = subprocess.run(  # pylint: disable=ansible-bad-function
            command,
            input=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            timeout=seconds,
            check=False,
            env=dict(os.environ, **(environment or {})),
        )
    except subprocess.TimeoutExpired:
        raise TimeoutError("it did not end within %g seconds" % seconds) from None
    return Ended(done.returncode, done.stdout, done.stderr)
