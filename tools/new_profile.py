# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Start a profile: new_profile.py NAME

Write a test that fails until a rule has an outcome under the profile, and add the profile to the rules and to cert_inspect.
"""

from __future__ import annotations

import re
import sys

from scaffold import ROOT, RULE_TESTS, RULES, UTILS, add_import, insert_after_last, read, write_all

MODULE = ROOT / "plugins/modules/cert_inspect.py"
NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
TEST = """

def test_{name}_has_rules_of_its_own():
    of_every_profile = {{known.code for known in RULES if set(known.outcomes) == set(PROFILES)}}
    assert {{known.code for known in RULES if Profile.{constant} in known.outcomes}} - of_every_profile
"""
NEXT = """
What to do next:
1. {test}: see the new test fail: make rule-tests K={name}
2. {rules}: give rules an outcome under {constant} (profiles=, other_outcomes=), or start new ones (make new-rule CODE=...).
   Replace the last line of the new test with the codes of these rules, and test each rule under the profile.
3. {module}: describe the profile; docs/audit.md and docs/glossary.md list the profiles, too.
4. make findings, which writes docs/findings.md; then make unit lint.
5. Add a fragment to changelogs/fragments/."""


def check(name: str) -> None:
    """End if the name cannot become a profile."""
    if not NAME.fullmatch(name):
        raise SystemExit("%r is not the name of a profile: write lower-case words with underscores, such as my_client" % name)
    if re.search(r'^    \w+ = "%s"$' % name, read(RULES / "rule.py"), re.MULTILINE):
        raise SystemExit("the profile %s exists: %s" % (name, (RULES / "rule.py").relative_to(ROOT)))


def with_profile(name: str) -> str:
    """rule.py with another member of Profile, and its constant."""
    head, start, tail = read(RULES / "rule.py").partition("class Profile(StringEnum):\n")
    members, end, rest = tail.partition("\n\n\n")
    members = insert_after_last(members, r'^    [A-Z_0-9]+ = "\w+"$', '\n    %s = "%s"' % (name.upper(), name), "the members of Profile")
    rest = insert_after_last(rest, r"^[A-Z_0-9]+ = Profile\.\w+$", "\n%s = Profile.%s" % (name.upper(), name.upper()), "the constants of Profile")
    return head + start + members + end + rest


def with_choice(name: str) -> str:
    """cert_inspect with another choice of the option profile, in its documentation and its argument spec."""
    text = read(MODULE)
    text = insert_after_last(text, r"^    choices: \[generic, [^\]]*(?=\])", ", " + name, "the documented choices of profile")
    text = insert_after_last(text, r'choices=\["generic", [^\]]*(?=\])', ', "%s"' % name, "the choices of profile")
    head, start, tail = text.partition("\n  profile:\n")
    description, end, rest = tail.partition("\n    type: list\n")
    return head + start + description + "\n      - V(%s) is TODO." % name + end + rest


def with_test(name: str) -> str:
    """The tests of the rules' machinery with one for the profile."""
    text = read(RULE_TESTS / "test_rule.py")
    text = add_import(text, UTILS + "x509.rules.registry", "RULES")
    text = add_import(text, UTILS + "x509.rules.rule", "PROFILES", "Profile")
    return text + TEST.format(name=name, constant=name.upper())


def main(name: str) -> None:
    """Write the files."""
    check(name)
    test, rule = RULE_TESTS / "test_rule.py", RULES / "rule.py"
    write_all({test: with_test(name), rule: with_profile(name), MODULE: with_choice(name)})
    print(NEXT.format(name=name, constant=name.upper(), test=test.relative_to(ROOT), rules=RULES.relative_to(ROOT), module=MODULE.relative_to(ROOT)))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: new_profile.py NAME")
    main(sys.argv[1])
