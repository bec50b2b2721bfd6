# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plan to import the certificate that another CA issued: for a request of this host, or as a PKCS#12 with its private key."""

from __future__ import annotations

import datetime
from dataclasses import replace
from typing import Any, Dict, List, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.hostnames import any_covers
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError, raise_all, unwrap
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.answer import Answer
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.chain_sources import ChainSources, chain_to_serve
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.changes import Plan
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.collect import Existing
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.judge import import_errors
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.kept import NameChanges, names_in
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.key_choice import KeyChoice
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.options import Options
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.plan_certificate import plan_files
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.renewal import combined_reasons
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.spec import IssueSpec
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.alternative_names import AlternativeNames, names_of_csr
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import Certificate, pin_of


def plan_import(options: Options, spec: IssueSpec, existing: Existing, sources: ChainSources, now: datetime.datetime) -> Plan:
    """Plan for the provider import.

    :raises RemediationError: the certificate belongs to no key of this host, it lacks names or purposes, or clients would reject it.
    """
    answer = unwrap(options.answer, "the provider import has read it")
    keys = _keys_by_pin(answer, existing)
    leaf = _leaf_of(answer, keys)
    nearby = answer.certificates + existing.certificates[1:] + existing.combined[1:]
    certificates = (leaf,) + chain_to_serve(leaf, nearby, sources, now)
    raise_all(_lost_names(leaf, answer, spec, existing) + _lost_purposes(leaf, options, existing) + import_errors(certificates, options, sources, now))
    choice = KeyChoice(keys[leaf.pin], spec.new_key, spec.paths.key)
    names = NameChanges.between(existing, AlternativeNames.of(leaf))
    plan = plan_files(spec, existing, choice, certificates, _reasons(spec, existing, certificates, answer), names)
    return replace(plan, names=names, replaces_certificate=existing.certificate != leaf) if plan.steps else plan


def _keys_by_pin(answer: Answer, existing: Existing) -> Dict[str, Any]:
    """The keys on this host and in the answer; if both are the same key, it counts as that of the host."""
    brought = {} if answer.key is None else {pin_of(answer.key.public_key()): answer.key}
    return {**brought, **existing.keys_by_pin()}


def _leaf_of(answer: Answer, keys: Dict[str, Any]) -> Certificate:
    """The server certificate among those that the CA returned.

    :raises RemediationError: there is no key, or none of the certificates belongs to one.
    """
    leaf = next((certificate for certificate in answer.certificates if certificate.pin in keys), None)
    if leaf is None:
        raise RemediationError(
            "%s: none of its %d certificates belongs to the private key (their pins: %s; the key's pin: %s)"
            % (answer.option, len(answer.certificates), ", ".join(each.pin for each in answer.certificates), ", ".join(keys) or "there is no key"),
            "Import the certificate that was issued for the request of this host (provider csr), give its key in private_key_path, or a PKCS#12 with its key.",
        )
    return leaf


def _lost_names(leaf: Certificate, answer: Answer, spec: IssueSpec, existing: Existing) -> List[RemediationError]:
    """The names that the present certificate, the request or the options have, and the imported certificate does not cover."""
    csr = existing.csr
    requested = names_of_csr(csr) if csr is not None and pin_of(csr.public_key()) == leaf.pin else AlternativeNames()
    expected = spec.request.names.joined(requested).without(spec.drop_names)
    has = AlternativeNames.of(leaf) if leaf.dns_names else names_in(leaf)
    lost = [name for name in expected.missing_in(has) if not any_covers(leaf.dns_names, leaf.ip_addresses, name)]
    if not lost:
        return []
    return [
        RemediationError(
            "%s: the certificate lacks names that are served now or were requested: %s" % (answer.option, ", ".join(lost)),
            "Have the certificate issued again with these names, or list them in drop_names to give them up.",
        )
    ]


def _lost_purposes(leaf: Certificate, options: Options, existing: Existing) -> List[RemediationError]:
    present = existing.in_use[0].extended_key_usage if existing.in_use else ()
    expected = options.spec.request.extended_key_usage or present
    lost = [purpose for purpose in expected if leaf.extended_key_usage and purpose not in leaf.extended_key_usage]
    if not lost:
        return []
    return [
        RemediationError(
            "the certificate's extended key usage lacks %s" % ", ".join(lost),
            "Have the certificate issued again with it, or give the purposes that the server needs in extended_key_usage.",
        )
    ]


def _reasons(spec: IssueSpec, existing: Existing, certificates: Tuple[Certificate, ...], answer: Answer) -> List[str]:
    leaf = certificates[0]
    if existing.certificate != leaf:
        reasons = ["the installed certificate is not the imported certificate"]
    elif existing.certificates != certificates:
        reasons = ["the certificates after the server certificate are not its chain"]
    else:
        reasons = combined_reasons(spec, existing)
    if existing.key_pin != leaf.pin:
        brought = answer.key is not None and pin_of(answer.key.public_key()) == leaf.pin
        reasons.append("the imported file has its own private key" if brought else "the imported certificate belongs to the private key of the last request")
    return reasons
