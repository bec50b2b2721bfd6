# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keys, requests and certificates as text for a diff: names, kinds of keys and fingerprints, never key material.

Values that are unknown before the change (a new fingerprint, a new pin) are not predicted: the diff of check mode and the diff of the
run that follows are the same text.
"""

from __future__ import annotations

from typing import Any, List, Sequence, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.core.converge import Step
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.changes import Change
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.collect import Existing
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.kept import NameChanges
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.key_choice import KeyChoice
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.spec import IssueSpec
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.alternative_names import names_of_csr
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import Certificate, pin_of
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.diff_lines import (
    ABSENT,
    certificate_lines,
    chain_lines,
    key_lines,
    listed,
    name_lines,
    request_lines,
)
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.keys import key_facts
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.names import rfc4514

NEW_CERTIFICATE = "certificate to be issued in this run"
NEW_KEY = "private key to be made in this run"


def step_of(target: str, before: Sequence[str], after: Sequence[str], change: Change) -> Step[Change]:
    """A step whose diff has these lines."""
    return Step(target, "\n".join(before) + "\n", "\n".join(after) + "\n", change)


def new_certificate_lines(spec: IssueSpec) -> List[str]:
    """A certificate that is not issued yet."""
    lines = ["certificate %s" % spec.paths.main]
    lines += name_lines(spec.subject, spec.request.names)
    lines += [
        "  issuer: %s" % spec.issuer,
        "  validity: %d days from its issue" % spec.valid_days,
        "  extended key usage: %s" % listed(spec.request.extended_key_usage),
        "  sha256: %s" % NEW_CERTIFICATE,
    ]
    return lines + chain_lines(spec.chain)


def name_change_lines(existing: Existing, names: NameChanges) -> List[str]:
    """The names that are added and dropped, if there is a present certificate."""
    changes = (("added", names.added), ("dropped", names.dropped))
    return ["  names %s: %s" % (what, ", ".join(changed)) for what, changed in changes if changed and existing.in_use]


def certificate_and_key(spec: IssueSpec, existing: Existing, choice: KeyChoice, certificate: Sequence[str]) -> Tuple[List[str], List[str]]:
    """The files of a certificate, before and after.

    :param certificate: the lines of the new certificate.
    """
    before = certificate_lines(spec.paths.main, existing.certificates) + replaced_key_lines(spec.paths.key, existing.key, existing)
    after = list(certificate) + chosen_key_lines(choice)
    combined = spec.paths.combined
    if combined and combined != spec.paths.main:
        before += _combined_lines(combined, existing.combined, existing.combined_pin)
        after += [_combined_title(combined), "  contains: the certificate above with its chain and private key"]
    return before, after


def existing_key_lines(path: str, key: Any) -> List[str]:
    """A private key as it is before the change; None: there is no key."""
    if key is None:
        return key_lines(path, None, "")
    public_key = key.public_key()
    return key_lines(path, key_facts(public_key), pin_of(public_key))


def replaced_key_lines(path: str, key: Any, existing: Existing) -> List[str]:
    """The same, of a file that is replaced: it may contain something else."""
    return ["private key %s" % path, "  a file that contains no usable private key"] if path in existing.not_keys else existing_key_lines(path, key)


def chosen_key_lines(choice: KeyChoice) -> List[str]:
    """A private key as it is after the change."""
    return key_lines(choice.path, choice.facts, choice.pin or NEW_KEY)


def existing_csr_lines(path: str, csr: Any) -> List[str]:
    """A certificate signing request as it is before the change; None: there is no request."""
    if csr is None:
        return ["request %s" % path, ABSENT]
    return request_lines(path, rfc4514(csr.subject), names_of_csr(csr), pin_of(csr.public_key()))


def new_csr_lines(spec: IssueSpec, choice: KeyChoice) -> List[str]:
    """A certificate signing request that is not made yet."""
    return request_lines(spec.paths.request, spec.subject, spec.request.names, choice.pin or NEW_KEY)


def _combined_title(path: str) -> str:
    return "combined file %s" % path


def _combined_lines(path: str, certificates: Sequence[Certificate], pin: str) -> List[str]:
    """A file with certificate, chain and private key, as it is before the change."""
    contents = ["  contains: %s (sha256 %s)" % (certificate.subject or "no subject", certificate.fingerprint()) for certificate in certificates]
    contents += ["  contains: the private key of %s" % pin] if pin else []
    return [_combined_title(path)] + (contents or [ABSENT])
