# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A TLS client keeps what the server sent, and ends at its deadline."""

from __future__ import annotations

import socket
import ssl

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.tls_client import LONGEST_HANDSHAKE, TlsClient
from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.tls_context import collecting_context, verifying_context
from ansible_collections.certmend.tls.tests.support import mint
from ansible_collections.certmend.tls.tests.support.clock import REAL, deadline

ROOT = mint.authority("Root", **REAL.days())
LEAF = mint.mint("localhost", dns=["localhost"], issuer=ROOT, **REAL.days())


@pytest.fixture
def connect():
    sockets = []

    def to(port, context=None, ends=None, name="localhost"):
        sockets.append(socket.create_connection(("127.0.0.1", port)))
        return TlsClient(sockets[-1], context or collecting_context(), name, ends or deadline())

    yield to
    for opened in sockets:
        opened.close()


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_the_chain_is_returned_as_sent(connect, tls_server, version):
    client = connect(tls_server(LEAF.pem + ROOT.pem, LEAF.key_pem, minimum_version=version, maximum_version=version))
    client.shake_hands()
    assert client.chain() == (LEAF.der, ROOT.der) and client.received[0] == 22


def test_the_chain_is_returned_if_the_verification_failed(connect, tls_server):
    client = connect(tls_server(LEAF.pem, LEAF.key_pem), verifying_context(mint.authority("Other", **REAL.days()).pem))
    with pytest.raises(ssl.SSLCertVerificationError):
        client.shake_hands()
    assert client.chain() == (LEAF.der,)


def test_there_is_no_chain_before_a_handshake(connect, plain_server):
    assert connect(plain_server(b"")).chain() == ()


def test_the_name_is_sent_in_its_ascii_form(connect, tls_server):
    names = []
    port = tls_server(LEAF.pem, LEAF.key_pem, sni_callback=lambda _socket, name, _context: names.append(name))
    for name in ("B\u00dcCHER.example.", "10.0.0.1", ""):
        connect(port, name=name).shake_hands()
    assert names == ["xn--bcher-kva.example", None, None]


def test_after_its_deadline_a_client_reads_nothing_more(connect, plain_server):
    client = connect(plain_server(b"\x16\x03\x03" * 100), ends=deadline(-1))
    with pytest.raises(socket.timeout):
        client.shake_hands()
    assert client.received == b""


def test_a_server_that_closes_the_connection_is_an_error(connect):
    with socket.create_server(("127.0.0.1", 0)) as server:
        client = connect(server.getsockname()[1])
        accepted, _address = server.accept()
        accepted.shutdown(socket.SHUT_WR)
        with pytest.raises(ConnectionResetError, match="closed during the handshake"):
            client.shake_hands()
        accepted.close()


def test_a_handshake_that_never_ends_is_broken_off_by_its_size(connect, plain_server):
    hello_request = b"\x16\x03\x03\x00\x04\x00\x00\x00\x00"  # RFC 5246 section 7.4.1.1: a client may ignore it, however often it comes
    client = connect(plain_server(hello_request * (LONGEST_HANDSHAKE // len(hello_request) + 1)))
    with pytest.raises(OSError):
        client.shake_hands()
    assert len(client.received) <= LONGEST_HANDSHAKE
