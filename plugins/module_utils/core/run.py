# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The one shape of all modules: collect, plan, apply, verify. Standard library only.

``main()`` of every module is ``run_module(module, TheRun)``. Nothing else reads ``check_mode`` of a module or ends it.
"""

from __future__ import annotations

import abc
import contextlib
import datetime
import os
import traceback
from dataclasses import dataclass
from typing import Any, Callable, Collection, ContextManager, Dict, Generic, List, Mapping, Optional, Sequence, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.core.brief import brief
from ansible_collections.certmend.tls.plugins.module_utils.core.converge import Payload, Step, StepFailed, Undo, apply_all, as_remediation, diff_of
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError, raise_all
from ansible_collections.certmend.tls.plugins.module_utils.core.interrupts import Interrupted, ignore_signals, raised_signals
from ansible_collections.certmend.tls.plugins.module_utils.core.option_values import problems_in
from ansible_collections.certmend.tls.plugins.module_utils.core.secrets import forms_of
from ansible_collections.certmend.tls.plugins.module_utils.core.timestamps import utc_now


@dataclass(frozen=True)
class RunContext:
    """What a run knows besides its options.

    :param check_mode: whether the run only predicts.
    :param now: the current time (UTC). A run has one: it judges everything at the same moment.
    """

    check_mode: bool
    now: datetime.datetime

    def is_pending(self, path: Optional[str], declared: bool = False, content: Optional[str] = None) -> bool:
        """Whether an earlier task of this check run would have made what this run reads.

        In check mode a file is missing, or is still the one to be replaced, which only the playbook knows. A text is empty.

        :param path: the file; None if the content was given as text.
        :param declared: whether the playbook says so (the option ``pending``).
        :param content: the text; None if there is a file instead.
        """
        missing = path is not None and (declared or not os.path.lexists(path))
        return self.check_mode and (missing or content == "")


class Run(abc.ABC, Generic[Payload]):
    """One run of a module, from its options to its result.

    The stages are called in the order ``collect``, ``plan``, ``apply`` (once for each step), ``verify``; each stage stores its outcome in an
    attribute of its own. A stage that cannot go on raises RemediationError. ``facts`` puts the result together once, at the end, whether the
    run succeeded or not.
    """

    #: facts that a failed task returns whatever their size, because a rollback needs them
    kept_on_failure: Tuple[str, ...] = ()

    #: what ``apply`` writes files with, if it does: it has ``settle() -> bool``. ``apply`` sets it before it changes anything
    transaction: Any = None

    def __init__(self) -> None:
        #: shown to the user at the end, whether the run succeeded or not
        self.warnings: List[str] = []
        #: the steps that were applied or, in check mode, would be
        self.changes: Sequence[Step[Payload]] = ()

    def collect(self) -> None:
        """Read what takes long and is not replaced by this run: the network, certificates, candidates. No lock is held."""

    def prepare(self) -> None:
        """Create what the lock needs, such as a folder of ours, and remove what a killed run left. Not called in check mode, which writes nothing."""

    def lock(self) -> ContextManager[None]:
        """What keeps other runs out from ``plan`` to ``verify``."""
        return contextlib.nullcontext()

    @abc.abstractmethod
    def plan(self) -> Sequence[Step[Payload]]:
        """Read what would be replaced, and say what would change. Nothing is changed here; no step means: nothing to do."""

    def apply(self, step: Step[Payload]) -> Optional[Undo]:
        """Make one change and return what reverses it (None: it cannot be reversed)."""
        raise NotImplementedError("this run changes nothing")

    def settle(self, step: Step[Payload]) -> bool:
        """Reverse a step whose ``apply`` ended in an exception of any kind, if it was made all the same.

        :returns: whether there was something to reverse.
        :raises BaseException: the step was made, or perhaps, and cannot be reversed.
        """
        return bool(self.transaction is not None and self.transaction.settle())

    def predict(self, steps: Sequence[Step[Payload]]) -> None:
        """In check mode, in place of ``apply`` and ``verify``: report what the result would be."""

    def verify(self, steps: Sequence[Step[Payload]]) -> None:
        """Prove the outcome, after the steps were applied or if there were none.

        :raises RemediationError: the outcome is not what was planned.
        """

    def secrets(self) -> Collection[str]:
        """What this run sent or was given that may not be shown, such as a token; passwords of options are known."""
        return ()

    @abc.abstractmethod
    def facts(self) -> Dict[str, Any]:
        """The documented result, as far as the run got."""

    def essential_facts(self) -> Dict[str, Any]:
        """What a rollback needs of the facts, if an exception keeps ``facts`` from its end. Nothing is computed here."""
        written = self.transaction
        return {} if written is None else {"backup_files": written.backups, "created_files": written.created}


#: the verbosity (-vvv) with which a failed task returns all facts
ALL_FACTS = 3

MakeRun = Callable[[Mapping[str, Any], RunContext], Run[Any]]


def carry_out(run: Run[Payload], context: RunContext) -> None:
    """Take a run through its stages.

    :raises RemediationError: a stage could not go on.
    """
    run.collect()
    if not context.check_mode:
        run.prepare()
    with run.lock():
        steps = run.plan()
        if steps and context.check_mode:
            run.changes = steps
            run.predict(steps)
        else:
            try:
                apply_all(steps, run.apply, run.settle)
            except StepFailed as failure:
                run.changes = failure.left
                raise
            run.changes = steps
            run.verify(steps)


def result_of(run: Run[Any], in_full: bool = True) -> Dict[str, Any]:
    """What the module returns: the facts, and the changes that were made or, in check mode, would be.

    :param in_full: whether all facts are returned; if not, those that fit on a screen.
    """
    return dict(_facts_of(run, in_full), changed=bool(run.changes), diff=diff_of(run.changes))


def _facts_of(run: Run[Any], in_full: bool) -> Dict[str, Any]:
    facts = run.facts()
    return facts if in_full else brief(facts, run.kept_on_failure)


def run_module(module: Any, make_run: MakeRun) -> None:
    """Run a module from its parameters to its end. A failed task still returns facts: those that fit on a screen, and with -vvv all.

    :param module: the AnsibleModule.
    :param make_run: makes the run from the module's parameters, usually a ``from_params`` that validates all of them.
    """
    context = RunContext(bool(module.check_mode), utc_now())
    run: Optional[Run[Any]] = None
    failure: Dict[str, Any] = {}
    with raised_signals():
        try:
            raise_all(list(problems_in(module.argument_spec, module.params)))
            run = make_run(module.params, context)
            carry_out(run, context)
        except BaseException as error:
            failure = _failure_of(error)
        with contextlib.suppress(BaseException):
            ignore_signals()  # what was done must be reported
        result, failure = _report(run, failure, module._verbosity >= ALL_FACTS)
        module.no_log_values.update(form for secret in (run.secrets() if run is not None else ()) for form in forms_of(secret))
        for warning in run.warnings if run is not None else ():
            module.warn(warning)
        if failure:
            module.fail_json(**failure, **result)
        module.exit_json(**result)


def _report(run: Optional[Run[Any]], failure: Dict[str, Any], in_full: bool) -> Tuple[Dict[str, Any], Dict[str, Any]]:
    """The result, and why the task failed. If the facts cannot be put together, those that a rollback needs are returned all the same."""
    if run is None:
        return {"changed": False}, failure
    try:
        return result_of(run, in_full or not failure), failure
    except BaseException as error:
        changed = {"changed": bool(run.changes), "diff": diff_of(run.changes)}
        return dict(run.essential_facts(), **changed), failure or _failure_of(error)


def _failure_of(error: BaseException) -> Dict[str, Any]:
    """How a task ends because of an exception; the traceback of an unexpected one is shown with -vvv."""
    reason = as_remediation(error)
    failure = {"msg": str(reason), "advice": reason.advice}
    cause = error.__cause__ if isinstance(error, StepFailed) else error
    if not isinstance(cause, (RemediationError, Interrupted)):
        failure["exception"] = _traceback_of(error)
    return failure


def _traceback_of(error: Optional[BaseException]) -> str:
    """Where each exception was raised, the first one first. Their texts are left out: they quote the input, which may be secret."""
    parts: List[str] = []
    while error is not None:
        parts.insert(0, "%s%s\n" % ("".join(traceback.format_tb(error.__traceback__)), type(error).__name__))
        error = error.__cause__ or error.__context__
    return "Traceback (most recent call last):\n" + "\nthen:\n".join(parts)
