# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plan a certificate whose CA has its private key elsewhere: first the key and a request, which is returned; then the certificate with all its files.

Both are planned as if the private key of the CA were here (plan_certificate), so that a prediction needs only the certificate of the CA.
"""

from __future__ import annotations

import datetime
import os
from dataclasses import replace
from typing import Any, List, Optional, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError, raise_all, unwrap
from ansible_collections.certmend.tls.plugins.module_utils.core.timestamps import timestamp
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue import diff
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.answer import Answer
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.changes import IssueCertificate, MakeCsr, Plan, WriteExisting
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.collect import Existing
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.key_choice import KeyChoice
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.paths import FileKind, Target
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.plan_certificate import plan_certificate
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.spec import IssueSpec
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.alternative_names import AlternativeNames
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import Certificate, pin_of
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.keys import key_facts
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.names import comparable
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.signatures import is_signed_by


def plan_returned_request(spec: IssueSpec, existing: Existing, now: datetime.datetime) -> Plan:
    """Plan a request for the CA of the options, if a certificate of this CA is due. Key and certificate in use stay in use.

    A new key waits beside the key in use. A key that a former run has left there is used again if it is what a new key would be; otherwise it is removed.
    """
    plan = plan_certificate(spec, existing, now)
    change = _issue_in(plan)
    if change is None:
        return _tidy(spec, existing)
    choice, left = change.key, _left_in(spec)
    targets: Tuple[Target, ...] = ()
    if choice.key is None:
        choice, left = KeyChoice(_fitting(spec, existing), spec.new_key, str(spec.paths.signing_key)), ()
        targets = () if choice.key is not None else (Target(choice.path, FileKind.PRIVATE_KEY),)
    before = diff.existing_csr_lines(spec.paths.request, None)
    after = diff.new_csr_lines(spec, choice) + diff.chosen_key_lines(choice)
    step = diff.step_of(spec.paths.request, before, after, MakeCsr(targets, choice, left))
    return replace(plan, steps=(step,), replaces_certificate=False)


def plan_signed_elsewhere(spec: IssueSpec, existing: Existing, answer: Optional[Answer], now: datetime.datetime) -> Plan:
    """Plan the certificate that the CA has issued for the request, with the diff of a certificate that is issued here.

    :param answer: None: in check mode, or if nothing had to be issued.
    :raises RemediationError: the certificate is not the one that is due.
    """
    plan = plan_certificate(spec, existing, now)
    change = _issue_in(plan)
    if change is None or answer is None:
        return plan
    key = change.key.key if change.key.key is not None else existing.signing_key
    pin = pin_of(key.public_key()) if key is not None else ""
    leaf = next((certificate for certificate in answer.certificates if certificate.pin == pin), answer.certificates[0])
    raise_all(_objections(spec, leaf, pin, now))
    written = WriteExisting(change.targets, (leaf, *spec.chain), key, unneeded=_left_in(spec))
    return replace(plan, steps=(replace(plan.steps[0], payload=written),))


def _issue_in(plan: Plan) -> Optional[IssueCertificate]:
    """The certificate that is to be issued; None if the present one stays."""
    payloads = [step.payload for step in plan.steps if isinstance(step.payload, IssueCertificate)]
    return payloads[0] if payloads else None


def _left_in(spec: IssueSpec) -> Tuple[str, ...]:
    """The key that waits beside the key in use."""
    path = spec.paths.signing_key
    return (path,) if path and os.path.lexists(path) else ()


def _tidy(spec: IssueSpec, existing: Existing) -> Plan:
    """Nothing is due: remove what a lost run has left."""
    left = _left_in(spec)
    if not left:
        return Plan()
    before = diff.existing_key_lines(left[0], existing.signing_key)
    step = diff.step_of(left[0], before, diff.existing_key_lines(left[0], None), WriteExisting((), (), unneeded=left))
    return Plan(("a former run has left a private key that is not needed",), steps=(step,))


def _fitting(spec: IssueSpec, existing: Existing) -> Any:
    """The key of a former run, if a new key would be of the same kind."""
    key = existing.signing_key
    if key is None or key_facts(key.public_key()) != spec.new_key.facts() or pin_of(key.public_key()) == existing.key_pin:
        return None
    return key


def _objections(spec: IssueSpec, leaf: Certificate, pin: str, now: datetime.datetime) -> List[RemediationError]:
    """Why a certificate is not the one that is due.

    :param pin: of the key that it must be for; empty if there is none.
    """
    names, wanted = AlternativeNames.of(leaf), spec.request.names
    ca = unwrap(spec.authority, "the provider own_ca has a CA").certificate
    purposes = set(spec.request.extended_key_usage)
    problems = [
        (leaf.pin != pin, "belongs to another private key (its pin is %s)" % leaf.pin),
        (not is_signed_by(leaf.x509, ca.x509), "is not signed by %s" % ca.subject),
        (leaf.subject_name != comparable(spec.request.name().public_bytes()), "has the subject %s, not %s" % (leaf.subject, spec.subject)),
        (bool(names.missing_in(wanted) or wanted.missing_in(names)), "has the names %s, not %s" % (", ".join(names), ", ".join(wanted))),
        (purposes != set(leaf.extended_key_usage), "has other purposes than %s" % ", ".join(sorted(purposes))),
        (not leaf.not_before <= now <= leaf.not_after, "is valid from %s, but this host's clock shows %s" % (timestamp(leaf.not_before), timestamp(now))),
    ]
    advice = "Run the playbook again: the files have changed since the request. If only the time is wrong, set the clock of this host."
    return [RemediationError("certificate_content: the certificate %s" % words, advice) for wrong, words in problems if wrong]
