# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Carry out a plan: all of its steps, or none. Standard library only.

A plan is a sequence of steps, made without touching anything. See docs/architecture.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, Dict, Generic, List, Optional, Sequence, Tuple, TypeVar

from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError

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


def apply_all(steps: Sequence[Step[Payload]], apply: Callable[[Step[Payload]], Optional[Undo]]) -> None:
    """Apply all the steps; if a step fails, roll back those before it, last first.

    :param apply: makes one step's change and returns what reverses it (None: it cannot be reversed).
    :raises RemediationError: a step failed; the message says how many were applied and what was rolled back.
    """
    undos: List[Tuple[str, Optional[Undo]]] = []
    for step in steps:
        try:
            undos.append((step.target, apply(step)))
        except RemediationError as error:
            rolled_back = _roll_back(undos)
            raise RemediationError("%s (applied: %d of %d%s)" % (error.message, len(undos), len(steps), rolled_back), error.advice) from error


def _roll_back(undos: Sequence[Tuple[str, Optional[Undo]]]) -> str:
    """Reverse what was applied, last first; report the result in words."""
    done, left = [], []
    for target, undo in reversed(undos):
        try:
            if undo is None:
                raise RemediationError("the change cannot be reversed", "")
            undo()
            done.append(target)
        except (OSError, RemediationError):
            left.append(target)
    return "".join("; %s: %s" % (label, ", ".join(targets)) for label, targets in (("rolled back", done), ("NOT rolled back", left)) if targets)
