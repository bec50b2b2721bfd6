# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbook ssl_trust as an operator runs it: an inventory and a folder of his own, the answers of a survey. Nobody can log in anywhere."""

from __future__ import annotations

import json
import re

import pytest

from ansible_collections.certmend.tls.tests.support.role_cases import Cases
from ansible_collections.certmend.tls.tests.support.run import TREE
from ansible_collections.certmend.tls.tests.support.vsphere.site import HOSTS, USER, Site, nobody_listens
from ansible_collections.certmend.tls.tests.support.vsphere.sts import ACCOUNTS

PLAYBOOK = "certmend.tls.ssl_trust"
NOWHERE = {"ansible_python_interpreter": "/no/such/python", "ansible_become": True}
#: a survey's questions that nobody answered
UNANSWERED = dict.fromkeys(["ssl_trust_" + name for name in "state via hosts fail_on old_fingerprint old_certificate live server_fingerprint".split()], "")
#: for each variable, values that it cannot have
WRONG = {
    **{"ssl_trust_" + name: ["one", "two"] for name in "address hostname sts_hostname username password targets trusted_content python".split()},
    **{"ssl_trust_" + name: ["one", "two"] for name in "old_certificate new_certificate backup_dir backup_path tools".split()},
    **{"ssl_trust_" + name: "perhaps" for name in "validate_certs old_from_backup_store live strict require_served snapshot_taken".split()},
    **{"ssl_trust_" + name: "sometimes" for name in "state via fail_on aliases addresses port".split()},
    **{"ssl_trust_" + name: [{"one": 1}] for name in "trusted_path server_fingerprint old_fingerprint hosts expected_fingerprint verify_urls".split()},
}


class Made:
    """The runs, one after another: of a vCenter, and of one that cannot be reached."""

    def __init__(self, folder, site, silent):
        self.site, self.port = site, site.vcenter.port
        node = {"fqdn": HOSTS[0], "tls_port": self.port, "ansible_host": "127.0.0.1"}
        gone = dict(node, fqdn="vc9.corp.example", tls_port=silent)
        self.hosts = Cases(folder, {"vc": {**node, **NOWHERE}, "gone": {**gone, **NOWHERE}, "localhost": NOWHERE})
        for name in ("vc", "gone", "localhost", "127.0.0.1"):
            (self.hosts.hosts / name).mkdir(exist_ok=True)
            (self.hosts.hosts / name / "lost").touch()
        self.controller = self.hosts.controller
        for name, text in (("ca.pem", site.ca.pem), ("new.crt", site.new.pem)):
            (self.controller / name).write_text(text, encoding="ascii")
        before = self.files()
        others = json.dumps(dict.fromkeys(HOSTS[1:], "127.0.0.1"))  # vc1 is where its host variable says
        trusted = {"ssl_trust_addresses": others, "ssl_trust_trusted_path": "ca.pem"}
        self.audit = self.run(**UNANSWERED, **trusted)
        self.audit_output = self.hosts.output
        self.nothing = self.run("--limit", "gone", ssl_trust_targets="vc")
        self.wrong = self.run("--limit", "vc", **WRONG, ssl_trust_snapshot_takn=True)
        self.of_servers = self.audit_of_servers(others)
        self.update(trusted)
        self.left = self.files() - before

    def update(self, trusted):
        """An update with the answers of a survey, which is undone by a run with an old name."""
        lookup = self.site.vcenter.lookup
        was = dict(lookup.registrations)
        account = {"ssl_trust_username": USER, "ssl_trust_password": ACCOUNTS[USER], "ssl_trust_snapshot_taken": "yes"}
        what = {"ssl_trust_old_certificate": self.site.old.pem, "ssl_trust_new_certificate": "new.crt", "ssl_trust_hosts": "%s\n%s" % (HOSTS[0], HOSTS[2])}
        self.updated = self.run("--limit", "vc", **trusted, **account, **what, ssl_trust_backup_dir="backups")
        self.changed = sorted(name for name, one in lookup.registrations.items() if one != was[name])
        self.backups = sorted((self.controller / "backups").glob("*.json"))
        given = dict(trusted, ssl_trust_trusted_path="", ssl_trust_ca_path="ca.pem", ssl_trust_state="restored")
        self.restored = self.run(
            "--limit", "vc", **given, **account, ssl_trust_backup_path="backups/" + self.backups[0].name if self.backups else "backups/none"
        )
        self.as_before = lookup.registrations == was
        self.deprecated = self.hosts.output

    def audit_of_servers(self, others):
        given = {"audit_vcenters": "vc", "ssl_trust_addresses": others, "audit_report_path": "report.json"}
        return self.hosts.run("certmend.tls.audit", "--limit", "vc", "-e", json.dumps(given))

    def run(self, *arguments, **variables):
        return self.hosts.run(PLAYBOOK, *arguments, "-e", json.dumps({"ssl_trust_targets": "vc:gone", **variables}))

    @staticmethod
    def files():
        return {path for path in (TREE / "ansible_collections/certmend/tls").rglob("*") if "__pycache__" not in path.parts}

    @staticmethod
    def failures(cases):
        return " ".join(filter(None, (case.failure for case in cases.values())))


