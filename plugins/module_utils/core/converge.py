# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Carry out a plan: all of its steps, or none. Standard library only.

A plan is a sequence of steps, made without touching anything. See docs/architecture.md.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from functools import partial
from typing import Any, Callable, Dict, Generic, List, Optional, Sequence, Tuple, TypeVar

from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.core.interrupts import Interrupted, held_signals

#: characters of an unexpected exception that a message has
LONGEST_TEXT = 200
Undo = Callable[[], None]
Payload = TypeVar("Payload")


@dataclass(frozen=True)
class Step(Generic[Payload]):
    """A single change, described before it is made.

    :param target: what changes, as a person would call it (a path, an alias in a keystore).
    :param before: the current state, as text for the diff. Never key material or another secret.
    :param after: the state after the change, in the same form.
    :param payload: the data that ``apply`` needs to make the change; never shown.
    """

    target: str
    before: str
    after: str
    payload: Payload


def diff_of(steps: Sequence[Step[Any]]) -> List[Dict[str, str]]:
    """The steps as Ansible shows them with ``--diff``."""
    return [{"before_header": step.target, "after_header": step.target, "before": step.before, "after": step.after} for step in steps]


class StepFailed(RemediationError):
    """A step failed, and the steps before it were rolled back as far as possible.

    :param left: the steps that could not be rolled back; their changes remain.
    """

    def __init__(self, message: str, advice: str, left: Sequence[Step[Any]]) -> None:
        super().__init__(message, advice)
        self.left = tuple(left)


def apply_all(
    steps: Sequence[Step[Payload]],
    apply: Callable[[Step[Payload]], Optional[Undo]],
    settle: Callable[[Step[Payload]], bool] = lambda _step: False,
) -> None:
    """Apply all the steps; if a step fails, for whatever reason, roll back those before it, last first.

    :param apply: makes one step's change and returns what reverses it (None: it cannot be reversed).
    :param settle: reverses a step whose ``apply`` ended in an exception, whatever it was; returns whether the step had been made.
    :raises StepFailed: a step failed, or a signal arrived; the message says how many were applied and what was rolled back.
    """
    undos: List[Tuple[Step[Payload], Optional[Undo]]] = []
    for step in steps:
        try:
            undos.append((step, apply(step)))
        except BaseException as error:
            left, rolled_back = _roll_back(undos, step, partial(settle, step))
            cause = as_remediation(error)
            raise StepFailed("%s (applied: %d of %d%s)" % (cause.message, len(undos), len(steps), rolled_back), cause.advice, left) from error


def as_remediation(error: BaseException) -> RemediationError:
    """Any exception as the error that ends a task."""
    if isinstance(error, RemediationError):
        return error
    if isinstance(error, Interrupted):
        return RemediationError(str(error), "Run the task again.")
    if isinstance(error, KeyboardInterrupt):
        return RemediationError("interrupted", "Run the task again.")
    return RemediationError(
        "unexpected error: %s" % ": ".join(filter(None, (type(error).__name__, _brief(error)))),
        "This is a defect of certmend.tls, not of the input. Please report it, with the output of -vvv.",
    )


def _brief(error: BaseException) -> str:
    """What an exception says, on one short line. A longer text quotes the input, which may be secret."""
    text = " ".join(str(error).split())
    return text if len(text) <= LONGEST_TEXT else "%s..." % text[:LONGEST_TEXT]


def _roll_back(undos: Sequence[Tuple[Step[Payload], Optional[Undo]]], broken_off: Step[Payload], settle: Callable[[], bool]) -> Tuple[List[Step[Payload]], str]:
    """Reverse what was applied, last first: the steps that are left, and the result in words. A signal waits until that is done."""
    done: List[Step[Payload]] = []
    left: List[Step[Payload]] = []
    with contextlib.suppress(Interrupted), held_signals():
        reversals: List[Tuple[Step[Payload], Callable[[], bool]]] = [(broken_off, settle)]
        reversals += [(step, partial(_reverse, undo)) for step, undo in reversed(undos)]
        for step, reverse in reversals:
            try:
                if reverse():
                    done.append(step)
            except BaseException:  # the others must be rolled back, whatever happened to this one
                left.append(step)
    labelled = (("rolled back", done), ("NOT rolled back", left))
    return left, "".join("; %s: %s" % (label, ", ".join(step.target for step in some)) for label, some in labelled if some)


def _reverse(undo: Optional[Undo]) -> bool:
    if undo is None:
        raise RemediationError("the change cannot be reversed", "")
    undo()
    return True
