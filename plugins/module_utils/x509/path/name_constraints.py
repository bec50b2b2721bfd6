# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Name constraints: the names that a CA may issue certificates for (RFC 5280 section 4.2.1.10)."""

from __future__ import annotations

from typing import Any, Callable, Dict, Iterator, List, Optional, Sequence, Tuple
from urllib.parse import urlsplit

from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.hostnames import as_address, fqdn_problem, to_ascii
from ansible_collections.certmend.tls.plugins.module_utils.x509.backend import oid, x509
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate import names
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import Certificate

#: how names are made comparable, by their type
Forms = Dict[type, Callable[[Any], Any]]
#: of a CA's subtrees with a certificate's names; as OpenSSL's
MAXIMUM_COMPARISONS = 1 << 20


def violation(constraints: Any, certificate: Certificate, host: bool = False) -> Optional[str]:
    """How a certificate breaks a CA's constraints, as the end of a sentence; None if it satisfies them.

    :param constraints: the extension as cryptography reads it.
    :param host: whether the certificate is that of a host, whose name clients may look for in the common name.
    """
    permitted, excluded = constraints.permitted_subtrees or [], constraints.excluded_subtrees or []
    try:
        presented = list(_names(certificate, host))
    except Exception:  # the backend raises many kinds of exception for what it cannot decode
        return "cannot be compared with the names of %s, which cannot be decoded" % (certificate.subject or "the certificate")
    if len(presented) * (len(permitted) + len(excluded)) > MAXIMUM_COMPARISONS:
        return "asks for more than %d comparisons of names" % MAXIMUM_COMPARISONS
    allowed, forbidden = _by_kind(permitted), _by_kind(excluded)
    reasons = (_violation_of(name, text, allowed.get(type(name), []), forbidden.get(type(name), [])) for name, text in presented)
    return next(filter(None, reasons), None)


def _violation_of(name: Any, text: str, allowed: Sequence[Any], forbidden: Sequence[Any]) -> Optional[str]:
    """How a name breaks the constraints of its type.

    :param text: its description.
    :param allowed: the subtrees in the form in which they are compared, like ``forbidden``.
    """
    kind = type(name)
    if kind not in WITHIN:
        return "constrains names of the type %s, which this release cannot compare" % kind.__name__ if allowed or forbidden else None
    value, within = _comparable(name, PRESENTED), WITHIN[kind]
    if allowed and not any(within(value, subtree) for subtree in allowed):
        return "does not permit the %s" % text
    if any(within(value, subtree) for subtree in forbidden) or (kind is x509.DNSName and _may_match(value, forbidden)):
        return "excludes the %s" % text
    return None


def _by_kind(subtrees: Sequence[Any]) -> Dict[type, List[Any]]:
    """The subtrees by their type, each made comparable once."""
    found: Dict[type, List[Any]] = {}
    for subtree in subtrees:
        found.setdefault(type(subtree), []).append(_comparable(subtree, CONSTRAINING))
    return found


def _comparable(name: Any, forms: Forms) -> Any:
    """A name or subtree in the form in which those of its type are compared."""
    return forms.get(type(name), lambda value: value)(name.value)


def _names(certificate: Certificate, host: bool) -> Iterator[Tuple[Any, str]]:
    """All the names that constraints apply to, each with its description: the subject and the subject alternative names."""
    if certificate.x509.subject.rdns:
        yield x509.DirectoryName(certificate.x509.subject), "name %s" % certificate.subject
    for name in certificate.general_names:
        yield name, "name %s" % _text(name)
    for address in certificate.x509.subject.get_attributes_for_oid(oid.NameOID.EMAIL_ADDRESS):
        yield from _made(x509.RFC822Name, str(address.value), "email address %s in the subject")
    if host and not certificate.dns_names:  # then some clients compare the common name: Java and OpenSSL constrain it too
        for common_name in certificate.common_names:
            if fqdn_problem(common_name[2:] if common_name.startswith("*.") else common_name) is None:
                yield from _made(x509.DNSName, common_name, "common name %s")


def _made(kind: Any, value: str, text: str) -> Iterator[Tuple[Any, str]]:
    """A name of this kind, if the value can be one."""
    try:
        yield kind(value), text % value
    except ValueError:
        return


def _host_within(name: str, subtree: str) -> bool:
    """A host name satisfies a constraint that it equals or is below; a leading dot asks for one label more."""
    if not subtree:
        return True
    return name.endswith(subtree) if subtree.startswith(".") else name == subtree or name.endswith("." + subtree)


def _may_match(name: str, subtrees: Sequence[str]) -> bool:
    """Whether a wildcard could be used for a host in an excluded subtree one label below it."""
    return name.startswith("*.") and any(subtree.lstrip(".").partition(".")[2] == name[2:] for subtree in subtrees)


def _mailbox(value: str) -> Tuple[Optional[str], str]:
    """The local part, None if there is none, and the host."""
    local, at, host = value.rpartition("@")
    return local if at else None, to_ascii(host)


def _mailbox_within(name: Tuple[Optional[str], str], subtree: Tuple[Optional[str], str]) -> bool:
    """A constraint names one mailbox, all of a host, or with a leading dot all of a domain's hosts."""
    return name == subtree if subtree[0] is not None else _exact_host_within(name[1], subtree[1])


def _uri_host(value: str) -> str:
    """The host of a URI; empty if it has none, or an address."""
    try:
        host = urlsplit(value).hostname or ""
    except ValueError:
        return ""
    return "" if as_address(host) else to_ascii(host)


def _uri_within(host: str, subtree: str) -> bool:
    """The host part is compared; a URI without one, or with an address, is within nothing."""
    return bool(host) and _exact_host_within(host, subtree)


def _exact_host_within(host: str, subtree: str) -> bool:
    return host.endswith(subtree) if subtree.startswith(".") else not subtree or host == subtree


def _address_within(name: Any, subtree: Any) -> bool:
    """An address, or in a CA's own constraints a network, that lies in the permitted network."""
    return getattr(name, "version", 0) == subtree.version and name in subtree


def _directory_within(name: Any, subtree: Any) -> bool:
    """A name that begins with all the relative names of the constraint."""
    return bool(name[: len(subtree)] == subtree)


def _text(name: Any) -> str:
    return names.rfc4514(name.value) if isinstance(name, x509.DirectoryName) else str(name.value)


#: of a constraint, whose URI is a host alone
CONSTRAINING: Forms = {
    x509.DNSName: to_ascii,
    x509.RFC822Name: _mailbox,
    x509.UniformResourceIdentifier: to_ascii,
    x509.DirectoryName: lambda name: names.comparable(name.public_bytes()),
}
#: of a certificate's name
PRESENTED: Forms = {**CONSTRAINING, x509.UniformResourceIdentifier: _uri_host}
WITHIN: Dict[type, Callable[[Any, Any], bool]] = {
    x509.DNSName: _host_within,
    x509.IPAddress: _address_within,
    x509.RFC822Name: _mailbox_within,
    x509.UniformResourceIdentifier: _uri_within,
    x509.DirectoryName: _directory_within,
}
