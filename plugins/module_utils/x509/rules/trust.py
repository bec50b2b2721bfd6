# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rules about trust: who signed the certificate, and whether the client trusts the signer."""

from __future__ import annotations

from typing import Iterator

from ansible_collections.certmend.tls.plugins.module_utils.core.findings import ERROR, WARNING
from ansible_collections.certmend.tls.plugins.module_utils.x509.path.presented_chain import Chain
from ansible_collections.certmend.tls.plugins.module_utils.x509.rules.rule import GENERIC, VCF_INSTALLER, JudgementContext, rule


@rule(
    "TRUST-SELF-SIGNED",
    {GENERIC: ERROR, VCF_INSTALLER: WARNING},
    cites="article 000011648, scenario 1; KB 429301 and KB 316056 (a self-signed certificate can be imported)",
    remedy="fqdn_certificate",
    advice="Replace it with a certificate signed by a CA; the VCF installer also accepts it once it is imported into its trust stores (trust_anchor).",
)
def the_certificate_is_not_self_signed(chain: Chain, context: JudgementContext) -> Iterator[str]:
    """The certificate is not self-signed, or the client trusts this certificate itself."""
    if chain.leaf.self_signed and chain.path.anchor is None:
        yield "the certificate is self-signed (%s); no CA signed it" % (chain.leaf.subject or "no subject")


@rule(
    "TRUST-OPENSSL-REFUSES",
    {GENERIC: ERROR, VCF_INSTALLER: WARNING},
    cites="openssl-verification-options(1): certification path validation",
    remedy="",
    advice="Clients with OpenSSL, such as curl and Python, do not connect. See OpenSSL's reason, and have the certificate that it is about reissued.",
)
def openssl_accepts_the_chain(chain: Chain, context: JudgementContext) -> Iterator[str]:
    """OpenSSL accepts the chain as well, if no rule reports an error."""
    if context.refusal:
        yield "no rule has an error, but openssl verify refuses the chain: %s" % context.refusal


@rule(
    "TRUST-STRICT-REFUSES",
    WARNING,
    profiles=(GENERIC,),
    cites="RFC 5280 section 4.2.1; openssl-verification-options(1): -x509_strict; Python 3.13: ssl.create_default_context",
    remedy="",
    advice="Clients that set X509_STRICT, as Python does since 3.13, do not connect. Have each certificate that is named issued again with what it "
    "lacks; a CA can keep its key.",
)
def strict_clients_accept_the_chain(chain: Chain, context: JudgementContext) -> Iterator[str]:
    """OpenSSL also accepts the chain with X509_STRICT, if it accepts the chain without."""
    if context.strict_refusal:
        yield "clients that set X509_STRICT refuse the chain: %s" % context.strict_refusal


@rule(
    "TRUST-UNKNOWN-CA",
    ERROR,
    cites="RFC 5280 section 6.1.1 (d); article 000011648, scenario 3; KB 316056",
    remedy="trust_anchor",
    advice="Add the CA's certificate to the client's trust store, after comparing its fingerprint with one from another source.",
)
def the_client_trusts_the_issuer(chain: Chain, context: JudgementContext) -> Iterator[str]:
    """The path ends in a certificate that the client trusts."""
    path = chain.path
    if chain.anchors is None or path.anchor is not None:
        return
    trusted = "trusted certificates (%d)" % len(chain.anchors)
    if chain.leaf.self_signed:
        # other clients get TRUST-SELF-SIGNED; for the installer it matters only whether the certificate was imported
        if VCF_INSTALLER in context.profiles:
            yield "the self-signed certificate is not among the %s" % trusted
    elif path.top.self_signed:
        yield "%s is not among the %s" % (path.top.subject, trusted)
    elif len(path.certificates) > 1:
        yield "the issuer %s is neither presented nor among the %s" % (path.top.issuer, trusted)


@rule(
    "TRUST-NOT-JUDGED",
    WARNING,
    cites="RFC 5280 section 6.1.1 (d): a path is validated with the trust anchors of the client",
    remedy="",
    advice="Give the CA certificates that the clients trust (audit: audit_trusted_path; cert_inspect: trusted_path, trusted_content), and inspect again.",
)
def the_trusted_certificates_are_given(chain: Chain, context: JudgementContext) -> Iterator[str]:
    """The certificates that the client trusts are given, or not needed, because the certificate is self-signed (TRUST-SELF-SIGNED)."""
    if chain.anchors is None and not chain.leaf.self_signed:
        top = chain.path.top
        issuer = top.subject if top.self_signed else top.issuer
        yield "no trusted certificates are given, so it is unknown whether clients trust %s" % (issuer or "the issuer, which has no name")
