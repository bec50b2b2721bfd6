# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""cert_pin that is killed or fails halfway: the log knows of every change of the store, and no worklist is lost."""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
import sys

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.lock import locked
from ansible_collections.certmend.tls.tests.support.locks import waits_for_a_lock
from ansible_collections.certmend.tls.tests.support.pins import HOST, NEW, OLD, TOMORROW, Store, certificate, pin
from ansible_collections.certmend.tls.tests.support.run import PATH, arguments, module_process

APPROVAL = {"host": HOST, "ticket": "CHG-1", "old_pin": pin(OLD), "new_pin": pin(NEW), "expires": TOMORROW}
#: the module, killed when the interpreter is about to rename a file onto the one that is named
KILLED_BEFORE_RENAME = """
import os, runpy, signal, sys
path, number = sys.argv[1:]
del sys.argv[1:]
def hook(event, arguments):
    if event == "os.rename" and os.path.realpath("/proc/self/fd/%d/%s" % (arguments[3], arguments[1])) == path:
        os.kill(os.getpid(), getattr(signal, number))
sys.addaudithook(hook)
runpy.run_module("ansible_collections.certmend.tls.plugins.modules.cert_pin", run_name="__main__", alter_sys=True)
"""


@pytest.fixture
def store(tmp_path, run_module):
    pinned = Store(tmp_path, run_module)
    pinned.pinned(OLD)
    return pinned


def asked(store, **more):
    presented = [base64.b64encode(NEW.der).decode("ascii")]
    return dict({"pins_path": str(store.path), "audit_log": str(store.log), "host": HOST, "presented": presented, "state": "pinned"}, **more)


def end_before_the_store_is_replaced(store, number):
    """A run of an approved change that gets a signal between the log and the store."""
    command = [sys.executable, "-W", "ignore", "-c", KILLED_BEFORE_RENAME, str(store.path.resolve()), number]
    environment = dict(os.environ, PYTHONPATH=PATH, _ANSIBLE_MODULE_PROFILE="legacy")  # with the clock of this process (faketime)
    ask = arguments("cert_pin", asked(store, approvals=[APPROVAL]), False)
    return subprocess.run(command, input=ask, env=environment, capture_output=True, text=True, check=False)


def test_the_store_is_not_changed_while_the_log_cannot_be(store):
    """Another run holds the log; a run that is killed while it waits has changed neither."""
    before = store.path.read_bytes(), store.log.read_bytes()
    with locked(str(store.log), "audit_log"):
        process = module_process("cert_pin", asked(store, approvals=[APPROVAL]))
        process.stdin.write(process.ask)
        process.stdin.close()
        process.stdin = None
        while not waits_for_a_lock(process.pid):
            assert process.poll() is None
        process.kill()
        process.communicate()
    assert (store.path.read_bytes(), store.log.read_bytes()) == before


@pytest.mark.reliability(
    "the module is killed",
    playbooks=["pins"],
    afterwards="the store is as before; the next run warns, and notes it in the audit log",
)
def test_a_run_that_was_killed_leaves_an_entry_and_the_next_run_notes_that_it_was_not_stored(store):
    before = store.path.read_bytes()
    assert end_before_the_store_is_replaced(store, "SIGKILL").returncode == -signal.SIGKILL
    assert store.path.read_bytes() == before and [one["event"] for one in store.events()] == ["pinned", "repinned"]

    checked = store.run(OLD)
    (warning,) = map(str, checked["warnings"])
    assert not checked["changed"] and HOST + ":443" in warning and "repinned at %s" % store.events()[-1]["at"] in warning
    predicted, made = (store.run(NEW, state="pinned", approvals=[APPROVAL], check=check) for check in (True, False))
    assert predicted["diff"] == made["diff"] and str(made["warnings"]) == str(checked["warnings"]) and store.known() == {HOST + ":443": [pin(NEW)]}
    assert [one["event"] for one in store.events()] == ["pinned", "repinned", "not_stored", "repinned"]
    again = store.pinned(NEW, approvals=[APPROVAL])
    assert not again["changed"] and not again.get("warnings") and len(store.events()) == 4


