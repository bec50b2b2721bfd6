# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Pins as people write them, and the records of a pin store."""

from __future__ import annotations

import base64

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.endpoints import HostPort
from ansible_collections.certmend.tls.plugins.module_utils.appliance.pin_store.records import AcceptedPin, AnnouncedPin, PinRecord, parse_pin
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError

DIGEST = bytes(range(31)) + b"\xff"
PIN, OTHER = ("sha256/" + base64.b64encode(digest).decode("ascii") for digest in (DIGEST, DIGEST[::-1]))


@pytest.mark.parametrize(
    "written",
    [
        PIN,
        PIN.replace("sha256/", "sha256//"),
        PIN.rstrip("="),
        " %s\n" % PIN,
        'pin-sha256="%s"' % PIN[7:],
        "sha256:" + DIGEST.hex(),
        "sha256:" + DIGEST.hex().upper(),
        "SHA256:" + ":".join("%02x" % byte for byte in DIGEST),
    ],
)
def test_a_pin_may_be_written_as_rfc_7469_curl_and_kubeadm_do(written):
    assert parse_pin(written, "pin") == PIN


NO_PINS = ["", None, 7, "sha256/", "sha1/" + PIN[7:], PIN + "A", PIN[:-3], DIGEST.hex(), "sha256:" + DIGEST.hex()[:-2], "sha256/" + "!" * 44]


@pytest.mark.parametrize("written", NO_PINS)
def test_anything_else_is_no_pin_and_the_error_lists_the_forms(written):
    with pytest.raises(RemediationError, match=r"pins\[0\]: .* is not a pin") as raised:
        parse_pin(written, "pins[0]")
    assert all(word in raised.value.advice for word in ("RFC 7469", "curl", "kubeadm"))


def test_records_are_found_by_host_and_port_in_one_form():
    assert HostPort.of("Vault.Corp.Example.", 443) == HostPort.of("vault.corp.example", 443)
    assert str(HostPort.of("[2001:DB8::0001]", 8443)) == "[2001:db8::1]:8443" and HostPort.of("bücher.example", 1).host == "xn--bcher-kva.example"


def test_base64url_is_read_as_base64():
    digest = b"\xfb\xff" * 16
    written = "sha256/" + base64.urlsafe_b64encode(digest).decode("ascii")
    assert "-" in written and parse_pin(written, "pin") == "sha256/" + base64.b64encode(digest).decode("ascii")


def test_a_record_lists_its_pins_without_their_history():
    since = "2026-11-20T12:00:00Z"
    record = PinRecord(HostPort.of("vault.corp.example", 443), (AcceptedPin(PIN, since, "first_use"),), (AnnouncedPin(OTHER, since, "pin"),))
    assert record.accepted_pins == (PIN,) and record.announced_pins == (OTHER,)
