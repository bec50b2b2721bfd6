# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The Lookup Service's operations on registrations, strict as its schema, with switches for everything that goes wrong."""

from __future__ import annotations

import base64
import hashlib
import time
from dataclasses import dataclass, field, replace
from typing import Optional

from .soap import CHILDREN, LOOKUP, MUTABLE, SOAP, Refused, checked, enveloped, local, namespace, parse, written
from .sts import carries_security

ACTIONS = ('"urn:lookup/2.0"', '"urn:lookup/3.0"')
SERVICE = (("_this", "LookupServiceInstance", "ServiceInstance"), ("_this", "LookupServiceRegistration", "ServiceRegistration"))


@dataclass
class Switches:
    """What goes wrong; everything is off at first."""

    set_fault: str = ""  #: SecurityError, EntryNotFound, InvalidArgument
    operating_site: str = ""  #: answer UnsupportedSite and name this one
    sts_certificate_expired: bool = False
    clock_skew: float = 0.0  #: seconds by which the server's clock is ahead
    cut_at_set: int = 0  #: the connection ends instead of the answer to this Set, counted from 1
    cut_applies: bool = True  #: the Set that was cut was made all the same
    cut_forever: bool = False  #: nobody is answered after that
    slow: float = 0.0  #: seconds before every answer
    changes_after_list: str = ""  #: the service of this id changes as soon as it was listed, once
    ignores_set: str = ""  #: Set of this service answers as if it had been made
    answer: str = ""  #: instead of any Lookup answer
    hidden: bool = False  #: as vcsim: the registrations are not there before somebody asked for the content
    reads_only: bool = False  #: as vcsim: List and RetrieveServiceContent alone


@dataclass(frozen=True)
class Registration:
    """One service; ``mutable`` is a tuple of trees in the order of the schema, ``beyond`` what a later release adds at the end."""

    service_id: str
    site_id: str
    owner_id: str
    product: str
    type: str
    mutable: tuple
    node_id: Optional[str] = None
    beyond: tuple = ()

    def xml(self):
        trees = (
            *self.mutable,
            ("ownerId", self.owner_id),
            ("serviceType", (("product", self.product), ("type", self.type))),
            *((("nodeId", self.node_id),) if self.node_id is not None else ()),
            ("serviceId", self.service_id),
            ("siteId", self.site_id),
            *self.beyond,
        )
        return "<returnval>%s</returnval>" % "".join(written(tree) for tree in trees)

    def fits(self, wanted):
        """Whether a filterCriteria, as a dict of its trees, lets it through."""
        types = dict(wanted.get("serviceType", ()))
        endpoint = dict(wanted.get("endpointType", ()))
        return (
            wanted.get("siteId", self.site_id) == self.site_id
            and wanted.get("nodeId", self.node_id) == self.node_id
            and types.get("product", self.product) == self.product
            and types.get("type", self.type) == self.type
            and (not endpoint or any(endpoint.items() <= dict(dict(tree[1])["endpointType"]).items() for tree in self.mutable if tree[0] == "serviceEndpoints"))
        )


class Cut(Exception):
    """The connection ends without an answer."""


