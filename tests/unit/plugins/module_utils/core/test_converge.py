# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""All the steps of a plan are applied, or those that were are rolled back, last first."""

from __future__ import annotations

import os
import signal

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.core.converge import Step, StepFailed, apply_all, as_remediation, diff_of
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.core.interrupts import Interrupted, raised_signals


class Shelf:
    """Things that steps put on it; names of steps that fail, that cannot be undone, and whose undo fails."""

    def __init__(self, failing=(), final=(), stuck=(), undo_error=None):
        self.things, self.failing, self.final, self.stuck, self.undo_error = [], failing, final, stuck, undo_error

    def apply(self, step):
        if step.target in self.failing:
            raise RemediationError("%s does not fit" % step.target, "Make room.")
        self.things.append(step.payload)

        def undo():
            if step.target in self.stuck:
                raise self.undo_error or RemediationError("stuck", "")
            self.things.remove(step.payload)

        return None if step.target in self.final else undo


def steps(*targets):
    return [Step(target, "no %s" % target, target, payload=target.upper()) for target in targets]


def test_a_diff_shows_each_step_and_never_its_payload():
    expected = {"before_header": "a", "after_header": "a", "before": "no a", "after": "a"}
    assert diff_of(steps("a", "b"))[0] == expected and "A" not in str(diff_of(steps("a")))


def test_all_steps_are_applied_in_their_order():
    shelf = Shelf()
    apply_all(steps("a", "b", "c"), shelf.apply)
    assert shelf.things == ["A", "B", "C"]


def test_a_plan_without_steps_applies_nothing():
    shelf = Shelf(failing=["a"])
    apply_all([], shelf.apply)
    assert shelf.things == []


def failure(shelf, *targets):
    with pytest.raises(RemediationError) as caught:
        apply_all(steps(*targets), shelf.apply)
    return caught.value


def test_if_a_step_fails_the_steps_before_it_are_rolled_back_last_first():
    shelf = Shelf(failing=["c"])
    error = failure(shelf, "a", "b", "c", "d")
    assert error.message == "c does not fit (applied: 2 of 4; rolled back: b, a)" and error.advice == "Make room."
    assert shelf.things == []


def test_if_the_first_step_fails_there_is_nothing_to_roll_back():
    assert failure(Shelf(failing=["a"]), "a", "b").message == "a does not fit (applied: 0 of 2)"


def test_a_step_that_cannot_be_reversed_is_reported_and_the_others_are_rolled_back():
    shelf = Shelf(failing=["c"], final=["b"])
    assert failure(shelf, "a", "b", "c").message == "c does not fit (applied: 2 of 3; rolled back: a; NOT rolled back: b)"
    assert shelf.things == ["B"]


@pytest.mark.parametrize("error", [RemediationError("stuck", ""), OSError("stuck"), RecursionError("stuck"), Interrupted("SIGTERM")])
def test_a_rollback_that_fails_is_reported_and_the_others_go_on(error):
    shelf = Shelf(failing=["c"], stuck=["b"], undo_error=error)
    assert failure(shelf, "a", "b", "c").message == "c does not fit (applied: 2 of 3; rolled back: a; NOT rolled back: b)"
    assert shelf.things == ["B"]


@pytest.mark.parametrize(
    "error", [KeyError("no name"), RecursionError("too deep"), MemoryError(), Interrupted("SIGTERM"), KeyboardInterrupt(), SystemExit(1), GeneratorExit()]
)
def test_any_other_exception_in_the_middle_rolls_back_too(error):
    shelf = Shelf()

    def apply(step):
        if step.target == "c":
            raise error
        return shelf.apply(step)

    with pytest.raises(StepFailed) as caught:
        apply_all(steps("a", "b", "c", "d"), apply)
    assert "(applied: 2 of 4; rolled back: b, a)" in caught.value.message and shelf.things == []
    assert caught.value.left == () and caught.value.__cause__ is error


@pytest.mark.parametrize("error", [KeyError("b"), RemediationError("no answer", "Wait."), Interrupted("SIGTERM")])
def test_a_step_that_was_made_before_it_was_broken_off_is_reversed_first(error):
    shelf = Shelf(final=["a"])

    def apply(step):
        undo = shelf.apply(step)
        if step.target == "b":
            raise error
        return undo

    def settle(step):
        shelf.things.remove(step.payload)
        return True

    with pytest.raises(StepFailed) as caught:
        apply_all(steps("a", "b"), apply, settle)
    assert "(applied: 1 of 2; rolled back: b; NOT rolled back: a)" in caught.value.message
    assert shelf.things == ["A"] and [step.target for step in caught.value.left] == ["a"]


def test_a_signal_during_a_rollback_waits_for_its_end():
    shelf, calls = Shelf(failing=["c"]), []

    def apply(step):
        undo = shelf.apply(step)

        def signalled():
            os.kill(os.getpid(), signal.SIGTERM)
            calls.append(step.target)
            undo()

        return signalled

    with pytest.raises(StepFailed, match="rolled back: b, a\\)"), raised_signals():
        apply_all(steps("a", "b", "c"), apply)
    assert shelf.things == [] and calls == ["b", "a"]


@pytest.mark.parametrize("outcome", [False, RemediationError("gone", "")])
def test_a_step_that_was_broken_off_is_named_only_if_it_was_made_or_is_unknown(outcome):
    def apply(step):
        raise KeyError(step.target)

    def settle(_step):
        if outcome:
            raise outcome
        return False

    with pytest.raises(StepFailed) as caught:
        apply_all(steps("a"), apply, settle)
    assert caught.value.message.endswith("(applied: 0 of 1)" if not outcome else "(applied: 0 of 1; NOT rolled back: a)")


def test_a_step_that_refuses_is_not_settled():
    shelf = Shelf(failing=["a"])
    with pytest.raises(StepFailed, match="applied: 0 of 1"):
        apply_all(steps("a"), shelf.apply, lambda step: pytest.fail("settled"))


@pytest.mark.parametrize(
    "error, message",
    [
        (RemediationError("no", "Do."), "no"),
        (Interrupted("SIGHUP"), "interrupted by SIGHUP"),
        (KeyboardInterrupt(), "interrupted"),
        (KeyError("a"), "unexpected error: KeyError: 'a'"),
        (RecursionError(), "unexpected error: RecursionError"),
    ],
)
def test_every_exception_has_a_message_and_advice(error, message):
    assert as_remediation(error).message == message and as_remediation(error).advice
