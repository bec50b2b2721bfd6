# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The one error that the collection raises on purpose. Standard library only."""

from __future__ import annotations

from typing import Callable, List, Optional, Sequence, TypeVar

from ansible_collections.certmend.tls.plugins.module_utils.core.sentences import sentences
from ansible_collections.certmend.tls.plugins.module_utils.core.shown_text import printable

Value = TypeVar("Value")


class RemediationError(Exception):
    """A problem that stops the run, with a way out.

    :param message: what is wrong, naming the option, path or endpoint concerned; one sentence without a final full stop.
    :param advice: what the reader can do about it; one sentence.
    :param lines: lines of ours that follow the advice, such as a proposal to copy.

    Both sentences may quote a server or a file. They are escaped here, so that a line of the error is one that we wrote.
    """

    def __init__(self, message: str, advice: str, lines: Sequence[str] = ()) -> None:
        self.message = printable(message)
        self.advice = "\n".join(map(printable, (advice, *lines)))
        super().__init__(self.message)

    def __str__(self) -> str:
        return sentences(self.message, self.advice)


class SeveralErrors(RemediationError):
    """Several problems, reported as one error."""

    def __init__(self, errors: Sequence[RemediationError]) -> None:
        self.errors = tuple(errors)
        lines = ["%d things are wrong:" % len(errors)] + ["(%d) %s" % (number, error) for number, error in enumerate(errors, 1)]
        super().__init__(" ".join(lines), "Nothing was changed.")


def attempt(errors: List[RemediationError], make: Callable[[], Value]) -> Optional[Value]:
    """The value that a function returns. If it raises, keep the error for ``raise_all`` and return None."""
    try:
        return make()
    except RemediationError as error:
        errors.append(error)
        return None


def unwrap(value: Optional[Value], reason: str) -> Value:
    """A value that cannot be None here.

    :param reason: why not; it is the text of the AssertionError if it is None all the same.
    """
    if value is None:
        raise AssertionError(reason)
    return value


def raise_all(errors: Sequence[RemediationError]) -> None:
    """Raise everything that is wrong as one error, or return if nothing is.

    A person who corrects three mistakes wants to read of three, not of the first one three times.
    """
    flat = [problem for error in errors for problem in (error.errors if isinstance(error, SeveralErrors) else (error,))]
    if len(flat) == 1:
        raise flat[0]
    if flat:
        raise SeveralErrors(flat)
