# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The registrations that an update changes, and the mistakes that it refuses."""

from __future__ import annotations

import base64
from collections import Counter
from dataclasses import dataclass
from typing import Dict, List, Mapping, Sequence

from ansible_collections.certmend.tls.plugins.module_utils.appliance.lookup_service.registration import Registration
from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.endpoints import HostPort
from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.hostnames import any_covers
from ansible_collections.certmend.tls.plugins.module_utils.core.converge import Step
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import Certificate
from ansible_collections.certmend.tls.plugins.module_utils.x509.lookup_ssl_trust.collect import Served
from ansible_collections.certmend.tls.plugins.module_utils.x509.lookup_ssl_trust.trust_entries import EndpointTrust
from ansible_collections.certmend.tls.plugins.module_utils.x509.lookup_ssl_trust.update_spec import UpdateSpec, has_fingerprint

#: the largest number of fingerprints that an error lists
LISTED = 20


@dataclass(frozen=True)
class RegistrationChange:
    """The payload of a step: a registration as it was listed, and as it will be set."""

    before: Registration
    after: Registration


def check_ids(registrations: Sequence[Registration]) -> None:
    """Set and Get name a registration by its id: two with the same id would be mixed up.

    :raises RemediationError: naming the ids that occur twice.
    """
    twice = [service_id for service_id, number in Counter(registration.service_id for registration in registrations).items() if number > 1]
    if twice:
        raise RemediationError(
            "the Lookup Service lists several registrations with the same id: %s" % ", ".join(sorted(twice)[:LISTED]),
            "Check the proxies or load balancers in between, and repair the registrations with the vendor's support. Nothing was changed.",
        )


def plan_update(trusts: Sequence[EndpointTrust], spec: UpdateSpec) -> List[Step[RegistrationChange]]:
    """A step for each registration that changes; the diff has the url, the old and the new fingerprint.

    :raises RemediationError: the new certificate is not valid for the host of a url, or Set would lose elements.
    """
    by_service: Dict[str, List[EndpointTrust]] = {}
    for trust in trusts:
        if spec.changes(trust):
            by_service.setdefault(trust.registration.service_id, []).append(trust)
    _check_names([trust for group in by_service.values() for trust in group], spec)
    return [_step(group, spec) for group in by_service.values()]


def _step(trusts: List[EndpointTrust], spec: UpdateSpec) -> Step[RegistrationChange]:
    """The step of one registration.

    :param trusts: those of its endpoints that change.
    """
    registration = trusts[0].registration
    check_unknown_elements(registration)
    after = registration.with_ssl_trust({trust.endpoint.index: _new_texts(trust, spec) for trust in trusts})
    old = [(trust.endpoint.url, entry.fingerprint) for trust in trusts for entry in trust.entries if spec.replaces(trust, entry)]
    new = [(trust.endpoint.url, spec.chain_for(trust)[0].fingerprint()) for trust in trusts]
    before_text, after_text = ("".join("%s  %s\n" % line for line in lines) for lines in (old, new))
    return Step(registration.title, before_text, after_text, RegistrationChange(registration, after))


def check_unknown_elements(registration: Registration) -> None:
    """Set replaces everything: a registration with elements that cannot be sent back unchanged must not be set.

    :raises RemediationError: naming these elements.
    """
    unwritable = registration.unwritable
    if unwritable:
        raise RemediationError(
            "%s has elements that this release of certmend.tls does not know and cannot send back unchanged: %s"
            % (registration.title, ", ".join(sorted(set(unwritable)))),
            "Set would lose them. Update it with the vendor's own tool (ssl_trust_via: appliance). Nothing was changed.",
        )


def _new_texts(trust: EndpointTrust, spec: UpdateSpec) -> List[str]:
    """The sslTrust texts afterwards: the new certificate in place of the first old entry, once; the other entries unchanged."""
    texts: List[str] = []
    new = spec.chain_for(trust)[0]
    present = new in trust.certificates
    for entry in trust.entries:
        if not spec.replaces(trust, entry):
            texts.append(entry.text)
        elif not present:
            texts.append(ssl_trust_of(new))
            present = True
    return texts


def ssl_trust_of(certificate: Certificate) -> str:
    """A certificate as the Lookup Service stores it: DER in Base64, on one line (KB 322835, Task 1)."""
    return base64.b64encode(certificate.der).decode("ascii")


def _check_names(trusts: Sequence[EndpointTrust], spec: UpdateSpec) -> None:
    """The new certificate must be valid for the host of each url that is probed, or for the name that the host is an alias of."""
    uncovered: Dict[str, Certificate] = {}
    for trust in trusts:
        new = spec.chain_for(trust)[0]
        names = (trust.endpoint.host, spec.host_of(trust))
        if not trust.unprobed_reason and not any(any_covers(new.dns_names, new.ip_addresses, name) for name in names):
            uncovered[trust.endpoint.url] = new
    if uncovered:
        valid_for = sorted({name for new in uncovered.values() for name in (*new.dns_names, *new.ip_addresses)})
        raise RemediationError(
            "new_certificate: it is valid for %s, and not for the host of %s" % (", ".join(valid_for) or "no name", ", ".join(sorted(uncovered))),
            "Give the certificate that is served there. If only some hosts were meant, give hosts; if a url has another name of a host (an "
            "address, for example), give aliases.",
        )


def check_old_is_registered(trusts: Sequence[EndpointTrust], spec: UpdateSpec, served: Mapping[HostPort, Served]) -> None:
    """An old certificate that is registered nowhere is a mistake, unless a former run has replaced it everywhere.

    It has if the new certificate is registered, and every endpoint that serves it accepts it.

    :raises RemediationError: with the fingerprints that are registered.
    """
    registered = [certificate for trust in trusts for certificate in trust.certificates]
    unknown = [old for old in spec.old if not any(has_fingerprint(certificate, old) for certificate in registered)]
    if not unknown:
        return
    left = left_behind(trusts, spec, served)
    if not left and any(certificate in spec.new_certificates for certificate in registered):
        return
    candidates = [certificate for trust in left for certificate in trust.certificates] or registered
    raise RemediationError(
        "old_fingerprint or old_certificate: %s is the fingerprint of no registered certificate; registered are: %s"
        % (", ".join(unknown), _listing(candidates, "sha1" if len(unknown[0]) < 60 else "sha256")),
        "Give the fingerprint of the old certificate from this list, or give hosts instead. Nothing was changed.",
    )


def _listing(certificates: Sequence[Certificate], algorithm: str) -> str:
    """Fingerprints and subjects for a message, each one once and not too many."""
    subjects = {certificate.fingerprint(algorithm): certificate.subject for certificate in certificates}
    listed = ["%s (%s)" % item for item in list(subjects.items())[:LISTED]]
    more = " and %d more" % (len(subjects) - LISTED) if len(subjects) > LISTED else ""
    return ("; ".join(listed) or "none") + more


def left_behind(trusts: Sequence[EndpointTrust], spec: UpdateSpec, served: Mapping[HostPort, Served]) -> List[EndpointTrust]:
    """Endpoints that serve the new certificate and do not accept it."""
    return [
        trust
        for trust in trusts
        if trust.certificates
        and spec.chain_for(trust)
        and served.get(trust.host_port, Served()).chain[:1] == spec.chain_for(trust)[:1]
        and not trust.accepts(spec.chain_for(trust))
    ]
