# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a new certificate keeps of the present one: names, subject, purposes and the kind of key, unless the options ask for something else."""

from __future__ import annotations

import dataclasses
from typing import Any, List, Optional, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.hostnames import fqdn_problem, host_name_problem, is_address, without_zone
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.x509.backend import x509
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.collect import Existing
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.request import name_problem
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.spec import IssueSpec
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.alternative_names import AlternativeNames, names_of_csr
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import Certificate
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.keys import Key, key_facts
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.requests import csr_purposes

SERVER_AUTH, ANY = "serverAuth", "anyExtendedKeyUsage"
#: the purposes of a certificate without the extension (RFC 5280 section 4.2.1.12), as far as servers have them
UNRESTRICTED = (SERVER_AUTH, "clientAuth")

#: the kinds of entries that AlternativeNames has
COMPARED = (x509.DNSName, x509.IPAddress, x509.RFC822Name, x509.UniformResourceIdentifier)


@dataclasses.dataclass(frozen=True)
class NameChanges:
    """The names that the next certificate has and the present one has not, and the reverse."""

    added: Tuple[str, ...] = ()
    dropped: Tuple[str, ...] = ()

    @classmethod
    def between(cls, existing: Existing, names: AlternativeNames) -> NameChanges:
        """From the certificate in use to one with these names."""
        present = names_in_use(existing)
        return cls(names.missing_in(present), present.missing_in(names))


NO_CHANGES = NameChanges()


def names_in_use(existing: Existing) -> AlternativeNames:
    """The names of the present certificate."""
    names = AlternativeNames()
    for certificate in existing.in_use:
        names = names.joined(names_in(certificate))
    return names


def keep(spec: IssueSpec, existing: Existing) -> IssueSpec:
    """What is to be issued, with everything of the present certificate that the options do not change."""
    names = names_in_use(existing).without(spec.drop_names)
    leaf = existing.in_use[0] if existing.in_use else None
    present = leaf.x509 if leaf is not None else None
    request = dataclasses.replace(
        spec.request,
        names=spec.request.names.joined(names),
        base=_subject(present) if spec.request.base is None else spec.request.base,
        others=spec.request.others or _other_entries(present),
        extended_key_usage=spec.request.extended_key_usage or _purposes(leaf),
    )
    refusals = spec.refusals + tuple(_refusals(spec, names, "the present certificate"))
    return dataclasses.replace(spec, request=request, new_key=spec.key.like(_key(existing)), refusals=refusals)


def as_requested(spec: IssueSpec, csr: Any) -> IssueSpec:
    """What is to be issued, with the names of a request besides those of the options, and with its subject and purposes unless the options say others."""
    names = names_of_csr(csr).without(spec.drop_names)
    request = dataclasses.replace(
        spec.request,
        names=spec.request.names.joined(names),
        base=_subject(csr),
        others=_other_entries(csr),
        extended_key_usage=spec.request.extended_key_usage or csr_purposes(csr),
    )
    return dataclasses.replace(spec, request=request, asked=spec.asked.joined(names), refusals=tuple(_refusals(spec, names, "the request")))


def names_in(certificate: Certificate) -> AlternativeNames:
    """All the names by which clients may connect to a server that has the certificate.

    An address is kept as an address, even if it is the common name or a DNS name: only broken clients accept it there. The common name
    counts if it is a fully qualified name, or if the certificate has no DNS name: then many clients use it.
    """
    common_name = certificate.common_name
    problem_of = fqdn_problem if certificate.dns_names else host_name_problem
    named = is_address(common_name) or name_problem(common_name, problem_of, wildcards=True) is None
    texts = certificate.dns_names + ((common_name,) if named else ())
    hosts = tuple(text for text in texts if not is_address(text))
    addresses = certificate.ip_addresses + tuple(without_zone(text) for text in texts if is_address(text))
    return AlternativeNames(hosts, addresses, certificate.email_addresses, certificate.uris)


def _refusals(spec: IssueSpec, names: AlternativeNames, source: str) -> List[RemediationError]:
    """Names of the present certificate, or of a request, that a new certificate must not have."""
    missing = names.missing_in(spec.asked)
    problems = [("DNS name", name, name_problem(name, host_name_problem, spec.wildcards)) for name in missing if name in names.dns]
    problems += [("email address", name, AlternativeNames(email=(name,)).problem()) for name in missing if name in names.email]
    return [
        RemediationError(
            "the %s %r of %s cannot be kept: it %s" % (kind, name, source, problem),
            "List it in drop_names to give it up; clients that connect by it need another name in dns_names.",
        )
        for kind, name, problem in problems
        if problem
    ]


def _subject(of: Any) -> Any:
    """The subject of a certificate or a request as the library has it; None if it cannot be decoded."""
    try:
        return of.subject if of is not None else None
    except Exception:  # the exceptions of the backend differ between releases
        return None


def _other_entries(of: Any) -> Tuple[Any, ...]:
    """Entries of the subject alternative name that are no names of a server, such as a directory name; they are kept as they are."""
    try:
        entries = of.extensions.get_extension_for_class(x509.SubjectAlternativeName).value if of is not None else ()
    except Exception:  # absent or not decodable
        return ()
    return tuple(entry for entry in entries if not isinstance(entry, COMPARED))


def _purposes(leaf: Optional[Certificate]) -> Tuple[str, ...]:
    if leaf is None:
        return (SERVER_AUTH,)
    purposes = leaf.extended_key_usage or UNRESTRICTED
    return purposes if {SERVER_AUTH, ANY} & set(purposes) else (SERVER_AUTH,) + purposes


def _key(existing: Existing) -> Optional[Key]:
    """The kind of the key in use; if the key is lost, the certificate has it still."""
    if existing.key is not None:
        return key_facts(existing.key.public_key())
    return existing.in_use[0].key if existing.in_use else None
