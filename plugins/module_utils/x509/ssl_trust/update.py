# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which anchors are replaced, by what, and why that must not be done."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field
from typing import Dict, FrozenSet, List, Optional, Sequence, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.converge import Step
from ansible_collections.certmend.tls.plugins.module_utils.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.hostnames import any_covers, to_ascii
from ansible_collections.certmend.tls.plugins.module_utils.lookup.registrations import Registration
from ansible_collections.certmend.tls.plugins.module_utils.x509.facts import Certificate, timestamp
from ansible_collections.certmend.tls.plugins.module_utils.x509.ssl_trust.audit import Served, why_not
from ansible_collections.certmend.tls.plugins.module_utils.x509.ssl_trust.held import Held, Line

#: fingerprints that an error names
NAMED = 20


@dataclass(frozen=True)
class Wanted:
    """What shall be replaced by what.

    :param chain: the new certificate and what was given with it.
    :param text: the new sslTrust.
    :param old: SHA-1 or SHA-256 of the old certificate, upper case with colons; None: whatever does not accept the new one.
    :param hosts: only endpoints of these hosts; empty: of all.
    :param aliases: other names of hosts.
    """

    chain: Tuple[Certificate, ...]
    text: str
    old: Optional[str] = None
    hosts: FrozenSet[str] = frozenset()
    aliases: Dict[str, str] = field(default_factory=dict)

    def host_of(self, line: Line) -> str:
        """The endpoint's host by the name that people use for it."""
        host = to_ascii(line.endpoint.host)
        return self.aliases.get(host, host)

    def replaces(self, line: Line, one: Held) -> bool:
        """Whether an anchor of an endpoint goes."""
        if self.hosts and self.host_of(line) not in self.hosts:
            return False
        if self.old is not None:
            return one.certificate is not None and one.certificate != self.chain[0] and is_it(self.old, one.certificate)
        return not line.accepts(self.chain)


def is_it(fingerprint: str, certificate: Certificate) -> bool:
    """Whether a certificate has this SHA-1 or SHA-256."""
    return fingerprint in (certificate.fingerprint("sha1"), certificate.fingerprint())


def plan(lines: Sequence[Line], wanted: Wanted) -> List[Step]:
    """A step for each registration that changes; the diff shows service, url, old and new fingerprint.

    :raises RemediationError: the new certificate does not suit a url, or Set would lose something.
    """
    touched: Dict[str, List[Line]] = {}
    for line in lines:
        if any(wanted.replaces(line, one) for one in line.held):
            touched.setdefault(line.registration.service_id, []).append(line)
    _refuse_names([line for group in touched.values() for line in group], wanted)
    return [_step(group, wanted) for group in touched.values()]


def _step(lines: List[Line], wanted: Wanted) -> Step:
    registration = lines[0].registration
    unspeakable = registration.unspeakable
    if unspeakable:
        raise RemediationError(
            "%s has elements that this release does not know and cannot send back as they are: %s"
            % (registration.title, ", ".join(sorted(set(unspeakable)))),
            "Set would lose them: update it with the vendor's own tool (via: appliance). Nothing was changed.",
        )
    after = registration.with_anchors({line.endpoint.place: _anchors(line, wanted) for line in lines})
    before = "".join("%s  %s\n" % (line.endpoint.url, one.fingerprint) for line in lines for one in line.held if wanted.replaces(line, one))
    new = wanted.chain[0].fingerprint()
    return Step(registration.title, before, "".join("%s  %s\n" % (line.endpoint.url, new) for line in lines), (registration, after))


def _anchors(line: Line, wanted: Wanted) -> List[str]:
    """What the endpoint holds afterwards: the new one where the first old one stood, once; the others as they were."""
    texts: List[str] = []
    placed = any(one.certificate == wanted.chain[0] for one in line.held)
    for one in line.held:
        if not wanted.replaces(line, one):
            texts.append(one.text)
        elif not placed:
            texts.append(wanted.text)
            placed = True
    return texts


def _refuse_names(lines: Sequence[Line], wanted: Wanted) -> None:
    new = wanted.chain[0]
    uncovered = sorted(
        {
            line.endpoint.url
            for line in lines
            if not why_not(line)
            and not any(any_covers(new.dns_names, new.ip_addresses, host) for host in (line.endpoint.host, wanted.host_of(line)))
        }
    )
    if uncovered:
        raise RemediationError(
            "new_certificate: it is for %s, and not for the host of %s" % (", ".join(new.dns_names + new.ip_addresses) or "no name", ", ".join(uncovered)),
            "Give the certificate that is served there; name hosts where only some are meant; aliases where a host has another name (an address, say).",
        )


def refuse_times(new: Certificate, now: datetime.datetime) -> None:
    """Nobody registers a certificate that clients refuse."""
    if not new.not_before <= now <= new.not_after:
        raise RemediationError(
            "new_certificate: %s is valid from %s to %s only" % (new.subject, timestamp(new.not_before), timestamp(new.not_after)),
            "Give the certificate that is served now.",
        )


def refuse_unknown(lines: Sequence[Line], wanted: Wanted, served: Dict[Tuple[str, int], Served]) -> None:
    """An old certificate that occurs nowhere is a mistake, unless everything is done already.

    Done is: the new one is held somewhere, and no url that serves the new one has an endpoint that does not accept it.
    """
    holders = [one for line in lines for one in line.held if one.certificate]
    if wanted.old is None or any(is_it(wanted.old, one.certificate) for one in holders):  # type: ignore[arg-type]
        return
    left = left_behind(lines, wanted, served)
    if any(one.certificate == wanted.chain[0] for one in holders) and not left:
        return
    found: Dict[str, str] = {}
    for one in [held for line in left for held in line.held] or holders:
        if one.certificate:
            kind = "sha1" if len(wanted.old) < 60 else "sha256"
            found.setdefault(one.certificate.fingerprint(kind), one.certificate.subject)
    named = ["%s (%s)" % item for item in list(found.items())[:NAMED]]
    more = " and %d more" % (len(found) - NAMED) if len(found) > NAMED else ""
    raise RemediationError(
        "old_fingerprint or old_certificate: %s is the fingerprint of no registered certificate; these are registered: %s%s"
        % (wanted.old, "; ".join(named) or "none", more),
        "Take the one of the old certificate from there, or name hosts instead. Nothing was changed.",
    )


def left_behind(lines: Sequence[Line], wanted: Wanted, served: Dict[Tuple[str, int], Served]) -> List[Line]:
    """Endpoints that serve the new certificate and hold others instead of it."""
    return [
        line
        for line in lines
        if any(one.certificate for one in line.held)
        and served.get((line.endpoint.host, line.endpoint.port), Served()).chain[:1] == wanted.chain[:1]
        and not line.accepts(wanted.chain)
    ]


def differing(registrations: Sequence[Registration], wanted: Sequence[Registration]) -> List[Registration]:
    """Those of the wanted ones that are not registered as they should be."""
    now = {one.service_id: one for one in registrations}
    return [one for one in wanted if now.get(one.service_id) != one]
