# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Why the existing certificate, request or files must be replaced. Pure: the present state and the time are arguments."""

from __future__ import annotations

import datetime
from typing import Any, List, Sequence, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.hostnames import any_covers
from ansible_collections.certmend.tls.plugins.module_utils.core.findings import ERROR, WARNING, Finding
from ansible_collections.certmend.tls.plugins.module_utils.core.timestamps import relative_day, timestamp
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.collect import Existing
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.spec import IssueSpec
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.alternative_names import AlternativeNames, comparable_entry, names_of_csr
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import Certificate, pin_of
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.names import ComparableName, comparable, prepared, rfc4514
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.signatures import is_signed_by

ANY_PURPOSE = "anyExtendedKeyUsage"
#: the remedy of findings that a new certificate repairs
REISSUE = "fqdn_certificate"
NAMES = ("NAME-MISMATCH", "NAME-SAN-MISSING")
#: extensions for which clients refuse a certificate, and that its successor does not have
EXTENSIONS = {
    "USAGE-NO-TLS": "the key usage allows no TLS handshake",
    "FORMAT-EXTENSION-UNKNOWN": "clients do not know one of its critical extensions",
}


def because(reason: str, existing: Existing, *codes: str) -> str:
    """A reason with the findings that it repairs.

    :param codes: their codes, or the beginnings of these.
    """
    found = dict.fromkeys(finding.code for finding in existing.findings if finding.code.startswith(codes))
    return "%s (%s)" % (reason, ", ".join(found)) if found else reason


def is_due(spec: IssueSpec, existing: Existing, now: datetime.datetime) -> bool:
    """Whether the certificate in use must be renewed: its names or purposes differ, or it expires soon."""
    leaf = existing.certificate
    return leaf is not None and (bool(_difference_reasons(spec, existing, leaf)) or _expires_soon(spec, leaf, now))


def renewal_reasons(spec: IssueSpec, existing: Existing, now: datetime.datetime) -> List[str]:
    """Why a new certificate must be issued; empty if the existing certificate can stay."""
    leaf = existing.certificate
    if leaf is None:
        return list(existing.problems) or ["no certificate exists yet"]
    differences, others = _difference_reasons(spec, existing, leaf), _validity_reasons(spec, existing, leaf, now)
    if existing.key is not None and existing.key_pin != leaf.pin:
        others.append(because("the private key does not belong to the certificate", existing, "KEY-NOT-PRIVATE-KEY"))
    others += ["force is true"] if spec.force else []
    issuer = _other_issuer(spec, leaf)
    if issuer and (differences or others or not keeps_issuer(spec, existing)):
        differences.append(because(issuer, existing, *(finding.code for finding in objections(existing.findings))))
    return differences + others


def keeps_issuer(spec: IssueSpec, existing: Existing) -> bool:
    """Whether the certificate was not issued in the way that the options name, and stays all the same: no finding reaches it."""
    leaf = existing.certificate
    return leaf is not None and not spec.force and bool(_other_issuer(spec, leaf)) and not objections(existing.findings)


def objections(findings: Sequence[Finding]) -> List[Finding]:
    """The findings for which a certificate is replaced: all errors, and the warnings that a new certificate repairs."""
    return [finding for finding in findings if finding.severity == ERROR or (finding.severity == WARNING and finding.remedy == REISSUE)]


def repair_reasons(spec: IssueSpec, existing: Existing) -> List[str]:
    """Why files must be written again although the certificate itself can stay."""
    reasons = combined_reasons(spec, existing)
    if existing.certificates != certificates_to_serve(spec, existing):
        reasons.append("the certificates after the server certificate are not the chain of the CA")
    return reasons


def certificates_to_serve(spec: IssueSpec, existing: Existing) -> Tuple[Certificate, ...]:
    """The existing certificate with its chain; the chain of a CA that is not the given one stays as it is."""
    return existing.certificates if keeps_issuer(spec, existing) else existing.certificates[:1] + spec.chain


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
    csr, request = existing.csr, spec.request
    if csr is None:
        return ["no certificate signing request exists yet"]
    reasons, names = [], names_of_csr(csr)
    if _encoded(csr.subject) != _encoded(request.name()):
        reasons.append(_subject_reason(rfc4514(csr.subject), spec))
    if names.missing_in(request.names) or request.names.missing_in(names):
        reasons += _names_reasons(names, request.names)
    if pin_of(csr.public_key()) != pin:
        reasons.append("the certificate signing request is for another private key")
    return reasons + (["force is true"] if spec.force else [])


