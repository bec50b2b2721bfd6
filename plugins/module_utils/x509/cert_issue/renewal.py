# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Why what is there will not do, and which key comes next. Pure: the present state and the moment are arguments."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field
from typing import Any, Dict, List, Optional, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.collect import NEXT, Existing
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.request import Request
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.sign import Authority
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import Certificate, Key, key_facts, pin_of
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.names import rfc4514
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.private_keys import KeySpec, generate
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.requests import csr_names
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.signatures import is_signed_by
from ansible_collections.certmend.tls.plugins.module_utils.x509.rules.strength import weakness

THE_NEW_KEY = "that of the new key"


@dataclass(frozen=True)
class Wanted:
    """The options, checked.

    :param paths: ``key``, ``csr``, ``certificate`` and ``combined``; where there is none, None.
    """

    request: Request
    paths: Dict[str, Optional[str]]
    now: datetime.datetime
    key: KeySpec = field(default_factory=KeySpec)
    valid_days: int = 397
    renew_before: datetime.timedelta = datetime.timedelta(days=30)
    reuse_key: bool = True
    authority: Optional[Authority] = None

    @property
    def key_path(self) -> str:
        """Where the key in use lies."""
        return str(self.paths["key"])

    @property
    def main_path(self) -> str:
        """The file by which a person knows the certificate."""
        return self.paths["certificate"] or self.paths["combined"] or str(self.paths["csr"])

    @property
    def chain(self) -> Tuple[Certificate, ...]:
        """What follows the server's own certificate in its file."""
        return self.authority.chain if self.authority else ()


@dataclass(frozen=True)
class KeyChoice:
    """Which key it will be: one that is there, or (None) a new one; and where it will lie."""

    key: Any
    spec: KeySpec
    path: str

    @property
    def facts(self) -> Key:
        """Its kind."""
        return key_facts(self.key.public_key()) if self.key else self.spec.facts()

    @property
    def pin(self) -> str:
        """Its pin, as far as it is known before it is made."""
        return pin_of(self.key.public_key()) if self.key else THE_NEW_KEY

    def get(self) -> Any:
        """The key itself; a new one is made here."""
        return self.key or generate(self.spec)


def choose_key(wanted: Wanted, existing: Existing, for_request: bool = False) -> Tuple[KeyChoice, List[str]]:
    """The key to use, and the reason where it must be a new one.

    A key for a request never takes the place of one in use: it waits beside it until the answer is imported.
    """
    path, key = wanted.key_path, existing.key
    in_use = for_request and existing.certificate is not None and key is not None
    if in_use and existing.next_key is not None:
        path, key = path + NEXT, existing.next_key
    if key is None:
        return KeyChoice(None, wanted.key, path), ["there is no private key at %s" % path]
    facts = key_facts(key.public_key())
    objection = wanted.key.objection(facts) or weakness(facts)
    spent = in_use and key is existing.key and not wanted.reuse_key and _is_due(wanted, existing)
    if objection or spent:
        new_path = wanted.key_path + NEXT if in_use else path
        return KeyChoice(None, wanted.key, new_path), ["the private key %s" % (objection or "shall not be used again")]
    return KeyChoice(key, wanted.key, path), []


def _is_due(wanted: Wanted, existing: Existing) -> bool:
    """Whether the certificate in use needs a successor: only then may its key be given up."""
    leaf = existing.certificate
    return leaf is None or bool(wanted.request.differences_from(leaf)) or _ends_soon(wanted, leaf)


def _ends_soon(wanted: Wanted, leaf: Certificate) -> bool:
    return leaf.not_after - wanted.now <= wanted.renew_before


def renewal_reasons(wanted: Wanted, existing: Existing) -> List[str]:
    """Why the certificate that is there will not do; empty where it will."""
    leaf = existing.certificate
    if leaf is None:
        return list(existing.problems) or ["there is no certificate yet"]
    reasons = wanted.request.differences_from(leaf) + _issuer_reasons(wanted, leaf) + _validity_reasons(wanted, leaf)
    if existing.key is not None and pin_of(existing.key.public_key()) != leaf.pin:
        reasons.append("the private key does not belong to the certificate")
    return reasons


def repair_reasons(wanted: Wanted, existing: Existing) -> List[str]:
    """Why files must be written again around a certificate that will do."""
    reasons = combined_reasons(wanted, existing)
    if existing.certificates[1:] != wanted.chain:
        reasons.append("the certificates that follow it are not those of the CA")
    return reasons


def combined_reasons(wanted: Wanted, existing: Existing) -> List[str]:
    """Why the file with certificate, chain and key together must be written again."""
    path, leaf = wanted.paths["combined"], existing.certificate
    if not path or (leaf and existing.combined == existing.certificates and existing.combined_pin == leaf.pin):
        return []
    return ["%s does not hold this certificate with its chain and key" % path]


def _issuer_reasons(wanted: Wanted, leaf: Certificate) -> List[str]:
    if wanted.authority is None:
        return [] if leaf.self_signed else ["it is signed by %s, not by its own key" % leaf.issuer]
    ca = wanted.authority.certificate
    if leaf.x509.issuer == ca.x509.subject and is_signed_by(leaf.x509, ca.x509):
        return []
    return ["it is signed by %s, not by this key of %s" % (leaf.issuer or "nobody", ca.subject)]


def _validity_reasons(wanted: Wanted, leaf: Certificate) -> List[str]:
    left = leaf.not_after - wanted.now
    if left <= datetime.timedelta(0):
        return ["it has expired"]
    # A CA that ends soon cannot give more time: without this, each run would issue anew and gain nothing.
    gains = wanted.authority is None or leaf.not_after < wanted.authority.certificate.not_after
    return ["it expires in %d days" % left.days] if _ends_soon(wanted, leaf) and gains else []


def request_reasons(wanted: Wanted, existing: Existing, choice: KeyChoice) -> List[str]:
    """Why the certificate signing request that is there will not do."""
    csr = existing.csr
    if csr is None:
        return ["there is no request yet"]
    reasons = wanted.request.differences(rfc4514(csr.subject), *csr_names(csr))
    if choice.key is None or pin_of(csr.public_key()) != choice.pin:
        reasons.append("the request is for another key")
    return reasons


