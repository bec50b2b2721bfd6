# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The result of a run, at whatever point it ended."""

from __future__ import annotations

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.appliance.formats.fingerprints import fingerprint_of
from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.tls_probe import Handshake, ProbeCode, ProbeError
from ansible_collections.certmend.tls.plugins.module_utils.appliance.tls_handshake.judge import judge
from ansible_collections.certmend.tls.plugins.module_utils.appliance.tls_handshake.run import TlsHandshakeRun
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.core.run import RunContext
from ansible_collections.certmend.tls.tests.support.clock import FIXED

EMPTY = dict(addresses=[], address=None, protocol="", cipher="", presented=[], chain_fingerprints=[], fingerprints={}, duration_ms=0)
SEEN = Handshake((b"leaf", b"ca"), "TLSv1.3", "cipher", 62, "Hostname mismatch.", ("10.0.0.1",), "10.0.0.1", 0.0125)


def run(outcome=None, expect="any"):
    params = dict(
        host="depot",
        port=443,
        name=None,
        address=None,
        trusted_path=None,
        trusted_content="PEM",
        java_keystore=None,
        system_store=None,
        timeout=10.0,
        expect=expect,
        expected_fingerprints=None,
        previous_fingerprints=None,
        wait_timeout=0.0,
    )
    made = TlsHandshakeRun.from_params(params, RunContext(False, FIXED.now))
    if outcome:
        made.outcome, made.problem = outcome, judge(outcome)
    return made


def test_a_run_that_did_not_get_far_has_empty_facts():
    assert run().facts() == dict(EMPTY, host="depot", port=443, name="depot", verified=False, error=None, anchors=0, not_after=None, anchor=None)


def test_a_probe_that_failed_is_the_error_of_the_result():
    facts = run(ProbeError(ProbeCode.NOT_TLS, "HTTP", "Check it.")).facts()
    assert facts["error"] == {"code": "NOT-TLS", "message": "HTTP", "advice": "Check it."} and not facts["verified"]
    assert {name: facts[name] for name in EMPTY} == EMPTY


def test_a_handshake_is_reported_with_the_fingerprints_of_the_server_s_certificate():
    facts = run(SEEN).facts()
    assert facts["error"]["code"] == "NAME-MISMATCH" and not facts["verified"] and facts["duration_ms"] == 12
    assert facts["presented"] == ["bGVhZg==", "Y2E="] and set(facts["fingerprints"]) == {"sha1", "sha256"}
    assert facts["chain_fingerprints"] == [fingerprint_of(b"leaf"), fingerprint_of(b"ca")]
    assert facts["addresses"] == ["10.0.0.1"] and facts["address"] == "10.0.0.1" and (facts["protocol"], facts["cipher"]) == ("TLSv1.3", "cipher")


def test_a_run_plans_nothing_and_fails_only_if_a_verified_handshake_is_expected():
    assert run().plan() == []
    run(SEEN).verify([])
    with pytest.raises(RemediationError, match=r"depot:443 as depot: NAME-MISMATCH: Hostname mismatch \(OpenSSL 62\)") as caught:
        run(SEEN, expect="verified").verify([])
    assert "Connect by a name" in caught.value.advice
