# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""cert_issue on a server whose CA has its private key elsewhere: what its journal says, and what is left if nobody signs."""

from __future__ import annotations

import pytest

from ansible_collections.certmend.tls.tests.support import mint
from ansible_collections.certmend.tls.tests.support.clock import REAL

FQDN = "vault.corp.example"
CA = mint.authority("Corp CA", **REAL.days())


class SignedElsewhere:
    """A server of which only the certificate of the CA is known, with a journal, and the signer that has the key."""

    def __init__(self, folder, run_module):
        self.folder, self._run = folder, run_module
        (folder / "tls").mkdir()
        self.opened = self.journal("opened")
        paths = {"private_key_path": str(folder / "tls" / "tls.key"), "certificate_path": str(folder / "tls" / "tls.pem")}
        self.options = {"fqdn": FQDN, "key_type": "EC", "signing_ca_content": CA.pem, "journal": self.opened["path"], "backup": False, **paths}

    def journal(self, state, **more):
        run = {"id": "me", "controller": "here/0", "process": "1-2-3"}
        result = self._run("journal", dict({"name": "tls", "folder": str(self.folder / "journals"), "run": run, "state": state}, **more))
        assert not result.get("failed"), result
        return result

    def ask(self, provider, **more):
        return self._run("cert_issue", {**self.options, "provider": provider, **more})

    def sign(self, csr):
        given = {"provider": "own_ca", "fqdn": FQDN, "request_content": csr, "as_requested": True}
        return self._run("cert_issue", {**given, "signing_ca_content": CA.pem, "signing_ca_private_key_content": CA.key_pem})["certificate"]["pem"]

    def files(self):
        return sorted(path.name for path in (self.folder / "tls").iterdir())


@pytest.fixture
def elsewhere(tmp_path, run_module):
    return SignedElsewhere(tmp_path, run_module)


def test_a_rollback_removes_the_key_of_a_request_that_nobody_signed(elsewhere):
    assert elsewhere.ask("csr")["csr"] and elsewhere.files() == ["tls.key.signing"]
    (listed,) = elsewhere.journal("listed", name=None)["journals"]
    assert listed["files"] == [str(elsewhere.folder / "tls" / "tls.key.signing")]
    elsewhere.journal("restored")
    assert elsewhere.files() == []


def test_the_key_that_waited_is_no_change_of_the_host_and_no_copy_of_it_is_kept(elsewhere):
    elsewhere.ask("own_ca", certificate_content=elsewhere.sign(elsewhere.ask("csr")["csr"]))
    assert elsewhere.files() == ["tls.key", "tls.pem"]
    key = (elsewhere.folder / "tls" / "tls.key").read_bytes()
    assert [path for path in (elsewhere.folder / "journals").rglob("*") if path.is_file() and path.read_bytes() == key] == []
    elsewhere.journal("proved")
    (listed,) = elsewhere.journal("listed", name=None)["journals"]
    assert listed["files"] == [elsewhere.options[name] for name in ("private_key_path", "certificate_path")]
    assert elsewhere.journal("restored")["left"] == [] and elsewhere.files() == []


def test_own_ca_needs_the_key_of_the_ca_or_what_it_has_signed(elsewhere):
    result = elsewhere.ask("own_ca")
    options = ("signing_ca_private_key_path", "signing_ca_private_key_content", "certificate_content")
    assert all(option in result["msg"] for option in options) and elsewhere.files() == []
