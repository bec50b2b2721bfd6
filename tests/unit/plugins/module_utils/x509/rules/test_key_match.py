# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rules about the key that belongs to the certificate."""

from __future__ import annotations

from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import pin_of
from ansible_collections.certmend.tls.tests.support.mint import mint, new_key
from ansible_collections.certmend.tls.tests.support.rules import codes, fails, passes

FQDN = "depot.corp.example"
CERTIFICATE = mint(FQDN, dns=[FQDN])
MINE, ANOTHER = pin_of(CERTIFICATE.key.public_key()), pin_of(new_key().public_key())


@fails("KEY-NOT-PRIVATE-KEY")
def test_another_private_key_is_an_error():
    assert "KEY-NOT-PRIVATE-KEY" in codes(CERTIFICATE, private_key_pin=ANOTHER)


@passes("KEY-NOT-PRIVATE-KEY")
def test_the_private_key_of_the_certificate_is_accepted():
    assert "KEY-NOT-PRIVATE-KEY" not in codes(CERTIFICATE, private_key_pin=MINE)


@fails("KEY-NOT-CSR")
def test_a_request_for_another_key_is_an_error():
    assert "KEY-NOT-CSR" in codes(CERTIFICATE, csr_pin=ANOTHER)


@passes("KEY-NOT-CSR")
def test_the_request_for_this_key_is_accepted():
    assert "KEY-NOT-CSR" not in codes(CERTIFICATE, csr_pin=MINE)
