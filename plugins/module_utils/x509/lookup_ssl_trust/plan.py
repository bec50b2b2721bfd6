# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which anchors are replaced, by what, and why that must not be done."""

from __future__ import annotations

import base64
import datetime
from dataclasses import dataclass, field
from typing import Dict, FrozenSet, List, Mapping, Sequence, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.appliance.lookup_service.registration import Registration
from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.hostnames import any_covers, to_ascii
from ansible_collections.certmend.tls.plugins.module_utils.core.converge import Step
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.core.timestamps import timestamp
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import Certificate, pem
from ansible_collections.certmend.tls.plugins.module_utils.x509.lookup_ssl_trust.judge import Served, why_not
from ansible_collections.certmend.tls.plugins.module_utils.x509.lookup_ssl_trust.trust_entries import Held, Line

#: fingerprints that an error names
NAMED = 20


@dataclass(frozen=True)
class Wanted:
    """What shall be replaced by what.

    :param chain: the new certificate of every host, and what came with it; or
    :param by_host: that of each host.
    :param old: SHA-1 or SHA-256 of old certificates, upper case with colons; empty: whatever does not accept the new one.
    :param hosts: only endpoints of these hosts; empty: of all.
    :param aliases: other names of hosts.
    """

    chain: Tuple[Certificate, ...] = ()
    by_host: Mapping[str, Tuple[Certificate, ...]] = field(default_factory=dict)
    old: Tuple[str, ...] = ()
    hosts: FrozenSet[str] = frozenset()
    aliases: Mapping[str, str] = field(default_factory=dict)

    def host_of(self, line: Line) -> str:
        """The endpoint's host by the name that people use for it."""
        host = to_ascii(line.endpoint.host)
        return self.aliases.get(host, host)

    def chain_for(self, line: Line) -> Tuple[Certificate, ...]:
        """The new certificate of an endpoint; empty where it is to have none."""
        return self.by_host.get(self.host_of(line), ()) if self.by_host else self.chain

    @property
    def new(self) -> List[Certificate]:
        """Every new certificate."""
        return [chain[0] for chain in ([self.chain] if self.chain else self.by_host.values())]

    def replaces(self, line: Line, one: Held) -> bool:
        """Whether an anchor of an endpoint goes."""
        chain = self.chain_for(line)
        if not chain or (self.hosts and self.host_of(line) not in self.hosts):
            return False
        if self.old:
            return one.certificate is not None and one.certificate != chain[0] and any(is_it(old, one.certificate) for old in self.old)
        return not line.accepts(chain)


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
    new = "".join("%s  %s\n" % (line.endpoint.url, wanted.chain_for(line)[0].fingerprint()) for line in lines)
    return Step(registration.title, before, new, (registration, after))


def _anchors(line: Line, wanted: Wanted) -> List[str]:
    """What the endpoint holds afterwards: the new one where the first old one stood, once; the others as they were."""
    texts: List[str] = []
    new = wanted.chain_for(line)[0]
    placed = any(one.certificate == new for one in line.held)
    for one in line.held:
        if not wanted.replaces(line, one):
            texts.append(one.text)
        elif not placed:
            texts.append(ssl_trust_of(new))
            placed = True
    return texts


def ssl_trust_of(certificate: Certificate) -> str:
    """As the Lookup Service keeps it: DER in Base64, in one line (KB 322835, Task 1)."""
    return base64.b64encode(certificate.der).decode("ascii")


def _refuse_names(lines: Sequence[Line], wanted: Wanted) -> None:
    uncovered: Dict[str, Certificate] = {}
    for line in lines:
        new = wanted.chain_for(line)[0]
        names = (line.endpoint.host, wanted.host_of(line))
        if not why_not(line) and not any(any_covers(new.dns_names, new.ip_addresses, name) for name in names):
            uncovered[line.endpoint.url] = new
    if uncovered:
        names = sorted({name for new in uncovered.values() for name in new.dns_names + new.ip_addresses})
        raise RemediationError(
            "new_certificate: it is for %s, and not for the host of %s" % (", ".join(names) or "no name", ", ".join(sorted(uncovered))),
            "Give the certificate that is served there; hosts where only some are meant; aliases where a host has another name (an address, say).",
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
    holders = [one.certificate for line in lines for one in line.held if one.certificate]
    unknown = [old for old in wanted.old if not any(is_it(old, one) for one in holders)]
    if not unknown:
        return
    left = left_behind(lines, wanted, served)
    if any(one in wanted.new for one in holders) and not left:
        return
    kind = "sha1" if len(unknown[0]) < 60 else "sha256"
    shown = [one.certificate for line in left for one in line.held if one.certificate] or holders
    found = {one.fingerprint(kind): one.subject for one in shown}
    named = ["%s (%s)" % item for item in list(found.items())[:NAMED]]
    more = " and %d more" % (len(found) - NAMED) if len(found) > NAMED else ""
    raise RemediationError(
        "old_fingerprint or old_certificate: %s is the fingerprint of no registered certificate; these are registered: %s%s"
        % (", ".join(unknown), "; ".join(named) or "none", more),
        "Take the one of the old certificate from there, or name hosts instead. Nothing was changed.",
    )


def left_behind(lines: Sequence[Line], wanted: Wanted, served: Dict[Tuple[str, int], Served]) -> List[Line]:
    """Endpoints that serve the new certificate and hold others instead of it."""
    return [
        line
        for line in lines
        if any(one.certificate for one in line.held)
        and wanted.chain_for(line)
        and served.get((line.endpoint.host, line.endpoint.port), Served()).chain[:1] == wanted.chain_for(line)[:1]
        and not line.accepts(wanted.chain_for(line))
    ]


def differing(registrations: Sequence[Registration], wanted: Sequence[Registration]) -> List[Registration]:
    """Those of the wanted ones that are not registered as they should be."""
    now = {one.service_id: one for one in registrations}
    return [one for one in wanted if now.get(one.service_id) != one]


def by_fingerprint(lines: Sequence[Line], wanted: Wanted) -> List[dict]:
    """What the appliance's own script is to be told: an old fingerprint and the new certificate, for each old one.

    :raises RemediationError: it would replace more or less than was asked for, as it knows fingerprints and nothing else.
    """
    pairs: Dict[str, dict] = {}
    for line in lines:
        for one in line.held:
            if not wanted.replaces(line, one):
                continue
            if one.certificate is None:
                raise RemediationError(
                    "%s holds an anchor that cannot be read, and the appliance's script replaces by fingerprint" % line.endpoint.url,
                    "Use the network way (via: network) for it. Nothing was changed.",
                )
            new = wanted.chain_for(line)[0]
            pair = {"old_fingerprint": one.certificate.fingerprint("sha1"), "new_fingerprint": new.fingerprint(), "new_certificate": pem(new.der)}
            if pairs.setdefault(pair["old_fingerprint"], pair) != pair:
                raise RemediationError("%s stands for several hosts" % pair["old_fingerprint"], "Use the network way (via: network).")
    kept = [
        line.endpoint.url
        for line in lines
        for one in line.held
        if one.certificate and one.certificate.fingerprint("sha1") in pairs and not wanted.replaces(line, one)
    ]
    if kept:
        raise RemediationError(
            "hosts: the appliance's script would replace the same certificate at %s too" % ", ".join(sorted(set(kept))),
            "Use the network way (via: network), or name those hosts as well. Nothing was changed.",
        )
    return list(pairs.values())
