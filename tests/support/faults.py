# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Exceptions where nobody expects them: at the nth call of a function of this collection."""

from __future__ import annotations

import os
import sys
from typing import Any, Callable, Optional

PACKAGE = os.path.join("certmend", "tls", "plugins", "module_utils")
#: a fault there is a second fault, or comes after everything is done
SPARED = ("_roll_back", "_report")
#: with these the result is on its way out
LAST = ("secrets", "exit_json", "fail_json")


class Fault:
    """Raises an exception at the nth call below a function; it counts the calls, and with 0 raises none."""

    def __init__(self, number: int = 0, error: Optional[BaseException] = None, inside: str = "commit") -> None:
        self.number, self.error, self.inside = number, error, inside
        self.calls, self._entered = 0, False

    def run(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Call a function of the test."""
        traced = sys.gettrace()
        sys.settrace(self._trace)
        try:
            return function(*arguments)
        finally:
            sys.settrace(traced)

    def _trace(self, frame: Any, event: str, _argument: Any) -> None:
        name = frame.f_code.co_name
        if event != "call" or PACKAGE not in frame.f_code.co_filename or name.startswith("<"):
            return
        if name in LAST:
            sys.settrace(None)
            return
        if self._entered and name not in SPARED:
            self.calls += 1
            if self.calls == self.number and self.error is not None:
                sys.settrace(None)
                raise self.error
        self._entered = self._entered or name == self.inside
