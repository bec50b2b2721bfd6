# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Do several things that cannot be given a timeout, and wait no longer than a deadline for all of them. Standard library only."""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from typing import Any, Callable, Dict, Sequence, Tuple, TypeVar, Union

Item = TypeVar("Item")
Result = TypeVar("Result")


def results_within(seconds: float, function: Callable[[Item], Result], items: Sequence[Item], workers: int = 1) -> Dict[Item, Union[Result, Exception]]:
    """The results that are there when the time is over, or the exceptions; an item that took longer is missing.

    Nobody waits for what takes longer: not the caller, and not the end of the process.

    :param workers: the largest number of calls at the same time.
    """
    deadline = time.monotonic() + seconds
    waiting: queue.SimpleQueue[Item] = queue.SimpleQueue()
    done: queue.SimpleQueue[Tuple[Item, Union[Result, Exception]]] = queue.SimpleQueue()
    for item in items:
        waiting.put(item)
    for _worker in range(min(workers, len(items))):
        threading.Thread(target=_work, args=(function, waiting, done, deadline), daemon=True).start()
    found: Dict[Item, Union[Result, Exception]] = {}
    with contextlib.suppress(queue.Empty):
        while len(found) < len(items):
            item, result = done.get(timeout=max(deadline - time.monotonic(), 0.0))
            found[item] = result
    return found


def _work(function: Callable[[Any], Any], waiting: Any, done: Any, deadline: float) -> None:
    """Call the function for one item after another, until none is left or the time is over."""
    with contextlib.suppress(queue.Empty):
        while time.monotonic() < deadline:
            item = waiting.get_nowait()
            try:
                result = function(item)
            except Exception as error:  # the caller's, who knows what the function raises
                result = error
            done.put((item, result))
