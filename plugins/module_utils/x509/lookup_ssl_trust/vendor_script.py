# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An update by the vendor's ls_update_certs.py, which replaces certificates by their SHA-1 fingerprints."""

from __future__ import annotations

from typing import Dict, List, Sequence

from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import Certificate, pem
from ansible_collections.certmend.tls.plugins.module_utils.x509.lookup_ssl_trust.trust_entries import EndpointTrust
from ansible_collections.certmend.tls.plugins.module_utils.x509.lookup_ssl_trust.update_spec import UpdateSpec


def by_fingerprint(trusts: Sequence[EndpointTrust], spec: UpdateSpec) -> List[Dict[str, str]]:
    """The documented ``replacements``: for each old certificate its fingerprint and the new certificate.

    :raises RemediationError: the script would replace more or less than the options ask for.
    """
    new_by_old: Dict[str, Certificate] = {}
    for trust in trusts:
        for old in _old_fingerprints(trust, spec):
            new = spec.chain_for(trust)[0]
            if new_by_old.setdefault(old, new) != new:
                raise RemediationError(
                    "%s is registered for several hosts that get different certificates, and the vendor's script replaces it everywhere" % old,
                    "Update over the network (ssl_trust_via: network). Nothing was changed.",
                )
    _check_scope(trusts, spec, new_by_old)
    return [{"old_fingerprint": old, "new_fingerprint": new.fingerprint(), "new_certificate": pem(new.der)} for old, new in new_by_old.items()]


def _old_fingerprints(trust: EndpointTrust, spec: UpdateSpec) -> List[str]:
    """The SHA-1 fingerprints of the entries that are replaced."""
    entries = [entry for entry in trust.entries if spec.replaces(trust, entry)]
    if not all(entry.certificate for entry in entries):
        raise RemediationError(
            "%s has a trust anchor that cannot be read, and the vendor's script replaces by fingerprint" % trust.endpoint.url,
            "Update it over the network (ssl_trust_via: network). Nothing was changed.",
        )
    return [entry.certificate.fingerprint("sha1") for entry in entries if entry.certificate]


def _check_scope(trusts: Sequence[EndpointTrust], spec: UpdateSpec, new_by_old: Dict[str, Certificate]) -> None:
    """The script must not replace a certificate at an endpoint that keeps it."""
    urls = {
        trust.endpoint.url
        for trust in trusts
        for entry in trust.entries
        if entry.certificate and entry.certificate.fingerprint("sha1") in new_by_old and not spec.replaces(trust, entry)
    }
    if urls:
        raise RemediationError(
            "hosts: the vendor's script would replace the same certificate at %s too" % ", ".join(sorted(urls)),
            "Update over the network (ssl_trust_via: network), or give those hosts as well. Nothing was changed.",
        )
