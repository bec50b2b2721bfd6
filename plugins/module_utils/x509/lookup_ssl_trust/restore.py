# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plan how a backup is restored: trust anchors only, and none that somebody else changed after the update.

A three-way comparison for each endpoint: the trust anchors in the backup, those that the update wrote, and those that are registered now.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple, Union

from ansible_collections.certmend.tls.plugins.module_utils.appliance.lookup_service.registration import Registration, ServiceEndpoint, differences
from ansible_collections.certmend.tls.plugins.module_utils.core.converge import Step
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import Certificate
from ansible_collections.certmend.tls.plugins.module_utils.x509.lookup_ssl_trust.backup import Backup
from ansible_collections.certmend.tls.plugins.module_utils.x509.lookup_ssl_trust.plan import RegistrationChange, check_unknown_elements
from ansible_collections.certmend.tls.plugins.module_utils.x509.lookup_ssl_trust.trust_entries import endpoint_trusts, read_entry

#: an endpoint in several versions of a registration: url, protocol, type, and its number among those that have the same three
EndpointKey = Tuple[str, str, str, int]
Texts = Tuple[str, ...]


@dataclass(frozen=True)
class KeptDifference:
    """A difference between the backup and now that the restore does not change.

    :param url: of the endpoint whose trust anchors differ; empty for other elements of the registration.
    """

    registration: Registration
    url: str
    difference: str

    def as_dict(self) -> Dict[str, Any]:
        """The shape of the result's ``not_restored``."""
        return {
            "service_id": self.registration.service_id,
            "service": self.registration.title,
            "url": self.url or None,
            "trust_anchors": bool(self.url),
            "difference": self.difference,
        }

    def __str__(self) -> str:
        return "not restored: %s: %s" % (self.registration.title, self.difference)


@dataclass(frozen=True)
class RestorePlan:
    """The steps of a restore, and the differences that stay."""

    steps: Tuple[Step[RegistrationChange], ...] = ()
    kept: Tuple[KeptDifference, ...] = ()


def plan_restore(registrations: Sequence[Registration], backup: Backup, domain: str, force: bool = False) -> RestorePlan:
    """A step for each registration whose trust anchors are restored.

    :param domain: the SSO domain of the registrations.
    :param force: also restore trust anchors that somebody else changed after the update, and ignore services that are gone.
    :raises RemediationError: the backup is of another SSO domain, or a service of it is no longer registered.
    """
    _check_domain(backup, domain)
    current = {registration.service_id: registration for registration in registrations}
    gone = [then for then in backup.registrations if then.service_id not in current]
    if gone and not force:
        raise RemediationError(
            "backup_path: no longer registered: %s" % ", ".join(then.title for then in gone),
            "A restore cannot register services again. If they were removed on purpose, set force to restore the others. Nothing was changed.",
        )
    written = {registration.service_id: registration for registration in backup.written or ()}
    steps: List[Step[RegistrationChange]] = []
    kept = [KeptDifference(then, "", "the service is no longer registered") for then in gone]
    for then in backup.registrations:
        if then.service_id in current:
            now = current[then.service_id]
            after = _restored(now, then, written.get(then.service_id), force)
            steps += [_step(now, after)] if after != now else []
            kept += _kept_anchors(after, then) + _other_differences(after, then)
    return RestorePlan(tuple(steps), tuple(kept))


def _check_domain(backup: Backup, domain: str) -> None:
    if backup.domain.lower() != domain.lower():
        raise RemediationError(
            "backup_path: the backup is of the SSO domain %s, and this node is of %s" % (backup.domain or "(unknown)", domain or "(unknown)"),
            "Give a node of that SSO domain as hostname, or a backup of this one. Nothing was changed.",
        )


