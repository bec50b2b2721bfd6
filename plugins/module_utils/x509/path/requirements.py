# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What RFC 5280 section 6.1 requires of each certificate of a path, from the leaf upwards."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import List, NamedTuple, Optional, Sequence

from ansible_collections.certmend.tls.plugins.module_utils.core.enums import StringEnum
from ansible_collections.certmend.tls.plugins.module_utils.core.timestamps import timestamp
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import Certificate
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.keys import Key
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.signatures import signature_digest
from ansible_collections.certmend.tls.plugins.module_utils.x509.path import policies
from ansible_collections.certmend.tls.plugins.module_utils.x509.path.name_constraints import violation

SERVER, CLIENT, ANY = "server", "client", "any"
PURPOSES = (SERVER, CLIENT, ANY)
WANTED_USAGE = {SERVER: "serverAuth", CLIENT: "clientAuth"}
#: a collision in these can be made at will, so that a signature with them proves nothing (RFC 9155, RFC 6151)
BROKEN_DIGESTS = ("md2", "md4", "md5", "sha1")
VERSION_3 = 2
#: NIST SP 800-57 part 1, table 2: 112 bits of security
SMALLEST = {"RSA": 2048, "EC": 224}


#: a key usage that allows none of these allows no handshake (RFC 5280 section 4.2.1.3; the same sets as OpenSSL's)
HANDSHAKES = {SERVER: ("digitalSignature", "keyEncipherment", "keyAgreement"), CLIENT: ("digitalSignature", "keyAgreement")}


class Aspect(StringEnum):
    """What an objection is about."""

    VALIDITY = "validity"
    PURPOSE = "purpose"
    KEY_USAGE = "key usage"
    EXTENSION = "extension"
    ENCODING = "encoding"
    PLACE = "place"
    POLICY = "policy"


class Objection(NamedTuple):
    """Why a certificate cannot stand in a path, as the end of a sentence about it."""

    aspect: Aspect
    text: str


@dataclass(frozen=True)
class Requirements:
    """What a client requires of a path. The search for paths asks it, and so do the rules.

    :param at: the time at which every certificate must be valid; None: validity is not checked.
    :param purpose: ``server``, ``client`` or ``any``: the extended key usage that the leaf and each CA must allow.
    """

    at: Optional[datetime.datetime] = None
    purpose: str = ANY

    def of_leaf(self, leaf: Certificate) -> List[Objection]:
        """Why a certificate cannot be the leaf."""
        objections, wanted = self._of_each(leaf), HANDSHAKES.get(self.purpose)
        if wanted and leaf.key_usage and not set(wanted) & set(leaf.key_usage):
            text = "has a key that may not be used for TLS (key usage: %s)" % ", ".join(leaf.key_usage)
            objections.append(Objection(Aspect.KEY_USAGE, text))
        return objections

    def of_issuer(self, issuer: Certificate, below: Sequence[Certificate], trusted: bool) -> List[Objection]:
        """Why a certificate cannot be an issuer in a path.

        :param below: the path so far, leaf first.
        :param trusted: whether it is a trust anchor; then its own extended key usage does not count, and the path is complete.
        """
        objections = self._of_each(issuer, usage=not trusted) + [Objection(Aspect.PLACE, text) for text in _of_place(issuer, below, trusted)]
        problem = policies.violation(below) if trusted else None
        return objections + ([Objection(Aspect.POLICY, "is not reached: %s" % problem)] if problem else [])

    def _of_each(self, certificate: Certificate, usage: bool = True) -> List[Objection]:
        objections = self._of_validity(certificate)
        wanted, allowed = WANTED_USAGE.get(self.purpose), certificate.extended_key_usage
        if usage and wanted and allowed and not {wanted, "anyExtendedKeyUsage"} & set(allowed):
            objections.append(Objection(Aspect.PURPOSE, "is not for %s (extended key usage: %s)" % (wanted, ", ".join(allowed))))
        if certificate.unknown_critical:
            objections.append(Objection(Aspect.EXTENSION, "has unknown critical extensions: %s" % ", ".join(certificate.unknown_critical)))
        return objections + [Objection(Aspect.ENCODING, "cannot be decoded completely: %s" % problem) for problem in certificate.problems]

    def _of_validity(self, certificate: Certificate) -> List[Objection]:
        if self.at and self.at > certificate.not_after:
            return [Objection(Aspect.VALIDITY, "expired on %s" % timestamp(certificate.not_after))]
        if self.at and self.at < certificate.not_before:
            return [Objection(Aspect.VALIDITY, "is not valid before %s" % timestamp(certificate.not_before))]
        return []


def _of_place(issuer: Certificate, below: Sequence[Certificate], trusted: bool) -> List[str]:
    """Why a certificate cannot be the issuer of those below it, at any time and for any purpose."""
    objections = []
    if not issuer.is_ca and not (trusted and issuer.x509.version.value < VERSION_3):
        objections.append("is not a CA (basic constraints)")
    if issuer.key_usage and "keyCertSign" not in issuer.key_usage:
        objections.append("may not sign certificates (its key usage is %s)" % ", ".join(issuer.key_usage))
    between = sum(not certificate.self_issued for certificate in below[1:])
    if issuer.path_length is not None and between > issuer.path_length:
        objections.append("allows %d CAs below it, but there are %d (path length)" % (issuer.path_length, between))
    return objections + _broken_constraints(issuer, below)


def _broken_constraints(issuer: Certificate, below: Sequence[Certificate]) -> List[str]:
    """Self-issued CAs are not bound by the name constraints above them; the leaf always is (section 6.1.3 (b))."""
    if issuer.name_constraints is None:
        return []
    leaf, cas = below[0], [certificate for certificate in below[1:] if not certificate.self_issued]
    broken = [violation(issuer.name_constraints, leaf, host=True), *(violation(issuer.name_constraints, certificate) for certificate in cas)]
    return ["%s (name constraints)" % reason for reason in broken if reason]


def relies_on_broken_digest(certificate: Certificate) -> bool:
    """Whether a client that does not trust the certificate itself would rely on a signature that can be forged."""
    return signature_digest(certificate.x509) in BROKEN_DIGESTS


def weakness(key: Key) -> Optional[str]:
    """Why a key is weak, as the end of a sentence; None if it is not."""
    if key.type == "DSA":
        return "is a DSA key, which TLS clients no longer accept"
    smallest = SMALLEST.get(key.type)
    if smallest and (key.bits or 0) < smallest:
        return "is smaller than %d bits" % smallest
    return None
