# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The names and purposes of a certificate. All of them are validated before anything is made."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import Callable, Dict, List, Mapping, Optional, Sequence, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.appliance.formats import distinguished_name as dn
from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.hostnames import as_address, fqdn_problem, host_name_problem
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError, raise_all
from ansible_collections.certmend.tls.plugins.module_utils.x509.backend import oid, x509
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate import names
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import Certificate

#: RFC 5280 appendix A.1, ub-common-name
LONGEST_COMMON_NAME = 64
USE_A_NAME = "Give the fully qualified name by which clients connect, for example depot.corp.example."


@dataclass(frozen=True)
class Request:
    """The names and purposes that a certificate must have.

    :param subject: pairs of a short name (``O``) and a value, without the common name.
    """

    fqdn: str
    dns_names: Tuple[str, ...] = ()
    ip_addresses: Tuple[str, ...] = ()
    subject: Tuple[Tuple[str, str], ...] = ()
    extended_key_usage: Tuple[str, ...] = ("serverAuth",)

    def name(self) -> x509.Name:
        """The subject; the common name last, as the most specific part."""
        pairs = [(names.BY_SHORT[short.lower()], value) for short, value in self.subject]
        pairs.append((oid.NameOID.COMMON_NAME, self.fqdn))
        return x509.Name([x509.NameAttribute(kind, value) for kind, value in pairs])

    def alternative_names(self) -> x509.SubjectAlternativeName:
        """The subject alternative name."""
        entries: List[x509.GeneralName] = [x509.DNSName(name) for name in self.dns_names]
        entries += [x509.IPAddress(ipaddress.ip_address(address)) for address in self.ip_addresses]
        return x509.SubjectAlternativeName(entries)

    def differences(self, subject: str, dns_names: Sequence[str], ip_addresses: Sequence[str]) -> List[str]:
        """In which names an existing certificate or signing request differs, as sentences."""
        out = []
        expected = names.rfc4514(self.name())
        if subject != expected:
            out.append("the subject is %s, not %s" % (subject or "empty", expected))
        for kind, actual, wanted in (("DNS names", dns_names, self.dns_names), ("IP addresses", ip_addresses, self.ip_addresses)):
            if set(actual) != set(wanted):
                out.append("the subject alternative name contains %s, expected %s" % (_list(kind, actual), ", ".join(wanted) or "none"))
        return out

    def differences_from(self, certificate: Certificate) -> List[str]:
        """In what an existing certificate differs, as sentences."""
        out = self.differences(certificate.subject, certificate.dns_names, certificate.ip_addresses)
        allowed = certificate.extended_key_usage or self.extended_key_usage  # without the extension any use is allowed (RFC 5280 4.2.1.12)
        missing = [purpose for purpose in self.extended_key_usage if purpose not in allowed]
        if missing:
            out.append("the extended key usage lacks %s" % ", ".join(missing))
        return out


def _list(kind: str, values: Sequence[str]) -> str:
    return "the %s %s" % (kind, ", ".join(values)) if values else "no %s" % kind


def make_request(
    fqdn: str,
    dns_names: Sequence[str] = (),
    ip_addresses: Sequence[str] = (),
    subject: Optional[Mapping[str, str]] = None,
    extended_key_usage: Sequence[str] = ("serverAuth",),
    wildcards: bool = False,
) -> Request:
    """Validate names and purposes.

    :param wildcards: whether the profile allows a name such as ``*.corp.example``.
    :raises RemediationError: with everything that is wrong, each by the name of its option.
    """
    pairs = dict(subject or {})
    raise_all(_name_errors(fqdn, dns_names, wildcards) + _subject_errors(pairs) + _address_errors(ip_addresses))
    return Request(
        fqdn=fqdn,
        dns_names=tuple(dict.fromkeys([fqdn, *dns_names])),
        ip_addresses=tuple(dict.fromkeys(str(as_address(address)) for address in ip_addresses)),
        subject=tuple(pairs.items()),
        extended_key_usage=tuple(extended_key_usage),
    )


def _name_errors(fqdn: str, dns_names: Sequence[str], wildcards: bool) -> List[RemediationError]:
    problems = [("fqdn", fqdn, _name_problem(fqdn, fqdn_problem, wildcards))]
    problems += [("dns_names", name, _name_problem(name, host_name_problem, wildcards)) for name in dns_names]
    errors = [RemediationError("%s: %r %s" % (option, name, problem), USE_A_NAME) for option, name, problem in problems if problem]
    if len(fqdn) > LONGEST_COMMON_NAME:
        errors.append(
            RemediationError(
                "fqdn: a common name has at most %d characters (RFC 5280), but this name has %d" % (LONGEST_COMMON_NAME, len(fqdn)),
                "Give a shorter name in fqdn and the long name in dns_names.",
            )
        )
    return errors


def _name_problem(name: str, problem_of: Callable[[str], Optional[str]], wildcards: bool) -> Optional[str]:
    """Why a name cannot be used, as the end of a sentence."""
    if not name.startswith("*."):
        return problem_of(name)
    return problem_of(name[2:]) if wildcards else "is a wildcard, which the profile does not allow"


def _address_errors(addresses: Sequence[str]) -> List[RemediationError]:
    return [
        RemediationError("ip_addresses: %r is not an IP address" % address, "Give host names in dns_names.")
        for address in addresses
        if as_address(address) is None
    ]


def _subject_errors(subject: Dict[str, str]) -> List[RemediationError]:
    errors = []
    for short, value in subject.items():
        kind = names.BY_SHORT.get(short.lower())
        if short.lower() == "cn" or kind is None:
            known = ", ".join(sorted(name for name in dn.SHORT.values() if name != "CN"))
            errors.append(RemediationError("subject: %r is not one of %s" % (short, known), "Give the common name in fqdn."))
            continue
        try:
            x509.NameAttribute(kind, value)
        except (TypeError, ValueError) as error:
            errors.append(RemediationError("subject: %s=%r is not allowed: %s" % (short, value, error), "See RFC 5280, appendix A.1."))
    return errors
