# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Real handshakes with real servers on loopback: what verifies, what does not and why, and what is no TLS at all."""

from __future__ import annotations

import base64
import contextlib
import socket
import ssl

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.appliance.formats.fingerprints import fingerprint_of
from ansible_collections.certmend.tls.tests.support import mint
from ansible_collections.certmend.tls.tests.support.clock import PATIENCE, REAL
from ansible_collections.certmend.tls.tests.support.run import printed
from ansible_collections.certmend.tls.tests.unit.conftest import listening

DAYS = REAL.days()
NAME = "localhost"
ROOT = mint.authority("Root", key=mint.new_key("RSA-2048"), **DAYS)
MIDDLE = mint.authority("Middle", ROOT, **DAYS)


def leaf(issuer=ROOT, **more):
    return mint.mint(more.pop("common_name", NAME), issuer=issuer, **dict(dict(DAYS, dns=[NAME]), **more))


@pytest.fixture
def shake(run_module):
    def run(port=1, trusted=ROOT.pem, expect="any", verbosity=3, **more):
        given = dict(dict(host=NAME, port=port, trusted_content=trusted, expect=expect), **more)
        return run_module("tls_handshake", {name: value for name, value in given.items() if value is not None}, verbosity=verbosity)

    return run


def test_a_good_chain_verifies_and_is_returned_as_sent(shake, tls_server):
    certificate = leaf(MIDDLE)
    seen = shake(tls_server(certificate.pem + MIDDLE.pem, certificate.key_pem), expect="verified")
    assert seen["verified"] and seen["error"] is None and not seen["changed"]
    assert [base64.b64decode(encoded) for encoded in seen["presented"]] == [certificate.der, MIDDLE.der]
    assert seen["protocol"] in ("TLSv1.2", "TLSv1.3") and seen["addresses"] == ["127.0.0.1"]


@pytest.mark.parametrize(
    "make, code",
    [
        (lambda: (leaf(dns=["other.example"], common_name="other.example"), ""), "NAME-MISMATCH"),
        (lambda: (leaf(**REAL.days(-3, -1 / 24)), ""), "VALIDITY-EXPIRED"),
        (lambda: (leaf(**REAL.days(1)), ""), "VALIDITY-NOT-YET"),
        (lambda: (leaf(None), ""), "TRUST-SELF-SIGNED"),
        (lambda: (leaf(MIDDLE), ""), "CHAIN-INCOMPLETE"),
    ],
)
def test_a_refusal_has_a_code_and_still_the_chain(shake, tls_server, make, code):
    certificate, rest = make()
    seen = shake(tls_server(certificate.pem + rest, certificate.key_pem))
    assert not seen["verified"] and seen["error"]["code"] == code and seen["error"]["advice"]
    assert base64.b64decode(seen["presented"][0]) == certificate.der


def test_a_failure_is_short_and_has_the_reason_and_the_fingerprints(shake, tls_server):
    certificate = leaf(MIDDLE, common_name="other.example", dns=["other.example"])
    seen = shake(tls_server(certificate.pem + MIDDLE.pem + ROOT.pem, certificate.key_pem), expect="verified", verbosity=0)
    assert seen["failed"] and seen["error"]["code"] == "NAME-MISMATCH" and seen["error"]["advice"] and len(seen["fingerprints"]) == 2
    assert len(printed(seen)) <= 32 and seen["omitted"] == "presented (shown with -vvv)", seen


def test_a_whole_chain_to_an_unknown_root_is_an_unknown_ca(shake, tls_server):
    certificate, other = leaf(MIDDLE), mint.authority("Other", **DAYS)
    for rest in (MIDDLE.pem, MIDDLE.pem + ROOT.pem):
        seen = shake(tls_server(certificate.pem + rest, certificate.key_pem), trusted=other.pem)
        assert seen["error"]["code"] == "TRUST-UNKNOWN-CA"


def test_an_intermediate_or_the_leaf_itself_may_be_the_anchor_as_in_java(shake, tls_server):
    certificate = leaf(MIDDLE)
    port = tls_server(certificate.pem, certificate.key_pem)
    assert shake(port, trusted=MIDDLE.pem)["verified"] and shake(port, trusted=certificate.pem)["verified"]


def test_a_common_name_counts_only_where_there_is_no_dns_name(shake, tls_server):
    legacy = leaf(dns=[], common_name=NAME)
    modern = leaf(dns=["other.example"], common_name=NAME)
    assert shake(tls_server(legacy.pem, legacy.key_pem))["verified"]
    assert shake(tls_server(modern.pem, modern.key_pem))["error"]["code"] == "NAME-MISMATCH"


def test_expecting_a_verified_handshake_fails_the_task_with_the_facts(shake, tls_server):
    certificate = leaf(None)
    seen = shake(tls_server(certificate.pem, certificate.key_pem), expect="verified")
    assert seen["failed"] and "TRUST-SELF-SIGNED" in seen["msg"] and seen["presented"]


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_the_chain_of_a_refused_certificate_is_seen_under_each_version(shake, tls_server, version):
    certificate = leaf(None)
    seen = shake(tls_server(certificate.pem, certificate.key_pem, minimum_version=version, maximum_version=version))
    assert base64.b64decode(seen["presented"][0]) == certificate.der


def test_a_server_that_is_not_tls(shake, plain_server):
    assert shake(plain_server(b"HTTP/1.0 400 Bad Request\r\n\r\n"))["error"]["code"] == "NOT-TLS"


def test_a_server_that_accepts_and_never_answers_ends_at_the_timeout(shake, plain_server):
    assert shake(plain_server(b""), timeout=0.5)["error"]["code"] == "HANDSHAKE-TIMEOUT"


