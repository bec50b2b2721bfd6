# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Judge certificates as the clients of the profile do: the present one, and one that is to be imported."""

from __future__ import annotations

import dataclasses
import datetime
from typing import List, Sequence, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.core.findings import ERROR, Finding
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.chain_sources import ChainSources
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.collect import Existing
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.options import Options
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import Certificate
from ansible_collections.certmend.tls.plugins.module_utils.x509.path.presented_chain import chain_of
from ansible_collections.certmend.tls.plugins.module_utils.x509.rules.registry import judge
from ansible_collections.certmend.tls.plugins.module_utils.x509.rules.rule import JudgementContext


def judge_existing(options: Options, existing: Existing, sources: ChainSources, now: datetime.datetime) -> Existing:
    """The present state with what the clients find against the certificate and its chain, as the file has them.

    If no trusted certificate is given, the clients are expected to trust the CA that signs the new certificate.
    """
    authority = options.spec.authority
    if sources.anchors is None and authority is not None:
        sources = dataclasses.replace(sources, anchors=authority.certificates)
    findings = _findings(existing.certificates, options, sources, now, existing.key_pin, "the present certificate")
    return dataclasses.replace(existing, findings=findings)


def import_errors(certificates: Sequence[Certificate], options: Options, sources: ChainSources, now: datetime.datetime) -> List[RemediationError]:
    """Everything for which clients would reject what is to be imported.

    :param certificates: the server certificate and those that would follow it.
    """
    option = options.answer.option if options.answer else ""
    findings = _findings(certificates, options, sources, now, "", option)
    return [RemediationError("%s: %s: %s" % (option, finding.code, finding.message), finding.advice) for finding in findings if finding.severity == ERROR]


def _findings(
    certificates: Sequence[Certificate], options: Options, sources: ChainSources, now: datetime.datetime, key_pin: str, about: str
) -> Tuple[Finding, ...]:
    context = JudgementContext(
        now=now,
        profiles=frozenset([options.profile]),
        name=options.spec.request.fqdn,
        expires_within=options.spec.renew_before,
        private_key_pin=key_pin or None,
    )
    return tuple(judge(chain_of(certificates, sources.anchors, first_is_leaf=True, at=now), context, about))
