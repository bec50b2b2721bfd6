# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a rule is, and how to write one.

A rule is one function in a subject file. Its docstring's first line is a claim that is true or false of a chain; the function
yields a message for each violation, and nothing if the claim is true. docs/findings.md lists all the rules.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import TYPE_CHECKING, Callable, Dict, FrozenSet, Iterable, Iterator, NamedTuple, Optional, Tuple, Union

from ansible_collections.certmend.tls.plugins.module_utils.core.enums import StringEnum
from ansible_collections.certmend.tls.plugins.module_utils.core.findings import WARNING, Finding, Severity
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import Certificate
from ansible_collections.certmend.tls.plugins.module_utils.x509.path.presented_chain import Chain

if TYPE_CHECKING:
    from ansible_collections.certmend.tls.plugins.module_utils.appliance.pin_store.records import PinRecord
    from ansible_collections.certmend.tls.plugins.module_utils.x509.rules.registered_endpoint import RegisteredEndpoint


class Profile(StringEnum):
    """A kind of client whose rules are known."""

    GENERIC = "generic"
    VCF_INSTALLER = "vcf_installer"
    OME_SINGLE = "ome_single"
    OME_MIGRATION = "ome_migration"
    PINNED = "pinned"


GENERIC = Profile.GENERIC
VCF_INSTALLER = Profile.VCF_INSTALLER
OME_SINGLE = Profile.OME_SINGLE
OME_MIGRATION = Profile.OME_MIGRATION
PINNED = Profile.PINNED

#: clients that verify a server; most rules apply to each of them
CLIENTS = (GENERIC, VCF_INSTALLER)
#: OpenManage Enterprise, which judges the certificates that are uploaded to it
OME = (OME_SINGLE, OME_MIGRATION)
#: all the profiles
PROFILES = tuple(Profile)


@dataclass(frozen=True)
class JudgementContext:
    """What a chain is judged against.

    :param now: the time of the judgement.
    :param profiles: the clients that the certificate is for, by their profile's name.
    :param name: the name by which clients connect; empty: names are not compared.
    :param expires_within: how long before its end of validity a certificate gets a warning.
    :param private_key_pin: the pin of the private key that must belong to the leaf; None: not compared.
    :param csr_pin: the pin of the certificate signing request that the leaf must answer; None: not compared.
    :param pin_record: the server's pins; None if no pin store was given.
    :param registered: the server's endpoints in a vCenter's Lookup Service.
    :param peer: the chain of the other appliance of a migration, its own certificate first.
    :param refusal: why OpenSSL refuses a chain against which no rule has an error; empty if it accepts, or was not asked.
    :param strict_refusal: why OpenSSL refuses, with X509_STRICT only, a chain that it accepts; empty likewise.
    :param form: why the file is not plain PEM; empty if it is, or if there is no file.
    """

    now: datetime.datetime
    profiles: FrozenSet[str] = frozenset({GENERIC})
    name: str = ""
    expires_within: datetime.timedelta = datetime.timedelta(days=30)
    private_key_pin: Optional[str] = None
    csr_pin: Optional[str] = None
    pin_record: Optional[PinRecord] = None
    registered: Tuple[RegisteredEndpoint, ...] = ()
    peer: Tuple[Certificate, ...] = ()
    refusal: str = ""
    strict_refusal: str = ""
    form: str = ""


class Violation(NamedTuple):
    """A violation by another certificate than the leaf."""

    certificate: Certificate
    message: str


class Suspicion(NamedTuple):
    """A violation that is likely, but not known: a warning at most. The rule's ``uncertain`` says when there are such."""

    message: str


Check = Callable[[Chain, JudgementContext], Iterator[Union[str, Violation, Suspicion]]]


@dataclass(frozen=True)
class ProfileOutcome:
    """What a violation means under one profile.

    :param remedy: the role of this collection that repairs it; empty if a person has to.
    :param advice: one sentence for that person.
    :param answer: the appliance's own message for this problem, word for word; empty if unknown.
    """

    severity: Severity
    remedy: str
    advice: str
    answer: str = ""


@dataclass(frozen=True)
class Rule:
    """One rule; it applies to the profiles that have an outcome.

    :param uncertain: when its violation can only be suspected, as a clause that follows "if"; empty: it is always known.
    """

    code: str
    outcomes: Dict[Profile, ProfileOutcome]
    cites: str
    check: Check
    uncertain: str = ""

    @property
    def claim(self) -> str:
        """The first line of the check's docstring."""
        return (self.check.__doc__ or "").strip().splitlines()[0]

    def outcome_for(self, profiles: Iterable[str]) -> Optional[ProfileOutcome]:
        """The most severe outcome under these profiles; of equally severe ones the last. None if the rule applies to none of them."""
        requested = frozenset(profiles)
        outcomes = [outcome for profile, outcome in self.outcomes.items() if profile in requested]
        return max(reversed(outcomes), key=lambda outcome: outcome.severity.rank) if outcomes else None

    def findings(self, chain: Chain, context: JudgementContext, about: str) -> Iterator[Finding]:
        """Check a chain, if the rule applies to one of the context's profiles.

        :param about: what the findings are about.
        """
        outcome = self.outcome_for(context.profiles)
        if outcome is None:
            return
        for violation in self.check(chain, context):
            message = violation if isinstance(violation, str) else violation.message
            subject = _about(about, violation.certificate) if isinstance(violation, Violation) else about
            severity = min(outcome.severity, WARNING, key=lambda level: level.rank) if isinstance(violation, Suspicion) else outcome.severity
            yield Finding(self.code, severity, message, subject, outcome.remedy, outcome.advice, self.cites, outcome.answer)


def _about(source: str, certificate: Certificate) -> str:
    return "%s: %s" % (source, certificate.subject or certificate.fingerprint())


def rule_by_profile(code: str, cites: str, outcomes: Dict[Profile, ProfileOutcome]) -> Callable[[Check], Rule]:
    """Make a rule of a check function that gives each profile an outcome of its own."""
    return lambda check: Rule(code, outcomes, cites, check)


def rule(
    code: str,
    severity: Union[Severity, Dict[Profile, Severity]],
    cites: str,
    remedy: str,
    advice: str,
    profiles: Tuple[Profile, ...] = CLIENTS,
    other_outcomes: Optional[Dict[Profile, ProfileOutcome]] = None,
    uncertain: str = "",
) -> Callable[[Check], Rule]:
    """Make a rule of a check function whose profiles share remedy and advice.

    :param severity: one severity for all ``profiles``, or one for each profile.
    :param other_outcomes: outcomes under further profiles, which have a remedy and advice of their own.
    :param uncertain: as in ``Rule``.
    """
    by_profile = dict.fromkeys(profiles, severity) if isinstance(severity, Severity) else severity
    outcomes = {profile: ProfileOutcome(level, remedy, advice) for profile, level in by_profile.items()}
    return lambda check: Rule(code, {**outcomes, **(other_outcomes or {})}, cites, check, uncertain)


def collected(*modules: object) -> Tuple[Rule, ...]:
    """All the rules of the given modules.

    Ansible ships only what is imported statically: on the target a scan of the package would find no rules and every certificate
    would look healthy. So the caller imports the modules by name, and finding no rules is an error.
    """
    rules = tuple(value for module in modules for value in vars(module).values() if isinstance(value, Rule))
    codes = [rule.code for rule in rules]
    if not rules or len(set(codes)) != len(codes):
        raise AssertionError("no rules, or two of one code: %s" % codes)
    return rules
