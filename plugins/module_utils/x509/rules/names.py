# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rules about names: those in the certificate, and the name by which the client connects."""

from __future__ import annotations

from typing import Iterator

from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.hostnames import any_covers, covers, fqdn_problem, is_address
from ansible_collections.certmend.tls.plugins.module_utils.appliance.ome import messages as answers
from ansible_collections.certmend.tls.plugins.module_utils.core.findings import ERROR, WARNING
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import Certificate
from ansible_collections.certmend.tls.plugins.module_utils.x509.path.presented_chain import Chain
from ansible_collections.certmend.tls.plugins.module_utils.x509.rules.rule import (
    GENERIC,
    OME,
    VCF_INSTALLER,
    JudgementContext,
    ProfileOutcome,
    Violation,
    rule,
    rule_by_profile,
)

REISSUE = (
    "Reissue the certificate with the FQDN as common name and as a DNS entry of the subject alternative name (and the IP address "
    "as an IP entry if clients connect by it)."
)

COMMON_NAME = (
    "Reissue the certificate with the FQDN of the depot's url as common name and as a DNS entry of the subject alternative name; the installer accepts the "
    "present certificate by its subject alternative name."
)

EXACT = "Have the certificate issued again with exactly one common name, without a wildcard; CA certificates need a common name too."
OME_OUTCOMES = dict.fromkeys(OME, ProfileOutcome(ERROR, "ome_chain", EXACT, str(answers.NAME)))
WILDCARD_OUTCOMES = {VCF_INSTALLER: ProfileOutcome(WARNING, "fqdn_certificate", COMMON_NAME), **OME_OUTCOMES}


def presented_names(leaf: Certificate) -> str:
    """The names of a certificate, for a message."""
    entries = ["DNS:" + name for name in leaf.dns_names] + ["IP:" + address for address in leaf.ip_addresses]
    return "CN %s; subject alternative name %s" % (leaf.common_name or "missing", ", ".join(entries) or "missing")


def identifies(leaf: Certificate, name: str, by_common_name: bool) -> bool:
    """Whether a certificate identifies a name.

    :param by_common_name: whether the client falls back to the common name if the certificate has no dNSName.
    """
    if any_covers(leaf.dns_names, leaf.ip_addresses, name):
        return True
    return by_common_name and needs_common_name(leaf, name)


def needs_common_name(leaf: Certificate, name: str) -> bool:
    """Whether a client can find a host name only in the common name: the certificate has no dNSName, and its common name is that host."""
    return not leaf.dns_names and not is_address(name) and covers(leaf.common_name, name)


def has_names(leaf: Certificate) -> bool:
    """Whether the subject alternative name has any DNS name or IP address."""
    return bool(leaf.dns_names or leaf.ip_addresses)


@rule(
    "NAME-MISMATCH",
    ERROR,
    cites="RFC 9525 section 6; article 000011648, scenario 2; KB 429301",
    remedy="fqdn_certificate",
    advice="Connect by a name of the certificate, or reissue the certificate with the name that clients use.",
)
def the_name_is_presented(chain: Chain, context: JudgementContext) -> Iterator[str]:
    """The certificate identifies the name by which the client connects."""
    leaf = chain.leaf
    # RFC 9525 section 6.3: the common name is not considered. If there is no name at all beside it, NAME-SAN-MISSING reports that
    by_common_name = GENERIC not in context.profiles or not has_names(leaf)
    if context.name and not identifies(leaf, context.name, by_common_name):
        yield "%s is not among the names of the certificate (%s)" % (context.name, presented_names(leaf))


@rule(
    "NAME-SAN-MISSING",
    {GENERIC: ERROR, VCF_INSTALLER: WARNING},
    cites="RFC 9525 section 2; KB 429301, supported configuration 2",
    remedy="fqdn_certificate",
    advice=REISSUE,
)
def a_subject_alternative_name_exists(chain: Chain, context: JudgementContext) -> Iterator[str]:
    """The subject alternative name has the names of the certificate, so that no client needs the common name."""
    leaf = chain.leaf
    if not has_names(leaf):
        yield "the certificate has no subject alternative name; modern clients ignore its common name (%s)" % (leaf.common_name or "empty")
    elif context.name and GENERIC not in context.profiles and needs_common_name(leaf, context.name):
        yield "the subject alternative name has no DNS name (only %s); modern clients ignore the common name %s" % (
            ", ".join("IP:" + address for address in leaf.ip_addresses),
            leaf.common_name,
        )


