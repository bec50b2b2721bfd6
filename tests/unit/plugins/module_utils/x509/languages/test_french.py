# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The French catalogue is complete: every rule of the profiles ome_*, every message that it yields, every advice."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import textwrap

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.core.findings import ERROR, Finding
from ansible_collections.certmend.tls.plugins.module_utils.x509.languages.french import ADVICE, MESSAGES, in_french, translation_of
from ansible_collections.certmend.tls.plugins.module_utils.x509.load import strict_pem
from ansible_collections.certmend.tls.plugins.module_utils.x509.load.reader import read_certificates
from ansible_collections.certmend.tls.plugins.module_utils.x509.ome_certificate_chain.expectations import Expectations
from ansible_collections.certmend.tls.plugins.module_utils.x509.ome_certificate_chain.judge import examine
from ansible_collections.certmend.tls.plugins.module_utils.x509.ome_certificate_chain.options import Upload
from ansible_collections.certmend.tls.plugins.module_utils.x509.ome_certificate_chain.responses import mutual_findings
from ansible_collections.certmend.tls.plugins.module_utils.x509.rules.registry import RULES
from ansible_collections.certmend.tls.plugins.module_utils.x509.rules.rule import OME
from ansible_collections.certmend.tls.tests.support import mint
from ansible_collections.certmend.tls.tests.support.clock import FIXED
from ansible_collections.certmend.tls.tests.support.ome.chains import NAME, Cas, broken

CAS = Cas(FIXED)
#: the rules of the profiles ome_*, and the one on names that the module adds
OME_RULES = [rule for rule in RULES if set(rule.outcomes) & set(OME) or rule.code == "NAME-MISMATCH"]


def by_code(rule):
    return rule.code


@pytest.mark.parametrize("rule", OME_RULES, ids=by_code)
def test_every_outcome_has_its_advice_in_french(rule):
    profiles = set(rule.outcomes) & set(OME) or set(rule.outcomes)
    assert not {rule.outcomes[profile].advice for profile in profiles} - set(ADVICE)


def yielded(check):
    """The texts that a check yields, with %s for each value; the empty text and parts without a letter are no texts."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(check)))
    for node in ast.walk(tree):
        if isinstance(node, ast.Yield):
            value = node.value.args[-1] if isinstance(node.value, ast.Call) else node.value  # Violation(certificate, text)
            value = value.left if isinstance(value, ast.BinOp) and isinstance(value.op, ast.Mod) else value
            if isinstance(value, ast.Constant):
                yield value.value.replace("%d", "%s")


@pytest.mark.parametrize("rule", OME_RULES, ids=by_code)
def test_every_message_of_a_rule_has_its_french(rule):
    texts = list(yielded(rule.check))
    assert texts or rule.code == "CHAIN-PEER-DIFFERS", "a rule yields a literal text with its values"
    assert not set(texts) - set(MESSAGES)


def test_every_problem_with_the_form_of_a_file_has_its_french():
    tree = ast.parse(inspect.getsource(strict_pem.form_problem))
    returned = [node.value for node in ast.walk(tree) if isinstance(node, ast.Return)]
    texts = [(value.left if isinstance(value, ast.BinOp) else value).value.replace("%d", "%s") for value in returned]
    assert len(texts) == 6 and not set(filter(None, texts)) - set(MESSAGES)


def test_every_finding_on_a_case_that_breaks_a_rule_is_french():
    seen = set()
    for case in (case for cases in broken(CAS).values() for case in cases):
        request = dict(csr_path=None, csr_content=mint.csr(NAME, key=case.key), peer_path=None, peer_content=case.peer or None, hostname=None)
        planned = dict.fromkeys(["signing_ca_content", "peer_signing_ca_content", "distinguished_name", "subject_alternative_names"])
        expected = Expectations.from_params(dict(request, **planned, state="validated", name="other.corp.example"))
        for finding in examine(Upload(case.data, read_certificates(case.data), "upload.pem", not case.single), expected, FIXED.now).findings:
            seen.add(finding.code)
            assert translation_of(finding.message), finding.message
            assert translation_of(finding.advice), finding.advice
            french = in_french(finding)
            assert french == dataclasses.replace(finding, message=french.message, advice=french.advice)
            # after its last colon, a refused handshake has OpenSSL's words
            own = french.message.rpartition(" : ")[0] if finding.code == "MUTUAL-REFUSED" else french.message
            assert not set(own.split()) & {"the", "is", "here", "there", "issued", "by", "has", "missing", "lacks", "nothing"}, french.message
    assert seen >= {rule.code for rule in OME_RULES} - {"VALIDITY-SOON"}


def test_a_message_keeps_its_values():
    text = "level 1: CN=CA1-Inter issued by CN=CA-Racine here, CN=Inter-CA2 issued by CN=CA-Racine there; level 2: nothing here, CN=A issued by CN=B there"
    french = translation_of(text)
    assert french == (
        "niveau 1 : Émis à CN=CA1-Inter, Émis par CN=CA-Racine ici, Émis à CN=Inter-CA2, Émis par CN=CA-Racine sur l'autre appliance ; "
        "niveau 2 : aucun certificat ici, Émis à CN=A, Émis par CN=B sur l'autre appliance"
    )


def test_a_refused_handshake_is_french_but_for_the_words_of_openssl():
    for direction in ("here_to_peer", "peer_to_here"):
        (finding,) = mutual_findings({direction: "the server refuses the client: unsupported certificate purpose"}, "upload.pem")
        assert "le serveur refuse le client : unsupported certificate purpose" in in_french(finding).message
        assert in_french(finding).advice != finding.advice


def test_what_the_catalogue_does_not_have_stays_as_it_is():
    finding = Finding("OME-REFUSED", ERROR, "something else", "ome:443", "", "Do it", "", "")
    assert in_french(finding) == finding and translation_of("something else") is None
