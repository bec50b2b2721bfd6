# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Modules that are killed at random moments; make kills MODULE=... kills many more of them. And what the trials would report."""

from __future__ import annotations

import contextlib
import itertools

import pytest

from ansible_collections.certmend.tls.tests.kills.cases import CASES, needs
from ansible_collections.certmend.tls.tests.kills.files import HostsEntry, JournalRestored
from ansible_collections.certmend.tls.tests.kills.issue import CertIssue
from ansible_collections.certmend.tls.tests.kills.run import count
from ansible_collections.certmend.tls.tests.kills.servers import CertPin, LookupSslTrust, OmeRequest
from ansible_collections.certmend.tls.tests.kills.trials import Driver, compiled_once
from ansible_collections.certmend.tls.tests.support.run import run_in_process
from ansible_collections.certmend.tls.tests.support.source import MODULES

TRIALS = 3
SEED = 1


@pytest.fixture(scope="module", autouse=True)
def compiled():
    with compiled_once():
        yield


@pytest.mark.parametrize("kind", CASES, ids=lambda kind: ("%s %s" % (kind.module, kind.variant)).strip())
def test_a_killed_module_tears_nothing_and_is_finished_by_the_next_run(kind, tmp_path):
    """Whether a kill meets the module while it runs depends on the machine, so nothing is asserted about that; make kills counts it."""
    if needs(kind):
        pytest.skip(needs(kind))
    with contextlib.closing(kind(tmp_path)) as case:
        driver = Driver(case, SEED)
        driver.measure(runs=1)
        trials = [driver.trial() for _number in range(TRIALS)]
    assert [trial.torn + trial.unconverged for trial in trials] == [[]] * TRIALS


@pytest.fixture
def started(tmp_path):
    """started(kind): a case at its start, with the end of an undisturbed run known."""
    with contextlib.ExitStack() as stack:

        def start(kind):
            driver = Driver(stack.enter_context(contextlib.closing(kind(tmp_path))), SEED)
            driver.measure(runs=1)
            driver.case.fresh()
            assert driver.case.torn() == driver.case.loose() == driver.case.left_over() == [] and driver.case.progress() == "as before"
            return driver.case

        yield start


@pytest.mark.parametrize(
    "kind, name, words",
    [
        (HostsEntry, "hosts", "hosts is neither the old file"),
        (CertIssue, "tls.key", "tls.key is neither the old file"),
        (CertIssue, "both.pem", "both.pem is neither the old file"),
        (JournalRestored, "tls.pem", "tls.pem is neither restored"),
        (CertPin, "pins", "the store is neither the old one nor a whole one"),
        (CertPin, "pins.log", "half of one was written"),
        (OmeRequest, "ome.csr", "the request is neither the old one"),
    ],
    ids=lambda given: getattr(given, "module", given),
)
def test_a_file_that_is_half_written_is_reported_as_torn(kind, name, words, started):
    case = started(kind)
    path = case.estate / name
    path.write_bytes(path.read_bytes()[:-40])
    assert words in case.torn()[0]


def test_a_file_that_was_written_without_a_record_in_the_journal_is_reported_as_torn(started):
    case = started(CertIssue)
    run_in_process("cert_issue", dict(case.options(), backup=False))
    assert [line.partition(" ")[0] for line in case.torn()] == ["tls.key", "tls.pem", "both.pem"] and case.progress() == "complete"


def test_a_registration_that_nobody_wanted_and_a_change_without_a_backup_are_reported(started):
    case = started(LookupSslTrust)
    case.site.changed_by_others("vc-a", case.site.other, "9")
    assert case.torn() == ["vc-a is neither as before nor as wanted", "registrations were changed, and there is no backup"]


def test_a_loose_key_a_temporary_file_and_a_run_that_does_not_finish_are_reported(started):
    case = started(CertIssue)
    (case.estate / "tls.key").chmod(0o640)
    (case.estate / ".certmend-1-2-3_key").write_text("a private key", encoding="ascii")
    (case.estate / "tls.key.next").write_text("a private key", encoding="ascii")
    assert case.loose() == ["%s has mode 0640" % (case.estate / "tls.key")] and len(case.left_over()) == 2
    driver = Driver(case, SEED)
    (case.estate / "tls.pem").unlink()
    (case.estate / "tls.pem").mkdir()
    assert "run 2 fails" in driver.converge()[0]


def test_a_case_that_does_not_converge_is_counted_with_its_reason(started, capsys):
    """Each run wants another name, so the third one changes something, too."""
    driver = Driver(started(HostsEntry), SEED)
    numbers = itertools.count(1)
    driver.case.options = lambda: {"path": str(driver.case.estate / "hosts"), "address": "10.0.0.1", "names": ["h%d.example" % next(numbers)]}
    summary, is_good = count(driver, 2)
    assert not is_good and summary.endswith("0 torn, 2 not converged")
    assert "NOT CONVERGED: the third run changes something" in capsys.readouterr().out


def test_each_module_that_changes_files_or_servers_has_a_case():
    reading = {"change_window", "cert_inspect", "tls_handshake"}
    assert {kind.module for kind in CASES} | reading == {path.stem for path in MODULES}
