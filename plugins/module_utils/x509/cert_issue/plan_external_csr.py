# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plan a certificate for a request made elsewhere, by an appliance that keeps its key."""

from __future__ import annotations

from typing import Any, List

from ansible_collections.certmend.tls.plugins.module_utils.core.converge import Step
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue import diff as describe
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.collect import Existing
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.plan import File, Making, Plan
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.renewal import Wanted, renewal_reasons, repair_reasons
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.sign import issue
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import key_facts, pem, pin_of
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.diff_lines import certificate_lines
from ansible_collections.certmend.tls.plugins.module_utils.x509.rules.strength import weakness


def plan_signing(wanted: Wanted, existing: Existing, request: Any) -> Plan:
    """Plan for a request's key; what the request asks for beside its key is not looked at: the options say what is issued.

    :param request: None where it is yet to be made; then so is the certificate.
    :raises RemediationError: the key is weak.
    """
    pin = _pin(request) if request is not None else ""
    reasons, leaf = renewal_reasons(wanted, existing), existing.certificate
    if leaf and leaf.pin != pin:
        reasons.append("it is for another key than the request's")
    certificates = () if reasons else existing.certificates[:1] + wanted.chain
    reasons = reasons or repair_reasons(wanted, existing)
    if not reasons:
        return Plan()
    path = str(wanted.paths["certificate"])

    def make(making: Making) -> List[File]:
        issued = certificates or (issue(wanted.request, request, wanted.authority, wanted.now, wanted.valid_days),) + wanted.chain
        making.certificates = issued
        return [File(path, "".join(pem(one.der) for one in issued).encode("ascii"), "certificate_path")]

    issuer = wanted.authority.certificate.subject  # type: ignore[union-attr]
    to_come = describe.future_certificate_lines(path, wanted.request, issuer, wanted.valid_days, wanted.chain)
    after = certificate_lines(path, certificates) if certificates else to_come
    before = certificate_lines(path, existing.certificates)
    after += ["  for the key: that of the request"]
    step = Step(path, *("\n".join(lines) + "\n" for lines in (before, after)), Making(make, ((path, "certificate_path"),)))
    return Plan(tuple(reasons), bool(leaf) and leaf.pin != pin, [step])


def _pin(request: Any) -> str:
    objection = weakness(key_facts(request.public_key()))
    if objection:
        raise RemediationError("request: its key %s" % objection, "Have the appliance make a request for a longer key.")
    return pin_of(request.public_key())
