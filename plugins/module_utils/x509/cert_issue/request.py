# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The names and purposes of a certificate. All of them are validated before anything is made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.appliance.formats import distinguished_name as dn
from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.hostnames import (
    address_problem,
    as_address,
    fqdn_problem,
    host_name_problem,
)
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError, raise_all
from ansible_collections.certmend.tls.plugins.module_utils.x509.backend import oid, x509
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate import names
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.alternative_names import AlternativeNames

#: RFC 5280 appendix A.1, ub-common-name
LONGEST_COMMON_NAME = 64
USE_A_NAME = "Give the fully qualified name by which clients connect, for example depot.corp.example."


@dataclass(frozen=True)
class Request:
    """The names and purposes that a certificate must have.

    :param names: the subject alternative name, the FQDN first.
    :param subject: pairs of a short name (``O``) and a value, without the common name; None: not asked for.
    :param base: a name whose attributes the subject has, but for the common name; it counts if ``subject`` is not asked for.
    :param extended_key_usage: empty: not asked for.
    :param others: further entries of the subject alternative name, of kinds that no client of a server compares.
    """

    fqdn: str
    names: AlternativeNames
    subject: Optional[Tuple[Tuple[str, str], ...]] = None
    extended_key_usage: Tuple[str, ...] = ()
    base: Any = None
    others: Tuple[Any, ...] = ()

    def alternative_names(self) -> x509.SubjectAlternativeName:
        """The subject alternative name."""
        return x509.SubjectAlternativeName([*self.names.extension(), *self.others])

    def name(self) -> x509.Name:
        """The subject. The common name is the last relative name, as the most specific part, unless ``base`` has it elsewhere."""
        if self.subject is None and self.base is not None:
            return _renamed(self.base, self.fqdn)
        pairs = [(names.BY_SHORT[short.lower()], value) for short, value in self.subject or ()]
        pairs.append((oid.NameOID.COMMON_NAME, self.fqdn))
        return x509.Name([x509.NameAttribute(kind, value) for kind, value in pairs])


def _renamed(name: x509.Name, common_name: str) -> x509.Name:
    """A name with another common name in the position of the most specific one. Empty attributes are left out: the library cannot write them."""
    relatives = [[attribute for attribute in relative if attribute.value] for relative in name.rdns]
    ours = x509.NameAttribute(oid.NameOID.COMMON_NAME, common_name)
    last = max((index for index, relative in enumerate(relatives) if _common_name_in(relative)), default=None)
    if last is None:
        relatives.append([ours])
    else:
        relatives[last] = [attribute for attribute in relatives[last] if attribute.oid != oid.NameOID.COMMON_NAME] + [ours]
    return x509.Name([x509.RelativeDistinguishedName(relative) for relative in relatives if relative])


def _common_name_in(relative: Sequence[Any]) -> bool:
    return any(attribute.oid == oid.NameOID.COMMON_NAME for attribute in relative)


def make_request(
    fqdn: str,
    dns_names: Sequence[str] = (),
    ip_addresses: Sequence[str] = (),
    subject: Optional[Mapping[str, str]] = None,
    extended_key_usage: Optional[Sequence[str]] = None,
    wildcards: bool = False,
) -> Request:
    """Validate names and purposes.

    :param subject: None: not asked for. So with ``extended_key_usage``.
    :param wildcards: whether the profile allows a name such as ``*.corp.example``.
    :raises RemediationError: with everything that is wrong, each by the name of its option.
    """
    pairs = dict(subject or {})
    raise_all(_name_errors(fqdn, dns_names, wildcards) + _subject_errors(pairs) + _address_errors(ip_addresses))
    addresses = tuple(str(as_address(address)) for address in ip_addresses)
    return Request(
        fqdn=fqdn,
        names=AlternativeNames((fqdn,)).joined(AlternativeNames(tuple(dns_names), addresses)),
        subject=None if subject is None else tuple(pairs.items()),
        extended_key_usage=tuple(extended_key_usage or ()),
    )


def _name_errors(fqdn: str, dns_names: Sequence[str], wildcards: bool) -> List[RemediationError]:
    problems = [("fqdn", fqdn, name_problem(fqdn, fqdn_problem, wildcards))]
    problems += [("dns_names", name, name_problem(name, host_name_problem, wildcards)) for name in dns_names]
    errors = [RemediationError("%s: %r %s" % (option, name, problem), USE_A_NAME) for option, name, problem in problems if problem]
    if len(fqdn) > LONGEST_COMMON_NAME:
        errors.append(
            RemediationError(
                "fqdn: a common name has at most %d characters (RFC 5280), but this name has %d" % (LONGEST_COMMON_NAME, len(fqdn)),
                "Give a shorter name in fqdn and the long name in dns_names.",
            )
        )
    return errors


def name_problem(name: str, problem_of: Callable[[str], Optional[str]], wildcards: bool) -> Optional[str]:
    """Why a name cannot be used, as the end of a sentence."""
    if not name.startswith("*."):
        return problem_of(name)
    return problem_of(name[2:]) if wildcards else "is a wildcard, which the profile does not allow"


def _address_errors(addresses: Sequence[str]) -> List[RemediationError]:
    problems = [(address, address_problem(address)) for address in addresses]
    advice = "Give IP addresses without a zone, and host names in dns_names."
    return [RemediationError("ip_addresses: %r %s" % (address, problem), advice) for address, problem in problems if problem]


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
