# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plan a certificate that is signed on this host for a private key of this host: self-signed or by a given CA."""

from __future__ import annotations

import datetime
from dataclasses import replace
from typing import List, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError, raise_all
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue import diff
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.changes import Change, IssueCertificate, Plan, WriteExisting
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.collect import Existing
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.kept import NO_CHANGES, NameChanges
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.key_choice import KeyChoice, choose_key
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.paths import FileKind, Target
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.renewal import certificates_to_serve, keeps_issuer, renewal_reasons, repair_reasons
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.spec import IssueSpec
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import Certificate
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.diff_lines import certificate_lines


def plan_certificate(spec: IssueSpec, existing: Existing, now: datetime.datetime) -> Plan:
    """Plan for the providers self_signed and own_ca.

    :raises RemediationError: a name cannot be kept, or the key of a good certificate is not where the options say.
    """
    if existing.key is None and keeps_issuer(spec, existing):
        raise RemediationError(
            "private_key_path: no private key exists at %s, but nothing is wrong with the certificate %s" % (spec.paths.key, spec.paths.main),
            "Give the path of the private key that this certificate belongs to, or force: true to replace the certificate.",
        )
    choice, key_reasons = choose_key(spec, existing)
    reasons = key_reasons + renewal_reasons(spec, existing, now)
    if not reasons:
        return plan_files(spec, existing, choice, certificates_to_serve(spec, existing), repair_reasons(spec, existing))
    raise_all(spec.refusals)
    if not spec.reuse_key:
        choice = KeyChoice(None, spec.new_key, spec.paths.key)
    targets = _key_targets(spec, existing, choice) + spec.paths.targets(FileKind.CSR, FileKind.CERTIFICATE, FileKind.COMBINED)
    names = NameChanges.between(existing, spec.request.names)
    lines = diff.new_certificate_lines(spec) + diff.name_change_lines(existing, names)
    return replace(_plan(spec, existing, choice, reasons, lines, IssueCertificate(targets, choice)), names=names, replaces_certificate=True)


def plan_files(
    spec: IssueSpec,
    existing: Existing,
    choice: KeyChoice,
    certificates: Tuple[Certificate, ...],
    reasons: List[str],
    names: NameChanges = NO_CHANGES,
) -> Plan:
    """Plan to write certificates that exist already, if there is a reason to."""
    if not reasons:
        return Plan()
    targets = _key_targets(spec, existing, choice) + spec.paths.targets(FileKind.CERTIFICATE, FileKind.COMBINED)
    waiting = spec.paths.next_key
    obsolete = (waiting,) if waiting and choice.key is existing.next_key else ()
    change = WriteExisting(targets, certificates, choice.key, obsolete)
    lines = certificate_lines(spec.paths.main, certificates) + diff.name_change_lines(existing, names)
    return _plan(spec, existing, choice, reasons, lines, change)


def pin_changes(existing: Existing, pin: str) -> bool:
    """Whether clients that pinned the key of the present certificate will see another key.

    :param pin: of the key to come; empty if it is not made yet.
    """
    return existing.certificate is not None and existing.certificate.pin != pin


def _key_targets(spec: IssueSpec, existing: Existing, choice: KeyChoice) -> Tuple[Target, ...]:
    """The file of the private key. A key that stays is not written again: its file keeps its form."""
    stays = choice.key is not None and choice.key is existing.key and existing.key_in_own_file
    return () if stays else spec.paths.targets(FileKind.PRIVATE_KEY)


def _plan(spec: IssueSpec, existing: Existing, choice: KeyChoice, reasons: List[str], certificate: List[str], change: Change) -> Plan:
    """All the files of the certificate are a single step."""
    before, after = diff.certificate_and_key(spec, existing, choice, certificate)
    step = diff.step_of(spec.paths.main, before, after, change)
    return Plan(tuple(reasons), pin_changes(existing, choice.pin), (step,), choice.pin)