@pytest.fixture(scope="module")
def made(tmp_path_factory, shared_tls_server):
    folder = tmp_path_factory.mktemp("ssl_trust")
    (folder / "site").mkdir()
    site = Site(folder / "site", shared_tls_server)
    del site.vcenter.lookup.registrations["malformed"]
    with site.vcenter, nobody_listens() as silent:
        made = Made(folder / "run", site, silent)
        yield made
    for path in made.left:
        path.unlink(missing_ok=True)


def test_a_vcenter_that_cannot_be_reached_fails_alone_and_the_others_are_audited(made):
    assert made.audit["vc"].failure == "" and "5 stale" in made.audit["vc"].said, made.audit_output
    assert "The Lookup Service of vc9.corp.example cannot be read." in made.audit["gone"].failure and "Connection refused" in made.audit["gone"].failure
    recap = dict(re.findall(r"^(\w+) +: (.*)$", made.audit_output, re.MULTILINE))
    assert "failed=0" in recap["vc"] and "failed=1" in recap["gone"] and "unreachable=0" in recap["gone"]
    assert "from the controller: %s:%d, " % (HOSTS[0], made.port) in made.audit_output


def test_with_nothing_to_audit_the_run_fails_and_says_why(made):
    assert "There is no vCenter to audit. No host of vc is in the inventory and within --limit." in made.failures(made.nothing)


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_value_is_an_error_that_names_the_variable(made, name):
    assert "%s: " % name in made.failures(made.wrong)


def test_a_mistyped_variable_is_named_with_the_nearest(made):
    assert "ssl_trust_snapshot_takn: there is no such variable. Did you mean ssl_trust_snapshot_taken?" in made.failures(made.wrong)


def test_an_update_takes_relative_paths_and_texts_for_lists(made):
    assert made.failures(made.updated) == "" and made.changed == ["legacy-a", "plugin-a", "several-a", "sts-a", "vc-a"], made.updated["vc"].said
    assert len(made.backups) == 1 and made.left == set()


def test_a_restore_takes_a_relative_path_and_an_old_name_with_a_deprecation(made):
    assert made.failures(made.restored) == "" and made.as_before, made.restored["vc"].said
    assert "ssl_trust_ca_path is the old name of ssl_trust_trusted_path" in re.sub(r"\s+", " ", made.deprecated)


def test_the_audit_of_the_servers_connects_to_the_address_of_the_vcenter_and_warns_of_no_password(made):
    report = json.loads((made.controller / "report.json").read_text(encoding="utf-8"))
    seen = {result["source"]: result for result in report["results"]}
    assert seen["%s:%d" % (HOSTS[0], made.port)]["certificates"], report["summary"]
    assert "SSLTRUST-STALE" in {finding["code"] for finding in report["findings"]}
    assert "credentials" not in made.of_servers["vc"].said and "password" not in made.of_servers["vc"].said
