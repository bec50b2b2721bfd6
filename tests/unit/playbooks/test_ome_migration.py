# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbook ome_migration as an operator runs it: answers of a survey, relative paths, wrong values, and ``--limit``."""

from __future__ import annotations

import contextlib
import hashlib
import json
from typing import Dict, List, NamedTuple

import pytest
from cryptography.hazmat.primitives import serialization

from ansible_collections.certmend.tls.plugins.plugin_utils.descriptions import described
from ansible_collections.certmend.tls.tests.support import mint
from ansible_collections.certmend.tls.tests.support.clock import REAL
from ansible_collections.certmend.tls.tests.support.ome.chains import Cas
from ansible_collections.certmend.tls.tests.support.ome.server import ACCOUNT, Ome
from ansible_collections.certmend.tls.tests.support.role_cases import Case, Cases

PLAYBOOK = "certmend.tls.ome_migration"
APPLIANCES = ("ome-source", "ome-target")
PASSPHRASE = "Ca-Key-Pw1!"
#: what an inventory may say, of localhost too: nobody can log in anywhere
NO_LOGIN = {"ansible_connection": "ssh", "ansible_python_interpreter": "/no/such/python", "ansible_become": True, "ansible_become_method": "no_such_method"}
#: questions of a survey that nobody answered
UNANSWERED = [
    "certmend_language",
    "ome_chain_address",
    "ome_chain_api_trusted_content",
    "ome_chain_api_trusted_path",
    "ome_chain_candidates_content",
    "ome_chain_candidates_path",
    "ome_chain_certificate_path",
    "ome_chain_compare",
    "ome_chain_hostname",
    "ome_chain_language",
    "ome_chain_name",
    "ome_chain_new_request",
    "ome_chain_one_at_a_time",
    "ome_chain_peer_path",
    "ome_chain_port",
    "ome_chain_signing_ca_content",
    "ome_chain_signing_ca_private_key_content",
    "ome_chain_trusted_content",
    "ome_chain_upload",
    "ome_chain_validate_certs",
    "ome_migration_appliances",
    "ome_migration_target",
]


DESCRIPTION = described("ome_migration")


def fqdn(name):
    return name + ".corp.example"


def wrong(option):
    """A value that a variable cannot have."""
    if option.get("choices"):
        return "wrong"
    if option["type"] == "list":
        return [{"a": 1}]
    return {"int": "abc", "float": "5s", "bool": "maybe", "dict": "CN"}.get(option["type"], {"a": 1})


class Run(NamedTuple):
    """What a run reported, and what the appliances had counted after it."""

    cases: Dict[str, Case]
    failure: str
    output: str
    uploads: List[int]
    requests: List[int]


class Estate:
    """Two appliances, what the operator has, and the runs by their names."""

    def __init__(self, folder, appliances):
        self.appliances, self.cas, self.runs = appliances, Cas(REAL), {}
        own = {"ansible_host": "127.0.0.1", "ome_chain_username": ACCOUNT[0], "ome_chain_password": ACCOUNT[1], **NO_LOGIN}
        hosts = {name: {**own, "fqdn": fqdn(name), "tls_port": str(ome.port)} for name, ome in appliances.items()}
        hosts["ome-source"]["ome_chain_subject_alternative_names"] = "%s\n127.0.0.1\n" % fqdn("ome-source")
        self.hosts = Cases(folder, {**hosts, "other": {}, "localhost": NO_LOGIN})
        self.hosts.inventory["all"]["children"] = {"omes": {"hosts": dict.fromkeys(APPLIANCES)}}
        self.hosts.give("other", **NO_LOGIN)
        for name in ("localhost", "other", *APPLIANCES):
            (self.hosts[name] / "lost").touch()
        self.write("root.pem", self.cas.root.pem.encode())
        self.write("certificates/ca.pem", self.cas.one.pem.encode())
        self.write("ca.key", mint.key_pem(self.cas.one.key, PASSPHRASE).encode())
        self.write("roots/root.der", self.cas.root.der)

    def write(self, name, data):
        path = self.hosts.controller / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)

    def fingerprints(self):
        ders = [ome.certificates[0].public_bytes(serialization.Encoding.DER) for ome in self.appliances.values()]
        return [hashlib.sha256(der).hexdigest() for der in ders]

    def answers(self):
        """As AWX sends them: texts."""
        return {
            **dict.fromkeys(UNANSWERED, ""),
            "ome_chain_folder": "certificates",
            "ome_chain_trusted_path": "root.pem\n",
            "ome_chain_signing_ca_path": "certificates/ca.pem",
            "ome_chain_signing_ca_private_key_path": "ca.key",
            "ome_chain_signing_ca_private_key_passphrase": PASSPHRASE,
            "ome_chain_server_fingerprint": "\n".join(self.fingerprints()),
            "ome_chain_subject": '{"business_name": "Example Corporation", "country": "DE"}',
            "ome_chain_snapshot_taken": "true",
            "ome_chain_valid_days": "60",
            "ome_chain_wait_timeout": "60",
        }

    def old_names(self):
        """The names of former releases, and CA certificates as text, in another form, and in a folder."""
        return {
            "ome_chain_folder": "certificates",
            "ome_chain_roots": ["root.pem"],
            "ome_chain_candidates": "certificates/ca.pem",
            "ome_chain_verify_path": "roots",
            "ome_chain_ca_content": self.cas.one.pem,
            "ome_chain_ca_private_key_content": mint.key_pem(self.cas.one.key, PASSPHRASE),
            "ome_chain_ca_private_key_passphrase": PASSPHRASE,
            "ome_chain_subject": {"business_name": "Example Corporation", "country": "DE"},
            "ome_chain_snapshot_taken": True,
            "ome_migration_one_at_a_time": "no",
        }

    def run(self, name, given, *arguments):
        (self.hosts.controller / "answers.json").write_text(json.dumps(given), encoding="utf-8")
        cases = self.hosts.run(PLAYBOOK, "-e", "@answers.json", *arguments)
        failures = " ".join(case.failure for case in cases.values()).strip()
        counted = [ome.uploads for ome in self.appliances.values()], [ome.requests for ome in self.appliances.values()]
        self.runs[name] = Run(cases, failures, self.hosts.output, *counted)

    def failure(self, name):
        """The message with which a run failed, before anything was done."""
        run = self.runs[name]
        assert run.failure and run.uploads == run.requests == [0, 0], run.output
        assert not [words for words in ("Traceback", "Unexpected Exception", "HostVars") if words in run.output], run.output
        return run.failure


