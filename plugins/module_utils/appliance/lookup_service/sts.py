# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Signing in at the Security Token Service: a bearer assertion, carried byte for byte. Standard library only."""

from __future__ import annotations

import datetime
import re
from typing import Any
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from ansible_collections.certmend.tls.plugins.module_utils.appliance.lookup_service.soap import Fault, body_of, envelope
from ansible_collections.certmend.tls.plugins.module_utils.appliance.lookup_service.xml import parse
from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.https import Answer, Session
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError

WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
WSU = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
WST = "http://docs.oasis-open.org/ws-sx/ws-trust/200512"
SAML = "urn:oasis:names:tc:SAML:2.0:assertion"
HEADERS = {"Content-Type": 'text/xml; charset="utf-8"', "SOAPAction": WST + "/RST/Issue"}
#: the signature covers the assertion's very bytes: it is cut out of the answer, and never written anew
ASSERTION = re.compile(rb"<((?:[\w.-]+:)?)Assertion[\s>].*</\1Assertion\s*>", re.S)
SECURITY = (
    '<wsse:Security xmlns:wsse="%s" xmlns:wsu="%s" soapenv:mustUnderstand="1"><wsu:Timestamp wsu:Id="_0"><wsu:Created>%s</wsu:Created>'
    "<wsu:Expires>%s</wsu:Expires></wsu:Timestamp><wsse:UsernameToken><wsse:Username>%s</wsse:Username><wsse:Password>%s</wsse:Password>"
    "</wsse:UsernameToken></wsse:Security>"
)
REQUEST = (
    '<wst:RequestSecurityToken xmlns:wst="%s"><wst:TokenType>%s</wst:TokenType><wst:RequestType>%s/Issue</wst:RequestType>'
    '<wst:Lifetime><wsu:Created xmlns:wsu="%s">%s</wsu:Created><wsu:Expires xmlns:wsu="%s">%s</wsu:Expires></wst:Lifetime>'
    '<wst:Renewing Allow="false" OK="false"/><wst:Delegatable>false</wst:Delegatable><wst:KeyType>%s/Bearer</wst:KeyType>'
    "<wst:SignatureAlgorithm>http://www.w3.org/2001/04/xmldsig-more#rsa-sha256</wst:SignatureAlgorithm></wst:RequestSecurityToken>"
)
REQUEST_LIFETIME = datetime.timedelta(seconds=60)
TOKEN_LIFETIME = datetime.timedelta(minutes=30)


def sign_in(session: Session, path: str, username: str, password: str, now: datetime.datetime) -> bytes:
    """Ask for a token.

    :param path: of the STS on the session's host; its last part is the SSO domain.
    :returns: the header that a Lookup call carries. Secret: it is shown nowhere.
    :raises RemediationError: with what the STS says, and what mends it.
    """
    who = tuple(escape(text) for text in (username, password))
    security = SECURITY % ((WSSE, WSU, _stamp(now), _stamp(now + REQUEST_LIFETIME)) + who)
    request = REQUEST % (WST, SAML, WST, WSU, _stamp(now), WSU, _stamp(now + TOKEN_LIFETIME), WST)
    answer = session.post(path, envelope(request.encode("utf-8"), security.encode("utf-8")), HEADERS)
    if answer.status == 404:
        raise RemediationError(
            "the STS at %s does not know the SSO domain %s" % (session.where, path.rpartition("/")[2]),
            "The address came from the Lookup Service's own list: check that hostname is a node of that domain.",
        )
    try:
        body_of(answer, "the STS at " + session.where)
    except Fault as fault:
        raise _explained(fault, username, answer, now) from fault
    return b'<wsse:Security xmlns:wsse="%s">%s</wsse:Security>' % (WSSE.encode("ascii"), _assertion(answer.body))


def _assertion(body: bytes) -> bytes:
    found = ASSERTION.search(body)
    if found:
        try:
            parse(found.group())
            ElementTree.fromstring(found.group())
            return found.group()
        except (RemediationError, ElementTree.ParseError):
            pass  # it leans on something that is declared outside of it
    raise RemediationError("the STS answers without an assertion that stands on its own", "Nothing was changed; ask the vendor's support.")


def _explained(fault: Fault, username: str, answer: Answer, now: datetime.datetime) -> RemediationError:
    said = "%s: %s" % (fault.kind, fault.text)
    text = fault.text.lower()
    if fault.kind == "FailedAuthentication":
        if "locked" in text:
            return RemediationError("username: %s is locked (%s)" % (username, said), "Unlock it, or wait until the lockout ends.")
        if "expired" in text:
            return RemediationError("password: the one of %s has expired (%s)" % (username, said), "Set a new one in the SSO domain.")
        return RemediationError("username or password of %s is wrong (%s)" % (username, said), "Mind the lockout before trying again.")
    if fault.kind in ("MessageExpired", "InvalidTimeRange"):
        return RemediationError("the clocks differ: the STS refuses the request as %s%s" % (said, _skew(answer, now)), "Set both by NTP.")
    if "certificate" in text and ("expired" in text or "not valid" in text or "validity" in text):
        return RemediationError(
            "the STS cannot sign: its own signing certificate is not valid (%s)" % said,
            "Repair the STS signing certificate first (the vendor's fixsts or vCert), then run it again.",
        )
    return RemediationError("the STS refuses: %s" % said, "See the STS's log on the appliance.")


def _skew(answer: Answer, now: datetime.datetime) -> str:
    server = answer.moment()
    if server is None:
        return ""
    seconds = (now - server).total_seconds()
    return "; this machine is %d s %s the server's Date" % (abs(seconds), "ahead of" if seconds > 0 else "behind")


def _stamp(when: Any) -> str:
    """To the millisecond, in UTC, with a Z: the STS reads no other form."""
    return when.strftime("%Y-%m-%dT%H:%M:%S.") + "%03dZ" % (when.microsecond // 1000)
