# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plan a certificate signing request for another CA."""

from __future__ import annotations

import datetime

from ansible_collections.certmend.tls.plugins.module_utils.core.errors import raise_all
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue import diff
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.changes import MakeCsr, Plan
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.collect import Existing
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.kept import NameChanges
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.key_choice import choose_request_key
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.paths import FileKind, Target
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.plan_certificate import pin_changes
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.renewal import request_reasons
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.spec import IssueSpec


def plan_request(spec: IssueSpec, existing: Existing, now: datetime.datetime) -> Plan:
    """Plan for the provider csr. Key and certificate in use stay in use until the CA's answer is imported."""
    choice, reasons = choose_request_key(spec, existing, now)
    reasons += request_reasons(spec, existing, choice.pin)
    if not reasons:
        return Plan()
    raise_all(spec.refusals)
    path = str(spec.paths.csr)
    targets = spec.paths.targets(FileKind.CSR)
    if choice.key is None:
        targets = (Target(choice.path, FileKind.PRIVATE_KEY),) + targets
    key_before = existing.next_key if choice.path == spec.paths.next_key else existing.key
    before = diff.existing_csr_lines(path, existing.csr) + diff.replaced_key_lines(choice.path, key_before, existing)
    names = NameChanges.between(existing, spec.request.names)
    after = diff.new_csr_lines(spec, choice) + diff.name_change_lines(existing, names) + diff.chosen_key_lines(choice)
    step = diff.step_of(path, before, after, MakeCsr(targets, choice))
    return Plan(tuple(reasons), pin_changes(existing, choice.pin), (step,), choice.pin, names)
