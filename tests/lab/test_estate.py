# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""All five articles in one estate, with the inventory and the variables of docs/examples: plan, repair, again, restore.

One story, whose runs several tests read.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import shutil
import ssl
import subprocess
import typing
from pathlib import Path

import pytest
import yaml
from conftest import Run, ansible_playbook
from lab.estate import REUSE, SSH

from ansible_collections.certmend.tls.tests.support.corporate import Pki
from ansible_collections.certmend.tls.tests.support.pins import TOMORROW, pin

EXAMPLES = Path(__file__).resolve().parents[2] / "docs" / "examples"
SECRETS = {"installer_root_password": "RootPw1!", "ssl_trust_password": "Secret-Pw1!<&>", "ome_chain_password": "Lab-Ome-Pw7"}
NO_CHAIN = ["CHAIN-ROOT-MISSING", "USAGE-NO-CLIENT-AUTH", "USAGE-NO-KEY-ENCIPHERMENT", "USAGE-NO-SERVER-AUTH"]
#: the files of each host that a run may change
FILES = {
    "depot": "/etc/nginx",
    "installer": "/etc/hosts /etc/vmware /usr/local/share/ca-certificates /etc/ssl/certs/ca-certificates.crt",
    "web": "/etc/apache2",
    "lb": "/etc/haproxy",
}


class Operator:
    """The folder in which the playbooks are started: the inventory of docs/examples, CA certificates, and what only a person can say."""

    def __init__(self, lab, playbook, folder):
        self.lab, self.playbook, self.folder, self.pki = lab, playbook, folder, Pki(folder)
        shutil.copytree(EXAMPLES / "inventory", folder / "inventory")
        for name in ("ome", "pins"):
            (folder / name).mkdir()
        self.write("corp-root.pem", self.pki.root.pem + lab.ca.read_text(encoding="ascii"))
        self.write("corp-intermediates.pem", self.pki.one.pem + self.pki.two.pem)
        self.write("corp-issuing-ca.pem", self.pki.two.pem + self.pki.one.pem)
        self.write("corp-issuing-ca.key", self.pki.two.key_pem)
        self.write("vcenter.pem", lab["vcenter"].read("/etc/vmware-lab/machine.pem"))
        self.write("vault-password", "of ansible-vault")
        self.environment = {
            "ANSIBLE_REMOTE_USER": "root",
            "ANSIBLE_SSH_ARGS": "%s %s" % (SSH, REUSE),
            "ANSIBLE_SSH_CONTROL_PATH_DIR": str(lab.state / "ssh"),
            "ANSIBLE_PRIVATE_KEY_FILE": str(lab.state / "ssh" / "id"),
            "ANSIBLE_VAULT_PASSWORD_FILE": str(folder / "vault-password"),
        }
        self.encrypt("inventory/group_vars/all/secrets.yml", yaml.safe_dump(SECRETS))

    def write(self, name, text):
        (self.folder / name).write_text(text, encoding="utf-8")

    def encrypt(self, name, text):
        self.write(name, text)
        program = Path(ansible_playbook()).with_name("ansible-vault")
        subprocess.run([program, "encrypt", name], cwd=self.folder, env={**os.environ, **self.environment}, check=True, capture_output=True)

    def run(self, playbook, *arguments):
        return self.playbook("certmend.tls." + playbook, *arguments, inventory="inventory", folder=self.folder, environment=self.environment)

    def answer(self, answers):
        """Fill in change.yml: each word in capitals."""
        text = (EXAMPLES / "change.yml").read_text(encoding="utf-8")
        for word, value in answers.items():
            assert text.count(word) == 1, word
            text = text.replace(word, value)
        self.write("change.yml", text)

    def picture(self):
        """What a run may change: files with mode and owner, the registrations, the pins. An approval that was used stays used."""
        script = "find %s -xdev -type f -printf '%%p %%m %%u %%g ' -exec sha256sum {} ';' | sort"
        files = {host: self.lab[host].run("sh", "-c", script % folders).stdout for host, folders in FILES.items()}
        pins = [line for line in (self.folder / "pins" / "vaults").read_text(encoding="ascii").splitlines() if "pins" in json.loads(line)]
        return {**files, "vcenter": self.ask("vcenter", "/lab/registrations"), "pins": pins}

    def ask(self, host, path):
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        connection = http.client.HTTPSConnection(self.lab[host].address, context=context)
        connection.request("GET", path)
        answer = connection.getresponse()
        assert answer.status == 200, path
        return json.loads(answer.read())

    def served(self, host):
        return ssl.PEM_cert_to_DER_cert(ssl.get_server_certificate((self.lab[host].address, 443)))


def sha256(der):
    return hashlib.sha256(der).hexdigest()


def serve(host, minted, path, service, above=""):
    """Let a server present a certificate, with what is above it or alone."""
    host.write(path + ".key", minted.key_pem)
    host.write(path + ".pem", minted.pem + above)
    host.run("service", service, "restart")


