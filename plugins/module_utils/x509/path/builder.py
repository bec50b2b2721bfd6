# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The certification path from a leaf to a trusted certificate (RFC 5280 section 6.1, RFC 4158).

Candidates are found by name; the authority key identifier is a hint about their order, and the signature decides. The
search is by cost: no broken digest, then no key identifier that contradicts, then short, then trusted. So the first path
that arrives is the best one, wherever its certificates stood in the pool.
"""

from __future__ import annotations

import heapq
import itertools
from dataclasses import dataclass, field
from typing import Dict, List, Optional, Sequence, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import Certificate, colons
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.signatures import is_signed_by
from ansible_collections.certmend.tls.plugins.module_utils.x509.path.pool import Entry, Pool
from ansible_collections.certmend.tls.plugins.module_utils.x509.path.requirements import Requirements, relies_on_broken_digest

#: longer paths than this are not found in practice
MAXIMUM_DEPTH = 16
#: what bounds the work on a pool that was made to be hostile: signatures checked, candidates put in line, visits of one certificate
MAXIMUM_SIGNATURES = 4000
MAXIMUM_CANDIDATES = 100_000
MAXIMUM_VISITS = 16


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

    @property
    def weak(self) -> Tuple[Certificate, ...]:
        """Certificates of the path whose signature can be forged, and that are not trusted or self-signed themselves."""
        return tuple(
            one
            for one in self.certificates
            if one != self.anchor and not one.self_signed and relies_on_broken_digest(one)
        )


@dataclass(frozen=True)
class Rejected:
    """A candidate that a path could not use, and why."""

    certificate: Certificate
    source: str
    reason: str


@dataclass
class Found:
    """The outcome of a search.

    :param path: the best path; without an anchor where none was reached.
    :param objections: what stands against its certificates, where ``strict`` was not asked for.
    :param exhausted: the bound that ended the search too early, in words; empty where it came to its end.
    """

    path: Path
    objections: Tuple[str, ...] = ()
    rejected: List[Rejected] = field(default_factory=list)
    exhausted: str = ""


class Search:
    """One search. Its state is its own: signatures that were checked, candidates in line, and what was rejected."""

    def __init__(self, pool: Pool, requirements: Requirements, strict: bool) -> None:
        self.pool = pool
        self.requirements = requirements
        self.strict = strict
        self._line: List[tuple] = []
        self._ticket = itertools.count()
        self._signatures: Dict[Tuple[bytes, bytes], bool] = {}
        self._visits: Dict[bytes, int] = {}
        self._rejected: Dict[Tuple[bytes, str], Rejected] = {}
        self._exhausted = ""

    def run(self, leaf: Certificate) -> Found:
        """Find the best path. Where none reaches an anchor: the one that ends in a self-signed certificate, or is the longest."""
        objections = tuple(self.requirements.of_leaf(leaf))
        start = Path((leaf,), leaf if self.pool.trusts(leaf) else None)
        if start.anchor or (self.strict and objections):
            return self._found(start, objections)
        best, best_objections = start, objections
        self._line_up(start, objections, (0, 0))
        while self._line and not self._exhausted:
            step = self._next()
            if step is None:
                continue
            path, objections, blame = step
            if path.anchor:
                return self._found(path, objections)
            if _merit(path, objections) > _merit(best, best_objections):
                best, best_objections = path, objections
            if not path.top.self_signed:
                self._line_up(path, objections, blame)
        return self._found(best, best_objections)

    def _found(self, path: Path, objections: Sequence[str]) -> Found:
        return Found(path, tuple(objections), list(self._rejected.values()), self._exhausted)

    def _line_up(self, path: Path, objections: Tuple[str, ...], blame: Tuple[int, int]) -> None:
        """Put every candidate for the issuer of a path's top in line.

        :param blame: broken digests and contradicting key identifiers of the path so far.
        """
        top = path.top
        visits = self._visits[top.der] = self._visits.get(top.der, 0) + 1
        if len(path.certificates) >= MAXIMUM_DEPTH or visits > MAXIMUM_VISITS:
            return
        weak = blame[0] + relies_on_broken_digest(top)
        entries = self.pool.named(top)
        if next(self._ticket) + len(entries) > MAXIMUM_CANDIDATES:
            self._exhausted = "%d candidates were put in line" % MAXIMUM_CANDIDATES
            return
        for entry in entries:
            if self._signatures.get((top.der, entry.der), True):
                contradictions = blame[1] + entry.contradicts(top.authority_key_identifier)
                cost = (len(objections), weak, contradictions, len(path.certificates), not entry.trusted, next(self._ticket))
                heapq.heappush(self._line, (cost, path, entry, objections, False))

    def _next(self) -> Optional[Tuple[Path, Tuple[str, ...], Tuple[int, int]]]:
        """The path with the cheapest candidate on top of it, unless that one is rejected."""
        cost, path, entry, objections, weighed = heapq.heappop(self._line)
        issuer = entry.certificate
        if _repeats(path, issuer):
            return None
        if not weighed:
            new = self.requirements.of_issuer(issuer, path.certificates, entry.trusted)
            if new and self.strict:
                return self._reject(entry, "; ".join(new))
            if new:
                objections += tuple("%s %s" % (issuer.subject, objection) for objection in new)
                heapq.heappush(self._line, ((len(objections),) + cost[1:], path, entry, objections, True))
                return None
        if not self._signed(path.top, entry):
            return self._reject(entry, "its key did not make the signature of %s" % path.top.subject)
        return Path(path.certificates + (issuer,), issuer if entry.trusted else None), objections, cost[1:3]

    def _signed(self, certificate: Certificate, entry: Entry) -> bool:
        pair = certificate.der, entry.der
        if pair not in self._signatures:
            if len(self._signatures) >= MAXIMUM_SIGNATURES:
                self._exhausted = "%d signatures were checked" % MAXIMUM_SIGNATURES
                return False
            self._signatures[pair] = is_signed_by(certificate.x509, entry.loaded)
        return self._signatures[pair]

    def _reject(self, entry: Entry, reason: str) -> None:
        if not self._exhausted:
            self._rejected[(entry.der, reason)] = Rejected(entry.certificate, entry.source, reason)


def _repeats(path: Path, issuer: Certificate) -> bool:
    """Whether the same CA (name and key) stands in the path already: the start of a loop (RFC 4158 section 2.4.1)."""
    identity = issuer.subject_name, issuer.encoded.public_key
    return any((one.subject_name, one.encoded.public_key) == identity for one in path.certificates)


def _merit(path: Path, objections: Sequence[str]) -> tuple:
    """What makes a path without an anchor worth telling of: it ends at a root, it is long, little stands against it."""
    return path.top.self_signed, len(path.certificates), -len(objections)


def find_path(leaf: Certificate, pool: Pool, requirements: Requirements, strict: bool = True) -> Found:
    """The best path from a leaf through a pool.

    :param strict: use no certificate that breaks a requirement. Otherwise such ones are used where nothing better is
        there, for a diagnosis, and ``objections`` tells what is wrong with them.
    """
    return Search(pool, requirements, strict).run(leaf)


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
