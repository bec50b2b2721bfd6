# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Dell's article on OME migrations from end to end: requests, a CA's signature, chains, uploads, and the two appliances trusting each other.

What happens to appliances that have their chains already is one story, whose runs several tests read.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import ssl
import typing

import pytest
from conftest import Trio

from ansible_collections.certmend.tls.tests.support import mint
from ansible_collections.certmend.tls.tests.support.ome.chains import CLIENT, SERVER, purposes, usage

pytestmark = pytest.mark.hosts("ome-source", "ome-target")
PLAYBOOK = "certmend.tls.ome_migration"
PASSWORD = "Lab-Ome-Pw7"
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
            "ome_chain_trusted_path": [str(root)],
            "ome_chain_username": "admin",
            "ome_chain_password": PASSWORD,
            "ome_chain_server_fingerprint": [self.fingerprint(name) for name in APPLIANCES],
            "ome_chain_snapshot_taken": True,
            "ome_chain_wait_timeout": 60,
        }

    def given(self, **more):
        own = {"ome_chain_signing_ca_path": str(self.ca), "ome_chain_signing_ca_private_key_path": str(self.ca_key)}
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

    def answer(self, name, ca):
        """Put the certificate of a CA that is not the operator's own in the folder."""
        fqdn = name + ".corp.example"
        request = mint.load_csr((self.folder / (fqdn + ".csr")).read_bytes())
        signed = mint.sign(request, fqdn, ca, extensions=[purposes(SERVER, CLIENT), usage()], dns=[fqdn], **self.pki.days)
        (self.folder / (fqdn + ".pem")).write_text(signed.pem, encoding="ascii")

    def connect(self, one, other):
        """What the appliance itself answers when the connection is verified."""
        return self.ask(one, "POST", "/lab/verify_connection", host=self.hosts[other].address, port=8443)[0]


@pytest.fixture
def migration(estate, pki, tmp_path):
    return Migration(estate, pki, tmp_path)


def side_by_side(run):
    """The diffs of both hosts, whose tasks run side by side."""
    return sorted((str(diff), host) for host, diff in run.shown)


def idle(uploads, requests):
    return [{"uploads": uploads, "requests": requests, "sessions": 0}] * 2


class Story(typing.NamedTuple):
    """Runs on two appliances, one after another, and what the appliances had counted after each of them."""

    migration: Migration
    runs: dict
    counts: dict
    connections: dict

    def trio(self, *names):
        return Trio(*(self.runs[name] for name in names))


@pytest.fixture(scope="module")
def story(fresh_estate, shared_pki, playbook, tmp_path_factory):
    """Both get their chains; a chain that would be refused; then chains with further names."""
    folder = tmp_path_factory.mktemp("ome")
    told = Story(Migration(fresh_estate, shared_pki, folder), {}, {}, {})
    migration = told.migration

    def run(name, *arguments):
        told.runs[name] = playbook(PLAYBOOK, "--diff", *arguments)
        told.counts[name] = migration.counts()

    def connected(name):
        told.connections[name] = [migration.connect(*pair) for pair in (APPLIANCES, APPLIANCES[::-1])]

    run("check", "--check", *migration.given())
    run("run", "-vvv", *migration.given())
    connected("run")
    run("again", *migration.given())
    run("check again", "--check", *migration.given())

    asked = dict(migration.known, ome_chain_candidates_path=[str(migration.ca)], ome_chain_api_trusted_path=migration.known["ome_chain_trusted_path"][0])
    del asked["ome_chain_server_fingerprint"]  # the root vouches for both by now
    path = folder / "ome-source.corp.example.pem"
    kept = path.read_text(encoding="ascii")
    path.write_text(shared_pki.leaf("ome-source.corp.example").pem, encoding="ascii")  # for another key, without the purposes
    run("refused", "-e", json.dumps(asked))
    path.write_text(kept, encoding="ascii")

    names = {"ome_chain_subject_alternative_names": ["{{ fqdn }}", "{{ ansible_host }}"], "ome_migration_target": "ome-source"}
    known = dict(names, ome_chain_api_trusted_path=migration.known["ome_chain_trusted_path"][0], ome_chain_server_fingerprint=None)
    named = ["-e", json.dumps({name: value for name, value in json.loads(migration.given(**known)[1]).items() if value is not None})]
    run("names: check", "--check", *named)
    run("names: run", *named)
    run("names: again", *named)
    connected("names: run")
    return told


