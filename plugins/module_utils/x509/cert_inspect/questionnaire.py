# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The seven questions of article 000011648: why does a client call a certificate invalid although it is fine?"""

from __future__ import annotations

import datetime
import socket
from dataclasses import dataclass
from typing import Dict, Iterable, List, Mapping, Optional, Sequence

from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.background import results_within
from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.hostnames import any_covers
from ansible_collections.certmend.tls.plugins.module_utils.core.timestamps import relative_day, timestamp
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import Certificate
from ansible_collections.certmend.tls.plugins.module_utils.x509.path.builder import missing_issuer
from ansible_collections.certmend.tls.plugins.module_utils.x509.path.pool import Pool
from ansible_collections.certmend.tls.plugins.module_utils.x509.path.pool_sources import add_paths, system_paths
from ansible_collections.certmend.tls.plugins.module_utils.x509.path.presented_chain import Chain

#: how many names of all the leaves are resolved
MAXIMUM_NAMES = 100


@dataclass(frozen=True)
class QuestionContext:
    """What the answers need beside the chain.

    :param addresses: for each host name its addresses as text, or why it has none.
    :param system_store: the CAs that this machine's OpenSSL trusts.
    :param resolver: where the names were resolved.
    """

    addresses: Mapping[str, str]
    system_store: Pool
    resolver: str = "here"


def collect_question_context(leaves: Iterable[Certificate], workers: int, seconds: float, resolved: Optional[Mapping[str, str]] = None) -> QuestionContext:
    """Resolve the host names of the leaves, all at once, and read the system's trust store.

    :param resolved: the addresses of host names as the client's host resolves them, if it was asked; no name is resolved here then.
    :param workers: the largest number of names that are resolved at the same time.
    :param seconds: the deadline for all of them.
    """
    store = Pool()
    add_paths(store, system_paths(), "the system's trust store")
    names = list(dict.fromkeys(name for leaf in leaves for name in leaf.dns_names if not name.startswith("*")))
    if resolved is not None:
        return QuestionContext({name: resolved.get(name) or "not resolvable" for name in names}, store, "by the client")
    return QuestionContext(_resolve_all(names, workers, seconds) if names else {}, store)


def _resolve_all(names: Sequence[str], workers: int, seconds: float) -> Dict[str, str]:
    """Of many names only the first are asked: whoever wrote the certificate would choose how many requests this host sends."""
    asked, others = names[:MAXIMUM_NAMES], names[MAXIMUM_NAMES:]
    answers = results_within(seconds, _resolve, asked, workers)
    addresses = {name: str(answers.get(name, "no answer within %g s" % seconds)) for name in asked}
    return dict(addresses, **dict.fromkeys(others, "not asked (the first %d names are)" % MAXIMUM_NAMES))


def _resolve(name: str) -> str:
    try:
        results = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        return "not resolvable (%s)" % (error.strerror if isinstance(error, OSError) else error)
    return ", ".join(dict.fromkeys(str(result[4][0]) for result in results))


def answer_questions(chain: Chain, name: str, now: datetime.datetime, context: QuestionContext) -> List[Dict[str, str]]:
    """The questions with their answers, in the article's order.

    :param name: the name by which clients connect; empty if unknown.
    """
    leaf = chain.leaf
    answers = {
        "Is the certificate still valid? When does the validity end?": _validity(leaf, now),
        "What are its common name and subject alternative names?": _names(leaf),
        "Was it addressed by a name that is included in them?": _addressed(leaf, name),
        "Are the subject alternative names resolvable %s?" % context.resolver: _resolvable(leaf, context.addresses),
        "Can it be linked to a root certificate?": _linked(chain),
        "Was it signed by a public or a private CA?": _public_or_private(chain, context.system_store),
        "Is it self-signed?": "yes" if leaf.self_signed else "no, %s signed it" % (leaf.issuer or "an issuer without a name"),
    }
    return [{"question": question, "answer": answer} for question, answer in answers.items()]


def _validity(leaf: Certificate, now: datetime.datetime) -> str:
    if now < leaf.not_before:
        return "no, not before %s" % timestamp(leaf.not_before)
    valid = "yes" if now <= leaf.not_after else "no"
    return "%s, until %s (%s)" % (valid, timestamp(leaf.not_after), relative_day(leaf.not_after, now))


def _names(leaf: Certificate) -> str:
    return "%s; %s" % (leaf.common_name or "no common name", ", ".join(leaf.dns_names + leaf.ip_addresses) or "no subject alternative name")


def _addressed(leaf: Certificate, name: str) -> str:
    if not name:
        return "unknown, because no name was given"
    return ("yes, %s" if any_covers(leaf.dns_names, leaf.ip_addresses, name) else "no, %s is not among them") % name


def _resolvable(leaf: Certificate, addresses: Mapping[str, str]) -> str:
    lines = ["%s: %s" % (name, addresses.get(name, "a wildcard")) for name in leaf.dns_names]
    return "; ".join(lines) or "the certificate contains no host name"


def _linked(chain: Chain) -> str:
    path, missing = chain.path, missing_issuer(chain.path)
    links = " < ".join(certificate.subject or "no subject" for certificate in path.certificates)
    if missing:
        return "no, %s is missing above %s" % (missing["subject"], links)
    if path.anchor is not None:
        return "yes, to a trusted certificate: %s" % links
    if chain.anchors is None:
        return "yes, but it is unknown whether the client trusts it: %s" % links
    return "yes, but the client does not trust it: %s" % links


def _public_or_private(chain: Chain, system_store: Pool) -> str:
    """A root in the system's trust store counts as public, even if only its name is known."""
    if chain.leaf.self_signed:
        return "by no CA, it is self-signed"
    top = chain.path.top
    public = bool(system_store.named(top))
    root = top.subject if top.self_signed else top.issuer
    return ("a public CA: %s is in this machine's trust store" if public else "a private CA: %s is not in this machine's trust store") % root
