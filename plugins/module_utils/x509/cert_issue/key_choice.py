# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which private key is used: an existing one or a new one, and in which file it is."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field
from typing import Any, List, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.collect import Existing
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.renewal import because, is_due
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.spec import IssueSpec
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import pin_of
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.keys import Key, key_facts
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.private_keys import KeySpec, generate
from ansible_collections.certmend.tls.plugins.module_utils.x509.path.requirements import weakness


@dataclass(frozen=True)
class KeyChoice:
    """The private key to use.

    :param key: an existing key; None: a new one is made.
    :param spec: the kind of a new key.
    :param path: the file of the key.
    """

    key: Any = field(repr=False)
    spec: KeySpec
    path: str

    @property
    def facts(self) -> Key:
        """The kind of the key."""
        return key_facts(self.key.public_key()) if self.key is not None else self.spec.facts()

    @property
    def pin(self) -> str:
        """The pin of the key; empty if the key is not made yet."""
        return pin_of(self.key.public_key()) if self.key is not None else ""

    def load_or_generate(self) -> Any:
        """The existing key, or a new one."""
        return self.key if self.key is not None else generate(self.spec)


def choose_key(spec: IssueSpec, existing: Existing) -> Tuple[KeyChoice, List[str]]:
    """The key of a certificate that is signed on this host, and the reasons if it must be a new one."""
    path = spec.paths.key
    if existing.key is None:
        return KeyChoice(None, spec.new_key, path), ["no private key exists at %s" % path]
    objection = _objection(spec, existing, existing.key)
    return KeyChoice(None if objection else existing.key, spec.new_key, path), objection


def choose_request_key(spec: IssueSpec, existing: Existing, now: datetime.datetime) -> Tuple[KeyChoice, List[str]]:
    """The key of a request for another CA, and the reasons if it must be a new one.

    It never replaces a key: until the CA's answer is imported, it waits in a file of its own. A key without a certificate may be in use too,
    with one that no option names.
    """
    if existing.key is None:
        return choose_key(spec, existing)
    waiting = str(spec.paths.next_key)
    if existing.next_key is not None:
        objection = _objection(spec, existing, existing.next_key)
        return KeyChoice(None if objection else existing.next_key, spec.new_key, waiting), objection
    objection = _objection(spec, existing, existing.key)
    if not objection and not spec.reuse_key and is_due(spec, existing, now):
        objection = ["the private key is replaced, because reuse_key is false"]
    if objection:
        return KeyChoice(None, spec.new_key, waiting), objection
    return KeyChoice(existing.key, spec.new_key, spec.paths.key), []


def _objection(spec: IssueSpec, existing: Existing, key: Any) -> List[str]:
    """Why an existing key must be replaced; empty if it can be used."""
    facts = key_facts(key.public_key())
    objection = spec.key.objection(facts) or weakness(facts)
    return [because("the private key %s" % objection, existing, "KEY-WEAK")] if objection else []
