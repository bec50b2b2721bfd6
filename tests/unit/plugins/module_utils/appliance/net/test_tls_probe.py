# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One handshake with a real server, or the code for why there was none."""

from __future__ import annotations

import contextlib
import enum
import json
import socket
import ssl
import threading

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.appliance.net import tls_probe
from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.tls_context import LAST_CLEARTEXT_VERSION, collecting_context, verifying_context
from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.tls_probe import ProbeCode, ProbeError, probe, resolve
from ansible_collections.certmend.tls.tests.support import mint
from ansible_collections.certmend.tls.tests.support.clock import PATIENCE, REAL, deadline
from ansible_collections.certmend.tls.tests.support.run import pythons, run_script

ROOT = mint.authority("Root", **REAL.days())
LEAF = mint.mint("localhost", dns=["localhost"], issuer=ROOT, **REAL.days())


def failure(*arguments, **options):
    with pytest.raises(ProbeError) as caught:
        probe(*arguments, **{"timeout": PATIENCE, **options})
    assert not isinstance(caught.value.code, enum.Enum), "results contain plain text"
    return caught.value


def test_a_handshake_shows_chain_protocol_cipher_and_addresses(tls_server):
    seen = probe("localhost", tls_server(LEAF.pem + ROOT.pem, LEAF.key_pem), "localhost", timeout=PATIENCE)
    assert seen.chain == (LEAF.der, ROOT.der) and seen.protocol in ("TLSv1.2", "TLSv1.3") and seen.cipher
    assert seen.address == "127.0.0.1" and seen.address in seen.addresses and seen.seconds >= 0
    assert seen.verify_code is None, "a collecting context verifies nothing"


def test_a_verifying_context_reports_openssl_s_code(tls_server):
    port, context = tls_server(LEAF.pem, LEAF.key_pem), verifying_context(ROOT.pem)
    good, bad = (probe("localhost", port, name, "127.0.0.1", PATIENCE, context) for name in ("localhost", "other.example"))
    assert (good.verify_code, good.verify_message, good.addresses) == (0, "", ("127.0.0.1",))
    assert bad.verify_code == 62 and "other.example" in bad.verify_message and bad.chain == (LEAF.der,)


def test_the_first_address_that_answers_is_used(tls_server, monkeypatch):
    port = tls_server(LEAF.pem, LEAF.key_pem)
    monkeypatch.setattr(tls_probe, "resolve", lambda _host, _port, _deadline: ("127.9.9.9", "127.0.0.1"))
    seen = probe("two.example", port, "localhost", timeout=PATIENCE)
    assert seen.address == "127.0.0.1" and seen.addresses == ("127.9.9.9", "127.0.0.1")


def test_a_server_of_tls_1_3_only_is_asked_again_by_a_python_that_begins_below(tls_server, monkeypatch):
    port = tls_server(LEAF.pem, LEAF.key_pem, minimum_version=ssl.TLSVersion.TLSv1_3)
    context = collecting_context()
    context.maximum_version = LAST_CLEARTEXT_VERSION
    assert failure("localhost", port, "localhost", "127.0.0.1", context=context).code == ProbeCode.TLS_ALERT
    monkeypatch.setattr(tls_probe, "can_read_every_chain", lambda: False)
    assert probe("localhost", port, "localhost", "127.0.0.1", PATIENCE, context).protocol == "TLSv1.3"


def test_a_name_resolves_to_its_addresses_each_once():
    addresses = resolve("localhost", 443, deadline())
    assert "127.0.0.1" in addresses and len(set(addresses)) == len(addresses)


@pytest.mark.parametrize("host", ["no.such.host.invalid", "a" * 70 + ".example"])
def test_a_name_that_cannot_be_resolved(host):
    error = failure(host, 443, host)
    assert error.code == "RESOLVE-FAILED" and host in error.message and "hosts_mapping" in error.advice


def test_a_name_without_an_address(monkeypatch):
    monkeypatch.setattr(tls_probe, "resolve", lambda _host, _port, _deadline: ())
    assert failure("none.example", 443, "none.example").code == "RESOLVE-FAILED"


def test_a_port_on_which_no_server_listens():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    error = failure("localhost", port, "localhost", "127.0.0.1")
    assert error.code == "CONNECT-REFUSED" and error.message == "127.0.0.1 port %d refuses the connection" % port


def test_an_address_that_cannot_be_reached():
    error = failure("localhost", 443, "localhost", "255.255.255.255")
    assert error.code == "HOST-UNREACHABLE" and "255.255.255.255 port 443 cannot be reached: " in error.message


