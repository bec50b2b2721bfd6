# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""SOAP 1.1 as the Lookup Service and the STS speak it. Standard library only."""

from __future__ import annotations

from typing import Any, Dict, Optional

from ansible_collections.certmend.tls.plugins.module_utils.appliance.lookup_service.xml import local, parse
from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.https import Answer
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError

ENVELOPE = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n'
    b'<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/">%s<soapenv:Body>%s</soapenv:Body></soapenv:Envelope>'
)
SOAP = "{http://schemas.xmlsoap.org/soap/envelope/}"


class Fault(Exception):
    """The service refuses.

    :param kind: the fault's name without its namespace (``SecurityErrorFault``, ``MessageExpired``).
    :param fields: the texts below it.
    """

    def __init__(self, kind: str, text: str, fields: Dict[str, str]) -> None:
        super().__init__(text)
        self.kind, self.text, self.fields = kind, text, fields


def envelope(body: bytes, header: bytes = b"") -> bytes:
    """A request. ``header`` is taken as it is, byte for byte."""
    return ENVELOPE % (b"<soapenv:Header>%s</soapenv:Header>" % header if header else b"", body)


def body_of(answer: Answer, where: str) -> Any:
    """The element inside the answer's body.

    :raises Fault: the answer is one.
    :raises RemediationError: it is no SOAP.
    """
    if answer.status not in (200, 500):
        raise RemediationError("%s answers HTTP %d" % (where, answer.status), _advice(answer.status))
    root = parse(answer.body)
    body = root.find(SOAP + "Body")
    if root.tag != SOAP + "Envelope" or body is None or len(body) != 1:
        raise RemediationError("%s does not answer in SOAP" % where, "Check the address and the port.")
    if body[0].tag == SOAP + "Fault":
        raise _fault(body[0])
    return body[0]


def _fault(element: Any) -> Fault:
    """Faults are told by their local names: their namespaces differ by release."""
    code = (element.findtext("faultcode") or "").rpartition(":")[2]
    text = (element.findtext("faultstring") or "").strip()
    detail = element.find("detail")
    inner = detail[0] if detail is not None and len(detail) else None
    fields = {local(child): child.text or "" for child in inner} if inner is not None else {}
    return Fault(local(inner) if inner is not None else code, text, fields)


def _advice(status: int) -> str:
    known: Dict[int, Optional[str]] = {404: "There is no such service: check hostname and port.", 503: "The service is starting: wait, and run it again."}
    return known.get(status) or "Check the address, and what lies in between."
