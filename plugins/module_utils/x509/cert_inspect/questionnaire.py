# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The seven questions of article 000011648: why does a client call a certificate invalid although it is fine?"""

from __future__ import annotations

import socket
import time
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooLate
from dataclasses import dataclass, field
from typing import Dict, Iterable, List

from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.hostnames import any_covers
from ansible_collections.certmend.tls.plugins.module_utils.core.timestamps import timestamp
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import Certificate
from ansible_collections.certmend.tls.plugins.module_utils.x509.path.builder import missing_issuer
from ansible_collections.certmend.tls.plugins.module_utils.x509.path.pool import Pool
from ansible_collections.certmend.tls.plugins.module_utils.x509.path.pool_sources import add_paths, system_paths
from ansible_collections.certmend.tls.plugins.module_utils.x509.path.presented_chain import Chain
from ansible_collections.certmend.tls.plugins.module_utils.x509.rules.rule import Context


@dataclass
class Surroundings:
    """What the questions need beyond the chain.

    :param addresses: for each host name its addresses in words, or why there is none.
    :param public: the CAs that this machine's OpenSSL trusts.
    """

    addresses: Dict[str, str] = field(default_factory=dict)
    public: Pool = field(default_factory=Pool)


def surroundings(certificates: Iterable[Certificate], workers: int, seconds: float) -> Surroundings:
    """Resolve the host names of leaves, all at once, and read the system's store."""
    names = list(dict.fromkeys(name for one in certificates for name in one.dns_names if not name.startswith("*")))
    around = Surroundings()
    add_paths(around.public, system_paths(), "the system's store")
    if not names:
        return around
    deadline = time.monotonic() + seconds
    pool = ThreadPoolExecutor(max_workers=min(workers, len(names)))
    futures = {name: pool.submit(_addresses, name) for name in names}
    for name, future in futures.items():
        try:
            around.addresses[name] = future.result(max(0.0, deadline - time.monotonic()))
        except TooLate:
            around.addresses[name] = "no answer within %g s" % seconds
    pool.shutdown(wait=False)
    return around


def _addresses(name: str) -> str:
    try:
        found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        return "not resolvable (%s)" % (error.strerror if isinstance(error, OSError) else error)
    return ", ".join(dict.fromkeys(str(entry[4][0]) for entry in found))


def answers(chain: Chain, context: Context, around: Surroundings) -> List[dict]:
    """The questions with their answers, in the article's order."""
    leaf = chain.leaf
    return [
        {"question": question, "answer": answer}
        for question, answer in (
            ("Is the certificate still valid? When does the validity end?", _validity(leaf, context)),
            ("What are its common name and subject alternative names?", _names(leaf)),
            ("Was it addressed by a name that is included in them?", _addressed(leaf, context.name)),
            ("Are the subject alternative names resolvable here?", _resolvable(leaf, around)),
            ("Can it be linked to a root certificate?", _linked(chain)),
            ("Was it signed by a public or a private CA?", _kind_of_ca(chain, around)),
            ("Is it self-signed?", "yes" if leaf.self_signed else "no, %s signed it" % (leaf.issuer or "an issuer without a name")),
        )
    ]


def _validity(leaf: Certificate, context: Context) -> str:
    if context.now < leaf.not_before:
        return "no, not before %s" % timestamp(leaf.not_before)
    word = "yes" if context.now <= leaf.not_after else "no"
    return "%s, until %s (%d days)" % (word, timestamp(leaf.not_after), (leaf.not_after - context.now).days)


def _names(leaf: Certificate) -> str:
    return "%s; %s" % (leaf.common_name or "no common name", ", ".join(leaf.dns_names + leaf.ip_addresses) or "no subject alternative name")


def _addressed(leaf: Certificate, name: str) -> str:
    if not name:
        return "it is not known by which name"
    return ("yes, %s" if any_covers(leaf.dns_names, leaf.ip_addresses, name) else "no, %s is not among them") % name


def _resolvable(leaf: Certificate, around: Surroundings) -> str:
    told = ["%s: %s" % (name, around.addresses.get(name, "a wildcard")) for name in leaf.dns_names]
    return "; ".join(told) or "there is no host name"


def _linked(chain: Chain) -> str:
    path, missing = chain.path, missing_issuer(chain.path)
    links = " < ".join(one.subject or "no subject" for one in path.certificates)
    if missing:
        return "no, %s is missing above %s" % (missing["subject"], links)
    if path.anchor is not None:
        return "yes, to a trusted one: %s" % links
    return "yes, but whether the client trusts it is not known: %s" % links if chain.anchors is None else "only to one that is not trusted: %s" % links


def _kind_of_ca(chain: Chain, around: Surroundings) -> str:
    """A root in the system's store is taken for a public one, also where only its name is known."""
    top = chain.path.top
    if chain.leaf.self_signed:
        return "by none, it is self-signed"
    known = bool(around.public.named(top))
    root = top.subject if top.self_signed else top.issuer
    return ("a public one: %s is in this machine's store" if known else "a private one: %s is not in this machine's store") % root
