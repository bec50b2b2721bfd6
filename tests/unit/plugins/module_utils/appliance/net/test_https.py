# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""HTTPS requests to a real server on loopback: who is trusted, what an answer holds, and what becomes of a connection that fails."""

from __future__ import annotations

import contextlib
import datetime
import os
import socket
import ssl
import threading

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.appliance.formats.fingerprints import fingerprint_of
from ansible_collections.certmend.tls.plugins.module_utils.appliance.net import https
from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.https import ConnectionFailed, ConnectionLost, Session, trust_from_params, trust_of
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.tests.support import mint
from ansible_collections.certmend.tls.tests.support.clock import PATIENCE, REAL

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nDate: Tue, 15 Jun 2010 12:00:00 GMT\r\nX-Auth-Token: abc\r\n\r\nok"
SILENCE = b""


class Drip(bytes):
    """A reply that is sent byte by byte, one each 20 ms, until the client gives up."""


class Service:
    """A TLS server with scripted replies; it remembers the requests.

    :param replies: one for each request; SILENCE keeps the client waiting.
    :param closes: whether it closes the connection after each reply, without announcing it.
    """

    def __init__(self, certificate, folder, replies=(), closes=False):
        self.replies, self.closes = list(replies), closes
        self.requests, self.connections = [], 0
        self.stopped = threading.Event()
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.path = folder / "service.pem"
        self.present(certificate)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def present(self, certificate, *chain):
        """Use a certificate, and send those that follow it, for all further connections."""
        self.path.write_text(certificate.key_pem + "".join(one.pem for one in (certificate, *chain)), encoding="ascii")
        self.context.load_cert_chain(self.path)

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=self.serve, args=(self.listener.accept()[0],), daemon=True).start()

    def serve(self, connection):
        with contextlib.suppress(OSError), self.context.wrap_socket(connection, server_side=True) as tls:
            self.connections += 1
            with tls.makefile("rb") as lines:
                while self.answer(tls, lines) and not self.closes:
                    pass

    def answer(self, tls, lines):
        head = list(iter(lines.readline, b"\r\n")) if lines.peek(1) else []
        if not head:
            return False
        length = sum(int(line.split(b":")[1]) for line in head if line.lower().startswith(b"content-length:"))
        self.requests.append((head[0].split()[:2], lines.read(length)))
        reply = self.replies.pop(0) if self.replies else None
        if reply is None:
            return False
        if reply is SILENCE:
            lines.read(1)  # until the client gives up
            return False
        if isinstance(reply, Drip):
            return self.drip(tls, reply)
        tls.sendall(reply)
        return True

    def drip(self, tls, reply):
        for byte in reply:
            if self.stopped.wait(0.02):
                break
            tls.sendall(bytes((byte,)))
        return True

    def close(self):
        self.stopped.set()
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


@pytest.fixture(scope="module")
def certificate():
    return mint.mint("localhost", dns=["localhost"], **REAL.days())


@pytest.fixture
def service(certificate, tmp_path):
    """service(replies, closes=False) -> a running Service."""
    with contextlib.ExitStack() as stack:

        def start(*replies, closes=False):
            return stack.enter_context(contextlib.closing(Service(certificate, tmp_path, replies, closes)))

        yield start


@pytest.fixture
def ca_path(certificate, tmp_path):
    path = tmp_path / "ca.pem"
    path.write_text(certificate.pem, encoding="ascii")
    return str(path)


def session_to(service, ca_path, host="localhost", timeout=PATIENCE, **more):
    return Session(host, service.port, trust_of(ca_path, (), True), timeout, **more)


def test_an_answer_has_status_body_and_headers_in_lower_case(service, ca_path):
    running = service(OK)
    answer = session_to(running, ca_path).request("GET", "/state", b"", {})
    assert (answer.status, answer.body, answer.headers["x-auth-token"]) == (200, b"ok", "abc")
    assert running.requests == [([b"GET", b"/state"], b"")]


