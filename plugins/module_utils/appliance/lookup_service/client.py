# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The operations of the Lookup Service that an audit and an update need. Standard library only."""

from __future__ import annotations

from typing import Any, List, Optional, Tuple
from xml.sax.saxutils import escape, quoteattr

from ansible_collections.certmend.tls.plugins.module_utils.appliance.lookup_service.registration import Registration
from ansible_collections.certmend.tls.plugins.module_utils.appliance.lookup_service.soap import Fault, body_of, envelope
from ansible_collections.certmend.tls.plugins.module_utils.appliance.lookup_service.xml import local, tree_of
from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.https import Session
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError

PATH = "/lookupservice/sdk"
#: 2.0 is understood by every release from 6.0 on
HEADERS = {"Content-Type": 'text/xml; charset="utf-8"', "SOAPAction": '"urn:lookup/2.0"'}
#: references to managed objects, as (type, name); that of the registrations is the same in every release that is known
INSTANCE, REGISTRATIONS = ("LookupServiceInstance", "ServiceInstance"), ("LookupServiceRegistration", "ServiceRegistration")


class LookupService:
    """:param session: to the node that is asked; all requests go over it."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.security = b""
        self._reference: Optional[Tuple[str, str]] = None

    def list(self) -> List[Registration]:
        """Every registration of the SSO domain, anonymously, in one request.

        :raises RemediationError: with what the service says.
        """
        response = self._call("List", "<filterCriteria/>", again=True)
        return [Registration.of(tree_of(element)) for element in response if local(element) == "returnval"]

    def get(self, service_id: str) -> Registration:
        """One registration as it is now."""
        response = self._call("Get", "<serviceId>%s</serviceId>" % escape(service_id), again=True)
        return Registration.of(tree_of(response[0]))

    def set(self, registration: Registration) -> None:
        """Replace everything of a registration that can be replaced; needs the token in ``security``.

        :raises ConnectionLost: the answer did not come; ask with get whether it was carried out.
        """
        inner = "<serviceId>%s</serviceId><serviceSpec>%s</serviceSpec>" % (escape(registration.service_id), registration.spec())
        self._call("Set", inner, header=self.security)

    def _call(self, name: str, inner: str, again: bool = False, header: bytes = b"") -> Any:
        try:
            return self._exchange(self._reference or REGISTRATIONS, name, inner, again, header)
        except Fault as fault:
            if self._reference or "ManagedObjectNotFound" not in fault.kind:
                raise explained(fault, name) from fault
        self._reference = self._content()  # it is called otherwise there, or not there before somebody asks for it
        return self._call(name, inner, again, header)

    def _content(self) -> Tuple[str, str]:
        """The reference of the registrations, as the service tells it."""
        try:
            content = self._exchange(INSTANCE, "RetrieveServiceContent", "", True, b"")
        except Fault as fault:
            raise explained(fault, "RetrieveServiceContent") from fault
        found = [one for one in content.iter() if local(one) == "serviceRegistration"]
        return (found[0].get("type", REGISTRATIONS[0]), found[0].text or REGISTRATIONS[1]) if found else REGISTRATIONS

    def _exchange(self, reference: Tuple[str, str], name: str, inner: str, again: bool, header: bytes) -> Any:
        this = "<_this type=%s>%s</_this>" % (quoteattr(reference[0]), escape(reference[1]))
        body = '<%s xmlns="urn:lookup">%s%s</%s>' % (name, this, inner, name)
        answer = self.session.post(PATH, envelope(body.encode("utf-8"), header), HEADERS, again)
        return body_of(answer, "the Lookup Service at " + self.session.where)


def explained(fault: Fault, operation: str) -> RemediationError:
    """A fault in the words of a person who has to do something about it."""
    said = "%s: %s" % (fault.kind, fault.text)
    if "UnsupportedSite" in fault.kind:
        site = fault.fields.get("operatingSite", "?")
        return RemediationError("%s: this node serves another site (%s)" % (operation, said), "Run it against a node of the site %s." % site)
    if "EntryNotFound" in fault.kind or ("Entry with name" in fault.text and "not found" in fault.text):
        name = fault.fields.get("name", "")
        return RemediationError("%s: the service %s is not registered any more (%s)" % (operation, name, said), "Look again (state: audited).")
    if "SecurityError" in fault.kind or "NotAuthenticated" in fault.kind:
        return RemediationError(
            "%s: the account may not do that, or its token is not accepted (%s)" % (operation, said),
            "Use an administrator of the SSO domain (group LookupServiceAdministrators or Administrators).",
        )
    if "InvalidArgument" in fault.kind:
        what = fault.fields.get("invalidProperty", "")
        return RemediationError("%s: the service refuses %s (%s)" % (operation, what or "an argument", said), "Please report it.")
    return RemediationError("%s: the Lookup Service refuses (%s)" % (operation, said), "See the service's log on the appliance.")
