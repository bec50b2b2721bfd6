# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""SOAP 1.1 as the Lookup Service and the STS use it. Standard library only."""

from __future__ import annotations

from typing import Callable, Dict
from xml.etree.ElementTree import Element

from ansible_collections.certmend.tls.plugins.module_utils.appliance.lookup_service.xml import local_name, parse
from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.answer import Answer
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError

ENVELOPE = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n'
    b'<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/">%s<soapenv:Body>%s</soapenv:Body></soapenv:Envelope>'
)
SOAP = "{http://schemas.xmlsoap.org/soap/envelope/}"
#: what to do about an HTTP status
ADVICE = {
    404: "The host has no such service: check hostname and port.",
    503: "The service is starting: wait, then run the task again.",
}


class Fault(Exception):
    """The service refuses a request.

    :param kind: the fault's name without its namespace (``SecurityErrorFault``, ``MessageExpired``).
    :param fields: the texts of the elements below the fault, by their names.
    """

    def __init__(self, kind: str, text: str, fields: Dict[str, str]) -> None:
        super().__init__(text)
        self.kind, self.text, self.fields = kind, text, fields


def envelope(body: bytes, header: bytes = b"") -> bytes:
    """A request. ``header`` is inserted byte for byte: it may contain a signature."""
    return ENVELOPE % (b"<soapenv:Header>%s</soapenv:Header>" % header if header else b"", body)


def body_of(answer: Answer, sender: str) -> Element:
    """The element in the body of an answer.

    :param sender: the service that answered, for messages.
    :raises Fault: the answer is a fault.
    :raises RemediationError: the answer is not SOAP.
    """
    if answer.status not in (200, 500):
        advice = ADVICE.get(answer.status, "Check hostname and port, and the proxies or load balancers in between.")
        raise RemediationError("%s answers with HTTP status %d" % (sender, answer.status), advice)
    root = parse(answer.body, answer.hide)
    body = root.find(SOAP + "Body")
    if root.tag != SOAP + "Envelope" or body is None or len(body) != 1:
        raise RemediationError("%s does not answer in SOAP" % sender, "Check hostname and port.")
    if body[0].tag == SOAP + "Fault":
        raise _fault(body[0], answer.hide)
    return body[0]


def _fault(element: Element, hide: Callable[[str], str]) -> Fault:
    """Faults are identified by their local names: the namespaces differ between releases.

    :param hide: takes secrets out of a text: a service may say what it was sent.
    """
    code = hide((element.findtext("faultcode") or "").rpartition(":")[2])
    text = hide((element.findtext("faultstring") or "").strip())
    detail = element.find("detail")
    if detail is None or not len(detail):
        return Fault(code, text, {})
    return Fault(local_name(detail[0]), text, {local_name(child): hide(child.text or "") for child in detail[0]})