def test_both_get_chains_of_one_ca_and_trust_each_other(story):
    check, run, again = story.trio("check", "run", "again")
    assert check.rc == 0 and story.counts["check"] == idle(0, 0), check.stdout
    assert run.rc == 0, run.stdout[-6000:]
    assert story.counts["run"] == idle(1, 1)
    assert side_by_side(check) == side_by_side(run) and len(run.shown) == 6  # request, certificate, upload; twice
    assert "in a handshake of mutual TLS both authenticated each other" in run.stdout
    assert story.connections["run"] == [200, 200]
    for name in APPLIANCES:
        for words in ("from the controller: %s.corp.example:443, anchor CN=Corp Root CA", "go back to the snapshot of the virtual machine %s"):
            assert words % name in run.stdout, words % name
    assert "start the migration on the target" in run.stdout
    assert not [line for done in (check, again) for line in done.stdout.splitlines() if "undo:" in line and "snapshot" in line]
    assert again.rc == 0 and again.changed == [] and story.counts["again"] == idle(1, 1), again.stdout
    assert story.runs["check again"].changed == []
    assert not any(word in run.stdout for word in (PASSWORD, story.migration.pki.two.key_pem.splitlines()[2]))


def test_the_target_has_its_chain_first_whichever_appliance_that_is(story):
    uploads = [story.runs[name].of("Upload the certificate, and wait until it is served") for name in ("run", "names: run")]
    assert [[result["host"] for result in results if result["changed"]] for results in uploads] == [["ome-target", "ome-source"], ["ome-source", "ome-target"]]


def test_a_chain_that_would_be_refused_is_not_uploaded(story):
    run = story.runs["refused"]
    assert run.rc != 0 and story.counts["refused"] == idle(1, 1), run.stdout
    for code in ("KEY-NOT-CSR", "USAGE-NO-CLIENT-AUTH", "USAGE-NO-KEY-ENCIPHERMENT"):
        assert code in run.stdout, run.stdout


def test_further_names_are_predicted_too(story):
    check, run, again = story.trio("names: check", "names: run", "names: again")
    assert check.rc == run.rc == 0, run.stdout[-3000:]
    assert side_by_side(check) == side_by_side(run) and len(run.shown) == 6 and story.counts["names: run"] == idle(2, 2)
    assert again.changed == [] and story.connections["names: run"][0] == 200


def test_somebody_else_s_ca_is_waited_for(migration, playbook):
    without = dict(ome_chain_candidates_path=[str(migration.ca)])
    asked = ["-e", json.dumps(dict(migration.known, **without))]
    first = playbook(PLAYBOOK, *asked)
    assert first.rc == 0 and "Nothing was uploaded" in first.stdout and migration.counts() == idle(0, 1), first.stdout
    assert "nothing to prove yet" in first.stdout
    migration.answer("ome-source", migration.pki.two)
    held = playbook(PLAYBOOK, *asked, "-e", "certmend_language=fr")
    assert held.rc == 0 and migration.counts() == idle(0, 1), held.stdout
    assert "celui de ome-target manque. Rien n'a été téléchargé" in str(held.on("ome-source")) and "faites signer" in str(held.on("ome-target"))
    migration.answer("ome-target", migration.pki.two)
    check, run = playbook(PLAYBOOK, "--check", "--diff", *asked), playbook(PLAYBOOK, "--diff", *asked)
    assert check.rc == run.rc == 0 and side_by_side(check) == side_by_side(run), run.stdout
    assert "Corp Root CA" in str(run.shown) and migration.counts() == idle(1, 1)
    assert migration.connect(*APPLIANCES) == 200
    new = dict(migration.known, **without, ome_chain_new_request=True, ome_chain_api_trusted_path=migration.known["ome_chain_trusted_path"][0])
    del new["ome_chain_server_fingerprint"]
    again = playbook(PLAYBOOK, "-e", json.dumps(new))
    assert again.rc == 0 and "Nothing was uploaded" in again.stdout and migration.counts() == idle(1, 2), again.stdout


