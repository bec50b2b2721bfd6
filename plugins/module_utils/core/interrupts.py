# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Signals that end a process, as an exception, so that what was begun is rolled back. Standard library only."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from typing import Any, Dict, Iterator, List

#: sent by a shutdown, by a connection that ends, and by Ctrl-C; no system sends SIGKILL first
SIGNALS = ("SIGTERM", "SIGHUP", "SIGINT")


class Interrupted(BaseException):
    """A signal asks the process to end. It is no Exception, so that no handler of errors takes it for one.

    :param name: of the signal.
    """

    def __init__(self, name: str) -> None:
        super().__init__("interrupted by %s" % name)
        self.name = name


@contextlib.contextmanager
def raised_signals() -> Iterator[None]:
    """Raise Interrupted for the first signal, and ignore those that follow: a rollback must not be interrupted.

    A signal that the process ignores already (nohup) stays ignored. Outside of the main thread, Python has no signals, and nothing changes.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = _handlers()

    def interrupt(number: int, _frame: Any) -> None:
        for other in before:
            signal.signal(other, signal.SIG_IGN)
        raise Interrupted(signal.Signals(number).name)

    for number in before:
        signal.signal(number, interrupt)
    try:
        yield
    finally:
        _restore(before)


@contextlib.contextmanager
def held_signals() -> Iterator[None]:
    """Hold these signals back while a request is under way whose outcome would be unknown; they arrive when the block ends.

    The handlers note them. Blocking them would hold them back from this thread only, and the process may have others.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    held: List[int] = []
    before = _handlers()
    for number in before:
        signal.signal(number, lambda noted, _frame: held.append(noted))
    try:
        yield
    finally:
        _restore(before)
        if held:
            _deliver(held[0], before[held[0]])


def ignore_signals() -> None:
    """Ignore these signals from now on: the process only reports what it did, and ends. ``raised_signals`` restores the handlers."""
    if threading.current_thread() is threading.main_thread():
        for number in _handlers():
            signal.signal(number, signal.SIG_IGN)


def _handlers() -> Dict[int, Any]:
    """The handlers of the signals that are not ignored."""
    numbers = [getattr(signal, name) for name in SIGNALS]
    return {number: signal.getsignal(number) for number in numbers if signal.getsignal(number) is not signal.SIG_IGN}


def _restore(handlers: Dict[int, Any]) -> None:
    for number, handler in handlers.items():
        signal.signal(number, signal.SIG_DFL if handler is None else handler)


def _deliver(number: int, handler: Any) -> None:
    if callable(handler):
        handler(number, None)
    else:
        os.kill(os.getpid(), number)
