# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sign in at the Security Token Service (STS) for a bearer assertion. Standard library only."""

from __future__ import annotations

import datetime
import re
from typing import Set
from xml.sax.saxutils import escape

from ansible_collections.certmend.tls.plugins.module_utils.appliance.lookup_service.soap import Fault, body_of, envelope
from ansible_collections.certmend.tls.plugins.module_utils.appliance.lookup_service.xml import parse
from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.answer import Answer
from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.https import Session
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError

WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
WSU = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
WST = "http://docs.oasis-open.org/ws-sx/ws-trust/200512"
SAML = "urn:oasis:names:tc:SAML:2.0:assertion"
HEADERS = {"Content-Type": 'text/xml; charset="utf-8"', "SOAPAction": WST + "/RST/Issue"}
#: the signature covers the bytes of the assertion: they are cut out of the answer, never serialised again
ASSERTION = re.compile(rb"<((?:[\w.-]+:)?)Assertion[\s>]")
END = re.compile(rb"\s*>")
SIGNATURE_VALUE = re.compile(r"SignatureValue[^>]*>([^<]+)<")
IDENTIFIER = re.compile(r"""\bID\s*=\s*["']([^"']{8,})["']""")
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
    """Request a token.

    :param path: the path of the STS on the session's host; its last part is the SSO domain.
    :param now: the current time: the STS refuses a request that is older than a minute.
    :returns: the security header of requests to the Lookup Service. Secret: it must not reach results or logs.
    :raises RemediationError: the STS refuses; the message has its reason.
    """
    account = tuple(escape(text) for text in (username, password))
    security = SECURITY % ((WSSE, WSU, _stamp(now), _stamp(now + REQUEST_LIFETIME)) + account)
    request = REQUEST % (WST, SAML, WST, WSU, _stamp(now), WSU, _stamp(now + TOKEN_LIFETIME), WST)
    session.secrets.add(password)
    answer = session.post(path, envelope(request.encode("utf-8"), security.encode("utf-8")), HEADERS)
    if answer.status == 404:
        raise RemediationError(
            "the STS at %s does not know the SSO domain %s" % (session.where, path.rpartition("/")[2]),
            "Check that hostname is a node of that domain; if its STS is on another host, set sts_hostname to that host.",
        )
    try:
        body_of(answer, "the STS at " + session.where)
    except Fault as fault:
        raise _error_of(fault, username, answer, now) from fault
    assertion = _assertion(answer.body)
    session.secrets.update(_secrets_of(assertion.decode("utf-8", "replace")))
    return b'<wsse:Security xmlns:wsse="%s">%s</wsse:Security>' % (WSSE.encode("ascii"), assertion)


def _secrets_of(assertion: str) -> Set[str]:
    """What of an assertion nobody may read: all of it, its identifiers, and its signature line by line."""
    signatures = SIGNATURE_VALUE.findall(assertion)
    return {assertion, *IDENTIFIER.findall(assertion), *signatures, *(line for signature in signatures for line in signature.split())}


def _assertion(body: bytes) -> bytes:
    """The bytes of the assertion, which must be well-formed without the answer around it."""
    begin = ASSERTION.search(body)
    if begin:
        end = body.rfind(b"</%sAssertion" % begin.group(1)) + len(b"</%sAssertion" % begin.group(1))
        behind = END.match(body, max(end, begin.end()))
        assertion = body[begin.start() : behind.end()] if behind else b""
        try:
            parse(assertion)
            return assertion
        except RemediationError:
            pass  # it uses a namespace that the answer declares outside of it
    raise RemediationError(
        "the answer of the STS contains no assertion that can be used outside of the answer", "Nothing was changed; ask the vendor's support."
    )


def _error_of(fault: Fault, username: str, answer: Answer, now: datetime.datetime) -> RemediationError:
    """A fault of the STS as an error with advice."""
    reason = "%s: %s" % (fault.kind, fault.text)
    text = fault.text.lower()
    if fault.kind == "FailedAuthentication":
        return _authentication_error(username, reason, text)
    if fault.kind in ("MessageExpired", "InvalidTimeRange"):
        return RemediationError(
            "the clocks of this machine and of the STS differ: the STS refuses the request (%s)%s" % (reason, _skew(answer, now)),
            "Synchronise both clocks by NTP.",
        )
    if "certificate" in text and ("expired" in text or "not valid" in text or "validity" in text):
        return RemediationError(
            "the STS cannot sign: its own signing certificate is not valid (%s)" % reason,
            "Repair the STS signing certificate first (the vendor's fixsts or vCert), then run the task again.",
        )
    return RemediationError("the STS refuses the request: %s" % reason, "See the log of the STS on the appliance.")


def _authentication_error(username: str, reason: str, text: str) -> RemediationError:
    if "locked" in text:
        return RemediationError("username: the account %s is locked (%s)" % (username, reason), "Unlock it, or wait until the lockout ends.")
    if "expired" in text:
        return RemediationError("password: the password of %s has expired (%s)" % (username, reason), "Set a new password in the SSO domain.")
    return RemediationError(
        "username or password of %s is wrong (%s)" % (username, reason),
        "Check both before you try again: failed attempts can lock the account. Nothing was changed.",
    )


def _skew(answer: Answer, now: datetime.datetime) -> str:
    """The difference of the clocks, if the server sends its time."""
    server = answer.moment()
    if server is None:
        return ""
    seconds = (now - server).total_seconds()
    return "; this machine is %d s %s the server's Date" % (abs(seconds), "ahead of" if seconds > 0 else "behind")


def _stamp(moment: datetime.datetime) -> str:
    """A time in UTC to the millisecond, with a Z: the STS reads no other form."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + "%03dZ" % (moment.microsecond // 1000)
