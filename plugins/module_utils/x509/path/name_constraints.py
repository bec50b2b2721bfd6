# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Name constraints: the names that a CA may issue certificates for (RFC 5280 section 4.2.1.10)."""

from __future__ import annotations

from typing import Any, Callable, Dict, Iterator, Optional, Tuple
from urllib.parse import urlsplit

from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.hostnames import as_address, fqdn_problem, to_ascii
from ansible_collections.certmend.tls.plugins.module_utils.x509.backend import oid, x509
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate import names
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import Certificate


def violation(constraints: Any, certificate: Certificate, host: bool = False) -> Optional[str]:
    """How a certificate breaks a CA's constraints, as the end of a sentence; None if it satisfies them.

    :param constraints: the extension as cryptography reads it.
    :param host: whether the certificate is that of a host, whose name clients may look for in the common name.
    """
    permitted, excluded = constraints.permitted_subtrees or [], constraints.excluded_subtrees or []
    for name, text in _names(certificate, host):
        kind = type(name)
        within = WITHIN.get(kind)
        allowed = [subtree for subtree in permitted if isinstance(subtree, kind)]
        forbidden = [subtree for subtree in excluded if isinstance(subtree, kind)]
        if within is None:
            if allowed or forbidden:
                return "constrains names of the type %s, which this release cannot compare" % kind.__name__
            continue
        if allowed and not any(within(name.value, subtree.value) for subtree in allowed):
            return "does not permit the %s" % text
        if any(within(name.value, subtree.value) or _may_match(name, subtree.value) for subtree in forbidden):
            return "excludes the %s" % text
    return None


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
    name, subtree = to_ascii(name), to_ascii(subtree)
    if not subtree:
        return True
    return name.endswith(subtree) if subtree.startswith(".") else name == subtree or name.endswith("." + subtree)


def _may_match(name: Any, subtree: Any) -> bool:
    """Whether a wildcard could be used for a host in an excluded subtree one label below it."""
    if not isinstance(name, x509.DNSName) or not name.value.startswith("*."):
        return False
    return to_ascii(subtree).lstrip(".").partition(".")[2] == to_ascii(name.value[2:])


def _mailbox_within(name: str, subtree: str) -> bool:
    """A constraint names one mailbox, all of a host, or with a leading dot all of a domain's hosts."""
    local, _at, host = name.rpartition("@")
    if "@" in subtree:
        wanted_local, _at, wanted_host = subtree.rpartition("@")
        return local == wanted_local and to_ascii(host) == to_ascii(wanted_host)
    return _exact_host_within(host, subtree)


def _uri_within(name: str, subtree: str) -> bool:
    """The host part is compared; a URI without one, or with an address, is within nothing."""
    try:
        host = urlsplit(name).hostname or ""
    except ValueError:
        return False
    return bool(host) and as_address(host) is None and _exact_host_within(host, subtree)


def _exact_host_within(host: str, subtree: str) -> bool:
    host, subtree = to_ascii(host), to_ascii(subtree)
    return host.endswith(subtree) if subtree.startswith(".") else not subtree or host == subtree


def _address_within(name: Any, subtree: Any) -> bool:
    """An address, or in a CA's own constraints a network, that lies in the permitted network."""
    return getattr(name, "version", 0) == subtree.version and name in subtree


def _directory_within(name: Any, subtree: Any) -> bool:
    """A name that begins with all the relative names of the constraint."""
    wanted = names.comparable(subtree.public_bytes())
    return names.comparable(name.public_bytes())[: len(wanted)] == wanted


def _text(name: Any) -> str:
    return names.rfc4514(name.value) if isinstance(name, x509.DirectoryName) else str(name.value)


WITHIN: Dict[type, Callable[[Any, Any], bool]] = {
    x509.DNSName: _host_within,
    x509.IPAddress: _address_within,
    x509.RFC822Name: _mailbox_within,
    x509.UniformResourceIdentifier: _uri_within,
    x509.DirectoryName: _directory_within,
}
