# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The certificates of a vCenter whose machine certificate was replaced, and the endpoints that hold them; for tests at a fixed moment."""

from __future__ import annotations

from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.endpoints import HostPort
from ansible_collections.certmend.tls.plugins.module_utils.x509.load.reader import read_certificates
from ansible_collections.certmend.tls.plugins.module_utils.x509.lookup_ssl_trust.collect import Served
from ansible_collections.certmend.tls.plugins.module_utils.x509.lookup_ssl_trust.trust_entries import endpoint_trusts

from .. import mint
from . import estate
from .listing import listed

HOST = "vc1.corp.example"
CA = mint.authority("Corp CA")
OLD, NEW = (mint.mint(HOST, dns=[HOST], issuer=CA) for _twice in range(2))
OTHER = mint.mint("srm.corp.example", dns=["srm.corp.example"])
EXPIRED = mint.mint(HOST, dns=[HOST], issuer=CA, starts=mint.NOW - 9 * mint.DAY, ends=mint.NOW - 2 * mint.DAY)


def read(*minted):
    """Minted certificates as the collection reads them."""
    return read_certificates("".join(certificate.pem for certificate in minted).encode("ascii")).certificates


def trusts(*endpoints, **services):
    """The endpoints of a service, each a url and its sslTrust texts or certificates; or those of several services, by their ids."""
    services = services or {"vc": endpoints}
    return endpoint_trusts(listed([estate.registration(name, [_endpoint(*entry) for entry in entries]) for name, entries in services.items()]))


def _endpoint(url, *entries):
    return estate.endpoint(url, [entry if isinstance(entry, str) else estate.anchor(entry) for entry in entries])


def serving(*minted, host=HOST, port=443):
    """What a host and port serve."""
    return {HostPort(host, port): Served(read(*minted))}
