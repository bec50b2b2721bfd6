# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Texts one after the other, and numbers with their nouns. Standard library only.

A message often ends with what a server or a program said, and that has an end of its own, or none. The one place that joins sentences is here.
"""

from __future__ import annotations

import re
from typing import Iterable

BLANKS = " \t\n"
#: a sentence that has its end: also within a quotation, and where something was cut off; ``(a, b ...)`` is only a list that was cut off
ENDED = re.compile(r"(?:[?!\u2026]|(?<!\.)\.|\.\.\.|(?<!\.)[.?!][)\"'\u201d\u00bb])\Z")


def sentences(*texts: str) -> str:
    """Join texts so that each but the last ends like one sentence; texts that are empty are left out.

    :param texts: the last one stays as it is, because it may have lines of its own.
    """
    given = [text for text in texts if text.strip()]
    return " ".join([_ended(text) for text in given[:-1]] + given[-1:])


def clauses(texts: Iterable[str]) -> str:
    """Join texts to a part of a sentence, with semicolons: none of them has a full stop; those that are empty are left out."""
    return "; ".join(_open(text) for text in texts if text.strip())


def _ended(text: str) -> str:
    text = text.rstrip(BLANKS + ",:;")
    text = re.sub(r"(?<=[?!])\.+\Z|(?<=[^.]\.)\.\Z", "", text)
    return text if ENDED.search(text) else text + "."


def _open(text: str) -> str:
    text = text.rstrip(BLANKS + ",:;")
    return text if text.endswith("...") else text.rstrip("." + BLANKS)


def counted(number: int, noun: str) -> str:
    """A number with its noun: ``1 endpoint``, ``2 endpoints``.

    :param noun: in the singular; its plural has an s.
    """
    return "%d %s%s" % (number, noun, "" if number == 1 else "s")
