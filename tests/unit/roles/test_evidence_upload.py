# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The copy of a record on a web server: what is sent, with what, and what is said if it cannot be sent."""

from __future__ import annotations

import base64
import json

import pytest

from ansible_collections.certmend.tls.tests.support import mint
from ansible_collections.certmend.tls.tests.support.clock import REAL
from ansible_collections.certmend.tls.tests.support.depot_and_installer import estate_in
from ansible_collections.certmend.tls.tests.support.recorded_runs import GIVEN, attempts, changes, evidence, folder_of
from ansible_collections.certmend.tls.tests.support.uploads import store_in

FILES = ("record.json", "report.html", "junit.xml")
PASSWORD, TOKEN = "Evidence-Pw1", "Token-0815-4711"
ACCOUNT = {"evidence_url_username": "ops", "evidence_url_password": PASSWORD, "evidence_url_headers": {"X-Api-Key": "Key " + TOKEN}}


@pytest.fixture
def estate(tmp_path):
    with estate_in(tmp_path / "estate") as made:
        yield made


@pytest.fixture
def store(estate):
    with store_in(estate.controller) as made:
        yield made


def mapping(estate):
    """A run that changes the installer, and says at its end whether the copy is complete."""
    say = {"ansible.builtin.debug": {"msg": "is sent: {{ evidence_is_sent }}"}}
    return [evidence("begin"), changes(estate)[1], evidence("end"), {"hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": [say]}]


def is_secret_in(estate, output):
    """Whether a secret is in the output, or in a file of the record."""
    texts = [output] + [path.read_text(encoding="utf-8") for path in folder_of(estate).rglob("*") if path.is_file()]
    return any(secret in text for secret in (PASSWORD, TOKEN) for text in texts)


def test_the_files_are_sent_as_they_are_with_the_account_and_the_headers(estate, store):
    (estate.controller / "account.json").write_text(json.dumps(ACCOUNT), encoding="ascii")
    given = dict(GIVEN, evidence_url=store.url + "/", evidence_url_trusted_path="store-ca.pem")
    done = estate.playbook(mapping(estate), "-vvv", "-e", "@account.json", **given)
    assert done.returncode == 0, done.stdout
    folder = folder_of(estate)
    assert store.files == {"/records/%s/%s" % (folder.name, name): (folder / name).read_bytes() for name in FILES}
    account = "Basic " + base64.b64encode(("ops:" + PASSWORD).encode()).decode()
    assert [(sent["Authorization"], sent["X-Api-Key"]) for sent in store.headers] == [(account, "Key " + TOKEN)] * 3
    assert "copy of the record: %s/%s" % (store.url, folder.name) in done.stdout and "is sent: True" in done.stdout
    assert not is_secret_in(estate, done.stdout)


def test_a_run_that_fails_sends_its_record_too(estate, store):
    (estate["depot"] / "ignored").touch()
    given = dict(GIVEN, evidence_url=store.url, evidence_url_trusted_path="store-ca.pem")
    done = estate.playbook([evidence("begin"), *attempts(estate), changes(estate)[-1]], **given)
    (estate["depot"] / "ignored").unlink()
    assert done.returncode != 0 and estate.is_restored(), done.stdout
    sent = {path.rpartition("/")[2]: content for path, content in store.files.items()}
    assert json.loads(sent["record.json"])["outcome"] == "restored" and b"Rolled back" in sent["report.html"] and set(sent) == set(FILES)


#: what goes wrong, and the words for it
FAULTS = {
    "another CA": "certificate verify failed",
    "refused": "403",
    "gone": "refused",
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_copy_that_cannot_be_sent_is_reported_and_undoes_nothing(estate, store, fault):
    (estate.controller / "other-ca.pem").write_text(mint.conforming("Other CA", ca=True, **REAL.days()).pem, encoding="ascii")
    store.refuses = 403 if fault == "refused" else None
    url = "https://localhost:1/records" if fault == "gone" else store.url
    trusted = "other-ca.pem" if fault == "another CA" else "store-ca.pem"
    done = estate.playbook(mapping(estate), **GIVEN, evidence_url=url, evidence_url_trusted_path=trusted, **ACCOUNT)
    said = " ".join(done.stdout.split())
    assert done.returncode == 0 and estate.journals("installer") == ["proved"], done.stdout
    assert "WARNING: evidence_url: record.json, report.html, junit.xml could not be sent to %s/%s: " % (url, folder_of(estate).name) in said, done.stdout
    assert FAULTS[fault] in said and "is sent: False" in said and store.files == {} and not is_secret_in(estate, done.stdout), done.stdout