def test_without_a_snapshot_nothing_is_requested_or_uploaded(migration, playbook):
    run = playbook(PLAYBOOK, *migration.given(ome_chain_snapshot_taken=False))
    assert run.rc != 0 and migration.counts() == idle(0, 0), run.stdout
    for name in APPLIANCES:
        assert "ome_chain_snapshot_taken: is not true" in run.failure(name) and "can be rolled back only with a snapshot" in run.failure(name)


def per_host(**values):
    """A variable that each appliance has a value of its own for."""
    cases = " else ".join("%r if inventory_hostname == %r" % (value, name.replace("_", "-")) for name, value in values.items())
    return "{{ %s else omit }}" % cases


def test_cas_that_differ_are_refused_before_anything_is_uploaded(migration, playbook):
    """The table of the article: the source's certificate by one intermediate, the target's by another one."""
    asked = dict(migration.known, ome_chain_candidates_path=[str(migration.ca)])
    assert playbook(PLAYBOOK, "-e", json.dumps(asked)).rc == 0
    migration.answer("ome-source", migration.pki.one)
    migration.answer("ome-target", migration.pki.two)
    runs = [playbook(PLAYBOOK, *mode, "-e", json.dumps(asked)) for mode in (["--check"], [])]
    french = playbook(PLAYBOOK, "--check", "-e", json.dumps(dict(asked, certmend_language="fr")))
    assert migration.counts() == idle(0, 1)
    for run in (*runs, french):
        assert run.rc != 0 and "Unknown error" not in run.stdout and all(run.failure(name).count("\n") < 5 for name in APPLIANCES), run.stdout
        assert len(run.stdout.splitlines()) < 150, run.stdout
    for name in APPLIANCES:
        for run in runs:
            assert "CHAIN-PEER-DIFFERS: level 0: issued by" in run.failure(name) and "Nothing was changed on any appliance." in run.failure(name)
        assert "CHAIN-PEER-DIFFERS: niveau 0 : Émis par" in french.failure(name) and "Rien n'a été modifié, sur aucune appliance." in french.failure(name)


@pytest.mark.reliability(
    "the plan cannot work",
    playbooks=["ome_migration"],
    afterwards="chains that the appliances would refuse stop the run before the first request",
)
def test_own_cas_that_differ_are_refused_before_the_first_request(migration, playbook):
    one, key = migration.folder / "one.pem", migration.folder / "one.key"
    one.write_text(migration.pki.one.pem, encoding="ascii")
    key.write_text(migration.pki.one.key_pem, encoding="ascii")
    cas = {
        "ome_chain_signing_ca_path": per_host(ome_source=str(one), ome_target=str(migration.ca)),
        "ome_chain_signing_ca_private_key_path": per_host(ome_source=str(key), ome_target=str(migration.ca_key)),
    }
    run = playbook(PLAYBOOK, *migration.given(**cas))
    assert run.rc != 0 and migration.counts() == idle(0, 0), run.stdout
    assert all("CHAIN-PEER-DIFFERS" in run.failure(name) for name in APPLIANCES), run.stdout


