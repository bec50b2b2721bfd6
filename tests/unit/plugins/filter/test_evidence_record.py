# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The record of a run as it begins."""

from __future__ import annotations

import json

import jsonschema
import pytest

from ansible_collections.certmend.tls.plugins.filter.evidence_record import FilterModule
from ansible_collections.certmend.tls.plugins.plugin_utils.evidence_controller import user
from ansible_collections.certmend.tls.tests.support import evidence, mint, shown
from ansible_collections.certmend.tls.tests.support.clock import REAL
from ansible_collections.certmend.tls.tests.support.forms import pkcs12

(evidence_record,) = FilterModule().filters().values()
KEY = mint.mint(key=shown.RSA, **REAL.days()).key_pem
PFX = shown.encoded(pkcs12(mint.mint(**REAL.days()), [], "Pfx-Pw1"))
LEAST = {"run": "admin1.1-2-3", "started": evidence.STARTED}


def test_the_schema_is_one():
    jsonschema.Draft202012Validator.check_schema(evidence.SCHEMA)


def test_the_record_of_a_real_audit_has_the_documented_form(tls_server):
    record = evidence.begun(evidence.audit(tls_server, evidence.BEFORE))
    assert evidence.problems(record) == []
    of_depot = next(each for each in record["endpoints"] if each["source"] == "depot.corp.example:443")
    assert of_depot["host"] == "depot" and of_depot["after"] is None and of_depot["before"]["verdict"] == "error"
    assert {"NAME-MISMATCH", "NAME-SAN-MISSING"} <= {finding["code"] for finding in of_depot["before"]["findings"]}
    assert "BEGIN CERTIFICATE" not in json.dumps(record)


def test_the_least_that_is_given_makes_a_record():
    record = evidence_record(LEAST)
    assert evidence.problems(record) == [] and record["operator"] == user() and record["runs"][0]["ended"] is None
    assert set(record["versions"]) == {"certmend.tls", "ansible-core", "python", "cryptography", "jinja2"}


def test_a_record_in_a_form_of_tomorrow_is_refused_by_the_schema():
    record = dict(evidence_record(LEAST), secret="x", runs=[])
    assert len(evidence.problems(record)) == 2


@pytest.mark.parametrize("secret", [KEY, "a\n%s b" % KEY, PFX, shown.encoded(KEY.encode("ascii"))], ids=["PEM", "with text", "PKCS#12", "Base64"])
def test_a_key_anywhere_in_what_is_given_is_blanked(secret):
    plan = [{"host": secret, "codes": [secret], "role": secret, "who": secret}]
    given = dict(LEAST, title=secret, ticket=secret, operator=secret, window={"reason": secret, secret: 1}, inventory=[secret], plan=plan)
    record = evidence_record(given)
    assert shown.shown_of(shown.wrapped(secret) if secret is PFX else shown.words_of(KEY), json.dumps(record["plan"])) == []
    assert "PRIVATE" not in json.dumps(record) and PFX[:60] not in json.dumps(record)


def test_passwords_are_blanked_in_every_form_and_under_every_name():
    window = {"reason": "the proxy said Hide-Me-Pw1", "url": "https://ops:Url-Pw1@proxy.corp.example/", "api_token": "Tok-1", "more": {"password": ["Pw-2"]}}
    record = evidence_record(dict(LEAST, title="Hide-Me-Pw1", ticket=shown.encoded(b"Hide-Me-Pw1"), window=window), hide=["Hide-Me-Pw1"])
    text = json.dumps(record)
    assert not any(secret in text for secret in ("Hide-Me-Pw1", shown.encoded(b"Hide-Me-Pw1"), "Url-Pw1", "Tok-1", "Pw-2"))
    assert record["window"]["reason"] == "the proxy said ********"


def test_a_password_that_is_a_word_of_the_record_leaves_its_words(tls_server):
    record = evidence.begun(evidence.audit(tls_server, evidence.BEFORE), hide=["error", "ok"])
    assert evidence.problems(record) == [], "short and common ones would blank what every reader needs"


def test_hostile_texts_are_escaped(tls_server):
    hostile = mint.mint(shown.HOSTILE, dns=["depot.corp.example"], organization="<script>alert(1)</script>", **REAL.days())
    record = evidence.begun(evidence.audit(tls_server, {"depot.corp.example": [hostile]}), title=shown.HOSTILE, operator=shown.HOSTILE)
    assert shown.forbidden_in(record) == {} and evidence.problems(record) == []
