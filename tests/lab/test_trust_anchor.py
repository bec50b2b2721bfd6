# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Anchors in the installer's stores: the system's, and both Java keystores, with the real tools.

Three playbook runs for the file. Each has a task for each store and attempt, and the tests read what the tasks reported and what the stores held
before and after the run.
"""

from __future__ import annotations

import dataclasses
import json

import pytest

pytestmark = pytest.mark.hosts("depot", "installer", "web")
STORE = "/etc/vmware/vcf/commonsvcs/trusted_certificates.store"
PASSWORD = "/etc/vmware/vcf/commonsvcs/trusted_certificates.key"
STORES = {
    "appliance": {"store": "java", "keystore": {"path": STORE, "password_file": PASSWORD}},
    "cacerts": {"store": "java", "keystore": {"path": "/etc/alternatives/jre/lib/security/cacerts"}},
    "system": {"store": "auto"},
}
REFUSED = {
    "a wrong password": {"store": "java", "keystore": {"path": STORE, "password_file": "/etc/hostname"}},
    "no keystore": {"store": "java", "keystore": {"path": "/nowhere/ks"}},
    "no store": {"store": "redhat"},
}
SYSTEM_LISTING = """
rm -f /tmp/c*
awk '/BEGIN/ {n++} {print > ("/tmp/c" n)}' /etc/ssl/certs/ca-certificates.crt
for file in /tmp/c*; do openssl x509 -in $file -noout -fingerprint -sha256; done
"""


def tasks_for(stores, attempts, content="{{ ca }}", **more):
    """A task for each store and attempt, named after both; an attempt is what is added to the task."""
    return [
        {"name": "%s: %s" % (store, attempt), "certmend.tls.trust_anchor": dict(where, content=content, **more), **keywords}
        for store, where in stores.items()
        for attempt, keywords in attempts.items()
    ]


def fingerprints(estate, store):
    """What the store's own reader lists."""
    script = {
        "appliance": "keytool -list -keystore %s -storepass:file %s" % (STORE, PASSWORD),
        "cacerts": "keytool -list -cacerts -storepass changeit",
        "system": SYSTEM_LISTING,
    }[store]
    return estate["installer"].run("sh", "-c", script).stdout


def ours(estate):
    """The fingerprint of the lab's CA, as openssl prints it."""
    command = "openssl x509 -noout -fingerprint -sha256"
    return estate["web"].run("sh", "-c", command, text=estate.ca.read_text()).stdout.strip().partition("=")[2]


@dataclasses.dataclass
class Result:
    """A run, and what the installer's stores were before and after it."""

    run: object
    listings: dict
    sums: list
    attributes: str

    def task(self, name):
        (result,) = self.run.of(name)
        return result


@pytest.fixture(scope="module")
def play(fresh_estate, playbook):
    """play(tasks) -> Result"""
    installer = fresh_estate["installer"]

    def checksum():
        return installer.run("sha256sum", STORE).stdout

    def run(tasks):
        known = {"ca": fresh_estate.ca.read_text(), "leaf": fresh_estate["depot"].read("/etc/nginx/tls/depot.pem")}
        plays = [{"hosts": "installers", "become": True, "gather_facts": False, "vars": known, "tasks": tasks}]
        before = checksum()
        done = playbook(json.dumps(plays) + "\n", "--diff")
        assert done.rc == 0, done.stdout
        listings = {store: fingerprints(fresh_estate, store) for store in STORES}
        return Result(done, listings, [before, checksum()], installer.run("stat", "-c", "%a %U:%G", STORE).stdout.strip())

    return run


@pytest.fixture(scope="module")
def refused(fresh_estate, play):
    """What must not change a keystore that has the CA already, under another alias."""
    installer = fresh_estate["installer"]
    installer.write("/tmp/ca.pem", fresh_estate.ca.read_text())
    installer.run(*("keytool -importcert -noprompt -alias Somebody -file /tmp/ca.pem -keystore %s -storepass:file %s" % (STORE, PASSWORD)).split())
    appliance = {"appliance": STORES["appliance"]}
    tasks = tasks_for(REFUSED, {"refused": {"ignore_errors": True}}) + tasks_for(appliance, {"a leaf": {"ignore_errors": True}}, content="{{ leaf }}")
    result = play([*tasks, *tasks_for(appliance, {"another alias": {}})])
    installer.run(*("keytool -delete -alias Somebody -keystore %s -storepass:file %s" % (STORE, PASSWORD)).split())
    return result


@pytest.fixture(scope="module")
def added(fresh_estate, play, refused):
    """The CA predicted, added and added again, to each store; the keystore's attributes are the appliance's own."""
    fresh_estate["installer"].run("sh", "-c", "chmod 640 %s; chown root:vcf %s" % (STORE, STORE))
    return play(tasks_for(STORES, {"predicted": {"check_mode": True}, "added": {}, "again": {}}))


@pytest.fixture(scope="module")
def removed(play, added):
    """The CA taken out again, and again, of each store; and a leaf added to one."""
    tasks = tasks_for(STORES, {"absent": {}, "absent already": {}}, state="absent")
    return play(tasks + tasks_for({"appliance": STORES["appliance"]}, {"a leaf": {}}, content="{{ leaf }}", allow_leaf=True))


@pytest.mark.parametrize("store", STORES)
def test_an_anchor_is_predicted_added_once_and_taken_out_again(fresh_estate, added, removed, store):
    predicted, made, again = (added.task("%s: %s" % (store, attempt)) for attempt in ("predicted", "added", "again"))
    assert predicted["diff"] == made["diff"] and ours(fresh_estate) in str(made["diff"])
    assert (predicted["changed"], made["changed"], again["changed"]) == (True, True, False)
    assert ours(fresh_estate) in added.listings[store]
    assert [removed.task("%s: %s" % (store, attempt))["changed"] for attempt in ("absent", "absent already")] == [True, False]
    assert ours(fresh_estate) not in removed.listings[store]


def test_the_same_certificate_under_another_alias_is_not_added_again(refused):
    assert not refused.task("appliance: another alias")["changed"]


def test_a_wrong_keystore_password_names_the_option_and_changes_nothing(refused):
    told = refused.task("a wrong password: refused")
    assert told["status"] == "ignored" and "keystore.password_file (/etc/hostname): wrong password for the keystore" in told["msg"]
    assert refused.sums[0] == refused.sums[1]


@pytest.mark.parametrize(
    "store, words",
    [
        ("no keystore", "keystore.path: /nowhere/ks cannot be read: No such file or directory"),
        ("no store", "store: /etc/pki/ca-trust/source/anchors does not exist"),
    ],
)
def test_a_store_that_is_not_there_is_told(refused, store, words):
    told = refused.task(store + ": refused")
    assert told["status"] == "ignored" and words in told["msg"]


def test_a_leaf_is_refused_as_an_anchor_unless_it_is_asked_for(refused, removed):
    told = refused.task("appliance: a leaf")
    assert told["status"] == "ignored" and "content: CN=10.77.0.10 is not a CA" in told["msg"]
    assert refused.run.changed == []
    assert removed.task("appliance: a leaf")["status"] == "ok"


def test_mode_and_owner_of_a_keystore_are_kept(added):
    assert added.attributes == "640 root:vcf"
