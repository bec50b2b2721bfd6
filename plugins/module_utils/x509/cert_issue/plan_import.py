# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plan to import the certificate that another CA issued for a request of this host."""

from __future__ import annotations

import datetime
from typing import List, Sequence, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.changes import Plan
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.collect import Existing
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.judge import check_imported
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.key_choice import KeyChoice
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.options import Options
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.plan_certificate import plan_files
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.renewal import combined_reasons
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import Certificate
from ansible_collections.certmend.tls.plugins.module_utils.x509.path.presented_chain import chain_of


def plan_import(options: Options, existing: Existing, now: datetime.datetime) -> Plan:
    """Plan for the provider import.

    :raises RemediationError: the certificate belongs to no key of this host, or clients would reject its names or dates.
    """
    spec = options.spec
    leaf, chain = leaf_and_chain(options.answer, existing)
    check_imported(leaf, spec.request.fqdn, options.profile, now)
    choice = KeyChoice(existing.keys_by_pin()[leaf.pin], spec.key, spec.paths.key)
    reasons: List[str] = []
    if existing.certificates != (leaf,) + chain:
        reasons.append("the installed certificate is not the imported certificate")
    else:
        reasons += combined_reasons(spec, existing)
    if existing.key_pin != leaf.pin:
        reasons.append("the imported certificate belongs to the private key of the last request")
    return plan_files(spec, existing, choice, (leaf,) + chain, reasons)


def leaf_and_chain(answer: Sequence[Certificate], existing: Existing) -> Tuple[Certificate, Tuple[Certificate, ...]]:
    """The server certificate among those that the CA returned, and the certificates that follow it, without the root.

    :raises RemediationError: this host has no key, or none of the certificates belongs to one of its keys.
    """
    pins = existing.keys_by_pin()
    leaf = next((certificate for certificate in answer if certificate.pin in pins), None)
    if leaf is None:
        raise RemediationError(
            "certificate_content: none of its %d certificates belongs to the private key (their pins: %s; the key's pin: %s)"
            % (len(answer), ", ".join(certificate.pin for certificate in answer), ", ".join(pins) or "there is no key"),
            "Import the certificate that was issued for the request of this host (provider csr), or give its key in private_key_path.",
        )
    path = chain_of([leaf] + list(answer), None, first_is_leaf=True).path
    return leaf, tuple(certificate for certificate in path.certificates[1:] if not certificate.self_signed)
