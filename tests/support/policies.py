# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The extensions for certificate policies (RFC 5280 sections 4.2.1.4, 4.2.1.5, 4.2.1.11 and 4.2.1.14), as ``mint`` takes them."""

from __future__ import annotations

from typing import Optional, Tuple

from cryptography import x509

RED, BLUE, GREEN = "1.2.3.1", "1.2.3.2", "1.2.3.3"
ANY = "2.5.29.32.0"
ENCODED = {RED: b"\x06\x03\x2a\x03\x01", BLUE: b"\x06\x03\x2a\x03\x02", GREEN: b"\x06\x03\x2a\x03\x03", ANY: b"\x06\x04\x55\x1d\x20\x00"}


def policy(*dotted: str, critical: bool = False) -> tuple:
    """certificatePolicies."""
    return x509.CertificatePolicies([x509.PolicyInformation(x509.ObjectIdentifier(name), None) for name in dotted]), critical


def maps(*pairs: Tuple[str, str]) -> tuple:
    """policyMappings, which cryptography neither makes nor reads."""
    encoded = b"".join(_sequence(ENCODED[issuer] + ENCODED[subject]) for issuer, subject in pairs)
    return x509.UnrecognizedExtension(x509.ObjectIdentifier("2.5.29.33"), _sequence(encoded)), True


def _sequence(content: bytes) -> bytes:
    return bytes([0x30, len(content)]) + content


def requires(skipped: Optional[int], mappings: Optional[int] = None) -> tuple:
    """policyConstraints.

    :param skipped: how many certificates may follow before a policy is required.
    :param mappings: how many may follow before mappings are inhibited.
    """
    return x509.PolicyConstraints(skipped, mappings), True


def inhibits_any(skipped: int) -> tuple:
    """inhibitAnyPolicy."""
    return x509.InhibitAnyPolicy(skipped), True
