# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rules about the strength of keys and signatures, and about extensions that are not understood."""

from __future__ import annotations

from typing import Iterator

from ansible_collections.certmend.tls.plugins.module_utils.core.findings import ERROR, WARNING
from ansible_collections.certmend.tls.plugins.module_utils.x509.path.presented_chain import Chain
from ansible_collections.certmend.tls.plugins.module_utils.x509.path.requirements import Aspect, Requirements, relies_on_broken_digest, weakness
from ansible_collections.certmend.tls.plugins.module_utils.x509.rules.rule import JudgementContext, Violation, rule


@rule(
    "KEY-WEAK",
    ERROR,
    cites="NIST SP 800-57 part 1 revision 5, table 2; RFC 8446 section 4.2.3",
    remedy="fqdn_certificate",
    advice="Generate a new key (RSA with 2048 bits or more, or P-256) and reissue the certificate.",
)
def every_key_is_strong(chain: Chain, context: JudgementContext) -> Iterator[Violation]:
    """Every key of the path has at least 112 bits of security."""
    for certificate in chain.path.certificates:
        reason = weakness(certificate.key)
        if reason:
            yield Violation(certificate, "its key (%s) %s" % (certificate.key, reason))


@rule(
    "SIGNATURE-WEAK",
    ERROR,
    cites="RFC 9155; RFC 8446 section 4.2.3; CA/Browser Forum Baseline Requirements 7.1.3.2",
    remedy="fqdn_certificate",
    advice="Have the certificate reissued with a SHA-256 signature.",
)
def every_signature_is_strong(chain: Chain, context: JudgementContext) -> Iterator[Violation]:
    """No signature that a client relies on uses MD5 or SHA-1."""
    for certificate in chain.path.certificates:
        # no client relies on the signature of a self-signed certificate: it is trusted as such or not at all
        if not certificate.self_signed and relies_on_broken_digest(certificate):
            yield Violation(certificate, "it is signed with %s" % certificate.signature_algorithm)


@rule(
    "FORMAT-EXTENSION-UNREADABLE",
    WARNING,
    cites="RFC 5280 section 4.2; X.690 (DER)",
    remedy="",
    advice="Ask the issuer for a well-formed certificate: some clients refuse a malformed one.",
)
def everything_can_be_decoded(chain: Chain, context: JudgementContext) -> Iterator[Violation]:
    """Keys and extensions of every certificate of the path can be decoded."""
    for certificate in chain.path.certificates:
        for problem in certificate.problems:
            yield Violation(certificate, problem)


@rule(
    "FORMAT-EXTENSION-UNKNOWN",
    ERROR,
    cites="RFC 5280 section 4.2",
    remedy="fqdn_certificate",
    advice="Have the certificate reissued without that extension, or with an extension that is not critical.",
)
def every_critical_extension_is_known(chain: Chain, context: JudgementContext) -> Iterator[str]:
    """Every critical extension of the certificate is one that clients process."""
    for objection in Requirements().of_leaf(chain.leaf):
        if objection.aspect is Aspect.EXTENSION:
            yield "%s; clients must reject the certificate" % objection.text
