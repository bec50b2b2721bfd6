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

from ansible_collections.certmend.tls.plugins.module_utils.findings import SEVERITIES, Finding
from ansible_collections.certmend.tls.plugins.module_utils.pins.pins import Known
from ansible_collections.certmend.tls.plugins.module_utils.x509.chain import Chain
from ansible_collections.certmend.tls.plugins.module_utils.x509.facts import Certificate
from ansible_collections.certmend.tls.plugins.module_utils.x509.registered import Registered

GENERIC = "generic"
VCF_INSTALLER = "vcf_installer"
PINNED = "pinned"

#: those that verify a server; what holds for one of them mostly holds for the other
CLIENTS = (GENERIC, VCF_INSTALLER)
#: every kind of client whose rules are known
PROFILES = CLIENTS + (PINNED,)


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
    """

    now: datetime.datetime
    profiles: FrozenSet[str] = frozenset({GENERIC})
    name: str = ""
    expires_within: datetime.timedelta = datetime.timedelta(days=30)
    private_key_pin: Optional[str] = None
    csr_pin: Optional[str] = None
    known: Optional[Known] = None
    registered: Tuple[Registered, ...] = ()


class Seen(NamedTuple):
    """What a rule saw, where it is not about the leaf but about another certificate."""

    certificate: Certificate
    message: str


Check = Callable[[Chain, Context], Iterator[Union[str, Seen]]]


@dataclass(frozen=True)
class Rule:
    """One rule of diagnosis; ``severity`` by profile."""

    code: str
    severity: Dict[str, str]
    remedy: str
    cites: str
    advice: str
    check: Check

    @property
    def claim(self) -> str:
        """What holds where the rule passes."""
        return (self.check.__doc__ or "").strip().splitlines()[0]

    def severity_for(self, profiles: Iterable[str]) -> Optional[str]:
        """The most severe word that the profiles have for it; None where it is none of theirs."""
        found = [self.severity[profile] for profile in profiles if profile in self.severity]
        return max(found, key=SEVERITIES.index) if found else None

    def findings(self, chain: Chain, context: Context, about: str) -> Iterator[Finding]:
        """Run the rule where it belongs to the context's profiles."""
        severity = self.severity_for(context.profiles)
        if severity is None:
            return
        for seen in self.check(chain, context):
            message, subject = (seen, about) if isinstance(seen, str) else (seen.message, _about(about, seen.certificate))
            yield Finding(self.code, severity, message, subject, self.remedy, self.advice, self.cites)


def _about(source: str, certificate: Certificate) -> str:
    return "%s: %s" % (source, certificate.subject or certificate.fingerprint())


def rule(
    code: str,
    severity: Union[str, Dict[str, str]],
    cites: str,
    remedy: str,
    advice: str,
    profiles: Tuple[str, ...] = CLIENTS,
) -> Callable[[Check], Rule]:
    """Make a rule of a check function.

    :param severity: one word for all the profiles, or one for each.
    """
    by_profile = severity if isinstance(severity, dict) else dict.fromkeys(profiles, severity)

    def make(check: Check) -> Rule:
        return Rule(code, by_profile, remedy, cites, advice, check)

    return make


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
