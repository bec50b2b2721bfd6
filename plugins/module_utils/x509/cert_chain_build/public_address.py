# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which addresses are public: the IANA registries of special-purpose addresses (RFC 6890), the same for every version of Python."""

from __future__ import annotations

import ipaddress

from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.hostnames import Address

#: RFC 4291 section 2.4, RFC 3587: outside of it are loopback, link-local, site-local (fec0::/10), unique local and multicast addresses, and
#: those that hold an IPv4 address: ::/96, ::ffff:0:0/96, 64:ff9b::/96
GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
#: 2001::/23 has Teredo (2001::/32), 2002::/16 is 6to4: both hold an IPv4 address
SPECIAL = tuple(
    map(
        ipaddress.ip_network,
        (
            "0.0.0.0/8",
            "10.0.0.0/8",
            "100.64.0.0/10",
            "127.0.0.0/8",
            "169.254.0.0/16",
            "172.16.0.0/12",
            "192.0.0.0/24",
            "192.0.2.0/24",
            "192.88.99.0/24",
            "192.168.0.0/16",
            "198.18.0.0/15",
            "198.51.100.0/24",
            "203.0.113.0/24",
            "224.0.0.0/4",
            "240.0.0.0/4",
            "2001::/23",
            "2001:db8::/32",
            "2002::/16",
            "3fff::/20",
        ),
    )
)


def is_public(address: Address) -> bool:
    """Whether an address belongs to one host on the Internet, by itself and not by an IPv4 address in it."""
    if isinstance(address, ipaddress.IPv6Address) and address not in GLOBAL_UNICAST:
        return False
    return not any(address.version == network.version and address in network for network in SPECIAL)
