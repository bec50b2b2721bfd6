# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Certificates, requests and keys as text for a diff: names, facts and fingerprints, never key material."""

from __future__ import annotations

from typing import List, Optional, Sequence

from ansible_collections.certmend.tls.plugins.module_utils.core.timestamps import timestamp
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.alternative_names import AlternativeNames
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import Certificate
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.keys import Key

ABSENT = "  absent"


def certificate_lines(path: str, certificates: Sequence[Certificate]) -> List[str]:
    """An existing certificate file."""
    lines = ["certificate %s" % path]
    if not certificates:
        return lines + [ABSENT]
    leaf = certificates[0]
    lines += name_lines(leaf.subject, AlternativeNames.of(leaf))
    lines += [
        "  issuer: %s" % leaf.issuer,
        "  validity: %s to %s" % (timestamp(leaf.not_before), timestamp(leaf.not_after)),
        "  extended key usage: %s" % listed(leaf.extended_key_usage),
        "  sha256: %s" % leaf.fingerprint(),
    ]
    return lines + chain_lines(certificates[1:])


def request_lines(path: str, subject: str, names: AlternativeNames, pin: str) -> List[str]:
    """A certificate signing request, existing or to be."""
    return ["request %s" % path] + name_lines(subject, names) + ["  for the key: %s" % pin]


def key_lines(path: str, key: Optional[Key], pin: str) -> List[str]:
    """A private key, by its kind and the pin of its public half."""
    return ["private key %s" % path] + (["  kind: %s" % key, "  pin: %s" % pin] if key else [ABSENT])


def name_lines(subject: str, names: AlternativeNames) -> List[str]:
    kinds = (("DNS:", names.dns), ("IP:", names.ip), ("email:", names.email), ("URI:", names.uri))
    entries = [prefix + name for prefix, of_kind in kinds for name in of_kind]
    return ["  subject: %s" % (subject or "empty"), "  subject alternative name: %s" % listed(entries)]


def chain_lines(chain: Sequence[Certificate]) -> List[str]:
    return ["  followed by: %s (sha256 %s)" % (certificate.subject, certificate.fingerprint()) for certificate in chain]


def listed(values: Sequence[str]) -> str:
    return ", ".join(values) or "none"
