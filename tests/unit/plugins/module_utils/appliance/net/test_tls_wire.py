# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What can be read of a TLS handshake on the wire, and that damaged bytes are never more than nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.tls_wire import alert, certificates, is_tls, records


def record(kind, content):
    return bytes([kind, 3, 3]) + len(content).to_bytes(2, "big") + content


def message(kind, body):
    return bytes([kind]) + len(body).to_bytes(3, "big") + body


def certificate_message(*chain):
    vectors = b"".join(len(der).to_bytes(3, "big") + der for der in chain)
    return message(11, len(vectors).to_bytes(3, "big") + vectors)


CHAIN = [b"leaf" * 100, b"intermediate"]
SERVER_HELLO = message(2, b"hello")


def test_the_certificates_are_read_in_the_order_sent():
    assert certificates(record(22, SERVER_HELLO + certificate_message(*CHAIN)) + record(20, b"\x01")) == CHAIN


def test_a_message_may_span_several_records():
    data = SERVER_HELLO + certificate_message(*CHAIN)
    assert certificates(b"".join(record(22, data[start : start + 50]) for start in range(0, len(data), 50))) == CHAIN


def test_an_incomplete_certificate_message_is_none():
    data = record(22, SERVER_HELLO + certificate_message(*CHAIN))
    cut = record(22, SERVER_HELLO + certificate_message(*CHAIN)[:-1])
    assert certificates(data[:-1]) == [] and certificates(cut) == [] and certificates(record(22, SERVER_HELLO)) == [] and certificates(b"") == []


@pytest.mark.parametrize(
    "data, words",
    [
        (record(21, b"\x02\x28"), "handshake failure (no protocol version, cipher or certificate in common)"),
        (record(22, SERVER_HELLO) + record(21, b"\x02\x70"), "unrecognized name: no server for this name here"),
        (record(21, b"\x02\xfe"), "alert 254"),
        (record(21, b"\x01\x00"), ""),
        (record(21, b"encrypted alert"), ""),
        (record(21, b"\x02\x28")[:-1], ""),
        (b"", ""),
    ],
)
def test_a_fatal_alert_is_described_if_it_is_not_encrypted(data, words):
    assert alert(data) == words


def test_a_complete_record_has_a_type_and_content():
    assert list(records(record(22, b"a") + record(23, b"") + record(21, b"b")[:-1])) == [(22, b"a"), (23, b"")]


@pytest.mark.parametrize("data, tls", [(record(22, b"x"), True), (b"\x16\x03", False), (b"HTTP/1.1 400", False), (b"\x13\x03\x03", False), (b"", False)])
def test_bytes_that_begin_a_tls_record(data, tls):
    assert is_tls(data) is tls


@given(data=st.binary(max_size=200), cut=st.integers(0, 60), kind=st.integers(0, 255))
def test_no_bytes_raise_an_error(data, cut, kind):
    for given_bytes in (data, record(kind, data), record(22, certificate_message(*CHAIN)[:cut] + data), record(22, message(11, data))):
        assert isinstance(alert(given_bytes), str) and isinstance(certificates(given_bytes), list)
