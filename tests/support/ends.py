# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ends of sentences in a text that is shown."""

from __future__ import annotations

import re
from typing import List

#: two ends: ``..``, ``. .``, ``?.``, ``.;``, ``.).``; an ellipsis and a path (``../``) are none
DOUBLED = re.compile(r"(?:(?<![.\s/])\.\.(?![./\w])|[.?!:;,] \.(?!\.)|[?!:;,]\.|\.[;:,]|(?<!\.)\.[)\"]\.)(?=\s|\Z)")


def doubled_ends(text: str) -> List[str]:
    """The doubled ends in a text, each with what is before it."""
    return [text[max(found.start() - 40, 0) : found.end()] for found in DOUBLED.finditer(text)]
