# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Anchors in the installer's stores: the system's, and both Java keystores, with the real tools."""

from __future__ import annotations

import pytest

STORE = "/etc/vmware/vcf/commonsvcs/trusted_certificates.store"
PASSWORD = "/etc/vmware/vcf/commonsvcs/trusted_certificates.key"
STORES = {
    "appliance": "store: java\n        keystore: {path: %s, password_file: %s}" % (STORE, PASSWORD),
    "cacerts": "store: java\n        keystore: {path: /etc/alternatives/jre/lib/security/cacerts}",
    "system": "store: auto",
}
SYSTEM_LISTING = """
rm -f /tmp/c*
awk '/BEGIN/ {n++} {print > ("/tmp/c" n)}' /etc/ssl/certs/ca-certificates.crt
for file in /tmp/c*; do openssl x509 -in $file -noout -fingerprint -sha256; done
"""
PLAY = """
- hosts: installers
  become: true
  gather_facts: false
  tasks:
    - name: Trust
      certmend.tls.trust_anchor:
        content: "{{ lookup('ansible.builtin.file', ca) }}"
        %s
"""


def play(playbook, estate, store, *arguments, **more):
    text = PLAY % STORES.get(store, store) + "".join("        %s: %s\n" % pair for pair in more.items())
    return playbook(text, "--diff", "-e", "ca=%s" % (estate.state / "pki" / "ca.pem"), *arguments)


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
    return estate["web"].run("sh", "-c", command, text=(estate.state / "pki" / "ca.pem").read_text()).stdout.strip().partition("=")[2]


@pytest.mark.parametrize("store", STORES)
def test_an_anchor_is_foretold_added_once_and_taken_out_again(estate, playbook, store):
    foretold, made, again = (play(playbook, estate, store, *more) for more in (["--check"], [], []))
    assert (foretold.rc, made.rc, again.rc) == (0, 0, 0), made.stdout
    assert foretold.of("Trust")[0]["diff"] == made.of("Trust")[0]["diff"] and ours(estate) in str(made.of("Trust")[0]["diff"])
    assert ours(estate) in fingerprints(estate, store) and again.changed == []
    gone = [play(playbook, estate, store, state="absent") for _attempt in range(2)]
    assert [bool(run.changed) for run in gone] == [True, False]
    assert ours(estate) not in fingerprints(estate, store)


def test_the_same_certificate_under_another_alias_is_not_added_again(estate, playbook):
    installer = estate["installer"]
    installer.run("sh", "-c", "cat > /tmp/ca.pem", text=(estate.state / "pki" / "ca.pem").read_text())
    installer.run(*("keytool -importcert -noprompt -alias Somebody -file /tmp/ca.pem -keystore %s -storepass:file %s" % (STORE, PASSWORD)).split())
    assert play(playbook, estate, "appliance").changed == []


def test_a_wrong_keystore_password_names_the_option_and_changes_nothing(estate, playbook):
    before = estate["installer"].run("sha256sum", STORE).stdout
    wrong = "store: java\n        keystore: {path: %s, password_file: /etc/hostname}" % STORE
    run = play(playbook, estate, wrong)
    assert run.rc == 2 and "keystore.password_file (/etc/hostname): wrong password for the keystore" in run.stdout
    assert estate["installer"].run("sha256sum", STORE).stdout == before


@pytest.mark.parametrize(
    "wrong, words",
    [
        ("store: java\n        keystore: {path: /nowhere/ks}", "keystore.path: /nowhere/ks does not exist"),
        ("store: redhat", "store: /etc/pki/ca-trust/source/anchors does not exist"),
    ],
)
def test_a_store_that_is_not_there_is_told(estate, playbook, wrong, words):
    run = play(playbook, estate, wrong)
    assert run.rc == 2 and words in run.stdout


def test_a_leaf_is_refused_as_an_anchor_unless_it_is_asked_for(estate, playbook, tmp_path):
    leaf = tmp_path / "leaf.pem"
    leaf.write_text(estate["depot"].read("/etc/nginx/tls/depot.pem"), encoding="ascii")
    refused = play(playbook, estate, "appliance", "-e", "ca=%s" % leaf)
    assert refused.rc == 2 and "content: CN=10.77.0.10 is not a CA" in refused.stdout and refused.changed == []
    assert play(playbook, estate, "appliance", "-e", "ca=%s" % leaf, allow_leaf="true").rc == 0


def test_mode_and_owner_of_a_keystore_are_kept(estate, playbook):
    installer = estate["installer"]
    installer.run("sh", "-c", "chmod 640 %s; chown root:vcf %s" % (STORE, STORE))
    play(playbook, estate, "appliance")
    assert installer.run("stat", "-c", "%a %U:%G", STORE).stdout.strip() == "640 root:vcf"
