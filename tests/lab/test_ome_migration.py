# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Dell's article on OME migrations from end to end: requests, a CA's signature, chains, uploads, and the two appliances trusting each other."""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import ssl

import pytest

from ansible_collections.certmend.tls.tests.support import mint
from ansible_collections.certmend.tls.tests.support.ome.chains import CLIENT, SERVER, purposes, usage

PLAYBOOK = "certmend.tls.ome_migration"
PASSWORD = "Lab-Ome-Pw7"
OLDEST = os.environ.get("LAB_OLDEST")
APPLIANCES = ("ome-source", "ome-target")


class Migration:
    """The two appliances, and what the operator has."""

    def __init__(self, estate, pki, folder):
        self.hosts = {name: estate[name] for name in APPLIANCES}
        self.pki, self.folder = pki, folder
        root, self.ca, self.ca_key = (folder / name for name in ("root.pem", "ca.pem", "ca.key"))
        root.write_text(pki.root.pem, encoding="ascii")
        self.ca.write_text(pki.two.pem + pki.one.pem, encoding="ascii")
        self.ca_key.write_text(pki.two.key_pem, encoding="ascii")
        self.known = {
            "ome_chain_folder": str(folder),
            "ome_chain_roots": [str(root)],
            "ome_chain_address": "{{ ansible_host }}",
            "ome_chain_username": "admin",
            "ome_chain_password": PASSWORD,
            "ome_chain_server_fingerprint": [self.fingerprint(name) for name in APPLIANCES],
            "ome_chain_snapshot_taken": True,
            "ome_chain_wait_timeout": 60,
        }

    def given(self, **more):
        own = {"ome_chain_ca_path": str(self.ca), "ome_chain_ca_private_key_path": str(self.ca_key)}
        return ["-e", json.dumps(dict(self.known, **dict(own, **more)))]

    def fingerprint(self, name):
        der = ssl.PEM_cert_to_DER_cert(ssl.get_server_certificate((self.hosts[name].address, 443)))
        return hashlib.sha256(der).hexdigest()

    def ask(self, name, method, path, **body):
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        connection = http.client.HTTPSConnection(self.hosts[name].address, context=context)
        connection.request(method, path, json.dumps(body))
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())

    def counts(self):
        return [self.ask(name, "GET", "/lab/state")[1] for name in APPLIANCES]

    def connect(self, one, other):
        """What the appliance itself answers when the connection is verified."""
        return self.ask(one, "POST", "/lab/verify_connection", host=self.hosts[other].address, port=8443)[0]


@pytest.fixture
def migration(estate, pki, tmp_path):
    return Migration(estate, pki, tmp_path)


def shown(run):
    """The diffs of both hosts, whose tasks run side by side."""
    return sorted((str(result["diff"]), result["host"]) for result in run.results if result["changed"] and result["diff"])


def idle(uploads, requests):
    return [{"uploads": uploads, "requests": requests, "sessions": 0}] * 2


def test_both_get_chains_of_one_ca_and_trust_each_other(migration, playbook):
    predicted = playbook(PLAYBOOK, "--check", "--diff", *migration.given())
    assert predicted.rc == 0 and migration.counts() == idle(0, 0), predicted.stdout
    made = playbook(PLAYBOOK, "--diff", "-vvv", *migration.given())
    assert made.rc == 0, made.stdout[-6000:]
    assert migration.counts() == idle(1, 1)
    assert shown(predicted) == shown(made) and len(shown(made)) == 6  # request, certificate, upload; twice
    assert "in a handshake of mutual TLS both authenticated each other" in made.stdout
    assert [migration.connect(*pair) for pair in (APPLIANCES, APPLIANCES[::-1])] == [200, 200]
    again = playbook(PLAYBOOK, "--diff", *migration.given())
    assert again.rc == 0 and again.changed == [] and migration.counts() == idle(1, 1), again.stdout
    assert playbook(PLAYBOOK, "--check", *migration.given()).changed == []
    assert not any(word in made.stdout for word in (PASSWORD, migration.pki.two.key_pem.splitlines()[2]))