@pytest.mark.parametrize(
    "date, expected",
    [
        (b"Date: Tue, 15 Jun 2010 12:00:00 GMT\r\n", datetime.datetime(2010, 6, 15, 12, tzinfo=datetime.timezone.utc)),
        (b"Date: soon\r\n", None),
        (b"", None),
    ],
)
def test_the_servers_time_is_that_of_the_date_header_if_it_has_one(date, expected, service, ca_path):
    running = service(b"HTTP/1.1 204 No Content\r\n" + date + b"\r\n")
    assert session_to(running, ca_path).request("GET", "/", b"", {}).moment() == expected


@pytest.mark.parametrize("given", ["root", "intermediate", "own"])
def test_a_server_is_trusted_by_any_certificate_of_its_chain_whatever_a_stricter_client_would_miss(given, tmp_path):
    """None of them has a key identifier, which Python's default refuses since 3.13; up to 3.12, it wants a root."""
    days = REAL.days()
    root = mint.authority(**days)
    intermediate = mint.authority("Intermediate", root, **days)
    own = mint.mint("localhost", dns=["localhost"], issuer=intermediate, **days)
    path = tmp_path / "trusted.pem"
    path.write_text(dict(root=root, intermediate=intermediate, own=own)[given].pem, encoding="ascii")
    with contextlib.closing(Service(own, tmp_path, [OK])) as running:
        running.present(own, intermediate)
        assert session_to(running, str(path)).post("/", b"", {}).status == 200


def test_a_connection_is_kept_for_the_next_request(service, ca_path):
    running = service(OK, OK)
    session = session_to(running, ca_path)
    session.post("/first", b"body", {})
    session.post("/second", b"", {})
    assert running.requests == [([b"POST", b"/first"], b"body"), ([b"POST", b"/second"], b"")] and running.connections == 1


def test_an_answer_that_announces_the_end_of_the_connection_ends_it(service, ca_path):
    running = service(OK.replace(b"\r\nDate", b"\r\nConnection: close\r\nDate"), OK)
    session = session_to(running, ca_path)
    session.post("/first", b"", {})
    session.post("/second", b"", {})
    assert running.connections == 2


def test_a_session_that_was_closed_connects_again(service, ca_path):
    running = service(OK, OK)
    session = session_to(running, ca_path)
    session.post("/", b"", {})
    session.close()
    session.close()
    session.post("/", b"", {})
    assert running.connections == 2


def test_a_request_that_may_be_repeated_is_sent_again_if_the_kept_connection_was_closed(service, ca_path):
    running = service(OK, OK, closes=True)
    session = session_to(running, ca_path)
    session.post("/", b"", {})
    assert session.post("/", b"", {}, again=True).body == b"ok" and running.connections == 2


def test_any_other_request_on_a_closed_connection_is_reported_as_lost(service, ca_path):
    running = service(OK, OK, closes=True)
    session = session_to(running, ca_path)
    session.post("/", b"", {})
    with pytest.raises(ConnectionLost, match="^localhost:%d: " % running.port):
        session.post("/", b"", {})


def test_a_request_on_a_new_connection_is_not_repeated(service, ca_path):
    running = service(closes=True)
    with pytest.raises(ConnectionLost):
        session_to(running, ca_path).post("/", b"", {}, again=True)
    assert len(running.requests) == 1


def test_a_server_that_does_not_answer_is_reported_with_the_timeout(service, ca_path):
    with pytest.raises(RemediationError, match="no complete answer within 0.5 seconds"):
        session_to(service(SILENCE), ca_path, timeout=0.5).post("/", b"", {})


HEAD = b"HTTP/1.1 200 OK\r\n"
SLOW = {
    "status line": HEAD + b"Content-Length: 0\r\n\r\n",
    "headers": HEAD + b"X-Slow: yes\r\n" * 20 + b"Content-Length: 0\r\n\r\n",
    "body": HEAD + b"Content-Length: 100\r\n\r\n" + b"x" * 100,
    "chunks": HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * 20 + b"0\r\n\r\n",
    "interim answers": b"HTTP/1.1 100 Continue\r\n\r\n" * 10 + HEAD + b"Content-Length: 0\r\n\r\n",
}


