# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The one escaper: what a certificate, a server or a file contains, as text that a terminal shows as it is. Standard library only.

Escaped are control characters (C0, C1), bidirectional controls, characters that are shown as nothing, and the separators of lines and
paragraphs. docs/adr/0014-what-is-shown.md says why, and what machines may expect.
"""

from __future__ import annotations

import re
from typing import Any, Callable, Mapping, Optional, Sequence, Tuple

#: letters, marks and symbols that are shown as nothing (Unicode's Default_Ignorable_Code_Point, and the blank of Braille)
BLANK = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2065\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0000-\U000e0fff]")
#: facts with lines of their own: their line feeds and tabs stay
SEVERAL_LINES = ("before", "after", "exception", "invocation")
#: an error; its lines are ours, because errors.py escapes what it quotes
ERROR = (("msg",), ("advice",))
#: paths of files that this run made: a rollback opens them by their exact names
EXACT = ("backup_files", "backup_path", "created_files")
PEM = re.compile(r"(?:-----BEGIN [A-Z0-9 ]+-----\n(?:[A-Za-z0-9+/=]+\n)+-----END [A-Z0-9 ]+-----\n?)+\Z")
#: what begins a formula in the programs that open CSV
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")

Escape = Callable[[str], str]


def is_shown(char: str) -> bool:
    """Whether a character is shown as it is, and in its place."""
    return char.isprintable() and not BLANK.match(char)


def code_point(char: str) -> str:
    """A character as its code point: ``\\u{202E}``."""
    return "\\u{%X}" % ord(char)


def printable(text: str, kept: str = "", escape: Escape = code_point) -> str:
    """A text that stays on its line and that a terminal shows as it is. Applied twice, it changes nothing more.

    :param kept: characters that stay: a line feed where lines are meant.
    """
    if text.isprintable() and not BLANK.search(text):
        return text
    return "".join(char if char in kept or is_shown(char) else escape(char) for char in text)


def printable_value(text: str) -> str:
    """A name or an address as a fact: no two values have the same text, because the beginning of an escape is escaped too."""
    return printable(text.replace("\\u{", "\\u{5C}u{"))


def printable_lines(text: str) -> str:
    """A text of several lines, such as a file in a diff."""
    return printable(text, "\n\t")


def csv_cell(text: str) -> str:
    """A text as a cell of CSV (RFC 4180), in quotes; an apostrophe keeps a formula from being one."""
    text = printable("'" + text if text.startswith(FORMULA) or text.lstrip().startswith(FORMULA) else text)
    return '"%s"' % text.replace('"', '""')


def shown(value: Any, hide: Escape, path: Tuple[str, ...] = ()) -> Any:
    """A result with every text in it hidden where it is secret, and escaped.

    :param hide: takes secrets out of a text. It sees the text before it is escaped.
    :param path: the names that lead to the value.
    """
    if isinstance(value, str):
        return _escape_at(path)(hide(value))
    if isinstance(value, Mapping):
        return {shown(name, hide, path): shown(item, hide, path + (str(name),)) for name, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, (bytes, bytearray)):
        return [shown(item, hide, path) for item in value]
    return value


def _escape_at(path: Tuple[str, ...]) -> Escape:
    if path[:1] and path[0] in EXACT:
        return str
    return printable_lines if path in ERROR or any(name in SEVERAL_LINES for name in path) else _one_line


def _one_line(text: str) -> str:
    return text if PEM.match(text) else printable(text)


def one_line(text: Optional[str]) -> str:
    """A message of another program in a sentence: blanks and line ends become single blanks."""
    return printable(" ".join((text or "").split()))
