# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the variables of the playbook audit do: several audits of the same servers in one run, each with a report of its own."""

from __future__ import annotations

import json

import pytest

from ansible_collections.certmend.tls.tests.support.clock import DAY, REAL
from ansible_collections.certmend.tls.tests.support.corporate import Pki
from ansible_collections.certmend.tls.tests.support.role_cases import Cases

NAME, SOON = "www.corp.example", 60


def audits(port, root):
    """For each audit, its variables besides the file of its report."""
    endpoint = {"host": NAME, "port": port, "address": "127.0.0.1"}
    trusted = {"audit_endpoints": [endpoint], "audit_trust_system": True, "audit_expires_within": 10}
    waiver = {"code": "VALIDITY-SOON", "all": True, "until": (REAL.now + SOON * DAY).strftime("%Y-%m-%d"), "reason": "the successor is ordered"}
    return {
        "host": {"audit_hosts": "www"},
        "endpoint": trusted,
        "untrusted": {**trusted, "audit_trust_system": False, "audit_trusted": "other.pem"},
        "text": {**trusted, "audit_trust_system": "", "audit_trusted_content": root, "audit_questions": "no"},
        "soon": {**trusted, "audit_expires_within": 120},
        "waived": {**trusted, "audit_expires_within": 120, "audit_waivers": [waiver]},
        "late": {**trusted, "audit_waivers": [waiver], "audit_waiver_days": SOON // 2},
    }


class Made:
    """The run, and its reports."""

    def __init__(self, folder, serve):
        folder.mkdir()
        self.pki = Pki(folder)
        leaf = self.pki.leaf(NAME)
        self.port = serve(leaf.pem + self.pki.two.pem + self.pki.one.pem, leaf.key_pem)
        #: the host variables of other playbooks are wrong for the audit
        elsewhere = {"fqdn": "wrong.corp.example", "tls_port": 1, "ansible_host": "127.0.0.9"}
        self.hosts = Cases(folder / "hosts", {"www": {**elsewhere, "audit_fqdn": NAME, "audit_port": self.port, "audit_address": "127.0.0.1"}})
        self.hosts.environment["SSL_CERT_FILE"] = str(self.pki.roots)  # the system's, for the programs of this run
        (self.hosts.controller / "other.pem").write_text(self.pki.authority("Another Root", None).pem, encoding="ascii")
        given = audits(self.port, self.pki.root.pem)
        plays = [
            {"import_playbook": "certmend.tls.audit", "vars": {**more, "audit_report_path": str(folder / (name + ".json"))}} for name, more in given.items()
        ]
        self.cases = self.hosts.run(plays)
        self.reports = {name: json.loads((folder / (name + ".json")).read_text(encoding="utf-8")) for name in given if (folder / (name + ".json")).exists()}

    def codes(self, name):
        return {finding["code"] for finding in self.reports[name]["findings"]}


@pytest.fixture(scope="module")
def made(tmp_path_factory, shared_tls_server):
    return Made(tmp_path_factory.mktemp("audits") / "run", shared_tls_server)


def test_the_host_variables_of_the_audit_come_before_those_of_the_other_playbooks(made):
    (result,) = made.reports["host"]["results"]
    assert result["source"] == "%s:%d" % (NAME, made.port) and result["certificates"][0]["subject"] == "CN=" + NAME


def test_endpoints_are_inspected_without_an_inventory(made):
    (result,) = made.reports["endpoint"]["results"]
    assert result["source"] == "%s:%d" % (NAME, made.port) and result["certificates"][0]["subject"] == "CN=" + NAME


def test_the_roots_are_those_of_the_system_on_request(made):
    assert "TRUST-UNKNOWN-CA" in made.codes("untrusted") and "TRUST-UNKNOWN-CA" not in made.codes("endpoint")


def test_the_roots_can_be_given_as_text_and_the_questions_left_out(made):
    assert made.reports["text"]["verdict"] == "ok" and made.reports["text"]["results"][0]["questions"] == []


def test_a_certificate_is_reported_so_many_days_before_it_expires(made):
    assert "VALIDITY-SOON" in made.codes("soon") and "VALIDITY-SOON" not in made.codes("endpoint")


def test_an_accepted_finding_is_waived_and_stays_visible(made):
    assert made.reports["soon"]["verdict"] == "warning" and made.reports["waived"]["verdict"] == "ok"
    assert "the successor is ordered" in json.dumps(made.reports["waived"]) and "the successor is ordered" in made.cases["www"].said


def test_a_waiver_ends_within_so_many_days(made):
    assert "late" not in made.reports and "%d days" % (SOON // 2) in made.cases["www"].said
