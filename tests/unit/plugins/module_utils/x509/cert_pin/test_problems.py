# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How a pin is described in a message."""

from __future__ import annotations

from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_pin.problems import describe_pin


def test_a_pin_is_described_with_all_that_is_known_of_its_certificate():
    certificate = {"subject": "CN=a", "issuer": "CN=b", "not_before": "2026", "not_after": "2027", "fingerprints": {"sha256": "AB"}}
    assert describe_pin("sha256/x", certificate) == "sha256/x (CN=a, by CN=b, valid 2026 to 2027, certificate SHA-256 AB)"


def test_what_a_store_does_not_have_is_left_out():
    assert describe_pin("sha256/x", {}) == "sha256/x (no subject, certificate SHA-256 unknown)"
