# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Carry out a plan: the one place that knows check mode, diff and partial failure.

A module reads, plans and then hands its plan over:

    steps = plan(module.params, facts)          # touches nothing
    outcome = converge(module, steps, apply)    # touches everything, or nothing in check mode

See docs/architecture.md.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import Any, Callable, Iterator, List, Optional

from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError

Undo = Callable[[], None]


@dataclass(frozen=True)
class Step:
    """One change, described before it is made.

    :param target: what changes, as a person would call it (a path, an alias in a keystore).
    :param before: the state that was read, as text for the diff. Never key material or another secret.
    :param after: the state that will be, in the same form.
    :param payload: what ``apply`` needs to make the change; never shown.
    """

    target: str
    before: str
    after: str
    payload: Any = None


def diff_of(steps: List[Step]) -> List[dict]:
    """The steps as Ansible shows them with ``--diff``."""
    return [
        {"before_header": step.target, "after_header": step.target, "before": step.before, "after": step.after}
        for step in steps
    ]


def converge(module: Any, steps: List[Step], apply: Callable[[Step], Optional[Undo]]) -> dict:
    """Apply all the steps or none of them.

    :param module: the running AnsibleModule; only its check_mode is read.
    :param steps: the plan; an empty one means that everything is as it should be.
    :param apply: makes one step's change and returns what takes it back (None: it cannot be taken back).
    :returns: ``changed`` and ``diff``, to be merged into the module's result.
    :raises RemediationError: a step failed; the message says how many were applied and what was put back.
    """
    if not module.check_mode:
        _apply_all(steps, apply)
    return {"changed": bool(steps), "diff": diff_of(steps)}


def _apply_all(steps: List[Step], apply: Callable[[Step], Optional[Undo]]) -> None:
    undos: List[tuple] = []
    for step in steps:
        try:
            undos.append((step, apply(step)))
        except RemediationError as error:
            put_back = _put_back(undos)
            raise RemediationError(
                "%s (applied: %d of %d%s)" % (error.message, len(undos), len(steps), put_back), error.advice
            ) from error


def _put_back(undos: List[tuple]) -> str:
    """Take back what was applied, last first; tell in words how that went."""
    done, left = [], []
    for step, undo in reversed(undos):
        try:
            if undo is None:
                raise RemediationError("no way back", "")
            undo()
            done.append(step.target)
        except (OSError, RemediationError):
            left.append(step.target)
    return "".join(
        "; %s: %s" % (label, ", ".join(targets))
        for label, targets in (("put back", done), ("NOT put back", left))
        if targets
    )


@contextlib.contextmanager
def reporting(module: Any, facts: dict, warnings: Optional[List[str]] = None) -> Iterator[None]:
    """Turn a RemediationError into a failed task that still returns the facts gathered so far.

    :param warnings: a list that is filled meanwhile; each becomes a warning of the task, failed or not.
    """
    failed = None
    try:
        yield
    except RemediationError as error:
        failed = error
    for warning in warnings or []:
        module.warn(warning)
    if failed:
        module.fail_json(msg=str(failed), advice=failed.advice, **facts)


def is_rehearsal(module: Any) -> bool:
    """Whether this run only predicts. For plans that must say today what another task will have made by then."""
    return bool(module.check_mode)
