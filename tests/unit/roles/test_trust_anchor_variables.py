# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the variables of the role trust_anchor do to real Java keystores. One run, a host for each case."""

from __future__ import annotations

import json
import shutil
import subprocess

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.appliance.keytool import JVM
from ansible_collections.certmend.tls.tests.support import mint
from ansible_collections.certmend.tls.tests.support.clock import REAL
from ansible_collections.certmend.tls.tests.support.role_cases import Cases

pytestmark = pytest.mark.skipif(not shutil.which("keytool"), reason="no Java here; tests/lab has one")
PASSWORD, SERVER = "correct-horse", "depot.corp.example"
ROOT, OTHER = (mint.authority(name, **REAL.days()) for name in ("Corp Root", "Other Root"))
LEAF = mint.mint(SERVER, dns=[SERVER], **REAL.days())
#: what a case sets besides the keystore, which trusts OTHER
CASES = {
    "named": {"trust_anchor_content": ROOT.pem, "trust_anchor_name": "corp-root", "trust_anchor_label": "the CA of the whole company"},
    "leaf": {"trust_anchor_content": LEAF.pem, "trust_anchor_allow_leaf": True, "trust_anchor_server": SERVER, "trust_anchor_state": "present"},
    "refused": {"trust_anchor_content": LEAF.pem, "trust_anchor_allow_leaf": False},
    "absent": {"trust_anchor_content": OTHER.pem, "trust_anchor_state": "absent"},
}
PENDING = {"trust_anchor_content": "", "trust_anchor_pending": True, "trust_anchor_label": "what is issued later"}


class Made:
    """The runs, and the keystores afterwards."""

    def __init__(self, folder):
        here = "{{ playbook_dir | dirname }}/hosts/{{ inventory_hostname }}"
        store = {"store": "java", "keystore": {"path": here + "/trusted.store", "password_file": here + "/password"}}
        self.hosts = Cases(folder, {name: {"trust_anchor_stores": [store], **given} for name, given in {**CASES, "pending": PENDING}.items()})
        first = self.hosts["pending"] / "trusted.store"
        self.keytool(first, "-importcert", "-noprompt", "-alias", "theirs", text=OTHER.pem)
        for name in (*CASES, "pending"):
            (self.hosts[name] / "password").write_text(PASSWORD + "\n", encoding="ascii")
            if name != "pending":
                shutil.copyfile(first, self.hosts[name] / "trusted.store")
        self.cases = self.hosts.run("role: trust_anchor", "--limit", ",".join(CASES))
        self.predicted = self.hosts.run("role: trust_anchor", "--limit", "pending", "--check")["pending"]

    @staticmethod
    def keytool(store, *arguments, text=None):
        command = ["keytool", *JVM, *arguments, "-keystore", str(store), "-storepass", PASSWORD]
        return subprocess.run(command, input=text, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout

    def listing(self, name):
        return self.keytool(self.hosts[name] / "trusted.store", "-list", "-v")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return Made(tmp_path_factory.mktemp("anchors") / "run")


def test_the_certificate_has_the_alias_that_is_named_and_the_diff_shows_the_label(made):
    listing = made.listing("named")
    assert "corp-root" in listing and "CN=Corp Root" in listing and "CN=Other Root" in listing
    assert "the CA of the whole company" in made.cases["named"].diffs and "CN=Corp Root" not in made.cases["named"].diffs


def test_a_server_certificate_is_trusted_on_request_only(made):
    assert not made.cases["leaf"].failure and "CN=" + SERVER in made.listing("leaf")
    assert "CN=" + SERVER in made.cases["refused"].failure and "CN=" + SERVER not in made.listing("refused")


def test_the_journal_notes_whose_certificate_it_is(made):
    (path,) = (made.hosts["leaf"] / "state").glob("certmend/journal/trust_anchor/journal.json")
    assert json.loads(path.read_text(encoding="utf-8"))["notes"]["servers"] == [{"name": SERVER, "pem": LEAF.pem}]


def test_a_certificate_that_shall_be_absent_is_removed(made):
    assert not made.cases["absent"].failure and "CN=Other Root" not in made.listing("absent")


def test_check_mode_predicts_a_certificate_that_is_issued_in_the_same_run(made):
    assert not made.predicted.failure and "what is issued later" in made.predicted.diffs and "CN=Other Root" in made.listing("pending")