@pytest.mark.reliability(
    "a host that verifies cannot be reached",
    playbooks=["ome_migration"],
    afterwards="reported with everything else that is wrong, before the first request",
)
def test_what_is_wrong_with_either_appliance_is_reported_at_once(migration, playbook):
    """A password, a root and a CA key on one side, a fingerprint and an address on the other."""
    nowhere = str(migration.folder / "nowhere")
    wrong = {
        "ome_chain_password": per_host(ome_source="Another-Pw", ome_target=PASSWORD),
        "ome_chain_trusted_path": per_host(ome_source=[nowhere + ".pem"], ome_target=migration.known["ome_chain_trusted_path"]),
        "ome_chain_signing_ca_private_key_path": per_host(ome_source=nowhere + ".key", ome_target=str(migration.ca_key)),
        "ome_chain_server_fingerprint": per_host(ome_source=[migration.fingerprint("ome-source")], ome_target=["00" * 32]),
    }
    run = playbook(PLAYBOOK, *migration.given(**wrong))
    source, target = (run.failure(name) for name in APPLIANCES)
    assert all(
        words in source for words in ("Check username and password", "ome_chain_trusted_path: " + nowhere, "ome_chain_signing_ca_private_key_path: " + nowhere)
    ), source
    assert source.count("\n") == 3 and target.count("\n") == 1, (source, target)
    assert "ome_chain_server_fingerprint: ome-target" in target and "Compare the fingerprint on the console of the appliance" in target, target
    wrong = {
        "ome_chain_folder": per_host(ome_source=nowhere, ome_target=str(migration.folder)),
        "ome_chain_port": per_host(ome_source=443, ome_target=9),
        "ome_chain_valid_days": 20,
    }
    run = playbook(PLAYBOOK, "--check", *migration.given(**wrong))
    source, target = (run.failure(name) for name in APPLIANCES)
    assert (
        "ome_chain_folder: " + nowhere in source
        and "Connection refused. Check hostname, port" in target
        and all("ome_chain_valid_days (20) is not greater" in said for said in (source, target))
    ), run.stdout
    limited = playbook(PLAYBOOK, "--limit", "ome-source", *migration.given())
    assert limited.rc != 0 and "run without --limit" in str(limited.failure("ome-source")) and migration.counts() == idle(0, 0)


@pytest.mark.reliability(
    "a host is lost in the middle",
    playbooks=["ome_migration"],
    afterwards="nothing is uploaded to the other appliance",
)
def test_an_appliance_that_fails_before_the_uploads_stops_the_other(migration, playbook):
    migration.ask("ome-source", "POST", "/lab/switches", failing=True)
    run = playbook(PLAYBOOK, *migration.given())
    assert run.rc != 0 and [counts["uploads"] for counts in migration.counts()] == [0, 0], run.stdout
    assert "refuses GenerateCSR (status 500)" in run.failure("ome-source")
    assert "ome-target: nothing was uploaded, because ome-source failed" in run.failure("ome-target")


@pytest.mark.parametrize("switch", [{"restart": 600}, {"leaf_alone": True}], ids=["does not come back", "serves the leaf alone"])
@pytest.mark.reliability(
    "the last step fails",
    "the proof fails",
    "the reload hangs",
    playbooks=["ome_migration"],
    afterwards="nothing is uploaded to the source; the message says which appliance has to go back to its snapshot",
)
def test_an_upload_that_fails_on_the_target_leaves_the_source_untouched(switch, migration, playbook):
    migration.ask("ome-target", "POST", "/lab/switches", **switch)
    run = playbook(PLAYBOOK, *migration.given(ome_chain_wait_timeout=2))
    said = run.failure("ome-target")
    assert run.rc != 0 and migration.ask("ome-source", "GET", "/lab/state")[1]["uploads"] == 0, run.stdout
    assert "ome-target: a new certificate was uploaded in this run" in said and "the way back is the snapshot" in said and said.count("\n") < 5, said
    assert "ome-source: nothing was uploaded in this run" in said and ("does not serve" in said or "refuses it" in said), said
    assert "Go back to the snapshot" in run.stdout and "BEGIN CERTIFICATE" not in run.stdout, run.stdout
    assert "rollback FAILED" not in run.stdout and "from their backups" not in run.stdout, "the appliance has deleted its key"
    assert all(len(line) < 2000 for line in run.stdout.splitlines()), "a result that failed has no lists of certificates"


@pytest.mark.everything
def test_the_oldest_ansible_core_does_the_same(migration, playbook, oldest):
    check = playbook(PLAYBOOK, "--check", "--diff", *migration.given(), program=oldest)
    run = playbook(PLAYBOOK, "--diff", *migration.given(), program=oldest)
    assert check.rc == run.rc == 0, run.stdout[-3000:]
    assert side_by_side(check) == side_by_side(run) and migration.counts() == idle(1, 1)
    assert playbook(PLAYBOOK, *migration.given(), program=oldest).changed == []
