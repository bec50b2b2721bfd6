# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""XML as the Lookup Service takes and gives it: no DTDs, every element of urn:lookup, in the order of its schema."""

from __future__ import annotations

from xml.etree import ElementTree
from xml.sax.saxutils import escape

LOOKUP = "urn:lookup"
SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
WSU = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
WST = "http://docs.oasis-open.org/ws-sx/ws-trust/200512"
SAML = "urn:oasis:names:tc:SAML:2.0:assertion"
MUTABLE = (
    ("serviceVersion", 1, 1),
    ("vendorNameResourceKey", 0, 1),
    ("vendorNameDefault", 0, 1),
    ("vendorProductInfoResourceKey", 0, 1),
    ("vendorProductInfoDefault", 0, 1),
    ("serviceEndpoints", 0, None),
    ("serviceAttributes", 0, None),
    ("serviceNameResourceKey", 0, 1),
    ("serviceNameDefault", 0, 1),
    ("serviceDescriptionResourceKey", 0, 1),
    ("serviceDescriptionDefault", 0, 1),
    ("serviceFuture", 0, 1),  # what a later release might add; only the registrations of the future have it
)
CHILDREN = {
    "serviceEndpoints": (("url", 1, 1), ("endpointType", 1, 1), ("sslTrust", 0, None), ("endpointAttributes", 0, None)),
    "endpointType": (("protocol", 0, 1), ("type", 0, 1)),
    "endpointAttributes": (("key", 1, 1), ("value", 1, 1)),
    "serviceAttributes": (("key", 1, 1), ("value", 1, 1)),
    "serviceType": (("product", 1, 1), ("type", 1, 1)),
    "filterCriteria": (("siteId", 0, 1), ("nodeId", 0, 1), ("serviceType", 0, 1), ("endpointType", 0, 1)),
}


class Refused(Exception):
    """A SOAP fault to answer with.

    :param kind: the fault's name without its namespace; ``fields`` are its children.
    """

    def __init__(self, kind, message, fields=()):
        super().__init__(message)
        self.kind, self.message, self.fields = kind, message, dict(fields)


class _Builder(ElementTree.TreeBuilder):
    def doctype(self, name, pubid, system):
        raise Refused("InvalidRequest", "DOCTYPE is not allowed")


def parse(data):
    """The root element; anything with a DTD is refused."""
    parser = ElementTree.XMLParser(target=_Builder())
    try:
        parser.feed(data)
        return parser.close()
    except ElementTree.ParseError as error:
        raise Refused("InvalidRequest", "not well-formed: %s" % error) from error


def local(element):
    return element.tag.rpartition("}")[2]


def namespace(element):
    return element.tag.rpartition("}")[0][1:]


def checked(element, table):
    """The element as a tree (name, text or tuple of trees), where it keeps to its sequence."""
    return local(element), _checked_children(element, table)


def _checked_children(element, table):
    if table is None:
        if len(element):
            raise Refused("InvalidArgument", "%s has children" % local(element), {"invalidProperty": local(element)})
        return element.text or ""
    order, place, counts = [name for name, _least, _most in table], 0, {}
    trees = []
    for child in element:
        name = local(child)
        if namespace(child) != LOOKUP or name not in order[place:]:
            raise Refused("InvalidArgument", "%s is not expected here" % name, {"invalidProperty": name})
        place = order.index(name)
        counts[name] = counts.get(name, 0) + 1
        trees.append(checked(child, CHILDREN.get(name)))
    for name, least, most in table:
        if counts.get(name, 0) < least or (most is not None and counts.get(name, 0) > most):
            raise Refused("InvalidArgument", "%s: %d of them" % (name, counts.get(name, 0)), {"invalidProperty": name})
    return tuple(trees)


def written(tree):
    """A tree as XML. A carriage return is written as a reference, as a reader would turn it into a line feed."""
    name, content = tree
    inner = escape(content, {"\r": "&#13;"}) if isinstance(content, str) else "".join(written(child) for child in content)
    return "<%s>%s</%s>" % (name, inner, name) if inner else "<%s/>" % name


def enveloped(body):
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<soapenv:Envelope xmlns:soapenv="%s" xmlns:xsd="http://www.w3.org/2001/XMLSchema" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">\n<soapenv:Body>\n%s\n</soapenv:Body>\n</soapenv:Envelope>' % (SOAP, body)
    ).encode()


def fault(refused, code="ServerFaultCode", detail=True):
    """A fault as the Lookup Service answers it; the STS's has a code of its own and no detail."""
    inner = "".join("<%s>%s</%s>" % (name, escape(value), name) for name, value in refused.fields.items())
    told = '<detail><%sFault xmlns="urn:lookup" xsi:type="%s">%s</%sFault></detail>' % (refused.kind, refused.kind, inner, refused.kind)
    return enveloped(
        "<soapenv:Fault><faultcode>%s</faultcode><faultstring>%s</faultstring>%s</soapenv:Fault>" % (code, escape(refused.message), told if detail else "")
    )
