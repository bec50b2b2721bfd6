# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Judge a finished chain: by other verifiers, and by what the options require of it."""

from __future__ import annotations

from typing import Callable, Iterator, Sequence, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.hostnames import any_covers
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_chain_build.options import Options
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_chain_build.report import BuiltChain, no_chain
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import Certificate
from ansible_collections.certmend.tls.plugins.module_utils.x509.path.builder import Path, SearchResult
from ansible_collections.certmend.tls.plugins.module_utils.x509.path.requirements import ANY
from ansible_collections.certmend.tls.plugins.module_utils.x509.path.verifiers import judgements


def judged(found: SearchResult, options: Options) -> BuiltChain:
    """The chain that a server sends, with the verdicts of the verifiers that are installed."""
    path = found.path
    verdicts = judgements(path.certificates, path.anchor, options.requirements, options.name) if path.anchor else []
    return BuiltChain(found, _sent(path, options.include_root), tuple(verdicts))


def _sent(path: Path, include_root: bool) -> Tuple[Certificate, ...]:
    drop_root = len(path.certificates) > 1 and path.top.self_signed and not include_root
    return path.certificates[:-1] if drop_root else path.certificates


def refuse(built: BuiltChain, options: Options) -> None:
    """Refuse a chain that must not be written.

    :raises RemediationError: the first reason, in the order in which a person would repair them.
    """
    for check in CHECKS:
        for error in check(built, options):
            raise error


Check = Callable[[BuiltChain, Options], Iterator[RemediationError]]


def _leaf_is_usable(built: BuiltChain, options: Options) -> Iterator[RemediationError]:
    if built.found.objections:
        yield RemediationError(
            "the certificate %s %s" % (built.leaf.subject, "; ".join(built.found.objections)),
            "Reissue it (cert_issue), or give the time or purpose that it is for in at or purpose.",
        )


def _name_is_covered(built: BuiltChain, options: Options) -> Iterator[RemediationError]:
    leaf, name = built.leaf, options.name
    if name and not any_covers(leaf.dns_names, leaf.ip_addresses, name):
        yield RemediationError(
            "name: the certificate is for %s, not for %s" % (", ".join(leaf.dns_names + leaf.ip_addresses) or "no name", name),
            "Reissue it with that name (cert_issue), or use a name that it has.",
        )


def _an_anchor_is_reached(built: BuiltChain, options: Options) -> Iterator[RemediationError]:
    if built.found.path.anchor is None and not options.partial:
        yield no_chain(built.found)


def _signatures_are_strong(built: BuiltChain, options: Options) -> Iterator[RemediationError]:
    if built.found.path.weak and options.requirements.purpose != ANY and not options.accept_weak:
        yield RemediationError(
            "the only chain relies on signatures that can be forged: %s" % "; ".join(built.weaknesses),
            "Ask the CA for certificates signed with SHA-256; or accept_weak: true if old clients leave no choice.",
        )


def _a_verifier_accepts(built: BuiltChain, options: Options) -> Iterator[RemediationError]:
    if not built.accepted and not built.found.path.weak:
        reasons = "; ".join("%s: %s" % (verdict.judge, verdict.reason) for verdict in built.judgements)
        yield RemediationError("a chain was built, but no verifier accepts it: %s" % reasons, "Compare the judgements; the chain is in the result.")


CHECKS: Sequence[Check] = (_leaf_is_usable, _name_is_covered, _an_anchor_is_reached, _signatures_are_strong, _a_verifier_accepts)