def _restored(now: Registration, then: Registration, wrote: Optional[Registration], force: bool) -> Registration:
    """The registration as it is now, with the trust anchors of the backup."""
    backed_up = {key: endpoint.ssl_trust for key, endpoint in _endpoints(then).items()}
    written = {key: endpoint.ssl_trust for key, endpoint in _endpoints(wrote).items()} if wrote else {}
    texts: Dict[int, Texts] = {}
    for key, endpoint in _endpoints(now).items():
        if key in backed_up:
            wanted = backed_up[key] if force else merged(endpoint.ssl_trust, backed_up[key], written.get(key))
            if wanted != endpoint.ssl_trust:
                texts[endpoint.index] = wanted
    return now.with_ssl_trust(texts)


def merged(now: Texts, then: Texts, wrote: Optional[Texts]) -> Texts:
    """The trust anchors of an endpoint after a restore.

    What the update wrote is replaced by what it had removed; other trust anchors stay. If somebody has replaced what the update wrote, nothing
    changes.

    :param wrote: None if the update did not change the endpoint, or if the backup does not record what it wrote.
    """
    if wrote is None or _anchors(now) == _anchors(then):
        return now
    if _anchors(now) == _anchors(wrote):
        return then
    added, removed = _without(wrote, then), _without(then, wrote)
    if _without(added, now):
        return now
    kept = _without(now, added)
    mine = set(_anchors(added))
    first = next((index for index, anchor in enumerate(_anchors(now)) if anchor in mine), len(now))
    return (*kept[:first], *_without(removed, now), *kept[first:])


def _anchors(texts: Texts) -> List[Union[Certificate, str]]:
    """What is compared: the certificate, whatever the line breaks of its text; the text if it cannot be read."""
    return [read_entry(text).certificate or text for text in texts]


def _without(texts: Texts, others: Texts) -> Texts:
    """The texts whose trust anchors the others do not have."""
    known = set(_anchors(others))
    return tuple(text for text, anchor in zip(texts, _anchors(texts)) if anchor not in known)


def _endpoints(registration: Registration) -> Mapping[EndpointKey, ServiceEndpoint]:
    """The endpoints of a registration, so that they are found again in another version of it."""
    seen: Counter[Tuple[str, str, str]] = Counter()
    endpoints: Dict[EndpointKey, ServiceEndpoint] = {}
    for endpoint in registration.endpoints:
        name = (endpoint.url, endpoint.protocol, endpoint.type)
        endpoints[(*name, seen[name])] = endpoint
        seen[name] += 1
    return endpoints


def _kept_anchors(after: Registration, then: Registration) -> List[KeptDifference]:
    """The endpoints that still have other trust anchors than the backup."""
    backed_up = _endpoints(then)
    return [
        KeptDifference(after, endpoint.url, "%s trusts %s, in the backup %s" % (endpoint.url, _names(endpoint), _names(backed_up[key])))
        for key, endpoint in _endpoints(after).items()
        if key in backed_up and _anchors(endpoint.ssl_trust) != _anchors(backed_up[key].ssl_trust)
    ]


def _names(endpoint: ServiceEndpoint) -> str:
    return ", ".join(read_entry(text).fingerprint for text in endpoint.ssl_trust) or "nothing"


def _other_differences(now: Registration, then: Registration) -> List[KeptDifference]:
    """The elements besides the trust anchors that differ; a restore never changes these."""
    bare = [version.with_ssl_trust({endpoint.index: () for endpoint in version.endpoints}) for version in (then, now)]
    lines = differences(*bare) if bare[0].mutable != bare[1].mutable else []
    for name in ("owner_id", "product", "type", "node_id", "site_id"):
        was, is_now = getattr(then, name), getattr(now, name)
        lines += ["%s: %s -> %s" % (name, was, is_now)] if was != is_now else []
    return [KeptDifference(now, "", line) for line in lines]


def _step(now: Registration, after: Registration) -> Step[RegistrationChange]:
    check_unknown_elements(now)
    old_text, new_text = (_fingerprints(registration) for registration in (now, after))
    return Step(now.title, old_text, new_text, RegistrationChange(now, after))


def _fingerprints(registration: Registration) -> str:
    """The urls and the fingerprints of their trust entries, for a diff."""
    return "".join("%s  %s\n" % (trust.endpoint.url, entry.fingerprint) for trust in endpoint_trusts([registration]) for entry in trust.entries)
