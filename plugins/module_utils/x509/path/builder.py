# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The certification path from a leaf to a trusted certificate (RFC 5280 section 6.1, RFC 4158).

Candidates are found by name; the authority key identifier only affects their order, and the signature decides. The search is by cost: no
broken digest, then no contradicting key identifier, then short, then trusted. So the first path that reaches an anchor is the best one,
whatever the order of the pool.
"""

from __future__ import annotations

import heapq
import itertools
from dataclasses import dataclass
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import Certificate, colons
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.signatures import is_signed_by
from ansible_collections.certmend.tls.plugins.module_utils.x509.path.pool import Entry, Pool
from ansible_collections.certmend.tls.plugins.module_utils.x509.path.requirements import Aspect, Requirements, relies_on_broken_digest

#: longer paths are not found in practice
MAXIMUM_DEPTH = 16
#: bounds on the work for a hostile pool: signatures verified, candidates queued, visits of one certificate
MAXIMUM_SIGNATURES = 4000
MAXIMUM_CANDIDATES = 100_000
MAXIMUM_VISITS = 16


@dataclass(frozen=True)
class Path:
    """Certificates, leaf first; the key of each one verifies the signature of the one before it.

    :param anchor: the trusted certificate that ends the path; None if no trusted certificate was reached.
    """

    certificates: Tuple[Certificate, ...]
    anchor: Optional[Certificate] = None

    @property
    def top(self) -> Certificate:
        """The certificate farthest from the leaf."""
        return self.certificates[-1]

    @property
    def needs_issuer(self) -> bool:
        """Whether the path ends below an issuer that is missing."""
        return self.anchor is None and not self.top.self_signed

    @property
    def weak(self) -> Tuple[Certificate, ...]:
        """Certificates whose signature can be forged, and that are neither trusted nor self-signed themselves."""
        return tuple(
            certificate
            for certificate in self.certificates
            if certificate != self.anchor and not certificate.self_signed and relies_on_broken_digest(certificate)
        )


@dataclass(frozen=True)
class Rejected:
    """A candidate that no path could use, and the reason."""

    certificate: Certificate
    source: str
    reason: str


@dataclass(frozen=True)
class SearchResult:
    """The outcome of a search.

    :param path: the best path; without an anchor if none was reached.
    :param objections: what is wrong with its certificates, if the search was not strict.
    :param exhausted: the bound that ended the search early, in words; empty if the search was complete.
    """

    path: Path
    objections: Tuple[str, ...] = ()
    rejected: Tuple[Rejected, ...] = ()
    exhausted: str = ""


class Penalty(NamedTuple):
    """What makes a path worse than another one of the same length."""

    broken_digests: int = 0
    contradicting_identifiers: int = 0


class Partial(NamedTuple):
    """A path that has not reached an anchor yet, with what is known against it."""

    path: Path
    objections: Tuple[str, ...] = ()
    penalty: Penalty = Penalty()


class Candidate(NamedTuple):
    """A possible issuer for the top of a path, queued by its cost."""

    cost: Tuple[Any, ...]
    below: Partial
    entry: Entry
    checked: bool = False


class Search:
    """One search, with its own state: verified signatures, queued candidates, rejections."""

    def __init__(self, pool: Pool, requirements: Requirements, strict: bool) -> None:
        self.pool = pool
        self.requirements = requirements
        self.strict = strict
        self._queue: List[Candidate] = []
        self._number = itertools.count()
        self._signatures: Dict[Tuple[bytes, bytes], bool] = {}
        self._visits: Dict[bytes, int] = {}
        self._rejected: Dict[Tuple[bytes, str], Rejected] = {}
        self._exhausted = ""

    def run(self, leaf: Certificate) -> SearchResult:
        """Find the best path. If none reaches an anchor: the one that ends in a self-signed certificate, or else the longest."""
        objections = self._objections_to(leaf)
        best = Partial(Path((leaf,), leaf if self.pool.trusts(leaf) else None), objections)
        if best.path.anchor or (self.strict and objections):
            return self._result(best)
        self._enqueue(best)
        while self._queue and not self._exhausted:
            extended = self._next()
            if extended is None:
                continue
            if extended.path.anchor:
                return self._result(extended)
            best = max(best, extended, key=_merit)
            if not extended.path.top.self_signed:
                self._enqueue(extended)
        return self._result(best)

    def _objections_to(self, leaf: Certificate) -> Tuple[str, ...]:
        """A chain may also be wanted for a CA, whose key signs certificates and makes no handshake."""
        found = self.requirements.of_leaf(leaf)
        return tuple(objection.text for objection in found if not (leaf.is_ca and objection.aspect is Aspect.KEY_USAGE))

    def _result(self, found: Partial) -> SearchResult:
        return SearchResult(found.path, found.objections, tuple(self._rejected.values()), self._exhausted)

    def _enqueue(self, partial: Partial) -> None:
        """Queue every candidate for the issuer of a path's top."""
        top, length = partial.path.top, len(partial.path.certificates)
        visits = self._visits[top.der] = self._visits.get(top.der, 0) + 1
        if length >= MAXIMUM_DEPTH or visits > MAXIMUM_VISITS:
            return
        broken = partial.penalty.broken_digests + relies_on_broken_digest(top)
        entries = self.pool.named(top)
        if next(self._number) + len(entries) > MAXIMUM_CANDIDATES:
            self._exhausted = "%d candidates were queued" % MAXIMUM_CANDIDATES
            return
        for entry in entries:
            if self._signatures.get((top.der, entry.der), True):
                contradicting = partial.penalty.contradicting_identifiers + entry.contradicts(top.authority_key_identifier)
                below = partial._replace(penalty=Penalty(broken, contradicting))
                cost = (len(partial.objections), broken, contradicting, length, not entry.trusted, next(self._number))
                heapq.heappush(self._queue, Candidate(cost, below, entry))

    def _next(self) -> Optional[Partial]:
        """The path with the cheapest candidate on top of it; None if that candidate is rejected or queued again at a higher cost."""
        candidate = heapq.heappop(self._queue)
        below, entry = candidate.below, candidate.entry
        if _repeats(below.path, entry.certificate):
            return None
        if not candidate.checked:
            found = [objection.text for objection in self.requirements.of_issuer(entry.certificate, below.path.certificates, entry.trusted)]
            if found and self.strict:
                self._reject(entry, "; ".join(found))
                return None
            if found:
                self._enqueue_again(candidate, found)
                return None
        if not self._signed(below.path.top, entry):
            self._reject(entry, "signature verification failed for %s" % below.path.top.subject)
            return None
        path = Path(below.path.certificates + (entry.certificate,), entry.certificate if entry.trusted else None)
        return below._replace(path=path)

    def _enqueue_again(self, candidate: Candidate, found: Sequence[str]) -> None:
        """A candidate with objections comes after all those with fewer."""
        subject = candidate.entry.certificate.subject
        objections = candidate.below.objections + tuple("%s %s" % (subject, objection) for objection in found)
        below = candidate.below._replace(objections=objections)
        heapq.heappush(self._queue, Candidate((len(objections),) + candidate.cost[1:], below, candidate.entry, checked=True))

    def _signed(self, certificate: Certificate, entry: Entry) -> bool:
        pair = certificate.der, entry.der
        if pair not in self._signatures:
            if len(self._signatures) >= MAXIMUM_SIGNATURES:
                self._exhausted = "%d signatures were verified" % MAXIMUM_SIGNATURES
                return False
            self._signatures[pair] = is_signed_by(certificate.x509, entry.loaded)
        return self._signatures[pair]

    def _reject(self, entry: Entry, reason: str) -> None:
        if not self._exhausted:
            self._rejected[(entry.der, reason)] = Rejected(entry.certificate, entry.source, reason)


