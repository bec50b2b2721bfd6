# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The certification path from a leaf towards a trusted certificate (RFC 5280 section 6.1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterable, Iterator, Optional, Sequence, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.x509.facts import Certificate, colons
from ansible_collections.certmend.tls.plugins.module_utils.x509.signatures import is_signed_by

#: longer paths than this are not found in practice; it bounds the search
MAXIMUM_DEPTH = 12


@dataclass(frozen=True)
class Path:
    """Certificates, leaf first, each one's signature made by the next one's key.

    ``anchor`` is the trusted certificate that ends it; None where no trusted one was reached.
    """

    certificates: Tuple[Certificate, ...]
    anchor: Optional[Certificate] = None

    @property
    def top(self) -> Certificate:
        """The certificate farthest from the leaf."""
        return self.certificates[-1]

    @property
    def needs_issuer(self) -> bool:
        """Whether the path ends below a certificate that nobody has."""
        return self.anchor is None and not self.top.self_signed


def find_path(leaf: Certificate, others: Sequence[Certificate], anchors: Sequence[Certificate]) -> Path:
    """The first path that reaches an anchor, else the longest one that was seen.

    Anchors are tried before other candidates, so that the path is as short as the client's would be.
    """
    best = Path((leaf,))
    for path in _paths((leaf,), tuple(anchors) + tuple(others), frozenset(anchors)):
        if path.anchor is not None:
            return path
        if len(path.certificates) > len(best.certificates):
            best = path
    return best


def _paths(so_far: Tuple[Certificate, ...], candidates: Sequence[Certificate], anchors: frozenset) -> Iterator[Path]:
    top = so_far[-1]
    if top in anchors:
        yield Path(so_far, top)
        return
    yield Path(so_far)
    if top.self_signed or len(so_far) >= MAXIMUM_DEPTH:
        return
    for issuer in issuers_of(top, candidates):
        if issuer not in so_far:
            yield from _paths(so_far + (issuer,), candidates, anchors)


def issuers_of(certificate: Certificate, candidates: Iterable[Certificate]) -> Iterator[Certificate]:
    """The candidates with the issuer's name whose key made the signature."""
    for candidate in candidates:
        if candidate.x509.subject == certificate.x509.issuer and is_signed_by(certificate.x509, candidate.x509):
            yield candidate


def missing_issuer(path: Path) -> Optional[dict]:
    """The certificate that a path lacks, as the documentation's ``missing``; None where it lacks none."""
    if not path.needs_issuer:
        return None
    top = path.top
    return {
        "subject": top.issuer,
        "authority_key_identifier": colons(top.authority_key_identifier),
        "ca_issuers": list(top.ca_issuers),
        "needed_by": top.subject,
    }
