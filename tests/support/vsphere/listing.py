# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Registrations of an estate as the collection reads them, from List and from the appliance's lstool.py."""

from __future__ import annotations

from ansible_collections.certmend.tls.plugins.module_utils.appliance.lookup_service.registration import Registration
from ansible_collections.certmend.tls.plugins.module_utils.appliance.lookup_service.xml import parse, tree_of


def listed(registrations):
    """The registrations as List returns them."""
    response = '<ListResponse xmlns="urn:lookup">%s</ListResponse>' % "".join(registration.xml() for registration in registrations)
    return [Registration.from_tree(tree_of(element)) for element in parse(response.encode("utf-8"))]


def lstool_output(registrations):
    """What ``lstool.py list`` prints for them."""
    return "".join("\t%s\n" % line for registration in listed(registrations) for line in _lines(registration))


def _lines(registration):
    values = {tree.name: tree.text for tree in registration.mutable}
    head = {
        "Name": values["serviceNameDefault"],
        "Description": values["serviceDescriptionDefault"],
        "Service Product": registration.product,
        "Service Type": registration.type,
        "Service ID": registration.service_id,
        "Site ID": registration.site_id,
        "Node ID": registration.node_id,
        "Owner ID": registration.owner_id,
        "Version": values["serviceVersion"],
    }
    yield from ("%s: %s" % item for item in head.items() if item != ("Node ID", ""))
    yield "Endpoints:"
    for endpoint in registration.endpoints:
        yield from ("\tType: " + endpoint.type, "\tProtocol: " + endpoint.protocol, "\tURL: " + endpoint.url)
        yield from ("\tSSL trust: " + text for text in endpoint.ssl_trust)
        yield "\tEndpoint Attributes:"
        yield "\t\tcis.common.ep.localurl: http://localhost:8085/sdk"
    yield "Attributes:"
    yield "\tcom.vmware.cis.domain: a"
    yield ""
