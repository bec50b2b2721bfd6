# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A run of the system store: predicted, made once, rolled back, and reported at whatever point it ended."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.appliance.system_stores import LAYOUTS, Layout
from ansible_collections.certmend.tls.plugins.module_utils.appliance.trust_anchor.java_store import JavaStore
from ansible_collections.certmend.tls.plugins.module_utils.appliance.trust_anchor.options import Options
from ansible_collections.certmend.tls.plugins.module_utils.appliance.trust_anchor.run import TrustAnchorRun, open_store
from ansible_collections.certmend.tls.plugins.module_utils.appliance.trust_anchor.system_store import SystemStore
from ansible_collections.certmend.tls.plugins.module_utils.core.run import RunContext
from ansible_collections.certmend.tls.tests.support import mint
from ansible_collections.certmend.tls.tests.support.clock import FIXED
from ansible_collections.certmend.tls.tests.support.faults import Fault
from ansible_collections.certmend.tls.tests.support.run import PATH, arguments

ROOT = mint.authority("Root")
PARAMS = dict(
    path=None, content="", store="suse", keystore=None, name=None, state="present", allow_leaf=False, label=None, pending=False, backup=True, journal=None
)
#: a bundle of all the anchors
TOOL = 'cat "$0"/anchors/*.pem > "$0/bundle.pem" 2>/dev/null || : > "$0/bundle.pem"'


@pytest.fixture
def system(tmp_path, monkeypatch):
    (tmp_path / "anchors").mkdir()
    command = ("sh", "-c", TOOL, str(tmp_path))
    layout = Layout(str(tmp_path / "anchors"), ".pem", (".pem",), str(tmp_path / "bundle.pem"), command, command)
    monkeypatch.setitem(LAYOUTS, "suse", layout)
    return tmp_path


def params(**more):
    return {name: value for name, value in dict(PARAMS, **more).items() if value is not None}


def test_an_anchor_is_predicted_added_once_and_removed(system, run_module):
    predicted, made, again = (run_module("trust_anchor", params(content=ROOT.pem, name="lab"), check=check) for check in (True, False, False))
    assert predicted["changed"] and predicted["diff"] == made["diff"] and not again["changed"]
    assert predicted["added"] == made["added"] and made["added"][0]["pem"] == ROOT.pem and predicted["created_files"] == []
    assert made["created_files"] == [str(system / "anchors" / "lab.pem")] and made["store"] == str(system / "anchors") and made["backup_files"] == {}
    gone = run_module("trust_anchor", params(content=ROOT.pem, state="absent"))
    assert gone["changed"] and [anchor["subject"] for anchor in gone["removed"]] == ["CN=Root"] and (system / "bundle.pem").read_bytes() == b""


def put_back(made, run_module):
    """What a rollback asks for: the entries that the task created, and nothing else."""
    pems, entries = ([added[name] for added in made["added"]] for name in ("pem", "entry"))
    asked = params(content="".join(pems), entries=[entry for entry in entries if entry], state="absent")
    predicted, gone, again = (run_module("trust_anchor", asked, check=check) for check in (True, False, False))
    assert predicted["changed"] == gone["changed"] and predicted["diff"] == gone["diff"] and not again["changed"]
    return gone


def test_a_rollback_removes_what_the_task_created(system, run_module):
    predicted, made = (run_module("trust_anchor", params(content=ROOT.pem, name="lab"), check=check) for check in (True, False))
    assert [added["entry"] for added in made["added"]] == made["created_files"] and predicted["added"] == made["added"]
    assert put_back(made, run_module)["changed"] and not list((system / "anchors").iterdir())


def test_a_rollback_leaves_a_file_that_was_there_before(system, run_module):
    """Only the bundle lacked the certificate: an earlier run of somebody else was interrupted."""
    theirs = system / "anchors" / "theirs.pem"
    theirs.write_text(ROOT.pem, encoding="ascii")
    made = run_module("trust_anchor", params(content=ROOT.pem, name="lab"))
    assert made["changed"] and [added["entry"] for added in made["added"]] == [None] and made["created_files"] == []
    assert not put_back(made, run_module)["changed"] and theirs.read_text() == ROOT.pem


def test_a_rollback_leaves_the_same_certificate_in_a_file_that_came_later(system, run_module):
    made = run_module("trust_anchor", params(content=ROOT.pem, name="lab"))
    (system / "anchors" / "theirs.pem").write_text(ROOT.pem, encoding="ascii")
    assert put_back(made, run_module)["changed"]
    assert [path.name for path in (system / "anchors").iterdir()] == ["theirs.pem"] and (system / "bundle.pem").read_text() == ROOT.pem


