# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A run goes through its stages, and whatever happens in one, the task ends with the facts that were gathered."""

from __future__ import annotations

import contextlib

import pytest
from ansible.module_utils.basic import AnsibleModule

from ansible_collections.certmend.tls.plugins.module_utils.core.converge import Step
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.core.interrupts import Interrupted
from ansible_collections.certmend.tls.plugins.module_utils.core.run import Run, RunContext, run_module
from ansible_collections.certmend.tls.tests.support.clock import FIXED
from ansible_collections.certmend.tls.tests.support.run import arguments, call_main

STAGES = ["from_params", "collect", "lock", "plan", "apply", "predict", "verify"]


class Diary(Run):
    """Writes down which stages it was taken through, and fails in one of them. What it changes is a list outside of it."""

    def __init__(self, params, context):
        super().__init__()
        self.params, self.context, self.stages, self.locked = params, context, [], False
        self.warnings.append("the weather is bad")

    @classmethod
    def from_params(cls, params, context):
        if params["fails_in"] == "from_params":
            raise RemediationError("from_params failed", "Try again.")
        return cls(params, context)

    def _enter(self, stage):
        self.stages.append(stage + ("" if self.locked else " without the lock"))
        if self.params["fails_in"] == stage:
            if self.params["raises"]:
                raise ODD[self.params["raises"]]
            raise RemediationError("%s failed" % stage, "Try again.")

    def collect(self):
        self._enter("collect")

    @contextlib.contextmanager
    def lock(self):
        self._enter("lock")
        self.locked = True
        try:
            yield
        finally:
            self.locked = False
            self.stages.append("unlock")

    def plan(self):
        self._enter("plan")
        return [Step(target, "", target, None) for target in self.params["targets"]]

    def apply(self, step):
        self._enter("apply")
        if step.target == self.params["fails_in"]:
            raise RemediationError("%s failed" % step.target, "Try again.")
        if step.target == "b" and self.params["fails_in"] == "stuck":
            return None
        return lambda: self.stages.append("undo %s" % step.target)

    def predict(self, steps):
        self._enter("predict")

    def verify(self, steps):
        self._enter("verify")

    def facts(self):
        if self.params["fails_in"] == "facts":
            raise ODD[self.params["raises"]]
        return {"stages": self.stages}


@pytest.fixture
def write_diary():
    def run(*targets, check=False, fails_in=None, raises=None):
        def main():
            spec = dict(targets=dict(type="list", elements="str"), fails_in=dict(type="str"), raises=dict(type="str"))
            run_module(AnsibleModule(spec, supports_check_mode=True), Diary.from_params)

        return call_main(main, arguments("diary", dict(targets=list(targets), fails_in=fails_in, raises=raises), check))

    return run


def test_a_run_collects_without_a_lock_and_plans_applies_and_verifies_under_it(write_diary):
    result = write_diary("a", "b")
    assert result["stages"] == ["collect without the lock", "lock without the lock", "plan", "apply", "apply", "verify", "unlock"]
    assert result["changed"] and [diff["after_header"] for diff in result["diff"]] == ["a", "b"]


def test_a_run_without_steps_changes_nothing_and_verifies(write_diary):
    for check in (True, False):
        result = write_diary(check=check)
        assert result["stages"][-2:] == ["verify", "unlock"] and not result["changed"] and result["diff"] == []


def test_check_mode_predicts_the_diff_of_the_run_and_applies_nothing(write_diary):
    predicted, made = (write_diary("a", "b", check=check) for check in (True, False))
    assert predicted["changed"] and predicted["diff"] == made["diff"]
    assert predicted["stages"][-3:] == ["plan", "predict", "unlock"]


def warned(result):
    """Whether the user sees the warning of the run once (ansible-core 2.19 wraps the texts)."""
    return len(result["warnings"]) == 1 and "the weather is bad" in str(result["warnings"])


@pytest.mark.parametrize("stage", STAGES)
def test_a_failure_in_any_stage_ends_the_task_with_advice_and_the_facts_so_far(write_diary, stage):
    result = write_diary("a", check=stage == "predict", fails_in=stage)
    assert result["failed"] and stage + " failed" in result["msg"] and result["advice"] == "Try again."
    if stage == "from_params":
        assert "stages" not in result and result["changed"] is False
    else:
        reached = [entry.partition(" ")[0] for entry in result["stages"] if entry != "unlock"]
        assert reached[-1] == stage and warned(result)
        assert ("unlock" in result["stages"]) == (stage not in ("collect", "lock")), "a lock that was taken is released"


def test_a_failed_plan_reports_no_change_and_a_failed_verification_reports_what_was_changed(write_diary):
    planning, applying, verifying = (write_diary("a", "b", fails_in=stage) for stage in ("plan", "apply", "verify"))
    assert not planning["changed"] and planning["diff"] == []
    assert not applying["changed"] and "(applied: 0 of 2)" in applying["msg"]
    assert verifying["changed"] and len(verifying["diff"]) == 2


class Panic(BaseException):
    """As a library raises it that is written in Rust."""


ODD = {"KeyError": KeyError("odd"), "Interrupted": Interrupted("SIGTERM"), "Panic": Panic("a" * 1000), "RecursionError": RecursionError("too deep")}


