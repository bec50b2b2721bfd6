# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A hosts file before and after, as a diff shows it. Standard library only: appliances run this."""

from __future__ import annotations

import os
from typing import List, Sequence, Tuple

#: characters of a text that a diff shows; a hosts file of a few thousand entries is shown as a whole
LONGEST = 128 * 1024
#: equal lines that are shown before and after those that differ
CONTEXT = 3


def shown_texts(before: str, after: str) -> Tuple[str, str]:
    """Both texts; of long ones the lines from the first difference to the last one, and how many are left out."""
    if max(len(before), len(after)) <= LONGEST:
        return before, after
    old, new = before.split("\n"), after.split("\n")
    start = len(os.path.commonprefix([old, new]))
    end = len(os.path.commonprefix([old[start:][::-1], new[start:][::-1]]))
    start, end = max(start - CONTEXT, 0), max(end - CONTEXT, 0)
    return _part(old, start, end), _part(new, start, end)


def _part(lines: Sequence[str], start: int, end: int) -> str:
    """The lines without some at the start and at the end, as far as they fit."""
    shown: List[str] = [_left_out(start)] if start else []
    room = LONGEST
    middle = lines[start : len(lines) - end]
    for number, line in enumerate(middle):
        room -= len(line) + 1
        if room < 0:
            return "\n".join([*shown, _left_out(len(lines) - start - number), ""])
        shown.append(line)
    return "\n".join([*shown, _left_out(end), ""] if end else shown)


def _left_out(count: int) -> str:
    return "(%d lines are not shown)" % count
