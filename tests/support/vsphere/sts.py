# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The Security Token Service: issues assertions for a name and a password, and knows its own again, byte for byte."""

from __future__ import annotations

import base64
import datetime
import re
import secrets
from xml.sax.saxutils import escape

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from .soap import SAML, WSSE, WST, WSU, Refused, enveloped, local, parse

ISSUE = WST + "/RST/Issue"
TOLERANCE = datetime.timedelta(seconds=30)
UTC = datetime.timezone.utc
SIGNATURE = re.compile(rb"<ds:Signature .*?</ds:Signature>", re.S)
ACCOUNTS = {"administrator@vsphere.local": "Secret-Pw1!<&>", "operator@vsphere.local": "Operator-Pw1!"}
LOCKED, EXPIRED = "locked@vsphere.local", "expired@vsphere.local"


class Sts:
    """:param domain: the SSO domain, the last part of the path."""

    def __init__(self, domain, switches):
        self.domain, self.switches = domain, switches
        self._key = rsa.generate_private_key(65537, 2048)

    @property
    def path(self):
        return "/sts/STSService/" + self.domain

    def answer(self, body, headers):
        """The answer's bytes; raises Refused."""
        if headers.get("SOAPAction") != ISSUE:
            raise Refused("InvalidRequest", "SOAPAction %r" % headers.get("SOAPAction"))
        root = parse(body)
        request = root.find(".//{%s}RequestSecurityToken" % WST)
        if request is None or request.findtext("{%s}RequestType" % WST) != WST + "/Issue":
            raise Refused("InvalidRequest", "no RequestSecurityToken to issue")
        if request.findtext("{%s}KeyType" % WST) != WST + "/Bearer":
            raise Refused("InvalidRequest", "only bearer tokens are issued here")
        self._fresh(root)
        user = self._authenticated(root)
        if self.switches.sts_certificate_expired:
            raise Refused("RequestFailed", "An error occurred while issuing: signing certificate is not valid at the requested time")
        return self._response(user)

    def _fresh(self, root):
        now = datetime.datetime.now(UTC) + datetime.timedelta(seconds=self.switches.clock_skew)
        created, expires = (root.findtext(".//{%s}Timestamp/{%s}%s" % (WSU, WSU, name)) for name in ("Created", "Expires"))
        if not created or not expires or not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", created):
            raise Refused("InvalidSecurity", "the header has no timestamp in milliseconds")
        if moment(created) - TOLERANCE > now or moment(expires) + TOLERANCE < now:
            raise Refused("MessageExpired", "The time now %s does not fall in the request lifetime" % stamp(now))

    def _authenticated(self, root):
        user = root.findtext(".//{%s}UsernameToken/{%s}Username" % (WSSE, WSSE)) or ""
        password = root.findtext(".//{%s}UsernameToken/{%s}Password" % (WSSE, WSSE))
        if user.lower() == LOCKED:
            raise Refused("FailedAuthentication", "User account is locked: %s" % user)
        if user.lower() == EXPIRED:
            raise Refused("FailedAuthentication", "User password expired: %s" % user)
        if password is None or ACCOUNTS.get(user.lower()) != password:
            raise Refused("FailedAuthentication", "Invalid credentials")
        return user

    def _response(self, user):
        now = datetime.datetime.now(UTC)
        assertion = self.assertion(user, now)
        return enveloped(
            '<wst:RequestSecurityTokenResponseCollection xmlns:wst="%s"><wst:RequestSecurityTokenResponse><wst:TokenType>%s</wst:TokenType>'
            "<wst:RequestedSecurityToken>%s</wst:RequestedSecurityToken></wst:RequestSecurityTokenResponse>"
            "</wst:RequestSecurityTokenResponseCollection>" % (WST, SAML, assertion)
        )

    def assertion(self, user, now, minutes=30):
        """Signed over its own bytes without the signature; prefixes and quotes that a re-serialisation would not keep."""
        head = (
            '<saml2:Assertion xmlns:saml2="%s"  xmlns:xsi=\'http://www.w3.org/2001/XMLSchema-instance\' ID="_%s" Version="2.0" IssueInstant="%s">'
            "<saml2:Issuer Format='urn:oasis:names:tc:SAML:1.1:nameid-format:entity'>https://sts/%s</saml2:Issuer>"
            % (SAML, secrets.token_hex(8), stamp(now), self.domain)
        )
        tail = (
            '<saml2:Subject><saml2:NameID Format="http://schemas.xmlsoap.org/claims/UPN">%s</saml2:NameID></saml2:Subject>'
            '<saml2:Conditions NotBefore="%s" NotOnOrAfter="%s"><saml2:ProxyRestriction Count="10"></saml2:ProxyRestriction></saml2:Conditions>'
            '<saml2:AttributeStatement xmlns:xs="http://www.w3.org/2001/XMLSchema"><saml2:Attribute Name="Groups">'
            '<saml2:AttributeValue xsi:type="xs:string">Administrators &#38; co</saml2:AttributeValue></saml2:Attribute>'
            "</saml2:AttributeStatement></saml2:Assertion>"
            % (escape(user), stamp(now - datetime.timedelta(seconds=5)), stamp(now + datetime.timedelta(minutes=minutes)))
        )
        value = base64.b64encode(self._key.sign((head + tail).encode(), padding.PKCS1v15(), hashes.SHA256())).decode()
        return '%s<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:SignatureValue>%s</ds:SignatureValue></ds:Signature>%s' % (
            head,
            value,
            tail,
        )

    def vouches_for(self, body):
        """Whether a request's bytes carry one of our assertions, unaltered, within its time."""
        found = re.search(rb"<saml2:Assertion .*</saml2:Assertion>", body, re.S)
        signature = found and SIGNATURE.search(found.group())
        if not signature:
            return False
        value = base64.b64decode(re.search(rb"<ds:SignatureValue>(.*?)</ds:SignatureValue>", signature.group()).group(1))
        signed = SIGNATURE.sub(b"", found.group())
        try:
            self._key.public_key().verify(value, signed, padding.PKCS1v15(), hashes.SHA256())
        except InvalidSignature:
            return False
        ends = re.search(rb'NotOnOrAfter="([^"]+)"', signed).group(1).decode()
        return datetime.datetime.now(UTC) < moment(ends)


def carries_security(root):
    """Whether the header's Security element holds nothing but an assertion."""
    security = root.find(".//{%s}Security" % WSSE)
    return security is not None and [local(child) for child in security] == ["Assertion"]


def stamp(when):
    return when.strftime("%Y-%m-%dT%H:%M:%S.") + "%03dZ" % (when.microsecond // 1000)


def moment(text):
    return datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
