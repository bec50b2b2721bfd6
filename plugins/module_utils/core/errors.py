# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The one error that the collection raises on purpose."""

from __future__ import annotations

from typing import Any, Callable


class RemediationError(Exception):
    """Something stands in the way, and there is a way out.

    :param message: what is wrong, naming the option, path or endpoint concerned; one sentence without a final dot.
    :param advice: what the person who reads it can do about it; one sentence.
    """

    def __init__(self, message: str, advice: str) -> None:
        super().__init__(message)
        self.message = message
        self.advice = advice

    def __str__(self) -> str:
        return "%s. %s" % (self.message.rstrip("."), self.advice)


def attempt(errors: list[RemediationError], make: Callable[[], Any], otherwise: Any = None) -> Any:
    """What a function makes; where it refuses, its error is kept for ``all_of`` and the other value stands in."""
    try:
        return make()
    except RemediationError as error:
        errors.append(error)
        return otherwise


def all_of(errors: list[RemediationError]) -> None:
    """Raise everything that is wrong as one error, or return where nothing is.

    A person who mends three mistakes wants to hear of three, not of the first one three times.
    """
    if len(errors) == 1:
        raise errors[0]
    if errors:
        lines = ["%d things are wrong:" % len(errors)]
        lines += ["(%d) %s" % (number, error) for number, error in enumerate(errors, 1)]
        raise RemediationError(" ".join(lines), "Nothing was changed.")