def test_the_note_is_written_once_even_if_nothing_else_changes(store):
    end_before_the_store_is_replaced(store, "SIGKILL")
    before = store.path.read_bytes()
    noted = store.pinned(OLD)
    assert noted["changed"] and [diff["after_header"] for diff in noted["diff"]] == [str(store.log)] and store.path.read_bytes() == before
    event = store.events()[-1]
    assert (event["event"], event["pins"], event["host"]) == ("not_stored", [pin(NEW)], HOST)
    assert not store.pinned(OLD)["changed"]


def test_a_run_that_a_signal_ends_takes_its_entry_back(store):
    before = store.path.read_bytes()
    ended = end_before_the_store_is_replaced(store, "SIGTERM")
    result = json.loads(ended.stdout.splitlines()[-1])
    assert result["failed"] and "interrupted by SIGTERM" in result["msg"] and store.path.read_bytes() == before
    assert [one["event"] for one in store.events()] == ["pinned", "repinned", "not_stored"]
    assert not store.pinned(OLD).get("warnings")


def test_a_store_that_was_changed_without_the_log_is_reported(store):
    store.repinned(NEW, OLD, check=True)
    store.run(NEW, state="pinned", approvals=[APPROVAL], audit_log=None)
    assert "is not what the store has" in str(store.run(NEW)["warnings"])


def test_entries_of_another_store_in_the_same_log_are_not_compared(store, tmp_path, run_module):
    other = Store(tmp_path, run_module)
    other.path = tmp_path / "others"
    other.pinned(NEW)
    assert not store.run(OLD).get("warnings") and not other.run(NEW).get("warnings")


def test_what_was_repinned_stays_to_be_listed_until_a_task_says_that_it_is(store):
    """A killed run may have stored the pin and written no worklist."""
    predicted, made = (store.run(NEW, state="pinned", approvals=[APPROVAL], check=check) for check in (True, False))
    assert made["unlisted"] == predicted["unlisted"] == made["to_repin"]
    again = store.pinned(NEW)
    assert not again["changed"] and again["to_repin"] == []
    (entry,) = again["unlisted"]
    assert entry == dict(made["unlisted"][0], **{name: entry[name] for name in ("status", "old_pins", "since", "old_certificate")})
    assert (entry["old_pin"], entry["new_pin"], entry["ticket"], entry["action"]) == (pin(OLD), pin(NEW), "CHG-1", "repinned")

    listed = {"endpoints": [HOST], "state": "listed", "pins": [pin(NEW)]}
    predicted, noted = (store.run(check=check, **listed) for check in (True, False))
    assert noted["changed"] and predicted["diff"] == noted["diff"] and store.events()[-1]["event"] == "listed"
    assert store.pinned(NEW)["unlisted"] == [] and not store.run(**listed)["changed"] and store.known() == {HOST + ":443": [pin(NEW)]}
    assert b"unlisted" not in store.path.read_bytes(), "as earlier releases read it"


def test_clients_that_were_never_listed_still_have_the_pin_of_before(store):
    third = certificate()
    store.pinned(NEW, approvals=[APPROVAL])
    made = store.pinned(third, approvals=[dict(APPROVAL, old_pin=pin(NEW), new_pin=pin(third), ticket="CHG-2")])
    assert [(entry["old_pin"], entry["new_pin"]) for entry in made["unlisted"]] == [(pin(OLD), pin(third))]


def test_only_the_named_pins_are_listed_and_a_first_key_is_not_to_be_listed(store):
    assert store.pinned(OLD)["unlisted"] == []
    store.pinned(NEW, approvals=[APPROVAL])
    assert not store.run(endpoints=[HOST], state="listed", pins=[pin(OLD)])["changed"]
    assert store.pinned(NEW)["unlisted"] != [] and store.run(endpoints=[HOST], state="listed")["changed"]