@rule(
    "NAME-CN-IS-IP",
    ERROR,
    profiles=(VCF_INSTALLER,),
    cites="KB 429301, unsupported configuration 1: CN = IP address",
    remedy="fqdn_certificate",
    advice=REISSUE,
)
def the_common_name_is_no_address(chain: Chain, context: JudgementContext) -> Iterator[str]:
    """The common name is a host name, not an IP address."""
    if is_address(chain.leaf.common_name):
        yield "the common name is the IP address %s; the connection fails by the FQDN and by the address" % (chain.leaf.common_name)


@rule(
    "NAME-CN-EMPTY",
    ERROR,
    profiles=(VCF_INSTALLER,),
    cites="KB 429301, unsupported configuration 2: CN is empty",
    remedy="fqdn_certificate",
    advice=REISSUE,
)
def the_common_name_is_not_empty(chain: Chain, context: JudgementContext) -> Iterator[str]:
    """The subject has a common name, and it is not empty."""
    leaf = chain.leaf
    if not leaf.common_name.strip():
        identified = leaf.dns_names or leaf.ip_addresses
        yield "the common name is empty" + ("" if identified else "; the certificate does not identify any subject")


@rule(
    "NAME-CN-NOT-FQDN",
    ERROR,
    profiles=(VCF_INSTALLER,),
    cites="KB 429301: the common name must be the FQDN of the depot server",
    remedy="fqdn_certificate",
    advice=REISSUE,
)
def the_common_name_is_fully_qualified(chain: Chain, context: JudgementContext) -> Iterator[str]:
    """The common name is a fully qualified domain name."""
    common_name = chain.leaf.common_name
    if not common_name.strip() or is_address(common_name):
        return  # NAME-CN-EMPTY and NAME-CN-IS-IP report these
    problem = fqdn_problem(common_name[2:] if common_name.startswith("*.") else common_name)
    if problem:
        yield "the common name %s %s" % (common_name, problem)


@rule(
    "NAME-CN-OTHER-HOST",
    WARNING,
    profiles=(VCF_INSTALLER,),
    cites="KB 429301: the common name must be the FQDN of the depot server, and match the FQDN used",
    remedy="fqdn_certificate",
    advice=COMMON_NAME,
)
def the_common_name_is_the_host(chain: Chain, context: JudgementContext) -> Iterator[str]:
    """The common name is the host to which the client connects."""
    leaf, name = chain.leaf, context.name
    if not name or is_address(name) or "*" in leaf.common_name or fqdn_problem(leaf.common_name):
        return  # NAME-CN-WILDCARD, NAME-CN-NOT-FQDN, NAME-CN-IS-IP and NAME-CN-EMPTY report these
    if any_covers(leaf.dns_names, leaf.ip_addresses, name) and not covers(leaf.common_name.rstrip("."), name):
        yield "the common name %s is another host than %s, which only the subject alternative name contains" % (leaf.common_name, name)


@rule_by_profile(
    "NAME-CN-MISSING",
    cites="Dell's article on OME migrations, CGEN6002: every certificate has a common name",
    outcomes=OME_OUTCOMES,
)
def every_certificate_has_a_common_name(chain: Chain, context: JudgementContext) -> Iterator[Violation]:
    """Every certificate of the file has a common name."""
    for certificate in chain.presented:
        if not certificate.common_name.strip():
            yield Violation(certificate, "has no common name")


@rule_by_profile(
    "NAME-CN-WILDCARD",
    cites="Dell's article on OME migrations, CGEN6002: no wildcards; KB 429301: the common name must be the FQDN of the depot server",
    outcomes=WILDCARD_OUTCOMES,
)
def no_common_name_is_a_wildcard(chain: Chain, context: JudgementContext) -> Iterator[Violation]:
    """No common name has a wildcard: that of the certificate, and for OpenManage Enterprise that of any certificate of the file."""
    for certificate in chain.presented if context.profiles & frozenset(OME) else (chain.leaf,):
        if any("*" in name for name in certificate.common_names):
            yield Violation(certificate, "its common name %s has a wildcard" % certificate.common_name)