def test_further_names_are_predicted_too(migration, playbook):
    assert playbook(PLAYBOOK, *migration.given()).rc == 0
    names = {"ome_chain_subject_alternative_names": ["{{ ome_chain_name }}", "{{ ansible_host }}"]}
    known = dict(names, ome_chain_verify_path=migration.known["ome_chain_roots"][0], ome_chain_server_fingerprint=None)
    asked = ["-e", json.dumps({name: value for name, value in json.loads(migration.given(**known)[1]).items() if value is not None})]
    predicted, made = playbook(PLAYBOOK, "--check", "--diff", *asked), playbook(PLAYBOOK, "--diff", *asked)
    assert predicted.rc == made.rc == 0, made.stdout[-3000:]
    assert shown(predicted) == shown(made) and len(shown(made)) == 6 and migration.counts() == idle(2, 2)
    assert playbook(PLAYBOOK, *asked).changed == [] and migration.connect(*APPLIANCES) == 200


def test_somebody_else_s_ca_is_waited_for(migration, playbook):
    without = dict(ome_chain_candidates=[str(migration.ca)])
    asked = ["-e", json.dumps(dict(migration.known, **without))]
    first = playbook(PLAYBOOK, *asked)
    assert first.rc == 0 and "Nothing was uploaded" in first.stdout and migration.counts() == idle(0, 1), first.stdout
    assert "nothing to prove yet" in first.stdout
    for name in APPLIANCES:
        fqdn = name + ".corp.example"
        request = mint.load_csr((migration.folder / (fqdn + ".csr")).read_bytes())
        extensions = [purposes(SERVER, CLIENT), usage()]
        signed = mint.sign(request, fqdn, migration.pki.two, extensions=extensions, dns=[fqdn], **migration.pki.days)
        (migration.folder / (fqdn + ".pem")).write_text(signed.pem, encoding="ascii")
    predicted, made = playbook(PLAYBOOK, "--check", "--diff", *asked), playbook(PLAYBOOK, "--diff", *asked)
    assert predicted.rc == made.rc == 0 and shown(predicted) == shown(made), made.stdout
    assert "Corp Root CA" in str(shown(made)) and migration.counts() == idle(1, 1)
    assert migration.connect(*APPLIANCES) == 200
    new = dict(migration.known, **without, ome_chain_new_request=True, ome_chain_verify_path=migration.known["ome_chain_roots"][0])
    del new["ome_chain_server_fingerprint"]
    again = playbook(PLAYBOOK, "-e", json.dumps(new))
    assert again.rc == 0 and "Nothing was uploaded" in again.stdout and migration.counts() == idle(1, 2), again.stdout


def test_without_a_snapshot_nothing_is_uploaded(migration, playbook):
    run = playbook(PLAYBOOK, *migration.given(ome_chain_snapshot_taken=False))
    assert run.rc != 0 and "can be rolled back only with a snapshot" in run.stdout and migration.counts() == idle(0, 1)


def test_a_chain_that_would_be_refused_is_not_uploaded(migration, playbook):
    path = migration.folder / "ome-source.corp.example.pem"
    given = migration.given()
    assert playbook(PLAYBOOK, *given).rc == 0
    path.write_text(migration.pki.leaf("ome-source.corp.example").pem, encoding="ascii")  # for another key, without the purposes
    asked = dict(migration.known, ome_chain_candidates=[str(migration.ca)], ome_chain_verify_path=migration.known["ome_chain_roots"][0])
    del asked["ome_chain_server_fingerprint"]  # the root vouches for both by now
    run = playbook(PLAYBOOK, "-e", json.dumps(asked))
    assert run.rc != 0 and migration.counts() == idle(1, 1), run.stdout
    for code in ("KEY-NOT-CSR", "USAGE-NO-CLIENT-AUTH", "USAGE-NO-KEY-ENCIPHERMENT"):
        assert code in run.stdout, run.stdout


@pytest.mark.parametrize("switches", [{"leaf_alone": True}, {"restart": 600}])
def test_an_upload_that_does_not_come_up_says_that_there_is_no_way_back(migration, playbook, switches):
    migration.ask("ome-source", "POST", "/lab/switches", **switches)
    run = playbook(PLAYBOOK, *migration.given(ome_chain_wait_timeout=2))
    assert run.rc != 0 and "Go back to the snapshot" in run.stdout, run.stdout


@pytest.mark.skipif(not OLDEST, reason="LAB_OLDEST names no environment with the oldest ansible-core")
def test_the_oldest_ansible_core_does_the_same(migration, playbook):
    program = OLDEST + "/ansible-playbook"
    predicted = playbook(PLAYBOOK, "--check", "--diff", *migration.given(), program=program)
    made = playbook(PLAYBOOK, "--diff", *migration.given(), program=program)
    assert predicted.rc == made.rc == 0, made.stdout[-3000:]
    assert shown(predicted) == shown(made) and migration.counts() == idle(1, 1)
    assert playbook(PLAYBOOK, *migration.given(), program=program).changed == []
