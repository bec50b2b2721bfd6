# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plan what a run does, by its provider."""

from __future__ import annotations

import datetime

from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.chain_sources import ChainSources
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.changes import Plan
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.collect import Existing
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.options import Options, Provider
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.plan_certificate import plan_certificate
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.plan_external_csr import plan_external_csr
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.plan_request import plan_request
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.plan_signed_elsewhere import plan_returned_request, plan_signed_elsewhere
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.spec import IssueSpec


def make_plan(options: Options, spec: IssueSpec, existing: Existing, sources: ChainSources, now: datetime.datetime) -> Plan:
    """What must be made and written, and why. Nothing is changed here.

    :param spec: what is to be issued, with what is kept of the present certificate.
    :raises RemediationError: the imported certificate or the request to be signed cannot be used.
    """
    if options.provider == Provider.IMPORT:
        # only an import judges a certificate: without one, the rules are not loaded
        from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.plan_import import plan_import

        return plan_import(options, spec, existing, sources, now)
    if options.provider == Provider.CSR:
        return plan_request(spec, existing, now) if spec.authority is None else plan_returned_request(spec, existing, now)
    if options.external_csr is not None:
        return plan_external_csr(spec, existing, options.external_csr.csr, now)
    if spec.authority is not None and spec.authority.key is None:
        return plan_signed_elsewhere(spec, existing, options.answer, now)
    return plan_certificate(spec, existing, now)