@pytest.mark.parametrize("part", sorted(SLOW))
def test_a_server_that_drips_its_answer_does_not_hold_the_client_beyond_the_deadline(part, service, ca_path):
    with pytest.raises(ConnectionLost, match="no complete answer within 0.4 seconds"):
        session_to(service(Drip(SLOW[part])), ca_path, timeout=0.4).post("/", b"", {})


def test_a_name_server_that_does_not_answer_does_not_hold_the_client_beyond_the_deadline(ca_path, monkeypatch):
    answered = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_arguments, **_more: answered.wait(PATIENCE))
    with pytest.raises(ConnectionFailed, match="no complete answer within 0.2 seconds"):
        Session("slow.example", 443, trust_of(ca_path, (), True), 0.2).post("/", b"", {})
    answered.set()


def test_a_server_that_floods_the_head_is_cut_off_long_before_the_deadline(service, ca_path):
    with pytest.raises(ConnectionLost, match="headers are longer than 65536 bytes"):
        session_to(service(b"HTTP/1.1 100 Continue\r\n\r\n" * 10000), ca_path).post("/", b"", {})


def test_an_answer_that_was_cut_short_is_a_lost_answer(service, ca_path):
    for reply in (OK[:-1], OK.replace(b"Content-Length: 2", b"X-Length: 2")):
        running = service(reply, closes=True)
        with pytest.raises(ConnectionLost):
            session_to(running, ca_path).post("/", b"", {})


def test_bytes_that_follow_an_answer_are_not_the_answer_to_the_next_request(service, ca_path):
    running = service(OK + OK.replace(b"ok", b"no"), OK)
    session = session_to(running, ca_path)
    assert [session.post("/", b"", {}).body, session.post("/", b"", {}).body] == [b"ok", b"ok"] and running.connections == 2


@pytest.mark.parametrize("path, headers", [("/a b", {}), ("/a\r\nX-Evil: 1", {}), ("//\u20ac", {}), ("/", {"X-Auth-Token": "a\r\nX-Evil: 1"})])
def test_a_request_that_would_have_further_lines_is_not_sent(path, headers, service, ca_path):
    running = service(OK)
    with pytest.raises(RemediationError, match="contains a blank or a control character"):
        session_to(running, ca_path).request("GET", path, b"", headers)
    assert running.connections == 0


def test_a_refused_connection_is_not_a_lost_request(ca_path):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(ConnectionFailed, match="localhost:%d: Connection refused" % port) as caught:
        Session("localhost", port, trust_of(ca_path, (), True), PATIENCE, "127.0.0.1").post("/", b"", {})
    assert not isinstance(caught.value, ConnectionLost) and "Check hostname, port" in caught.value.advice


def test_a_server_without_tls_is_reported(plain_server, ca_path):
    port = plain_server(b"220 mail.corp.example ESMTP\r\n")
    with pytest.raises(RemediationError, match="^localhost:%d: " % port):
        Session("localhost", port, trust_of(ca_path, (), True), PATIENCE).post("/", b"", {})


def test_an_answer_that_is_too_long_is_not_read(service, ca_path, monkeypatch):
    monkeypatch.setattr(https, "MAXIMUM_ANSWER", 1)
    with pytest.raises(RemediationError, match="sends an answer of more than 0 MiB"):
        session_to(service(OK), ca_path).post("/", b"", {})


def test_an_address_replaces_the_resolution_and_not_the_name_that_is_verified(service, ca_path):
    running = service(OK)
    assert session_to(running, ca_path, address="127.0.0.1").post("/", b"", {}).body == b"ok"
    with pytest.raises(RemediationError, match="^ome.invalid:%d is not trusted: " % running.port):
        session_to(running, ca_path, host="ome.invalid", address="127.0.0.1").post("/", b"", {})


def test_an_untrusted_server_is_reported_with_the_fingerprint_that_a_person_compares(service, certificate):
    running = service(OK)
    session = Session("localhost", running.port, trust_of(None, (), True), PATIENCE)
    with pytest.raises(RemediationError) as caught:
        session.post("/", b"", {})
    assert "localhost:%d is not trusted: " % running.port in caught.value.message
    assert caught.value.message.endswith("; it presents SHA-256 %s" % fingerprint_of(certificate.der))
    assert "server_fingerprint" in caught.value.advice and running.requests == []


