# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Why the existing certificate, request or files must be replaced. Pure: the present state and the time are arguments."""

from __future__ import annotations

import datetime
from typing import List

from ansible_collections.certmend.tls.plugins.module_utils.core.timestamps import relative_day
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.collect import Existing
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.spec import IssueSpec
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import Certificate, pin_of
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.names import rfc4514
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.requests import csr_names
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.signatures import is_signed_by


def is_due(spec: IssueSpec, leaf: Certificate, now: datetime.datetime) -> bool:
    """Whether the certificate in use must be renewed: its names or purposes differ, or it expires soon."""
    return bool(spec.request.differences_from(leaf)) or _expires_soon(spec, leaf, now)


def renewal_reasons(spec: IssueSpec, existing: Existing, now: datetime.datetime) -> List[str]:
    """Why a new certificate must be issued; empty if the existing certificate can stay."""
    leaf = existing.certificate
    if leaf is None:
        return list(existing.problems) or ["no certificate exists yet"]
    reasons = spec.request.differences_from(leaf) + _issuer_reasons(spec, leaf) + _validity_reasons(spec, leaf, now)
    if existing.key is not None and existing.key_pin != leaf.pin:
        reasons.append("the private key does not belong to the certificate")
    return reasons


def repair_reasons(spec: IssueSpec, existing: Existing) -> List[str]:
    """Why files must be written again although the certificate itself can stay."""
    reasons = combined_reasons(spec, existing)
    if existing.certificates[1:] != spec.chain:
        reasons.append("the certificates after the server certificate are not the chain of the CA")
    return reasons


def combined_reasons(spec: IssueSpec, existing: Existing) -> List[str]:
    """Why the file with certificate, chain and private key must be written again."""
    path, leaf = spec.paths.combined, existing.certificate
    if not path or (leaf and existing.combined == existing.certificates and existing.combined_pin == leaf.pin):
        return []
    return ["%s does not contain the certificate with its chain and private key" % path]


def request_reasons(spec: IssueSpec, existing: Existing, pin: str) -> List[str]:
    """Why a new certificate signing request must be made; empty if the existing request can stay.

    :param pin: of the private key that the request must be for; empty if that key is not made yet.
    """
    csr = existing.csr
    if csr is None:
        return ["no certificate signing request exists yet"]
    reasons = spec.request.differences(rfc4514(csr.subject), *csr_names(csr))
    if pin_of(csr.public_key()) != pin:
        reasons.append("the certificate signing request is for another private key")
    return reasons


def _issuer_reasons(spec: IssueSpec, leaf: Certificate) -> List[str]:
    issuer = leaf.issuer or "an issuer without a name"
    if spec.authority is None:
        return [] if leaf.self_signed else ["the certificate is signed by %s, not by its own key" % issuer]
    ca = spec.authority.certificate
    if leaf.x509.issuer != ca.x509.subject:
        return ["the certificate is signed by %s, not by %s" % (issuer, ca.subject)]
    if not is_signed_by(leaf.x509, ca.x509):
        return ["the certificate is signed by another key of %s than that of the given CA certificate" % issuer]
    return []


def _validity_reasons(spec: IssueSpec, leaf: Certificate, now: datetime.datetime) -> List[str]:
    left = leaf.not_after - now
    if left <= datetime.timedelta(0):
        return ["the certificate has expired"]
    # A new certificate ends with its CA at the latest. If the present one does already, each run would issue anew and gain no time.
    gains = spec.authority is None or leaf.not_after < spec.authority.certificate.not_after
    return ["the certificate expires %s" % relative_day(leaf.not_after, now)] if _expires_soon(spec, leaf, now) and gains else []


def _expires_soon(spec: IssueSpec, leaf: Certificate, now: datetime.datetime) -> bool:
    return leaf.not_after - now <= spec.renew_before
