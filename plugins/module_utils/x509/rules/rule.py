# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a rule is, and how one is written down.

A rule is one function in a subject file. Its docstring's first line is a claim that can be false; yielding nothing is a
pass. See docs/findings.md for all of them.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Callable, Dict, FrozenSet, Iterable, Iterator, NamedTuple, Optional, Tuple, Union

from ansible_collections.certmend.tls.plugins.module_utils.appliance.pin_store.records import PinRecord
from ansible_collections.certmend.tls.plugins.module_utils.core.findings import Finding, Severity
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import Certificate
from ansible_collections.certmend.tls.plugins.module_utils.x509.path.presented_chain import Chain
from ansible_collections.certmend.tls.plugins.module_utils.x509.rules.registered_endpoint import Registered

GENERIC = "generic"
VCF_INSTALLER = "vcf_installer"
OME_SINGLE = "ome_single"
OME_MIGRATION = "ome_migration"
PINNED = "pinned"

#: those that verify a server; what holds for one of them mostly holds for the other
CLIENTS = (GENERIC, VCF_INSTALLER)
#: OpenManage Enterprise, which judges what is uploaded to it
OME = (OME_SINGLE, OME_MIGRATION)
#: every kind of client whose rules are known
PROFILES = CLIENTS + OME + (PINNED,)


@dataclass(frozen=True)
class Context:
    """What a chain is judged against. Time arrives as an argument.

    :param now: the moment of the judgement.
    :param name: the name by which the client connects; empty: names are not compared.
    :param expires_within: how close an end of validity is worth a word.
    :param private_key_pin: the pin of the private key that belongs to the leaf, where one was given.
    :param csr_pin: the pin of the request that the leaf answers, where one was given.
    :param known: the server's pins, where a pin store was given.
    :param registered: what a Lookup Service holds for the server.
    :param peer: the chain of the other side of a migration, its own certificate first.
    :param form: what keeps the file from being plain PEM; empty where it is, or where there is no file.
    """

    now: datetime.datetime
    profiles: FrozenSet[str] = frozenset({GENERIC})
    name: str = ""
    expires_within: datetime.timedelta = datetime.timedelta(days=30)
    private_key_pin: Optional[str] = None
    csr_pin: Optional[str] = None
    known: Optional[PinRecord] = None
    registered: Tuple[Registered, ...] = ()
    peer: Tuple[Certificate, ...] = ()
    form: str = ""


class Seen(NamedTuple):
    """What a rule saw, where it is not about the leaf but about another certificate."""

    certificate: Certificate
    message: str


Check = Callable[[Chain, Context], Iterator[Union[str, Seen]]]


@dataclass(frozen=True)
class Words:
    """What a profile says where a rule is broken.

    :param answer: what the appliance itself answers then, word for word; empty where nobody knows.
    """

    severity: Severity
    remedy: str
    advice: str
    answer: str = ""


@dataclass(frozen=True)
class Rule:
    """One rule of diagnosis; ``words`` by profile."""

    code: str
    words: Dict[str, Words]
    cites: str
    check: Check

    @property
    def claim(self) -> str:
        """What holds where the rule passes."""
        return (self.check.__doc__ or "").strip().splitlines()[0]

    def words_for(self, profiles: Iterable[str]) -> Optional[Words]:
        """The most severe words that the profiles have for it, of those the most special; None where it is none of theirs."""
        asked = frozenset(profiles)
        found = [words for profile, words in self.words.items() if profile in asked]
        return max(reversed(found), key=lambda words: words.severity.rank) if found else None

    def findings(self, chain: Chain, context: Context, about: str) -> Iterator[Finding]:
        """Run the rule where it belongs to the context's profiles."""
        words = self.words_for(context.profiles)
        if words is None:
            return
        for seen in self.check(chain, context):
            message, subject = (seen, about) if isinstance(seen, str) else (seen.message, _about(about, seen.certificate))
            yield Finding(self.code, words.severity, message, subject, words.remedy, words.advice, self.cites, words.answer)


def _about(source: str, certificate: Certificate) -> str:
    return "%s: %s" % (source, certificate.subject or certificate.fingerprint())


def rule_of(code: str, cites: str, words: Dict[str, Words]) -> Callable[[Check], Rule]:
    """Make a rule of a check function; ``words`` by profile."""
    return lambda check: Rule(code, words, cites, check)


def rule(
    code: str,
    severity: Union[Severity, Dict[str, Severity]],
    cites: str,
    remedy: str,
    advice: str,
    profiles: Tuple[str, ...] = CLIENTS,
    special: Optional[Dict[str, Words]] = None,
) -> Callable[[Check], Rule]:
    """Make a rule that its profiles tell in the same words.

    :param severity: one word for all the profiles, or one for each.
    :param special: further profiles, which say it in their own words.
    """
    by_profile = dict.fromkeys(profiles, severity) if isinstance(severity, Severity) else severity
    words = {profile: Words(word, remedy, advice) for profile, word in by_profile.items()}
    return rule_of(code, cites, dict(words, **special or {}))


def collected(*modules: object) -> Tuple[Rule, ...]:
    """All the rules of the given modules, which the caller imports by name.

    A module is shipped to its target with statically imported code only: a scan of the package would come out empty
    there, and everything would look healthy. So nothing is scanned, and an empty outcome is an error.
    """
    rules = tuple(value for module in modules for value in vars(module).values() if isinstance(value, Rule))
    codes = [one.code for one in rules]
    if not rules or len(set(codes)) != len(codes):
        raise AssertionError("no rules, or two of one code: %s" % codes)
    return rules
