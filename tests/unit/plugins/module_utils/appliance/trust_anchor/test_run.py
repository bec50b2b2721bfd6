# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A run of the system store: predicted, made once, rolled back, and reported at whatever point it ended."""

from __future__ import annotations

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.appliance.system_stores import LAYOUTS, Layout
from ansible_collections.certmend.tls.plugins.module_utils.appliance.trust_anchor.java_store import JavaStore
from ansible_collections.certmend.tls.plugins.module_utils.appliance.trust_anchor.options import Options
from ansible_collections.certmend.tls.plugins.module_utils.appliance.trust_anchor.run import TrustAnchorRun, open_store
from ansible_collections.certmend.tls.plugins.module_utils.appliance.trust_anchor.system_store import SystemStore
from ansible_collections.certmend.tls.plugins.module_utils.core.run import RunContext
from ansible_collections.certmend.tls.tests.support import mint
from ansible_collections.certmend.tls.tests.support.clock import FIXED

ROOT = mint.authority("Root")
PARAMS = dict(path=None, content="", store="suse", keystore=None, name=None, state="present", allow_leaf=False, label=None, pending=False, backup=True)
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
