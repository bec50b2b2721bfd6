# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plan and make a server's certificate: self-signed, by one's own CA, as a request for another's, or from their answer.

Key, request and certificate are one step: all are put in place, or none.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Callable, List, Sequence, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.core.converge import Step
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue import diff as describe
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.collect import NEXT, Existing
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.renewal import (
    KeyChoice,
    Wanted,
    choose_key,
    combined_reasons,
    renewal_reasons,
    repair_reasons,
    request_reasons,
)
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.sign import issue, make_csr
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import Certificate, key_facts, pem, pin_of
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.diff_lines import ABSENT, certificate_lines, key_lines, request_lines
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.names import rfc4514
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.private_keys import to_pem
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.requests import csr_names
from ansible_collections.certmend.tls.plugins.module_utils.x509.path.presented_chain import chain_of


@dataclass(frozen=True)
class File:
    """A file to be put in place; a secret one is closed to others from its first byte."""

    path: str
    content: bytes
    option: str
    secret: bool = False


@dataclass
class Making:
    """What a step will make, and afterwards what it made.

    :param targets: the paths that will be written, each with its option, for a look before anything is made.
    """

    make: Callable[[Making], List[File]]
    targets: Tuple[Tuple[str, str], ...] = ()
    certificates: Sequence[Certificate] = ()
    csr: bytes = b""
    obsolete: Tuple[str, ...] = ()


@dataclass(frozen=True)
class Plan:
    """Why something must be made, whether the public key changes for those who know the old one, the step, and the pin to come, if it is known."""

    reasons: Tuple[str, ...] = ()
    pin_changed: bool = False
    steps: List[Step] = field(default_factory=list)
    pin: str = ""


def plan_certificate(wanted: Wanted, existing: Existing) -> Plan:
    """Plan for the providers that sign here: self_signed and own_ca."""
    choice, key_reasons = choose_key(wanted, existing)
    reasons = key_reasons + renewal_reasons(wanted, existing)
    if not reasons:
        return _plan_repair(wanted, existing, choice)
    if not wanted.reuse_key:
        choice = KeyChoice(None, wanted.key, wanted.key_path)

    def make(making: Making) -> List[File]:
        key = choice.get()
        leaf = issue(wanted.request, key, wanted.authority, wanted.now, wanted.valid_days)
        making.certificates = (leaf,) + wanted.chain
        making.csr = make_csr(wanted.request, key) if wanted.paths["csr"] else b""
        return _files(wanted, existing, key, making)

    issuer = wanted.authority.certificate.subject if wanted.authority else rfc4514(wanted.request.name())
    after = describe.future_certificate_lines(wanted.main_path, wanted.request, issuer, wanted.valid_days, wanted.chain)
    return _plan_of(wanted, existing, choice, reasons, after, make)


def _plan_repair(wanted: Wanted, existing: Existing, choice: KeyChoice) -> Plan:
    """The certificate will do; the files around it may not."""
    reasons = repair_reasons(wanted, existing)
    return _plan_files(wanted, existing, choice, existing.certificates[:1] + wanted.chain, reasons)


def _plan_files(
    wanted: Wanted, existing: Existing, choice: KeyChoice, certificates: Tuple[Certificate, ...], reasons: List[str]
) -> Plan:
    """Put certificates that exist already in place, where there is a reason to."""
    if not reasons:
        return Plan()

    def make(making: Making) -> List[File]:
        making.certificates = certificates
        making.obsolete = (wanted.key_path + NEXT,) if choice.key is existing.next_key else ()
        return _files(wanted, existing, choice.key, making)

    return _plan_of(wanted, existing, choice, reasons, certificate_lines(wanted.main_path, certificates), make)


def plan_import(wanted: Wanted, existing: Existing, answer: Sequence[Certificate]) -> Plan:
    """Plan for a certificate that a CA sent back; it must belong to one of the keys that are here."""
    leaf, chain = leaf_and_chain(answer, existing)
    choice = KeyChoice(existing.pins()[leaf.pin], wanted.key, wanted.key_path)
    reasons = []
    if existing.certificates != (leaf,) + chain:
        reasons.append("the certificate in place is not the imported one")
    else:
        reasons += combined_reasons(wanted, existing)
    if existing.key is None or pin_of(existing.key.public_key()) != leaf.pin:
        reasons.append("the imported certificate belongs to the key of the last request")
    return _plan_files(wanted, existing, choice, (leaf,) + chain, reasons)


