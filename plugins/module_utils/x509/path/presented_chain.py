# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A chain as it was presented, and the certification path found in it."""

from __future__ import annotations

import collections
import dataclasses
import datetime
import functools
from dataclasses import dataclass
from typing import Any, Dict, List, Optional, Sequence, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import Certificate
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.leaf import leaf_among
from ansible_collections.certmend.tls.plugins.module_utils.x509.path.builder import Path, find_path, missing_issuer
from ansible_collections.certmend.tls.plugins.module_utils.x509.path.pool import Pool
from ansible_collections.certmend.tls.plugins.module_utils.x509.path.requirements import Requirements


@dataclass(frozen=True)
class Chain:
    """Certificates in the order in which they were presented, and the path found among them and the anchors.

    :param presented: each certificate once, in the order of the handshake or file.
    :param anchors: the certificates that the client trusts; None if they are unknown: then nothing is said about trust.
    :param repeated: certificates that were presented more than once.
    """

    presented: Tuple[Certificate, ...]
    leaf: Certificate
    path: Path
    anchors: Optional[Tuple[Certificate, ...]] = None
    repeated: Tuple[Certificate, ...] = ()

    @property
    def in_order(self) -> bool:
        """Whether each certificate is followed by its issuer (RFC 8446 section 4.4.2)."""
        return self.presented == self.path.certificates[: len(self.presented)]

    @property
    def order(self) -> List[int]:
        """For each certificate of the path: its index among the presented ones, or -1 if it was not presented."""
        indexes = {certificate: index for index, certificate in enumerate(self.presented)}
        return [indexes.get(certificate, -1) for certificate in self.path.certificates]

    @property
    def unused(self) -> Tuple[Certificate, ...]:
        """Presented certificates that are not on the path."""
        return tuple(certificate for certificate in self.presented if certificate not in self.path.certificates)

    @property
    def root_included(self) -> bool:
        """Whether a self-signed issuer was presented."""
        return any(certificate.self_signed and certificate != self.leaf for certificate in self.presented)

    @property
    def complete(self) -> Optional[bool]:
        """Whether the path ends in an anchor, or in a self-signed certificate if the anchors are unknown.

        None: it ends below an issuer that the client may or may not have.
        """
        if self.path.anchor is not None or self.path.top.self_signed:
            return True
        return None if self.anchors is None else False

    @property
    def without_anchors(self) -> Chain:
        """The same certificates if nothing is trusted: the path goes up to the root, if that was presented."""
        if self.anchors is None:
            return self
        return dataclasses.replace(self, path=_path(self.leaf, self.presented, (), None), anchors=None)

    def as_dict(self) -> Dict[str, Any]:
        """The ``chain`` of the documentation."""
        missing = missing_issuer(self.path)
        return {
            "complete": self.complete,
            "in_order": self.in_order,
            "root_included": self.root_included,
            "order": self.order,
            "missing": [missing] if missing else [],
        }


def chain_of(
    presented: Sequence[Certificate],
    anchors: Optional[Sequence[Certificate]],
    first_is_leaf: bool,
    at: Optional[datetime.datetime] = None,
) -> Chain:
    """A chain for a diagnosis: it has the best path even if no client would accept that.

    :param presented: at least one certificate, in the order of the file or handshake.
    :param anchors: the certificates that the client trusts; None if they are unknown.
    :param first_is_leaf: a TLS server sends its own certificate first (RFC 8446 section 4.4.2); a file may be in any order.
    :param at: prefer a path that is valid at this time.
    """
    unique = tuple(dict.fromkeys(presented))
    leaf = unique[0] if first_is_leaf else leaf_among(unique)
    path = _path(leaf, unique, anchors or (), at)
    repeated = tuple(certificate for certificate, count in collections.Counter(presented).items() if count > 1)
    return Chain(unique, leaf, path, None if anchors is None else tuple(anchors), repeated)


def _path(leaf: Certificate, presented: Sequence[Certificate], anchors: Sequence[Certificate], at: Optional[datetime.datetime]) -> Path:
    return find_path(leaf, _pool(presented, anchors), Requirements(at), strict=False).path


def _pool(presented: Sequence[Certificate], anchors: Sequence[Certificate]) -> Pool:
    pool = Pool()
    pool.add_certificates(presented, "presented")
    pool.add_certificates(anchors, "trusted", trusted=True)
    return pool


def vouches(anchor: Certificate, chain: Sequence[Certificate]) -> bool:
    """Whether an anchor is the first certificate of a chain, or a CA to which a valid path leads, at any time and for any purpose."""
    return bool(chain) and _vouches(anchor, tuple(chain))


@functools.lru_cache(maxsize=None)  # thousands of registrations hold a handful of anchors
def _vouches(anchor: Certificate, chain: Tuple[Certificate, ...]) -> bool:
    return chain[0] == anchor or find_path(chain[0], _pool(chain, [anchor]), Requirements()).path.anchor == anchor