@dataclass
class Lookup:
    """The registrations, and what was asked of them."""

    registrations: dict
    sts: object
    switches: Switches
    counts: dict = field(default_factory=dict)
    requests: list = field(default_factory=list)

    def answer(self, body, headers):
        """The answer's bytes; raises Refused or Cut."""
        if headers.get("SOAPAction") not in ACTIONS:
            raise Refused("InvalidRequest", "SOAPAction %r" % headers.get("SOAPAction"))
        if headers.get("Content-Type") != 'text/xml; charset="utf-8"':
            raise Refused("InvalidRequest", "Content-Type %r" % headers.get("Content-Type"))
        root = parse(body)
        request = self._request(root)
        name = local(request)
        operation = getattr(self, "_" + name, None)
        if operation is None or namespace(request) != LOOKUP or (self.switches.reads_only and name not in ("List", "RetrieveServiceContent")):
            raise Refused("MethodNotFound", "there is no %s" % name, {"method": name})
        self.counts[name] = self.counts.get(name, 0) + 1
        self.requests.append(body)
        if self.switches.hidden and name != "RetrieveServiceContent":
            raise Refused("ManagedObjectNotFoundFault", "managed object not found: LookupServiceRegistration:ServiceRegistration")
        if self.switches.slow:
            time.sleep(self.switches.slow)
        if self.switches.answer:
            return self.switches.answer.encode()
        if self.switches.operating_site and name != "RetrieveServiceContent":
            fields = {"operatingSite": self.switches.operating_site, "requestedSite": "elsewhere"}
            raise Refused("LookupFaultUnsupportedSiteFault", "unsupported site", fields)
        told = operation(request, root, body)
        return enveloped('<%sResponse xmlns="urn:lookup">%s</%sResponse>' % (name, told, name))

    @staticmethod
    def _request(root):
        header, found = root.find("{%s}Header" % SOAP), root.find("{%s}Body" % SOAP)
        if root.tag != "{%s}Envelope" % SOAP or found is None or len(found) != 1:
            raise Refused("InvalidRequest", "no envelope with one request")
        for entry in header if header is not None else ():
            if not namespace(entry):
                raise Refused("InvalidRequest", "SAAJ0131: HeaderElements must be namespace qualified")
        return found[0]

    def _children(self, request, *names):
        """The children after _this, which must be these."""
        children = list(request)
        kind, name = ("LookupServiceInstance", "ServiceInstance") if local(request) == "RetrieveServiceContent" else SERVICE[1][1:]
        if not children or local(children[0]) != "_this" or (children[0].get("type"), children[0].text) != (kind, name):
            raise Refused("InvalidRequest", "_this is not the %s" % name)
        if [local(child) for child in children[1:]] != list(names):
            raise Refused("InvalidArgument", "%s wants %s" % (local(request), ", ".join(names)), {"invalidProperty": (names or ("",))[0]})
        return children[1:]

    def _RetrieveServiceContent(self, request, _root, _body):
        self._children(request)
        self.switches.hidden = False
        kinds = {
            "lookupService": "LookupLookupService",
            "serviceRegistration": "LookupServiceRegistration",
            "deploymentInformationService": "LookupDeploymentInformationService",
            "l10n": "LookupL10n",
        }
        inner = "".join('<%s type="%s">%s</%s>' % (name, kind, name[0].upper() + name[1:], name) for name, kind in kinds.items())
        return "<returnval>%s</returnval>" % inner

    def _List(self, request, _root, _body):
        (criteria,) = self._children(request, "filterCriteria")
        wanted = dict(checked(criteria, CHILDREN["filterCriteria"])[1])
        told = "".join(one.xml() for one in self.registrations.values() if one.fits(wanted))
        if self.switches.changes_after_list:
            self.touch(self.switches.changes_after_list)
            self.switches.changes_after_list = ""
        return told

    def _Get(self, request, _root, _body):
        (service_id,) = self._children(request, "serviceId")
        return self._found(service_id.text).xml()

    def touch(self, service_id):
        """Somebody else changes a registration."""
        one = self.registrations[service_id]
        mutable = tuple((name, "changed meanwhile") if name == "serviceVersion" else (name, content) for name, content in one.mutable)
        self.registrations[service_id] = replace(one, mutable=mutable)

    def replace(self, fingerprint, der):
        """Replace every anchor with this SHA-1; how many services had one."""
        new, changed = base64.b64encode(der).decode(), 0
        for one in list(self.registrations.values()):
            mutable = tuple(_replaced(tree, fingerprint.replace(":", "").lower(), new) for tree in one.mutable)
            changed += mutable != one.mutable
            self.registrations[one.service_id] = replace(one, mutable=mutable)
        return changed

    def _GetSiteId(self, request, _root, _body):
        self._children(request)
        return "<returnval>%s</returnval>" % next(iter(self.registrations.values())).site_id

    def _Set(self, request, root, body):
        if not carries_security(root) or not self.sts.vouches_for(body):
            raise Refused("SecurityError", "the token is missing, altered or over")
        service_id, spec = self._children(request, "serviceId", "serviceSpec")
        one = self._found(service_id.text)
        mutable = checked(spec, MUTABLE)[1]
        fault = self.switches.set_fault
        if fault == "EntryNotFound":
            raise _not_found(service_id.text)
        if fault:
            raise Refused(fault, "as the switch says", {"invalidProperty": "serviceSpec"} if fault == "InvalidArgument" else {})
        cut = self.switches.cut_at_set == self.counts["Set"] or (self.switches.cut_forever and 0 < self.switches.cut_at_set < self.counts["Set"])
        if self.switches.ignores_set != service_id.text and (not cut or self.switches.cut_applies):
            self.registrations[one.service_id] = replace(one, mutable=mutable)
        if cut:
            raise Cut
        return ""

    def _found(self, service_id):
        if service_id not in self.registrations:
            raise _not_found(service_id)
        return self.registrations[service_id]


def _not_found(service_id):
    return Refused("LookupFaultEntryNotFoundFault", "Entry with name %s was not found" % service_id, {"name": service_id or ""})


def _replaced(tree, fingerprint, new):
    name, content = tree
    if not isinstance(content, str):
        return name, tuple(_replaced(child, fingerprint, new) for child in content)
    return name, new if name == "sslTrust" and hashlib.sha1(_decoded(content)).hexdigest() == fingerprint else content


def _decoded(text):
    """Whatever a reader of anchors takes: with line breaks, or in Base64 twice."""
    try:
        once = base64.b64decode("".join(text.split()), validate=True)
        return base64.b64decode(once) if once.startswith(b"MII") else once
    except ValueError:
        return b""