def test_nobody_listens(shake):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert shake(port)["error"]["code"] == "CONNECT-REFUSED"


def test_a_name_that_cannot_be_resolved(shake):
    assert shake(443, host="no.such.host.invalid")["error"]["code"] == "RESOLVE-FAILED"


def test_a_handshake_that_the_server_ends_tells_the_alert(shake, plain_server):
    assert "handshake failure" in shake(plain_server(b"\x15\x03\x03\x00\x02\x02\x28"))["error"]["message"]


def test_the_ca_certificates_may_have_their_old_names(shake, tls_server, tmp_path):
    certificate = leaf()
    (tmp_path / "ca.pem").write_text(ROOT.pem, encoding="ascii")
    port = tls_server(certificate.pem, certificate.key_pem)
    for old in ({"ca_content": ROOT.pem}, {"ca_path": str(tmp_path / "ca.pem")}):
        seen = shake(port, trusted=None, expect="verified", **old)
        assert seen["verified"] and "'%s'" % next(iter(old)) in str(seen["deprecations"])


@pytest.mark.parametrize(
    "wrong, words",
    [
        (dict(host="bad host"), "host: 'bad host'"),
        (dict(port=0), "port: 0"),
        (dict(address="depot"), "address: 'depot' is not an IP address"),
        (dict(trusted="no certificate"), "trusted_content: contains no certificate"),
        (dict(trusted="-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"), "trusted_content: OpenSSL cannot read the certificates: "),
        (dict(trusted=None, trusted_path="/nowhere/ca.pem"), "trusted_path: /nowhere/ca.pem cannot be read"),
        (dict(trusted=None, java_keystore={"path": "/nowhere/ks"}), "java_keystore.path: /nowhere/ks cannot be read: No such file"),
    ],
)
def test_bad_input_names_the_option(shake, wrong, words):
    seen = shake(**wrong)
    assert seen["failed"] and words in seen["msg"]


def test_a_server_that_presents_another_certificate_is_named_by_fingerprints(shake, tls_server):
    old, new = leaf(), leaf()
    port = tls_server(old.pem, old.key_pem)
    expected, presented = fingerprint_of(new.der), fingerprint_of(old.der)
    seen = shake(port, expected_fingerprints=[expected], expect="verified")
    assert seen["failed"] and not seen["verified"] and seen["error"]["code"] == "SERVED-DIFFERS"
    assert "another certificate (SHA-256 %s) than expected (%s)" % (presented, expected) in seen["msg"]
    assert shake(port, expected_fingerprints=[presented.replace(":", "").lower()], expect="verified")["verified"]


def test_a_server_that_still_presents_what_it_presented_before_is_told_from_one_that_presents_something_else(shake, tls_server):
    before, new, other = leaf(MIDDLE), leaf(), leaf()
    port = tls_server(before.pem + MIDDLE.pem, before.key_pem)
    seen = shake(port, None)
    assert "failed" not in seen and seen["error"] is None and not seen["verified"], "without certificates to trust, nothing is verified"
    assert seen["chain_fingerprints"] == [fingerprint_of(before.der), fingerprint_of(MIDDLE.der)]
    for previous, code in ((seen["chain_fingerprints"], "SERVED-PREVIOUS"), ([fingerprint_of(other.der)], "SERVED-DIFFERS"), (None, "SERVED-DIFFERS")):
        again = shake(port, expected_fingerprints=[fingerprint_of(new.der)], previous_fingerprints=previous)
        assert again["error"]["code"] == code and fingerprint_of(before.der) in again["error"]["message"]


def test_a_handshake_is_made_again_until_the_expected_certificate_is_presented(shake, tmp_path):
    """As after a graceful reload: the server presents the old certificate once, then the new one."""
    old, new = leaf(), leaf()
    for name, certificate in (("old", old), ("new", new)):
        (tmp_path / name).write_text(certificate.pem + certificate.key_pem, encoding="ascii")
    contexts = []
    for name in ("old", "new", "new"):
        contexts.append(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER))
        contexts[-1].load_cert_chain(tmp_path / name)

    def serve(connection):
        with contextlib.suppress(OSError), contexts.pop(0).wrap_socket(connection, server_side=True) as secured:
            secured.recv(1)

    with listening(serve) as port:
        seen = shake(port, expected_fingerprints=[fingerprint_of(new.der)], wait_timeout=PATIENCE, expect="verified")
    assert seen["verified"] and len(contexts) == 1


def test_the_expected_certificates_are_enough_if_the_task_asks_for_no_more(shake, tls_server):
    """A restored certificate need not be trusted, nor have the name that clients use: for that it was replaced."""
    old = leaf(None, dns=["other.example"], common_name="other.example")
    port = tls_server(old.pem, old.key_pem)
    for trusted in (ROOT.pem, None):
        seen = shake(port, trusted, expected_fingerprints=[fingerprint_of(old.der)], wait_timeout=PATIENCE, expect="presented")
        assert "failed" not in seen and not seen["verified"]
        assert (seen["error"] or {}).get("code") == (trusted and "TRUST-SELF-SIGNED")
    assert "any of the following are missing" in shake(port, None, expect="verified")["msg"], "a verified handshake needs certificates to trust"
    other = shake(port, expected_fingerprints=[fingerprint_of(ROOT.der)], expect="presented")
    assert other["failed"] and "SERVED-DIFFERS: the server presents another certificate" in other["msg"]
    assert "expected_fingerprints" in shake(port, expect="presented")["msg"]


def test_a_server_that_cannot_be_reached_presents_nothing(shake):
    with listening(lambda connection: None) as port:
        pass
    assert "CONNECT-" in shake(port, expected_fingerprints=[fingerprint_of(ROOT.der)], expect="presented")["msg"]
