# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a certificate shall say: the request, checked whole before anything is made."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import Any, Dict, List, Optional, Sequence, Tuple

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
    """The names and purposes of a certificate to be.

    :param subject: pairs of a short name (``O``) and a value, beside the common name.
    """

    fqdn: str
    dns_names: Tuple[str, ...] = ()
    ip_addresses: Tuple[str, ...] = ()
    subject: Tuple[Tuple[str, str], ...] = ()
    extended_key_usage: Tuple[str, ...] = ("serverAuth",)

    def name(self) -> Any:
        """The subject; the common name last, as the most specific part."""
        pairs = [(names.BY_SHORT[short.lower()], value) for short, value in self.subject]
        pairs.append((oid.NameOID.COMMON_NAME, self.fqdn))
        return x509.Name([x509.NameAttribute(kind, value) for kind, value in pairs])

    def alternative_names(self) -> Any:
        """The subject alternative name."""
        entries = [x509.DNSName(name) for name in self.dns_names]
        entries += [x509.IPAddress(ipaddress.ip_address(address)) for address in self.ip_addresses]
        return x509.SubjectAlternativeName(entries)

    def differences(self, subject: str, dns_names: Sequence[str], ip_addresses: Sequence[str]) -> List[str]:
        """In which names an existing certificate or request differs, as sentences."""
        out = []
        if subject != names.rfc4514(self.name()):
            out.append("the subject is %s, not %s" % (subject or "empty", names.rfc4514(self.name())))
        for label, have, want in (("DNS", dns_names, self.dns_names), ("IP", ip_addresses, self.ip_addresses)):
            if set(have) != set(want):
                out.append("its %s names are %s, not %s" % (label, _list(have), _list(want)))
        return out

    def differences_from(self, certificate: Certificate) -> List[str]:
        """In what an existing certificate differs from this request."""
        out = self.differences(certificate.subject, certificate.dns_names, certificate.ip_addresses)
        allowed = certificate.extended_key_usage or self.extended_key_usage  # none at all: any use (RFC 5280 4.2.1.12)
        lacking = [one for one in self.extended_key_usage if one not in allowed]
        if lacking:
            out.append("its extended key usage lacks %s" % ", ".join(lacking))
        return out


def _list(values: Sequence[str]) -> str:
    return ", ".join(values) or "none"


def make_request(
    fqdn: str,
    dns_names: Sequence[str] = (),
    ip_addresses: Sequence[str] = (),
    subject: Optional[Dict[str, str]] = None,
    extended_key_usage: Sequence[str] = ("serverAuth",),
    wildcards: bool = False,
) -> Request:
    """Check all the options and make a request of them.

    :param wildcards: whether the profile lets ``*.corp.example`` stand for a name.
    :raises RemediationError: with everything that is wrong, each by the name of its option.
    """
    errors = list(_name_errors(fqdn, dns_names, wildcards)) + list(_subject_errors(subject or {}))
    addresses = []
    for address in ip_addresses:
        parsed = as_address(address)
        if parsed is None:
            errors.append(RemediationError("ip_addresses: %r is not an IP address" % address, "Names go into dns_names."))
        addresses.append(str(parsed))
    raise_all(errors)
    return Request(
        fqdn=fqdn,
        dns_names=tuple(dict.fromkeys([fqdn] + list(dns_names))),
        ip_addresses=tuple(dict.fromkeys(addresses)),
        subject=tuple((subject or {}).items()),
        extended_key_usage=tuple(extended_key_usage),
    )


def _name_errors(fqdn: str, dns_names: Sequence[str], wildcards: bool) -> List[RemediationError]:
    errors = []
    for option, name, problem_of in [("fqdn", fqdn, fqdn_problem)] + [
        ("dns_names", name, host_name_problem) for name in dns_names
    ]:
        if name.startswith("*.") and not wildcards:
            errors.append(RemediationError("%s: %r is a wildcard, which the profile does not allow" % (option, name), USE_A_NAME))
            continue
        problem = problem_of(name[2:] if name.startswith("*.") else name)
        if problem:
            errors.append(RemediationError("%s: %r %s" % (option, name, problem), USE_A_NAME))
    if len(fqdn) > LONGEST_COMMON_NAME:
        errors.append(
            RemediationError(
                "fqdn: a common name has %d characters at most (RFC 5280), this one has %d" % (LONGEST_COMMON_NAME, len(fqdn)),
                "Give a shorter name here and the long one in dns_names.",
            )
        )
    return errors


def _subject_errors(subject: Dict[str, str]) -> List[RemediationError]:
    errors = []
    for short, value in subject.items():
        kind = names.BY_SHORT.get(short.lower())
        if short.lower() == "cn" or kind is None:
            known = ", ".join(sorted(name for name in dn.SHORT.values() if name != "CN"))
            errors.append(RemediationError("subject: %r is not among %s" % (short, known), "The common name is fqdn."))
            continue
        try:
            x509.NameAttribute(kind, value)
        except (TypeError, ValueError) as error:
            errors.append(RemediationError("subject: %s=%r is not allowed: %s" % (short, value, error), "See RFC 5280."))
    return errors
