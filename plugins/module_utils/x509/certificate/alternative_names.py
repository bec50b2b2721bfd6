# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The entries of a subject alternative name (RFC 5280 section 4.2.1.6) as text: compared, joined and taken away."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import Any, Dict, Iterable, Iterator, List, Optional, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.hostnames import as_address, to_ascii
from ansible_collections.certmend.tls.plugins.module_utils.x509.backend import x509
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import Certificate


@dataclass(frozen=True)
class AlternativeNames:
    """The entries by their kind, in their order."""

    dns: Tuple[str, ...] = ()
    ip: Tuple[str, ...] = ()
    email: Tuple[str, ...] = ()
    uri: Tuple[str, ...] = ()

    @classmethod
    def of(cls, certificate: Certificate) -> AlternativeNames:
        """Those of a certificate."""
        return cls(certificate.dns_names, certificate.ip_addresses, certificate.email_addresses, certificate.uris)

    def __iter__(self) -> Iterator[str]:
        return iter(self.dns + self.ip + self.email + self.uri)

    def missing_in(self, other: Iterable[str]) -> Tuple[str, ...]:
        """The entries that are not among others; letter case does not matter."""
        present = {comparable_entry(name) for name in other}
        return tuple(name for name in self if comparable_entry(name) not in present)

    def joined(self, other: AlternativeNames) -> AlternativeNames:
        """These entries, followed by those of another that are not among them."""
        return AlternativeNames(*(_once(ours + theirs) for ours, theirs in zip(self._kinds, other._kinds)))

    def without(self, names: Iterable[str]) -> AlternativeNames:
        """These entries but for some."""
        dropped = {comparable_entry(name) for name in names}
        return AlternativeNames(*(tuple(name for name in kind if comparable_entry(name) not in dropped) for kind in self._kinds))

    def extension(self) -> x509.SubjectAlternativeName:
        """The extension with these entries."""
        entries: List[x509.GeneralName] = [x509.DNSName(name) for name in self.dns]
        entries += [x509.IPAddress(ipaddress.ip_address(address)) for address in self.ip]
        entries += [x509.RFC822Name(address) for address in self.email]
        entries += [x509.UniformResourceIdentifier(uri) for uri in self.uri]
        return x509.SubjectAlternativeName(entries)

    def problem(self) -> Optional[str]:
        """Why no extension can have these entries, as the end of a sentence; None if one can. Others may have encoded what the library refuses."""
        try:
            self.extension()
        except ValueError as error:
            return "cannot be encoded (%s)" % error
        return None

    @property
    def _kinds(self) -> Tuple[Tuple[str, ...], ...]:
        return self.dns, self.ip, self.email, self.uri


def names_of_csr(csr: Any) -> AlternativeNames:
    """The entries of a certificate signing request; none if it has no such extension, or it cannot be decoded."""
    try:
        value = csr.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except Exception:  # absent or not decodable: the request is made again in both cases
        return AlternativeNames()
    kinds = (x509.DNSName, x509.IPAddress, x509.RFC822Name, x509.UniformResourceIdentifier)
    return AlternativeNames(*(tuple(str(entry) for entry in value.get_values_for_type(kind)) for kind in kinds))


def comparable_entry(name: str) -> str:
    """A name in the form in which names are compared: an address as such, a host name in lower case with A-labels."""
    address = as_address(name)
    return to_ascii(name) if address is None else str(address)


def _once(names: Tuple[str, ...]) -> Tuple[str, ...]:
    """Each name once, in its first spelling."""
    first: Dict[str, str] = {}
    for name in names:
        first.setdefault(comparable_entry(name), name)
    return tuple(first.values())