@pytest.mark.parametrize("odd", ["KeyError", "Interrupted"])
@pytest.mark.parametrize("stage", STAGES[1:])
def test_an_unexpected_exception_in_any_stage_ends_the_task_with_the_facts_so_far(write_diary, stage, odd):
    result = write_diary("a", check=stage == "predict", fails_in=stage, raises=odd)
    assert result["failed"] and {"KeyError": "unexpected error: KeyError: 'odd'", "Interrupted": "interrupted by SIGTERM"}[odd] in result["msg"]
    assert result["stages"][0].startswith("collect") and warned(result)
    assert odd == "KeyError" or "exception" not in result


def test_an_unexpected_exception_comes_with_its_traceback(write_diary, monkeypatch):
    """ansible-core shows it with -vvv; from 2.19 on it does not print it otherwise."""
    given = []
    end = AnsibleModule.fail_json
    monkeypatch.setattr(AnsibleModule, "fail_json", lambda self, msg, **more: given.append(more.get("exception")) or end(self, msg, **more))
    for raises in ("KeyError", "Interrupted", None):
        write_diary("a", fails_in="apply", raises=raises)
    assert "test_run.py" in given[0] and "KeyError\n" in given[0] and "'odd'" not in given[0] and given[1:] == [None, None]


@pytest.mark.parametrize("odd, words", [("Panic", "Panic: " + "a" * 200), ("RecursionError", "RecursionError: too deep")])
def test_whatever_leaves_a_stage_is_a_failed_task_that_names_the_defect(write_diary, odd, words):
    result = write_diary("a", fails_in="collect", raises=odd)
    assert result["failed"] and "unexpected error: %s" % words in result["msg"] and "a" * 201 not in result["msg"] and result["stages"]
    assert result["advice"].startswith("This is a defect of certmend.tls")


def test_facts_that_cannot_be_put_together_hide_neither_a_change_nor_a_failure(write_diary):
    result = write_diary("a", fails_in="facts", raises="KeyError")
    assert result["failed"] and result["changed"] and "unexpected error: KeyError" in result["msg"]


def test_a_change_that_could_not_be_rolled_back_is_reported_as_a_change(write_diary):
    result = write_diary("a", "b", "stuck", fails_in="stuck")
    assert "(applied: 2 of 3; rolled back: a; NOT rolled back: b)" in result["msg"], result["msg"]
    assert result["changed"] and [diff["after_header"] for diff in result["diff"]] == ["b"]


def test_a_failed_prediction_reports_what_would_change(write_diary):
    result = write_diary("a", check=True, fails_in="predict")
    assert result["failed"] and result["changed"] and result["diff"][0]["after"] == "a"


def test_warnings_are_shown_after_success_as_well(write_diary):
    assert warned(write_diary("a"))


class Librarian(Run):
    """Reads a book, and fails if it is asked to."""

    kept_on_failure = ("loan",)

    def __init__(self, fails):
        super().__init__()
        self.fails = fails

    def plan(self):
        if self.fails:
            raise RemediationError("the book is damaged", "Take another one.")
        return []

    def facts(self):
        return {"title": "X.509", "book": "A" * 10000, "loan": "B" * 10000}


@pytest.mark.parametrize(
    "fails, verbosity, returned, omitted",
    [
        (False, 0, {"title", "book", "loan"}, None),
        (True, 0, {"title", "loan"}, "book (shown with -vvv)"),
        (True, 2, {"title", "loan"}, "book (shown with -vvv)"),
        (True, 3, {"title", "book", "loan"}, None),
    ],
)
def test_a_failed_task_returns_the_facts_that_fit_on_a_screen_and_with_vvv_all(fails, verbosity, returned, omitted):
    def main():
        run_module(AnsibleModule({}, supports_check_mode=True), lambda params, context: Librarian(fails))

    result = call_main(main, arguments("librarian", {}, False, verbosity))
    assert bool(result.get("failed")) is fails and result.get("omitted") == omitted
    assert {"title", "book", "loan"} & set(result) == returned


class Reader(Run):
    """A run that changes nothing needs a plan and facts."""

    def plan(self):
        return []

    def facts(self):
        return {"read": True}


def test_a_run_that_only_reads_needs_no_other_stage():
    def main():
        run_module(AnsibleModule({}, supports_check_mode=True), lambda params, context: Reader())

    assert call_main(main, arguments("reader", {}, False)) == {"read": True, "changed": False, "diff": [], "invocation": {"module_args": {}}}
    with pytest.raises(NotImplementedError):
        Reader().apply(Step("a", "", "", None))
    Reader().predict([])


def test_a_file_is_pending_in_check_mode_if_it_is_missing_or_declared(tmp_path):
    there, missing, dangling = tmp_path / "there", tmp_path / "missing", tmp_path / "link"
    there.touch()
    dangling.symlink_to(missing)
    check, run = RunContext(True, FIXED.now), RunContext(False, FIXED.now)
    assert check.is_pending(str(missing)) and check.is_pending(str(there), declared=True)
    assert not check.is_pending(str(there)) and not check.is_pending(str(dangling))
    assert not check.is_pending(None) and not check.is_pending(None, declared=True)
    assert not run.is_pending(str(missing)) and not run.is_pending(str(missing), declared=True)