def broken(operator):
    """The estate as it is found: the lab's own faults, a chain without its intermediates, and a vault whose key somebody has changed."""
    lab, pki = operator.lab, operator.pki
    www = lab["web"]
    www.run("sed", "-i", "s,tls/web,tls/www,", "/etc/apache2/apache2.conf")
    serve(www, pki.leaf("www.corp.example"), "/etc/apache2/tls/www", "apache2")
    old, new = (pki.leaf("vault1.corp.example") for _key in range(2))
    serve(lab["vault1"], old, "/etc/nginx/tls/vault", "nginx", pki.two.pem + pki.one.pem)
    first = operator.run("pins", "-e", "pins_create=true")
    assert first.rc == 0, first.stdout
    serve(lab["vault1"], new, "/etc/nginx/tls/vault", "nginx", pki.two.pem + pki.one.pem)
    operator.answer(
        {
            "OLD-OF-SOURCE": sha256(operator.served("ome-source")),
            "OLD-OF-TARGET": sha256(operator.served("ome-target")),
            "OLD-PIN": pin(old),
            "NEW-PIN": pin(new),
            "EXPIRY": TOMORROW,
        }
    )


class Story(typing.NamedTuple):
    """The runs, one after another, and what could have changed before and after them."""

    operator: Operator
    planned: Run
    plan: dict
    run: Run
    record: dict
    again: Run
    restored: Run
    once_more: Run
    pictures: list


@pytest.fixture(scope="module")
def story(lab, playbook, tmp_path_factory):
    lab.reset()
    operator, pictures = Operator(lab, playbook, tmp_path_factory.mktemp("operator")), []
    broken(operator)

    def run(*arguments):
        pictures.append(operator.picture())
        return operator.run(*arguments)

    planned = run("remediate", "--tags", "plan", "-e", "@change.yml", "-e", "remediate_plan_path=plan.yml")
    plan = yaml.safe_load((operator.folder / "plan.yml").read_text(encoding="utf-8"))
    made = run("remediate", "-e", "@change.yml", "-e", "remediate_plan_path=plan.yml", "-e", "evidence_path=records")
    (folder,) = (operator.folder / "records").iterdir()
    record = json.loads((folder / "record.json").read_text(encoding="utf-8"))
    again = run("remediate", "-e", "@change.yml")
    restored, once_more = (run("restore", "-e", "restore_record=records/" + folder.name) for _run in range(2))
    pictures.append(operator.picture())
    return Story(operator, planned, plan, made, record, again, restored, once_more, pictures)


def test_the_plan_has_a_step_for_each_article(story):
    assert [(step["playbook"], step["host"], sorted({finding["code"] for finding in step["findings"]})) for step in story.plan["steps"]] == [
        ("server_chain", "lb", ["TRUST-SELF-SIGNED", "VALIDITY-EXPIRED"]),
        ("server_chain", "www", ["CHAIN-INCOMPLETE"]),
        ("offline_depot", "depot", ["NAME-CN-IS-IP", "NAME-MISMATCH", "NAME-SAN-MISSING", "TRUST-SELF-SIGNED", "TRUST-UNKNOWN-CA"]),
        ("offline_depot", "installer", ["RESOLVE-FAILED"]),
        ("ome_migration", "ome-source", NO_CHAIN),
        ("ome_migration", "ome-target", NO_CHAIN),
        ("ssl_trust", "vcenter", ["SSLTRUST-STALE"]),
        ("pins", "vault1", ["PIN-CHANGED"]),
    ], story.planned.stdout[-6000:]


def test_a_plan_changes_nothing(story):
    assert story.planned.rc == 0 and story.pictures[1] == story.pictures[0], story.planned.stdout[-3000:]


def test_every_finding_is_repaired_or_named_as_the_task_of_somebody_else(story):
    assert story.run.rc == 0 and "Everything in the plan is repaired: " in story.run.stdout, story.run.stdout[-6000:]
    left = {(finding["about"], finding["code"]) for finding in story.plan["left"]}
    found = {(endpoint["source"], finding["code"]) for endpoint in story.record["endpoints"] for finding in endpoint["after"]["findings"]}
    assert found <= left and all(finding["who"] for finding in story.plan["left"])
    assert {source.partition(".")[0] for source, _code in left} == {"srm", "nsx", "vc2"}
    assert "NAME-CN-OTHER-HOST" not in {code for _source, code in left}, "judged as a depot of the VCF installer, and not as its vCenter says"
    assert story.record["outcome"] == "remaining" and {host["phase"] for host in story.record["hosts"]} == {"verified"}


def test_a_second_run_changes_nothing(story):
    assert story.again.rc == 0 and story.again.changed == [] and story.pictures[3] == story.pictures[2], story.again.stdout[-3000:]


def test_everything_but_an_uploaded_chain_is_restored_byte_for_byte_from_the_record(story):
    assert story.pictures[2] != story.pictures[0]
    assert story.restored.rc == 0, story.restored.stdout[-6000:]
    assert story.pictures[4] == story.pictures[0]


def test_a_second_restore_changes_nothing(story):
    assert story.once_more.rc == 0 and story.once_more.changed == [] and story.pictures[5] == story.pictures[4], story.once_more.stdout[-3000:]
