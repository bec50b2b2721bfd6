# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Host names and addresses: their syntax, and which names of a certificate cover them.

The only code of the collection that compares names (RFC 9525), standard library only. docs/adr/0004-host-names.md explains
how the contested cases were decided.
"""

from __future__ import annotations

import ipaddress
import re
from typing import Iterable, Optional, Union

Address = Union[ipaddress.IPv4Address, ipaddress.IPv6Address]

#: RFC 1123 section 2.1: letters, digits and inner hyphens, 63 octets at most
LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)\Z", re.IGNORECASE | re.ASCII)
MAXIMUM_LENGTH = 253


def as_address(text: str) -> Optional[Address]:
    """The IP address that a text is, also in the brackets of a URL; None if it is not an address."""
    try:
        return ipaddress.ip_address(text[1:-1] if text[:1] == "[" and text[-1:] == "]" else text)
    except ValueError:
        return None


def without_zone(name: str) -> str:
    """A name without the zone of an IPv6 address (RFC 4007 section 11), which means something to this host alone; any other name as it is."""
    address, percent, _zone = name.lstrip("[").partition("%")
    return address if percent and ":" in address else name


def address_problem(text: str) -> Optional[str]:
    """Why a text is not an address that a certificate can have (RFC 5280 section 4.2.1.6), as the end of a sentence; None if it is one."""
    if not is_address(text):
        return "is not an IP address"
    return "has a zone, which no certificate can have: it names an interface of one host" if "%" in text else None


def is_address(text: str) -> bool:
    """Whether a text is an IPv4 or IPv6 address."""
    return as_address(text) is not None


def host_name_problem(name: str) -> Optional[str]:
    """Why a text is not a host name (RFC 1123), as the end of a sentence; None if it is one."""
    if not name:
        return "is empty"
    if is_address(name):
        return "is an IP address, not a host name"
    if any(character.isspace() or not character.isprintable() for character in name):
        return "contains a blank, a line break or an invisible character"
    labels = name.rstrip(".").split(".") if not name.endswith("..") else [""]
    if len(name) > MAXIMUM_LENGTH:
        return "is longer than %d characters" % MAXIMUM_LENGTH
    if not all(LABEL.match(label) for label in labels):
        return "is not made of labels of letters, digits and inner hyphens (RFC 1123 section 2.1)"
    if labels[-1].isdigit():
        return "ends in a number, as only an address does (RFC 1123 section 2.1)"
    return None


def fqdn_problem(name: str) -> Optional[str]:
    """Why a text is not a fully qualified domain name, as the end of a sentence; None if it is one."""
    problem = host_name_problem(name)
    if problem is None and "." not in name.rstrip("."):
        return "is a single label, not a fully qualified name"
    return problem


def to_ascii(name: str) -> str:
    """The form in which names are compared: A-labels, lower case, without the final dot of the DNS root (RFC 9525 section 6.3).

    A name that IDNA cannot encode is only changed to lower case: it then equals itself and no real name.
    """
    name = name[:-1] if name.endswith(".") else name
    if name.isascii() or len(name) > MAXIMUM_LENGTH:  # old releases of Python encode long names in quadratic time
        return name.lower()
    try:
        return name.encode("idna").decode("ascii").lower()
    except UnicodeError:
        return name.lower()


def covers(presented: str, name: str) -> bool:
    """Whether a presented DNS identifier covers a host name (RFC 9525 section 6.3).

    A wildcard covers exactly one left-most label, and none directly below a top-level domain. An identifier that ends in a dot
    is not in the preferred name syntax (RFC 5280 section 4.2.1.6) and covers nothing.
    """
    if presented.endswith("."):
        return False
    presented, name = to_ascii(presented), to_ascii(name)
    if not presented.startswith("*."):
        return "*" not in presented and presented == name
    parent = presented[2:]
    first, _dot, rest = name.partition(".")
    return bool(first) and rest == parent and "." in parent and "*" not in parent


def any_covers(dns_names: Iterable[str], ip_addresses: Iterable[str], name: str) -> bool:
    """Whether the subject alternative names of a certificate cover a host name or an address.

    An address is compared with iPAddress entries only, byte for byte (RFC 9525 section 6.5): a dNSName that contains an
    address does not count. The zone of an IPv6 address is not compared: it names an interface of the client.
    """
    address = as_address(without_zone(name))
    if address is not None:
        return any(as_address(entry) == address for entry in ip_addresses)
    return any(covers(entry, name) for entry in dns_names)
