# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a rule is: its profiles, their outcomes, and its findings."""

from __future__ import annotations

import json

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.core.findings import ERROR, NOTICE, WARNING
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import from_x509
from ansible_collections.certmend.tls.plugins.module_utils.x509.path.presented_chain import chain_of
from ansible_collections.certmend.tls.plugins.module_utils.x509.rules.rule import (
    CLIENTS,
    GENERIC,
    OME,
    OME_MIGRATION,
    PINNED,
    PROFILES,
    VCF_INSTALLER,
    JudgementContext,
    Profile,
    ProfileOutcome,
    Rule,
    Violation,
    collected,
    rule,
    rule_by_profile,
)
from ansible_collections.certmend.tls.tests.support.clock import FIXED
from ansible_collections.certmend.tls.tests.support.mint import mint

CERTIFICATE = from_x509(mint("depot.corp.example").x509)
NAMELESS = from_x509(mint(None).x509)
CHAIN = chain_of([CERTIFICATE], None, first_is_leaf=True)


def context(*profiles):
    return JudgementContext(FIXED.now, profiles=frozenset(profiles))


MIGRATION = {OME_MIGRATION: ProfileOutcome(ERROR, "", "Do that.", "No.")}


@rule("EXAMPLE-SHARED", WARNING, cites="RFC 5280", remedy="server_chain", advice="Do it.", other_outcomes=MIGRATION)
def shared(chain, context):
    """The claim.

    More about it.
    """
    yield "the leaf is wrong"
    yield Violation(CERTIFICATE, "this certificate is wrong")
    yield Violation(NAMELESS, "this one too")


def test_a_profile_is_its_name():
    assert "generic" in frozenset([GENERIC]) and GENERIC in frozenset(["generic"]) and Profile("generic") is GENERIC
    assert json.dumps([GENERIC]) == '["generic"]' and "%s" % GENERIC == "generic"


def test_the_groups_of_profiles_are_profiles():
    assert set(CLIENTS + OME + (PINNED,)) == set(PROFILES) == set(Profile)


def test_the_default_profile_is_a_modern_client():
    assert JudgementContext(FIXED.now).profiles == {"generic"}


def test_the_claim_is_the_first_line_of_the_docstring():
    assert shared.claim == "The claim."


@pytest.mark.parametrize(
    "profiles, severity", [(["generic"], WARNING), (["vcf_installer"], WARNING), (["ome_migration"], ERROR), (["generic", "ome_migration"], ERROR)]
)
def test_the_most_severe_outcome_of_the_profiles_counts(profiles, severity):
    assert shared.outcome_for(profiles).severity == severity


def test_of_equally_severe_outcomes_the_special_one_counts():
    outcomes = {GENERIC: ProfileOutcome(ERROR, "a", "a"), VCF_INSTALLER: ProfileOutcome(ERROR, "b", "b"), PINNED: ProfileOutcome(NOTICE, "c", "c")}
    example = Rule("EXAMPLE-RULE", outcomes, "RFC 5280", shared.check)
    assert example.outcome_for(["pinned", "vcf_installer", "generic"]).remedy == "b"


def test_a_rule_does_not_apply_to_profiles_without_an_outcome():
    assert shared.outcome_for(["pinned"]) is None and shared.outcome_for([]) is None
    assert list(shared.findings(CHAIN, context("pinned"), "test")) == []


def test_findings_are_about_the_source_or_the_certificate_that_violates_the_rule():
    findings = list(shared.findings(CHAIN, context("generic"), "test"))
    assert [(finding.about, finding.message) for finding in findings] == [
        ("test", "the leaf is wrong"),
        ("test: CN=depot.corp.example", "this certificate is wrong"),
        ("test: " + NAMELESS.fingerprint(), "this one too"),
    ]
    assert {(finding.code, finding.severity, finding.remedy, finding.advice, finding.cites) for finding in findings} == {
        ("EXAMPLE-SHARED", WARNING, "server_chain", "Do it.", "RFC 5280")
    }


def test_a_finding_has_the_answer_of_the_profile_s_appliance():
    assert {finding.answer for finding in shared.findings(CHAIN, context("ome_migration"), "test")} == {"No."}


def test_severities_may_differ_by_profile():
    example = rule("EXAMPLE-RULE", {GENERIC: ERROR, VCF_INSTALLER: WARNING}, cites="RFC 5280", remedy="", advice="Do it.")(shared.check)
    assert [example.outcomes[profile].severity for profile in (GENERIC, VCF_INSTALLER)] == [ERROR, WARNING]


def test_every_profile_may_have_an_outcome_of_its_own():
    outcomes = {PINNED: ProfileOutcome(ERROR, "pins", "Do it.")}
    example = rule_by_profile("EXAMPLE-RULE", cites="RFC 5280", outcomes=outcomes)(shared.check)
    assert example.outcomes == outcomes and example.outcome_for(["generic"]) is None


class Subject:
    """Stands for a module with rules."""

    first = shared


def test_rules_are_collected_from_modules():
    assert collected(Subject) == (shared,)


def test_two_rules_of_one_code_are_an_error():
    with pytest.raises(AssertionError, match="two of one code"):
        collected(Subject, Subject)
