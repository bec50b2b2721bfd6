# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The text of a pin store, and pins as people write them."""

from __future__ import annotations

import base64

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.endpoints import HostPort
from ansible_collections.certmend.tls.plugins.module_utils.appliance.pin_store.records import AcceptedPin, AnnouncedPin, PinRecord, UsedApproval, parse_pin
from ansible_collections.certmend.tls.plugins.module_utils.appliance.pin_store.store import Store, dump, parse
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError

DIGEST = bytes(range(31)) + b"\xff"
PIN, OTHER = ("sha256/" + base64.b64encode(one).decode("ascii") for one in (DIGEST, DIGEST[::-1]))
SINCE = "2026-11-20T12:00:00Z"
CERTIFICATE = {"subject": "CN=würzburg.example", "fingerprints": {"sha256": "AB:CD"}}
SERVERS = [HostPort.of(host, port) for host, port in (("vault.corp.example", 443), ("vault.corp.example", 8443), ("2001:DB8::1", 443))]
ACCEPTED = (AcceptedPin(PIN, SINCE, "approved", "CHG-1", CERTIFICATE), AcceptedPin(OTHER, SINCE, "first_use", "", CERTIFICATE))
USED = UsedApproval("CHG-1", SERVERS[0], OTHER, PIN, SINCE, SINCE)
FULL = Store({server: PinRecord(server, ACCEPTED, (AnnouncedPin(OTHER, SINCE, "vault.csr"),)) for server in SERVERS}, (USED,))


def test_what_is_written_is_read_again():
    assert parse(dump(FULL), "store") == FULL and parse(dump(Store()), "store") == Store()
    assert dump(parse(dump(FULL), "store")) == dump(FULL)


def test_no_part_of_a_store_is_taken_for_the_whole():
    data = dump(FULL)
    for length in range(len(data)):
        with pytest.raises(RemediationError, match=r"store, line \d+: "):
            parse(data[:length], "store")


def test_no_line_can_be_taken_out_doubled_or_exchanged_with_the_first():
    lines = dump(FULL).splitlines(keepends=True)
    for place in range(len(lines)):
        without, twice, turned = lines[:place] + lines[place + 1 :], lines[: place + 1] + lines[place:], lines[place:] + lines[:place]
        for damaged in (without, twice) + ((turned,) if place else ()):
            with pytest.raises(RemediationError, match=r"store, line \d+: "):
                parse(b"".join(damaged), "store")


BROKEN = {
    "line 1: not a JSON object": lambda lines: [b"# my pins"] + lines[1:],
    "line 1: version 2 is not supported": lambda lines: [lines[0].replace(b'"version": 1', b'"version": 2')] + lines[1:],
    "line 1: not a valid entry": lambda lines: [b"[]"] + lines[1:],
    "line 1: not a valid entry .*": lambda lines: [lines[0].replace(b"4", b"true")] + lines[1:],
    "line 2: unreadable pin: 'sha1/.* is not a pin": lambda lines: [lines[0], lines[1].replace(b"sha256/", b"sha1/")] + lines[2:],
    "line 2: port is missing": lambda lines: [lines[0], lines[1].replace(b'"port"', b'"prot"')] + lines[2:],
    "line 2: not a valid host and port": lambda lines: [lines[0], lines[1].replace(b": 443", b": 70000")] + lines[2:],
    "line 2: unknown key x": lambda lines: [lines[0], lines[1].replace(b'"announced"', b'"x": 1, "announced"')] + lines[2:],
    "line 3: .* has two entries": lambda lines: [lines[0], lines[1], lines[1]] + lines[3:],
    "line 5: not a valid entry": lambda lines: lines[:4] + [lines[4].replace(b'"ticket"', b'"tikcet"')] + lines[5:],
}


@pytest.mark.parametrize("told", BROKEN)
def test_what_a_hand_broke_is_told_with_its_line(told):
    with pytest.raises(RemediationError, match="store, " + told) as raised:
        parse(b"\n".join(BROKEN[told](dump(FULL).split(b"\n"))), "store")
    assert "not changed" in raised.value.advice


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
def test_anything_else_is_no_pin_and_the_forms_are_told(written):
    with pytest.raises(RemediationError, match=r"pins\[0\]: .* is not a pin") as raised:
        parse_pin(written, "pins[0]")
    assert all(word in raised.value.advice for word in ("RFC 7469", "curl", "kubeadm"))


def test_a_place_is_compared_in_one_form():
    assert HostPort.of("Vault.Corp.Example.", 443) == HostPort.of("vault.corp.example", 443)
    assert str(HostPort.of("[2001:DB8::0001]", 8443)) == "[2001:db8::1]:8443" and HostPort.of("bücher.example", 1).host == "xn--bcher-kva.example"
