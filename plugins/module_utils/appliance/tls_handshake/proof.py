# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a verified handshake proves: until when, and by which anchor. Pure, standard library only: appliances run this."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Container, Optional, Sequence, Set

from ansible_collections.certmend.tls.plugins.module_utils.appliance.formats.der import CertificateOutline, read_outline
from ansible_collections.certmend.tls.plugins.module_utils.appliance.formats.pem import by_fingerprint
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError


@dataclass(frozen=True)
class Proof:
    """For a report.

    :param not_after: the end of the server's certificate, such as ``2027-03-01T00:00:00Z``.
    :param anchor: the subject of the trusted certificate at which the path from the server's certificate ends; None if there are several.

    Both are None if they cannot be read.
    """

    not_after: Optional[str] = None
    anchor: Optional[str] = None


def prove(chain: Sequence[bytes], anchors: str) -> Proof:
    """Read the proof off a chain that was verified.

    :param chain: DER certificates, the server's own first.
    :param anchors: the trusted certificates as PEM.
    """
    try:
        presented = [read_outline(der, "presented") for der in chain]
    except RemediationError:
        return Proof()
    trusted = by_fingerprint(anchors.encode("ascii", "replace"))
    subjects = {anchor.subject for anchor in trusted.values()}
    ends = _ends(presented, trusted.keys(), subjects)
    return Proof(presented[0].not_after if presented else None, ends.pop() if len(ends) == 1 else None)


def _ends(presented: Sequence[CertificateOutline], fingerprints: Container[str], subjects: Container[str]) -> Set[str]:
    """The anchors that the server's certificate leads to, from issuer to subject. A certificate that does not lie on the way counts for nothing.

    The way that was verified is always among those that the names allow. If a server adds a certificate with the name of another, the names lead to
    several anchors, and which of them was used is unknown.
    """
    ends, seen, way = set(), set(), list(presented[:1])
    while way:
        certificate = way.pop()
        if certificate.sha256 in seen:
            continue
        seen.add(certificate.sha256)
        end = _end(certificate, fingerprints, subjects)
        if end is None:
            way += [issuer for issuer in presented if issuer.subject == certificate.issuer]
        else:
            ends.add(end)
    return ends


def _end(certificate: CertificateOutline, fingerprints: Container[str], subjects: Container[str]) -> Optional[str]:
    """The subject of the anchor that is, or issued, this certificate."""
    if certificate.sha256 in fingerprints:
        return certificate.subject
    return certificate.issuer if certificate.issuer in subjects else None
