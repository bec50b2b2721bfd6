# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The one error that the collection raises on purpose. Standard library only."""

from __future__ import annotations

from typing import Callable, List, Optional, Sequence, TypeVar

Value = TypeVar("Value")


class RemediationError(Exception):
    """A problem that stops the run, with a way out.

    :param message: what is wrong, naming the option, path or endpoint concerned; one sentence without a final full stop.
    :param advice: what the reader can do about it; one sentence.
    """

    def __init__(self, message: str, advice: str) -> None:
        super().__init__(message)
        self.message = message
        self.advice = advice

    def __str__(self) -> str:
        return "%s. %s" % (self.message.rstrip("."), self.advice)


def attempt(errors: List[RemediationError], make: Callable[[], Value]) -> Optional[Value]:
    """The value that a function returns. If it raises, keep the error for ``raise_all`` and return None."""
    try:
        return make()
    except RemediationError as error:
        errors.append(error)
        return None


def raise_all(errors: Sequence[RemediationError]) -> None:
    """Raise everything that is wrong as one error, or return if nothing is.

    A person who corrects three mistakes wants to read of three, not of the first one three times.
    """
    if len(errors) == 1:
        raise errors[0]
    if errors:
        lines = ["%d things are wrong:" % len(errors)]
        lines += ["(%d) %s" % (number, error) for number, error in enumerate(errors, 1)]
        raise RemediationError(" ".join(lines), "Nothing was changed.")
