#!/usr/bin/python3
# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Prints what the Lookup Service lists, in the shape of the appliance's tool. Only `list` is here."""

import argparse
import http.client
import ssl
import sys

sys.path.insert(0, "/usr/local/lib/lab")

from vsphere import soap  # noqa: E402 - the line above makes it importable

LIST = '<List xmlns="urn:lookup"><_this type="LookupServiceRegistration">ServiceRegistration</_this><filterCriteria/></List>'


def listed():
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    connection = http.client.HTTPSConnection("localhost", context=context)
    headers = {"Content-Type": 'text/xml; charset="utf-8"', "SOAPAction": '"urn:lookup/2.0"'}
    connection.request("POST", "/lookupservice/sdk", soap.enveloped(LIST), headers)
    return soap.parse(connection.getresponse().read()).iter("{urn:lookup}returnval")


def text(element, *path):
    return element.findtext("/".join("{urn:lookup}" + name for name in path)) or ""


def show(service, wanted):
    print("\tName: %s" % text(service, "serviceNameDefault"))
    print("\tDescription: %s" % text(service, "serviceDescriptionDefault"))
    print("\tService Product: %s" % text(service, "serviceType", "product"))
    print("\tService Type: %s" % text(service, "serviceType", "type"))
    print("\tService ID: %s" % text(service, "serviceId"))
    print("\tSite ID: %s" % text(service, "siteId"))
    if text(service, "nodeId"):
        print("\tNode ID: %s" % text(service, "nodeId"))
    print("\tOwner ID: %s" % text(service, "ownerId"))
    print("\tVersion: %s" % text(service, "serviceVersion"))
    print("\tEndpoints:")
    for endpoint in service.iter("{urn:lookup}serviceEndpoints"):
        if wanted and text(endpoint, "endpointType", "type") != wanted:
            continue
        print("\t\tType: %s" % text(endpoint, "endpointType", "type"))
        print("\t\tProtocol: %s" % text(endpoint, "endpointType", "protocol"))
        print("\t\tURL: %s" % text(endpoint, "url"))
        for trust in endpoint.iter("{urn:lookup}sslTrust"):
            print("\t\tSSL trust: %s" % (trust.text or ""))
            print("2026-11-20T12:00:00.000Z INFO vmafd: a line of the log")
        print("\t\tEndpoint Attributes:")
        for attribute in endpoint.iter("{urn:lookup}endpointAttributes"):
            print("\t\t\t%s: %s" % (text(attribute, "key"), text(attribute, "value")))
    print("\tAttributes:")
    for attribute in service.iter("{urn:lookup}serviceAttributes"):
        print("\t\t%s: %s" % (text(attribute, "key"), " ".join(text(attribute, "value").split())))
    print()


parser = argparse.ArgumentParser()
parser.add_argument("command", choices=["list"])
parser.add_argument("--url", required=True)
parser.add_argument("--no-check-cert", action="store_true", required=True)
parser.add_argument("--ep-type", default="")
given = parser.parse_args()
for one in listed():
    show(one, given.ep_type)
