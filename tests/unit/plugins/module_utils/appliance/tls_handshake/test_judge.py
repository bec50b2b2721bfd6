# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every outcome of a handshake has a code, or none if it verified."""

from __future__ import annotations

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.appliance.formats.fingerprints import fingerprint_of
from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.tls_probe import Handshake, ProbeCode, ProbeError
from ansible_collections.certmend.tls.plugins.module_utils.appliance.tls_handshake import judge as judge_module
from ansible_collections.certmend.tls.plugins.module_utils.appliance.tls_handshake.judge import VERDICTS, Problem, judge


def handshake(code, message="", chain=(b"leaf", b"ca")):
    return Handshake(chain, "TLSv1.3", "cipher", code, message, ("10.0.0.1",), "10.0.0.1", 0.5)


def test_a_verified_handshake_has_no_problem():
    assert judge(handshake(0)) is None


@pytest.mark.parametrize(
    "number, code",
    [
        (9, "VALIDITY-NOT-YET"),
        (10, "VALIDITY-EXPIRED"),
        (18, "TRUST-SELF-SIGNED"),
        (19, "TRUST-UNKNOWN-CA"),
        (22, "CHAIN-TOO-DEEP"),
        (24, "CHAIN-NOT-A-CA"),
        (26, "USAGE-NO-SERVER-AUTH"),
        (62, "NAME-MISMATCH"),
        (64, "NAME-MISMATCH"),
        (66, "KEY-WEAK"),
        (67, "KEY-WEAK"),
        (68, "SIGNATURE-WEAK"),
        (23, "TLS-VERIFY"),
        (2, "TRUST-UNKNOWN-CA"),
        (20, "TRUST-UNKNOWN-CA"),
        (21, "TRUST-UNKNOWN-CA"),
    ],
)
def test_an_error_of_openssl_has_a_code_and_advice(number, code):
    problem = judge(handshake(number, "it is so."))
    assert problem.code == code and problem.message == "it is so (OpenSSL %d)" % number and problem.advice
    assert number not in VERDICTS or VERDICTS[number] == (problem.code, problem.advice)


@pytest.mark.parametrize("number", [2, 20, 21])
def test_a_certificate_without_an_issuer_that_comes_alone_lacks_intermediates(number):
    assert judge(handshake(number, chain=(b"leaf",))).code == "CHAIN-INCOMPLETE"


def test_a_probe_that_failed_is_reported_as_it_is():
    error = ProbeError(ProbeCode.NOT_TLS, "it speaks HTTP", "Check the port.")
    assert judge(error) == Problem("NOT-TLS", "it speaks HTTP", "Check the port.")


PRESENTED = [fingerprint_of(b"leaf"), fingerprint_of(b"ca")]
NEW = [fingerprint_of(b"new"), fingerprint_of(b"ca")]


def test_a_server_that_presents_the_expected_certificates_has_no_problem():
    assert [judge(handshake(0), expected) for expected in (PRESENTED, PRESENTED[:1])] == [None, None]
    assert judge(handshake(0), PRESENTED, PRESENTED) is None, "nor if it presented them before"


def test_the_expected_certificate_that_does_not_verify_is_told_from_another_one():
    problem = judge(handshake(62, "no."), PRESENTED)
    assert problem.code == "NAME-MISMATCH" and problem.message == "the server presents the expected certificate, but it is not accepted: no (OpenSSL 62)"


@pytest.mark.parametrize(
    ("expected", "previous", "code", "words"),
    [
        (NEW, (), "SERVED-DIFFERS", "the server presents another certificate (SHA-256 %s) than expected (%s)" % (PRESENTED[0], NEW[0])),
        (NEW, PRESENTED, "SERVED-PREVIOUS", "the server still presents its previous certificate (SHA-256 %s)" % PRESENTED[0]),
        (
            NEW,
            [fingerprint_of(b"before")],
            "SERVED-DIFFERS",
            "the server presents a certificate (SHA-256 %s) that is neither the expected (%s) nor its previous certificate (%s)"
            % (PRESENTED[0], NEW[0], fingerprint_of(b"before")),
        ),
        (
            [*PRESENTED, fingerprint_of(b"more")],
            (),
            "SERVED-DIFFERS",
            "the server presents the expected certificate (SHA-256 %s), but another chain: 2 certificates instead of 3" % PRESENTED[0],
        ),
        (
            [PRESENTED[0], fingerprint_of(b"other ca")],
            (),
            "SERVED-DIFFERS",
            "the server presents the expected certificate (SHA-256 %s), but another chain: 2 certificates, and not the same ones" % PRESENTED[0],
        ),
        (
            [*PRESENTED, fingerprint_of(b"more")],
            PRESENTED,
            "SERVED-PREVIOUS",
            "the server still presents its previous chain: 2 certificates instead of 3 (SHA-256 of the first one: %s)" % PRESENTED[0],
        ),
    ],
)
def test_a_server_that_presents_other_certificates_is_told_by_their_fingerprints(expected, previous, code, words):
    problem = judge(handshake(0), expected, previous)
    assert (problem.code, problem.message) == (code, words) and problem.advice


def test_without_certificates_to_trust_nothing_is_verified():
    assert judge(handshake(18, "self-signed"), PRESENTED, trusting=False) is None
    assert judge(handshake(18, "self-signed"), NEW, trusting=False).code == "SERVED-DIFFERS"


def test_a_python_that_cannot_see_an_encrypted_chain_compares_what_it_sees(monkeypatch):
    monkeypatch.setattr(judge_module, "can_read_every_chain", lambda: False)
    assert judge(handshake(0, chain=(b"leaf",)), PRESENTED) is None
    assert judge(handshake(0, chain=(b"old",)), PRESENTED).code == "SERVED-DIFFERS"
