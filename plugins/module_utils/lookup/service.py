# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The operations of the Lookup Service that an audit and an update need. Standard library only."""

from __future__ import annotations

from typing import Any, List
from xml.sax.saxutils import escape

from ansible_collections.certmend.tls.plugins.module_utils.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.https import Session
from ansible_collections.certmend.tls.plugins.module_utils.lookup.registrations import Registration
from ansible_collections.certmend.tls.plugins.module_utils.lookup.soap import Fault, body_of, envelope
from ansible_collections.certmend.tls.plugins.module_utils.lookup.trees import local, tree_of

PATH = "/lookupservice/sdk"
#: 2.0 is understood by every release from 6.0 on
HEADERS = {"Content-Type": 'text/xml; charset="utf-8"', "SOAPAction": '"urn:lookup/2.0"'}
THIS = '<_this type="LookupServiceRegistration">ServiceRegistration</_this>'


class LookupService:
    """:param session: to the node that is asked; all requests go over it."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.security = b""

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
        body = '<%s xmlns="urn:lookup">%s%s</%s>' % (name, THIS, inner, name)
        answer = self.session.post(PATH, envelope(body.encode("utf-8"), header), HEADERS, again)
        try:
            return body_of(answer, "the Lookup Service at " + self.session.where)
        except Fault as fault:
            raise explained(fault, name) from fault


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