def _repeats(path: Path, issuer: Certificate) -> bool:
    """Whether the path already contains the same entity (name, alternative names and key): the start of a loop (RFC 4158 section 2.4.1)."""
    return any(_same_entity(certificate, issuer) for certificate in path.certificates)


def _same_entity(one: Certificate, other: Certificate) -> bool:
    same_ca = one.encoded.public_key == other.encoded.public_key and one.subject_name == other.subject_name
    return same_ca and one.general_names == other.general_names


def _merit(partial: Partial) -> Tuple[bool, int, int]:
    """What makes a path without an anchor worth reporting: it ends at a root, it is long, it has few objections."""
    return partial.path.top.self_signed, len(partial.path.certificates), -len(partial.objections)


def find_path(leaf: Certificate, pool: Pool, requirements: Requirements, strict: bool = True) -> SearchResult:
    """The best path from a leaf through a pool.

    :param strict: use no certificate that breaks a requirement. Otherwise such certificates are used if there is nothing better, for a
        diagnosis, and ``objections`` says what is wrong with them.
    """
    return Search(pool, requirements, strict).run(leaf)


def missing_issuer(path: Path) -> Optional[Dict[str, Any]]:
    """The certificate that a path lacks, as the documentation's ``missing``; None if the path is complete."""
    if not path.needs_issuer:
        return None
    top = path.top
    return {
        "subject": top.issuer,
        "authority_key_identifier": colons(top.authority_key_identifier),
        "ca_issuers": list(top.ca_issuers),
        "needed_by": top.subject,
    }