def test_a_server_that_drips_a_record_does_not_hold_the_client_beyond_the_deadline():
    stopped = threading.Event()

    def drip(listener):
        with contextlib.suppress(OSError), listener.accept()[0] as connection:
            connection.sendall(b"\x16\x03\x03\x40\x00")
            while not stopped.wait(0.02):
                connection.sendall(b"x")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=drip, args=(listener,), daemon=True).start()
        error = failure("localhost", listener.getsockname()[1], "localhost", "127.0.0.1", timeout=0.3)
    stopped.set()
    assert error.code == "HANDSHAKE-TIMEOUT"


def test_a_name_server_that_does_not_answer_does_not_hold_the_client_beyond_the_deadline(monkeypatch):
    answered = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_arguments, **_more: answered.wait(PATIENCE))
    assert failure("slow.example", 443, "slow.example", timeout=0.2).code == "RESOLVE-FAILED"
    answered.set()


def test_a_server_that_does_not_accept_connections_any_more():
    with socket.create_server(("127.0.0.1", 0), backlog=0) as server, contextlib.ExitStack() as stack:
        port = server.getsockname()[1]
        with contextlib.suppress(socket.timeout):
            while True:  # until its queue is full
                stack.enter_context(socket.create_connection(("127.0.0.1", port), 0.2))
        assert failure("localhost", port, "localhost", "127.0.0.1", timeout=0.2).code == "CONNECT-TIMEOUT"


def test_a_server_that_never_answers_the_handshake(plain_server):
    error = failure("localhost", plain_server(b""), "localhost", "127.0.0.1", timeout=0.2)
    assert error.code == "HANDSHAKE-TIMEOUT" and "accepts the connection but does not answer" in error.message


@pytest.mark.parametrize(
    "answer, code, words",
    [
        (b"HTTP/1.0 400 Bad Request\r\n\r\n", "NOT-TLS", "answers, but not with TLS"),
        (b"\x15\x03\x03\x00\x02\x02\x28", "TLS-ALERT", "ended the handshake with an alert: handshake failure"),
        (b"\x16\x03\x03\x00\x04\x63\x00\x00\x00", "CONNECTION-CLOSED", "ended the handshake: "),
    ],
)
def test_a_server_that_does_not_complete_the_handshake(plain_server, answer, code, words):
    error = failure("localhost", plain_server(answer), "localhost", "127.0.0.1")
    assert error.code == code and words in error.message and error.advice


def test_the_codes_are_those_of_the_results():
    documented = ["RESOLVE-FAILED", "CONNECT-REFUSED", "CONNECT-TIMEOUT", "HOST-UNREACHABLE", "HANDSHAKE-TIMEOUT", "NOT-TLS", "TLS-ALERT"]
    assert [code.value for code in ProbeCode] == [*documented, "CONNECTION-CLOSED"]


#: whose ssl module does not return the chain of a failed verification
BEFORE_3_10 = pythons("3.7", "3.8", "3.9")


SCRIPT = """
import json, sys
from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.tls_context import verifying_context
from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.tls_probe import probe
seen = probe("localhost", int(sys.argv[1]), "localhost", "127.0.0.1", float(sys.argv[2]), verifying_context(open(sys.argv[3]).read()))
print(json.dumps([seen.verify_code, seen.protocol, [der.hex() for der in seen.chain]]))
"""


@pytest.mark.skipif(not BEFORE_3_10, reason="no Python 3.7 to 3.9 on this machine")
@pytest.mark.parametrize("python", BEFORE_3_10 or [""])
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_an_old_python_reads_the_chain_off_the_wire_up_to_tls_1_2(tls_server, tmp_path, python, version):
    port = tls_server(LEAF.pem + ROOT.pem, LEAF.key_pem, minimum_version=version, maximum_version=ssl.TLSVersion.TLSv1_3)
    results = []
    for anchor in (ROOT, mint.authority("Other", **REAL.days())):
        (tmp_path / "ca.pem").write_text(anchor.pem, encoding="ascii")
        results.append(json.loads(run_script(SCRIPT, str(port), str(PATIENCE), str(tmp_path / "ca.pem"), python=python)))
    chain = [LEAF.der.hex(), ROOT.der.hex()]
    if version == ssl.TLSVersion.TLSv1_2:
        assert results == [[0, "TLSv1.2", chain], [19, "", chain]]
    else:
        assert results == [[0, "TLSv1.3", chain[:1]], [19, "", []]], "encrypted: only a completed handshake shows a certificate"