@pytest.fixture(scope="module")
def estate(tmp_path_factory):
    with contextlib.ExitStack() as stack:
        made = Estate(tmp_path_factory.mktemp("migration") / "run", {name: stack.enter_context(Ome(fqdn(name))) for name in APPLIANCES})
        answers = made.answers()
        values = {name: wrong(option) for name, option in DESCRIPTION.options.items() if name not in ("ome_migration_appliances", "ansible_host")}
        made.run("wrong", {**values, "ome_chain_rots": "root.pem", "ome_chain_preflight_done": True})
        made.run("pattern", {**answers, "ome_migration_appliances": ["ome-source"]})
        made.run("missing", {**answers, "ome_chain_folder": "", "ome_migration_target": "other"})
        made.run("one", answers, "--limit", "ome-source")
        made.run("none", answers, "--limit", "other")
        made.run("asked", answers)
        made.run("again", made.old_names())
        yield made


@pytest.mark.parametrize("name", sorted(set(DESCRIPTION.options) - {"ome_migration_appliances", "ansible_host"}))
def test_a_wrong_value_of_any_variable_is_named_before_anything_is_done(name, estate):
    assert "%s: " % name in estate.failure("wrong")


def test_a_variable_that_does_not_exist_or_belongs_to_the_playbook_is_refused(estate):
    said = estate.failure("wrong")
    assert "ome_chain_rots: there is no such variable." in said and "ome_chain_preflight_done: it is set by the playbook itself." in said


def test_a_wrong_pattern_and_a_wrong_target_are_named_too(estate):
    assert "ome_migration_appliances: a migration has two appliances" in estate.failure("pattern")
    said = estate.failure("missing")
    assert "ome_migration_target: 'other' is not one of ome-source, ome-target." in said and "ome_chain_folder: it is required, and not set." in said


def test_one_appliance_alone_is_refused_with_the_reason(estate):
    assert "within --limit there are 1 (ome-source)" in estate.failure("one")
    assert "within --limit there are 0" in estate.failure("none")


def test_answers_of_a_survey_and_relative_paths_are_accepted_and_nobody_logs_in(estate):
    run = estate.runs["asked"]
    assert not run.failure and run.uploads == [1, 1], run.output
    made = {path.name for path in (estate.hosts.controller / "certificates").iterdir()}
    assert {fqdn(name) + end for name in APPLIANCES for end in (".csr", ".pem")} <= made
    for name, ome in estate.appliances.items():
        assert ome.certificates[1:] == [estate.cas.one.x509, estate.cas.root.x509]
        assert {part.value for part in ome.certificates[0].subject} == {fqdn(name), "Example Corporation", "DE"}
        assert "in a handshake of mutual TLS both authenticated each other" in run.cases[name].said


def test_the_old_names_still_count_and_a_second_run_changes_nothing(estate):
    run = estate.runs["again"]
    assert not run.failure and (run.uploads, run.requests) == ([1, 1], [1, 1]), run.output
    assert not any(run.cases[name].changed for name in APPLIANCES), run.output
    for old in set(estate.old_names()) & set(DESCRIPTION.renamed):
        assert "%s is the old name of %s" % (old, DESCRIPTION.renamed[old]) in " ".join(run.output.split())