#: the module with a layout whose command kills it, as a fuse that blows once
KILLED = (
    """
import sys
from ansible_collections.certmend.tls.plugins.module_utils.appliance.system_stores import LAYOUTS, Layout
folder, fuse = sys.argv[1:]
del sys.argv[1:]
command = ("sh", "-c", 'if rm "$1" 2>/dev/null; then kill -9 $PPID; exit; fi; ' + %r, folder, fuse)
LAYOUTS["suse"] = Layout(folder + "/anchors", ".pem", (".pem",), folder + "/bundle.pem", command, command)
from ansible_collections.certmend.tls.plugins.modules.trust_anchor import main
main()
"""
    % TOOL
)


@pytest.mark.parametrize("state", ["present", "absent"])
def test_a_run_that_was_killed_before_the_command_is_completed_by_the_next(system, run_module, state):
    if state == "absent":
        run_module("trust_anchor", params(content=ROOT.pem, name="lab"))
    fuse = system / "fuse"
    fuse.touch()
    command = [sys.executable, "-W", "ignore", "-c", KILLED, str(system), str(fuse)]
    ask = arguments("trust_anchor", params(content=ROOT.pem, name="lab", state=state), False)
    environment = dict(os.environ, PYTHONPATH=PATH, _ANSIBLE_MODULE_PROFILE="legacy")
    killed = subprocess.run(command, input=ask, env=environment, capture_output=True, text=True, check=False)
    assert killed.returncode == -9 and not fuse.exists(), killed.stderr
    asked = params(content=ROOT.pem, name="lab", state=state)
    predicted, made, again = (run_module("trust_anchor", asked, check=check) for check in (True, False, False))
    assert predicted["changed"] and made["changed"] and predicted["diff"] == made["diff"] and not again["changed"], made
    assert (system / "bundle.pem").read_text() == (ROOT.pem if state == "present" else "")


def test_a_run_that_fails_reports_the_anchors_that_it_read(run_module, monkeypatch):
    monkeypatch.setitem(LAYOUTS, "suse", Layout("/nowhere", "", ("",), "", (), ()))
    failed = run_module("trust_anchor", params(content=ROOT.pem))
    assert failed["failed"] and failed["store"] is None and failed["anchors"][0]["subject"] == "CN=Root" and failed["added"] == []


@pytest.mark.parametrize(
    "given, check, pending",
    [
        (dict(pending=True, label="x"), True, True),
        (dict(pending=True, label="x", path="/nowhere/ca.pem"), True, True),
        (dict(pending=True, label="x"), False, False),
        (dict(pending=False), True, False),
        (dict(pending=True, label="x", state="absent"), True, False),
    ],
)
def test_a_certificate_is_pending_if_the_playbook_says_so_in_check_mode(given, check, pending):
    run = TrustAnchorRun.from_params(dict(PARAMS, **given), RunContext(check, FIXED.now))
    assert run.pending is pending


def test_the_options_name_the_store(system):
    assert isinstance(open_store(Options.from_params(dict(PARAMS))), SystemStore)
    java = dict(PARAMS, store="java", keystore=dict(path="/ks", password_file=None))
    store = open_store(Options.from_params(java))
    assert isinstance(store, JavaStore) and store.path == "/ks"
    unused = Options.from_params(dict(java, store="suse"))
    assert unused.keystore is None, "a keystore counts only for the store java"


def held(system):
    """The file of the anchor, and the bundle."""
    return [path.read_bytes() if path.exists() else b"" for path in (system / "anchors" / "lab.pem", system / "bundle.pem")]


@pytest.mark.parametrize("state, other", [("present", "absent"), ("absent", "present")])
def test_an_exception_at_any_call_leaves_the_store_as_it_was_or_says_that_it_changed(state, other, system, run_module):
    asked = {one: params(content=ROOT.pem, name="lab" if one == "present" else None, state=one) for one in (state, other)}
    run_module("trust_anchor", asked[other])
    before, counter = held(system), Fault(inside="apply_all")
    assert counter.run(run_module, "trust_anchor", asked[state])["changed"] and counter.calls > 20
    for number in range(1, counter.calls + 1, counter.calls // 20):
        run_module("trust_anchor", asked[other])
        result = Fault(number, RecursionError("deep"), inside="apply_all").run(run_module, "trust_anchor", asked[state])
        assert (held(system) != before) is result["changed"], (number, result)