def plan_request(wanted: Wanted, existing: Existing) -> Plan:
    """Plan for a request to another's CA. Key and certificate in use stay in use until the answer is imported."""
    choice, reasons = choose_key(wanted, existing, for_request=True)
    reasons += request_reasons(wanted, existing, choice)
    if reasons == ["there is no private key at %s" % choice.path] and existing.csr is None:
        reasons = ["there is no request yet"]
    if not reasons:
        return Plan()
    path = str(wanted.paths["csr"])

    def make(making: Making) -> List[File]:
        key = choice.get()
        making.csr = make_csr(wanted.request, key)
        made = [File(path, making.csr, "csr_path")]
        return made if choice.key else [File(choice.path, to_pem(key), "private_key_path", secret=True)] + made

    request = wanted.request
    subject, entries = rfc4514(request.name()), (request.dns_names, request.ip_addresses)
    after = request_lines(path, subject, *entries, choice.pin)
    after += key_lines(choice.path, choice.facts, choice.pin)
    targets = ((path, "csr_path"),) + (() if choice.key else ((choice.path, "private_key_path"),))
    before = _request_before(path, existing.csr) + _key_before(choice.path, existing)
    return Plan(tuple(reasons), _pin_changes(existing, choice), [Step(path, _text(before), _text(after), Making(make, targets))], choice.pin)


def leaf_and_chain(
    answer: Sequence[Certificate], existing: Existing
) -> Tuple[Certificate, Tuple[Certificate, ...]]:
    """The certificate of ours among those that the CA sent, and what follows it, without the root.

    :raises RemediationError: there is no key here, or none of the certificates belongs to it.
    """
    pins = existing.pins()
    mine = [one for one in answer if one.pin in pins]
    if not mine:
        raise RemediationError(
            "certificate_content: none of its %d certificates belongs to the private key (their pins: %s; the key's: %s)"
            % (len(answer), ", ".join(one.pin for one in answer), ", ".join(pins) or "there is no key"),
            "Import the certificate that answers the request made here (provider csr), or give its key in private_key_path.",
        )
    path = chain_of(mine[:1] + list(answer), None, first_is_leaf=True).path
    return mine[0], tuple(one for one in path.certificates[1:] if not one.self_signed)


def _plan_of(
    wanted: Wanted,
    existing: Existing,
    choice: KeyChoice,
    reasons: List[str],
    after: List[str],
    make: Callable[[Making], List[File]],
) -> Plan:
    """The one step of a certificate: its file and its key."""
    before = certificate_lines(wanted.main_path, existing.certificates) + _key_before(wanted.key_path, existing)
    after = after + key_lines(wanted.key_path, choice.facts, choice.pin)
    combined = wanted.paths["combined"]
    if combined and combined != wanted.main_path:
        before += describe.combined_lines(combined, existing.combined, existing.combined_pin)
        after += [describe.combined_title(combined), "  holds: the certificate above with its chain and key"]
    targets = tuple((wanted.paths[what], what + "_path") for what in ("csr", "certificate", "combined") if wanted.paths[what])
    if choice.key is None or choice.key is not existing.key or not existing.key_in_its_file:
        targets += ((wanted.key_path, "private_key_path"),)
    step = Step(wanted.main_path, _text(before), _text(after), Making(make, targets))  # type: ignore[arg-type]
    return Plan(tuple(reasons), _pin_changes(existing, choice), [step], choice.pin)


def _pin_changes(existing: Existing, choice: KeyChoice) -> bool:
    """Whether clients that pinned the key of the present certificate will meet another one."""
    return existing.certificate is not None and existing.certificate.pin != choice.pin


def _key_before(path: str, existing: Existing) -> List[str]:
    key = existing.next_key if path.endswith(NEXT) else existing.key
    public = key.public_key() if key is not None else None
    return key_lines(path, key_facts(public), pin_of(public)) if public else key_lines(path, None, "")


def _request_before(path: str, csr: Any) -> List[str]:
    if csr is None:
        return ["request %s" % path, ABSENT]
    return request_lines(path, rfc4514(csr.subject), *csr_names(csr), pin_of(csr.public_key()))


def _files(wanted: Wanted, existing: Existing, key: Any, making: Making) -> List[File]:
    """The files of a certificate. A key that stays is not written again: its file keeps its form."""
    chain = "".join(pem(one.der) for one in making.certificates).encode("ascii")
    files = []
    if key is not existing.key or not existing.key_in_its_file:
        files.append(File(wanted.key_path, to_pem(key), "private_key_path", secret=True))
    if wanted.paths["csr"] and making.csr:
        files.append(File(wanted.paths["csr"], making.csr, "csr_path"))
    if wanted.paths["certificate"]:
        files.append(File(wanted.paths["certificate"], chain, "certificate_path"))
    if wanted.paths["combined"]:
        files.append(File(wanted.paths["combined"], chain + to_pem(key), "combined_path", secret=True))
    return files


def _text(lines: List[str]) -> str:
    return "\n".join(lines) + "\n"
