# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What waits for a server ends at its deadline, whatever the server does."""

from __future__ import annotations

import socket
import threading

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.deadline import (
    MOST_ADDRESSES,
    DeadlineSocket,
    addresses_of,
    connect_to_first,
    seconds_until,
)
from ansible_collections.certmend.tls.tests.support.clock import PATIENCE, deadline


def test_a_socket_never_gets_a_timeout_of_zero():
    assert seconds_until(deadline(-10)) == 0.001 and seconds_until(deadline()) > 1


def test_after_the_deadline_nothing_is_sent_or_received():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(b"x")
        late = DeadlineSocket(ours, deadline(-1))
        for action in (late.receive, lambda: late.send(b"x")):
            with pytest.raises(socket.timeout):
                action()


def test_a_peer_that_reads_nothing_does_not_hold_the_sender():
    ours, theirs = socket.socketpair()
    with ours, theirs, pytest.raises(socket.timeout):
        DeadlineSocket(ours, deadline(0.2)).send(bytes(64 << 20))


def test_addresses_are_resolved_before_the_deadline_or_not_at_all(monkeypatch):
    assert addresses_of("127.0.0.1", 443, deadline()) == ("127.0.0.1",)
    with pytest.raises(socket.gaierror):
        addresses_of("no.such.host.invalid", 443, deadline())
    answered = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_arguments, **_more: answered.wait(PATIENCE))
    with pytest.raises(socket.timeout):
        addresses_of("slow.example", 443, deadline(0.1))
    answered.set()


def test_of_many_addresses_only_some_are_tried():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        sock, address = connect_to_first(["127.9.9.9", "127.0.0.1"], port, deadline())
        sock.close()
        assert address == "127.0.0.1"
        with pytest.raises(ConnectionRefusedError):
            connect_to_first(["127.9.9.9"] * MOST_ADDRESSES + ["127.0.0.1"], port, deadline())
        with pytest.raises(OSError, match="no address"):
            connect_to_first([], port, deadline())
