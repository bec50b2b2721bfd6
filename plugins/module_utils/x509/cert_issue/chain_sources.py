# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The certificates from which the chain of an imported certificate is built, and the trust anchors by which it is judged."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field
from typing import List, Optional, Sequence, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.options import Options
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import Certificate
from ansible_collections.certmend.tls.plugins.module_utils.x509.path.builder import find_path
from ansible_collections.certmend.tls.plugins.module_utils.x509.path.pool import Pool
from ansible_collections.certmend.tls.plugins.module_utils.x509.path.pool_sources import add_content, add_paths, load_anchors
from ansible_collections.certmend.tls.plugins.module_utils.x509.path.requirements import SERVER, Requirements


@dataclass(frozen=True)
class ChainSources:
    """What the options name.

    :param anchors: the certificates that the clients trust; None if they are unknown.
    :param candidates: certificates that may become part of a chain.
    :param warnings: about what could not be read.
    """

    anchors: Optional[Tuple[Certificate, ...]] = None
    candidates: Tuple[Certificate, ...] = ()
    warnings: List[str] = field(default_factory=list)


def read_chain_sources(options: Options) -> ChainSources:
    """Read the files and texts that the options name.

    :raises RemediationError: a path cannot be opened, or the trusted ones contain no certificate at all.
    """
    anchors, warnings = load_anchors(options.trust)
    pool = Pool()
    add_paths(pool, options.candidates, "candidates")
    if options.candidates_content is not None:
        add_content(pool, options.candidates_content.encode("utf-8"), "candidates_content")
    candidates = tuple(entry.certificate for entry in pool)
    return ChainSources(None if anchors is None else tuple(anchors), candidates, warnings + pool.warnings)


def chain_to_serve(leaf: Certificate, nearby: Sequence[Certificate], sources: ChainSources, now: datetime.datetime) -> Tuple[Certificate, ...]:
    """The certificates that follow a server certificate in its file: up to the root, which is left out.

    A trusted intermediate does not end the chain: other clients trust the root alone.

    :param nearby: those that came with the certificate, and those that are served now.
    """
    known = [*nearby, *sources.candidates]
    path = find_path(leaf, _pool(known, sources.anchors or ()), Requirements(now, SERVER)).path
    if path.anchor is None:  # no client would accept it; the best path says why not
        path = find_path(leaf, _pool(known, sources.anchors or ()), Requirements(now, SERVER), strict=False).path
    above = find_path(path.top, _pool([*known, *(sources.anchors or ())]), Requirements(now)).path.certificates[1:]
    return tuple(certificate for certificate in path.certificates[1:] + above if not certificate.self_signed)


def _pool(certificates: Sequence[Certificate], anchors: Sequence[Certificate] = ()) -> Pool:
    pool = Pool()
    pool.add_certificates(certificates, "known")
    pool.add_certificates(anchors, "trusted", trusted=True)
    return pool
