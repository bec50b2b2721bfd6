# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plan a certificate for a request that was made elsewhere, by an appliance that keeps its private key."""

from __future__ import annotations

import datetime
from typing import Any, Sequence

from ansible_collections.certmend.tls.plugins.module_utils.core.converge import Step
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError, raise_all
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue import diff
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.changes import Change, Plan, SignExternalCsr, WriteExisting
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.collect import Existing
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.kept import NameChanges
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.paths import FileKind
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.renewal import certificates_to_serve, renewal_reasons, repair_reasons
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.spec import IssueSpec
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import pin_of
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.diff_lines import certificate_lines
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.keys import key_facts
from ansible_collections.certmend.tls.plugins.module_utils.x509.path.requirements import weakness


def plan_external_csr(spec: IssueSpec, existing: Existing, csr: Any, now: datetime.datetime) -> Plan:
    """Plan a certificate for the key of a request. Of the request only the key is used: names and purposes are those of the options.

    :param csr: the request; None if another task of this check run would make it.
    :raises RemediationError: the key of the request is weak.
    """
    pin = _pin(csr) if csr is not None else ""
    leaf, targets = existing.certificate, spec.paths.targets(FileKind.CERTIFICATE)
    pin_changed = leaf is not None and leaf.pin != pin
    reasons = renewal_reasons(spec, existing, now)
    if pin_changed:
        reasons.append("the certificate is for another key than the request")
    if reasons:
        raise_all(spec.refusals)
        names = NameChanges.between(existing, spec.request.names)
        lines = diff.new_certificate_lines(spec) + diff.name_change_lines(existing, names)
        step = _step(spec, existing, lines, SignExternalCsr(targets, csr))
        return Plan(tuple(reasons), pin_changed, (step,), names=names, replaces_certificate=True)
    reasons, certificates = repair_reasons(spec, existing), certificates_to_serve(spec, existing)
    if not reasons:
        return Plan()
    lines = certificate_lines(spec.paths.main, certificates)
    return Plan(tuple(reasons), pin_changed, (_step(spec, existing, lines, WriteExisting(targets, certificates)),))


def _step(spec: IssueSpec, existing: Existing, lines: Sequence[str], change: Change) -> Step[Change]:
    before = certificate_lines(spec.paths.main, existing.certificates)
    return diff.step_of(spec.paths.main, before, [*lines, "  for the key: that of the request"], change)


def _pin(csr: Any) -> str:
    objection = weakness(key_facts(csr.public_key()))
    if objection:
        raise RemediationError("request: its key %s" % objection, "Make a request with a longer key on the appliance.")
    return pin_of(csr.public_key())