def _difference_reasons(spec: IssueSpec, existing: Existing, leaf: Certificate) -> List[str]:
    """In what the certificate differs from what the options ask for."""
    reasons, present, stays = [], AlternativeNames.of(leaf), keeps_issuer(spec, existing)
    if _other_subject(spec, leaf, stays):
        reasons.append(because(_subject_reason(leaf.subject, spec), existing, "NAME-CN-"))
    missing: Sequence[str] = spec.asked.missing_in(present)
    if stays:
        missing = [name for name in missing if not any_covers(present.dns, present.ip, name)]
    if missing or spec.dropped(present):
        reasons += [because(reason, existing, *NAMES) for reason in _names_reasons(present, spec.request.names)]
    lacking = _lacking_purposes(spec, leaf)
    if lacking:
        reasons.append(because("the extended key usage lacks %s" % ", ".join(lacking), existing, "USAGE-NO-SERVER-AUTH"))
    found = {finding.code for finding in existing.findings}
    return reasons + [because(reason, existing, code) for code, reason in EXTENSIONS.items() if code in found]


def _other_subject(spec: IssueSpec, leaf: Certificate, stays: bool) -> bool:
    """Whether the subject is not the one asked for. Letter case does not matter; nor does the common name if the issuer stays."""
    if spec.request.subject is not None:
        return leaf.subject_name != _encoded(spec.request.name())
    return not stays and prepared(leaf.common_name) != prepared(spec.request.fqdn)


def _encoded(name: Any) -> ComparableName:
    """A name in the form in which names are compared."""
    return comparable(name.public_bytes())


def _subject_reason(subject: str, spec: IssueSpec) -> str:
    return "the subject is %s, not %s" % (subject or "empty", spec.subject)


def _names_reasons(present: AlternativeNames, wanted: AlternativeNames) -> List[str]:
    """The kinds of names that differ, as sentences."""
    kinds = [("DNS names", present.dns, wanted.dns), ("IP addresses", present.ip, wanted.ip)]
    kinds += [("email addresses", present.email, wanted.email), ("URIs", present.uri, wanted.uri)]
    return [
        "the subject alternative name contains %s, expected %s" % ("the %s %s" % (kind, ", ".join(has)) if has else "no " + kind, ", ".join(wants) or "none")
        for kind, has, wants in kinds
        if set(map(comparable_entry, has)) != set(map(comparable_entry, wants))
    ]


def _lacking_purposes(spec: IssueSpec, leaf: Certificate) -> List[str]:
    """The purposes that are asked for, and that the certificate does not allow; without the extension all are (RFC 5280 4.2.1.12)."""
    allowed = leaf.extended_key_usage
    return [purpose for purpose in spec.purposes if allowed and purpose not in allowed and ANY_PURPOSE not in allowed]


def _other_issuer(spec: IssueSpec, leaf: Certificate) -> str:
    """Who issued the certificate instead of the signer that the options name, as a sentence; empty if that signer did."""
    issuer = leaf.issuer or "an issuer without a name"
    if spec.authority is None:
        return "" if leaf.self_signed else "the certificate is signed by %s, not by its own key" % issuer
    ca = spec.authority.certificate
    if leaf.issuer_name != ca.subject_name:
        return "the certificate is signed by %s, not by %s" % (issuer, ca.subject)
    if not is_signed_by(leaf.x509, ca.x509):
        return "the certificate is signed by another key of %s than that of the given CA certificate" % issuer
    return ""


def _validity_reasons(spec: IssueSpec, existing: Existing, leaf: Certificate, now: datetime.datetime) -> List[str]:
    left = leaf.not_after - now
    if left <= datetime.timedelta(0):
        return [because("the certificate has expired", existing, "VALIDITY-EXPIRED")]
    if leaf.not_before > now:
        return [because("the certificate is valid only from %s" % timestamp(leaf.not_before), existing, "VALIDITY-NOT-YET")]
    # A new certificate ends with its CA at the latest. If the present one does already, each run would issue anew and gain no time.
    gains = spec.authority is None or leaf.not_after < spec.authority.certificate.not_after
    if not gains or not _expires_soon(spec, leaf, now):
        return []
    return [because("the certificate expires %s" % relative_day(leaf.not_after, now), existing, "VALIDITY-SOON")]


def _expires_soon(spec: IssueSpec, leaf: Certificate, now: datetime.datetime) -> bool:
    return leaf.not_after - now <= spec.renew_before
