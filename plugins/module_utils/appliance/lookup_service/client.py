# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The operations of the Lookup Service that an audit and an update need. Standard library only."""

from __future__ import annotations

from typing import List, Optional, Set, Tuple
from xml.etree.ElementTree import Element
from xml.sax.saxutils import escape, quoteattr

from ansible_collections.certmend.tls.plugins.module_utils.appliance.lookup_service.registration import Registration, differences
from ansible_collections.certmend.tls.plugins.module_utils.appliance.lookup_service.soap import Fault, body_of, envelope
from ansible_collections.certmend.tls.plugins.module_utils.appliance.lookup_service.xml import local_name, tree_of
from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.answer import Answer
from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.https import ConnectionFailed, ConnectionLost, Session
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.core.interrupts import held_signals

PATH = "/lookupservice/sdk"
#: every release from 6.0 on understands 2.0
HEADERS = {"Content-Type": 'text/xml; charset="utf-8"', "SOAPAction": '"urn:lookup/2.0"'}
#: a reference to a managed object: its type and its name
Reference = Tuple[str, str]
INSTANCE: Reference = ("LookupServiceInstance", "ServiceInstance")
#: the same in every release that is known
REGISTRATIONS: Reference = ("LookupServiceRegistration", "ServiceRegistration")


class RegistrationChanged(RemediationError):
    """Another client changed a registration after it was listed.

    :param listed: the registration as it was listed.
    :param found: the registration as it is now.
    """

    def __init__(self, listed: Registration, found: Registration) -> None:
        super().__init__(
            "%s changed since it was listed: %s" % (listed.title, "; ".join(differences(listed, found))),
            "Another client changes it at the same time. Compare both versions in the result (conflict), then run the task again.",
        )
        self.listed, self.found = listed, found


class LookupService:
    """:param session: the connection to the node; all requests use it."""

    def __init__(self, session: Session) -> None:
        self.session = session
        #: the token that ``set`` needs, as the STS issued it; ``get`` sends it too. Secret
        self.security_header = b""
        #: the ids of the registrations that a request to Set was sent for, whatever became of it
        self.sent: Set[str] = set()
        self._reference: Optional[Reference] = None
        self._failure: Optional[ConnectionFailed] = None

    def list(self) -> List[Registration]:
        """Every registration of the SSO domain, in one anonymous request.

        :raises RemediationError: the service refuses; the message has its reason.
        """
        response = self._call("List", "<filterCriteria/>", again=True)
        return [Registration.from_tree(tree_of(element)) for element in response if local_name(element) == "returnval"]

    def get(self, service_id: str) -> Registration:
        """A registration as it is now."""
        response = self._call("Get", "<serviceId>%s</serviceId>" % escape(service_id), again=True, header=self.security_header)
        if len(response) != 1:
            raise RemediationError(
                "Get: the Lookup Service at %s answers with %d registrations for %s" % (self.session.where, len(response), service_id),
                "Check the proxies or load balancers in between.",
            )
        return Registration.from_tree(tree_of(response[0]))

    def set(self, registration: Registration) -> None:
        """Replace everything in a registration that can be replaced; needs ``security_header``.

        :raises ConnectionLost: the answer did not come; whether the request was carried out is unknown.
        """
        inner = "<serviceId>%s</serviceId><serviceSpec>%s</serviceSpec>" % (escape(registration.service_id), registration.spec())
        with held_signals():
            self.sent.add(registration.service_id)
            self._call("Set", inner, header=self.security_header)

    def replace(self, expected: Registration, wanted: Registration) -> None:
        """Set a registration if it still is the expected one.

        Set has no compare-and-swap: the registration is read right before it. If the answer to Set is lost, the registration is read again,
        and Set is repeated if it was not carried out.

        :raises RegistrationChanged: the registration is neither the expected nor the wanted one.
        """
        _check_unchanged(expected, self.get(expected.service_id))
        try:
            self.set(wanted)
        except ConnectionLost:
            found = self.get(expected.service_id)
            if found != wanted:
                _check_unchanged(expected, found)
                self.set(wanted)

    def _call(self, operation: str, inner: str, again: bool = False, header: bytes = b"") -> Element:
        try:
            return self._exchange(self._reference or REGISTRATIONS, operation, inner, again, header)
        except Fault as fault:
            if self._reference or "ManagedObjectNotFound" not in fault.kind:
                raise error_of(fault, operation) from fault
        # the reference is another one there, or the service creates the object when the content is first requested
        self._reference = self._retrieve_reference()
        return self._call(operation, inner, again, header)

    def _retrieve_reference(self) -> Reference:
        """The reference of the registrations, as the service reports it."""
        try:
            content = self._exchange(INSTANCE, "RetrieveServiceContent", "", True, b"")
        except Fault as fault:
            raise error_of(fault, "RetrieveServiceContent") from fault
        for element in content.iter():
            if local_name(element) == "serviceRegistration":
                return element.get("type", REGISTRATIONS[0]), element.text or REGISTRATIONS[1]
        return REGISTRATIONS

    def _exchange(self, reference: Reference, operation: str, inner: str, again: bool, header: bytes) -> Element:
        this = "<_this type=%s>%s</_this>" % (quoteattr(reference[0]), escape(reference[1]))
        body = '<%s xmlns="urn:lookup">%s%s</%s>' % (operation, this, inner, operation)
        answer = self._post(envelope(body.encode("utf-8"), header), again)
        return body_of(answer, "the Lookup Service at " + self.session.where)

    def _post(self, request: bytes, again: bool) -> Answer:
        """Send a request, unless the node could not be reached before: a rollback would wait for a timeout at each of its steps."""
        if self._failure is not None:
            raise self._failure
        try:
            return self.session.post(PATH, request, HEADERS, again)
        except ConnectionFailed as error:
            self._failure = error
            raise


def _check_unchanged(expected: Registration, found: Registration) -> None:
    if found != expected:
        raise RegistrationChanged(expected, found)


def error_of(fault: Fault, operation: str) -> RemediationError:
    """A fault of the Lookup Service as an error with advice."""
    reason = "%s: %s" % (fault.kind, fault.text)
    if "UnsupportedSite" in fault.kind:
        site = fault.fields.get("operatingSite", "?")
        return RemediationError("%s: this node serves another site (%s)" % (operation, reason), "Run it against a node of the site %s." % site)
    if "EntryNotFound" in fault.kind or ("Entry with name" in fault.text and "not found" in fault.text):
        name = fault.fields.get("name", "")
        return RemediationError(
            "%s: the service %s is no longer registered (%s)" % (operation, name, reason), "Audit the registrations again (state: audited)."
        )
    if "SecurityError" in fault.kind or "NotAuthenticated" in fault.kind:
        return RemediationError(
            "%s: the account lacks the permission, or its token is not accepted (%s)" % (operation, reason),
            "Use an administrator of the SSO domain (group LookupServiceAdministrators or Administrators).",
        )
    if "InvalidArgument" in fault.kind:
        argument = fault.fields.get("invalidProperty", "") or "an argument"
        return RemediationError("%s: the service refuses %s (%s)" % (operation, argument, reason), "Please report it as a bug of certmend.tls.")
    return RemediationError("%s: the Lookup Service refuses the request (%s)" % (operation, reason), "See the log of the service on the appliance.")