def pin_of(certificate):
    return fingerprint_of(certificate.der).replace(":", "").lower()


def test_a_server_with_one_of_the_pins_is_trusted_without_a_ca(service, certificate):
    running = service(OK)
    assert Session("localhost", running.port, trust_of(None, ("00" * 32, pin_of(certificate)), True), PATIENCE).post("/", b"", {}).status == 200


def test_a_server_with_another_certificate_than_the_pinned_gets_no_request(service, certificate):
    running = service(OK)
    with pytest.raises(RemediationError, match="not among the fingerprints given") as caught:
        Session("localhost", running.port, trust_of(None, ("00" * 32,), False), PATIENCE).post("/", b"", {})
    assert fingerprint_of(certificate.der) in caught.value.message and running.requests == []


def test_a_new_connection_is_verified_like_the_first(service, certificate):
    running = service(OK.replace(b"\r\nDate", b"\r\nConnection: close\r\nDate"), OK)
    session = Session("localhost", running.port, trust_of(None, (pin_of(certificate),), True), PATIENCE)
    session.post("/", b"", {})
    running.present(mint.mint("localhost", dns=["localhost"], **REAL.days()))
    with pytest.raises(RemediationError, match="not among the fingerprints given"):
        session.post("/", b"", {})
    assert len(running.requests) == 1


def test_without_validation_every_server_is_trusted(service):
    running = service(OK)
    assert Session("localhost", running.port, trust_of(None, (), False), PATIENCE).post("/", b"", {}).status == 200


@pytest.mark.parametrize("text", [None, "no certificate"])
def test_a_ca_file_that_cannot_be_used_is_reported_with_its_option(text, tmp_path):
    path = tmp_path / "unusable.pem"
    if text is not None:
        path.write_text(text, encoding="ascii")
    with pytest.raises(RemediationError, match="^trusted_path: %s cannot be (used|read): " % path):
        trust_of(str(path), (), True)


def test_ca_certificates_can_be_given_as_text(service, ca_path):
    running = service(OK)
    with open(ca_path, encoding="ascii") as handle:
        text = handle.read()
    assert Session("localhost", running.port, trust_of(None, (), True, text), PATIENCE).post("/", b"", {}).status == 200
    with pytest.raises(RemediationError, match="^trusted_content: cannot be used: "):
        trust_of(None, (), True, "no certificate")


def test_trust_is_read_from_the_options_of_a_module(ca_path):
    params = {"trusted_path": ca_path, "trusted_content": None, "server_fingerprint": None, "validate_certs": True}
    assert trust_from_params(params).context.verify_mode == ssl.CERT_REQUIRED
    pinned = trust_from_params(dict(params, server_fingerprint=["AB:" * 31 + "AB"]))
    assert pinned.pins == ("ab" * 32,) and pinned.context.verify_mode == ssl.CERT_NONE
    with pytest.raises(RemediationError, match="^server_fingerprint: "):
        trust_from_params(dict(params, server_fingerprint=["AB"]))


def test_a_fifo_in_the_place_of_the_ca_certificates_is_refused(tmp_path):
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(RemediationError, match="trusted_path: .*/fifo is a named pipe"):
        trust_of(str(tmp_path / "fifo"), (), True)


@pytest.mark.parametrize("content", ["", " \n"])
def test_an_empty_file_of_ca_certificates_is_not_the_trust_store_of_the_system(content, tmp_path):
    (tmp_path / "ca.pem").write_text(content)
    with pytest.raises(RemediationError, match="trusted_path: .*/ca.pem cannot be used: it contains no certificate"):
        trust_of(str(tmp_path / "ca.pem"), (), True)


def test_text_around_the_ca_certificates_may_be_in_any_encoding(service, ca_path):
    with open(ca_path, "rb") as stream:
        certificate = stream.read()
    with open(ca_path, "wb") as stream:
        stream.write("Zertifikat für \u00fc\n".encode("latin-1") + certificate)
    running = service(OK)
    assert session_to(running, ca_path).request("GET", "/", b"", {}).status == 200
