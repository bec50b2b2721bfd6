# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rule about public keys that clients have pinned."""

from __future__ import annotations

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.endpoints import HostPort
from ansible_collections.certmend.tls.plugins.module_utils.appliance.pin_store.records import AcceptedPin, AnnouncedPin, PinRecord
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import from_x509
from ansible_collections.certmend.tls.tests.support.mint import mint
from ansible_collections.certmend.tls.tests.support.rules import codes, fails, findings, passes

OLD, NEW, OTHER = (mint("vault.corp.example", dns=["vault.corp.example"]) for _time in range(3))
SERVER = HostPort("vault.corp.example", 443)


def pin(minted):
    return from_x509(minted.x509).pin


def known(*pinned, announced=()):
    pins = tuple(AcceptedPin(pin(minted), "2026-11-01T12:00:00Z", "first_use", certificate={"subject": "CN=vault.corp.example"}) for minted in pinned)
    return PinRecord(SERVER, pins, tuple(AnnouncedPin(pin(minted), "2026-11-01T12:00:00Z", "pin") for minted in announced))


@fails("PIN-CHANGED")
@pytest.mark.parametrize("store", [known(OLD), known(OLD, announced=[OTHER])])
def test_a_key_that_is_neither_pinned_nor_announced_is_reported(store):
    (finding,) = findings(NEW, profiles=["pinned"], pin_record=store)
    assert finding.code == "PIN-CHANGED" and finding.remedy == "pins"
    assert all(word in finding.message for word in (pin(OLD), pin(NEW), "2026-11-01T12:00:00Z", "CN=vault.corp.example"))


@passes("PIN-CHANGED")
@pytest.mark.parametrize("store", [known(NEW), known(OLD, NEW), known(OLD, announced=[NEW]), known(announced=[OTHER]), known(), None])
def test_a_pinned_or_announced_key_is_not_reported_nor_is_any_key_of_a_server_without_pins(store):
    assert codes(NEW, profiles=["pinned"], pin_record=store) == []


def test_other_profiles_do_not_compare_pins():
    assert "PIN-CHANGED" not in codes(NEW, pin_record=known(OLD))
