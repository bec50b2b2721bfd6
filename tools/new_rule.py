# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Start a rule: new_rule.py CODE [SUBJECT]

Write a test that fails and one that passes, and a stub of the rule in the subject file of the code's prefix, or in a new one.
"""

from __future__ import annotations

import collections
import keyword
import pathlib
import sys
from typing import Dict

from scaffold import (
    CODE,
    HEADER,
    ROOT,
    RULE_TESTS,
    RULES,
    SUPPORT,
    UTILS,
    add_import,
    codes_in_source,
    import_statement,
    imported_from,
    read,
    write_all,
)

STUB = '''

@rule(
    "{code}",
    ERROR,
    cites="TODO: the RFC section, article or manual behind the rule",
    remedy="",
    advice="TODO: what to do, in one sentence.",
)
def {name}(chain: Chain, context: JudgementContext) -> Iterator[str]:
    """TODO: the claim, a sentence that is false if the rule reports something."""
    yield from ()  # TODO: yield a message for each violation
'''
TESTS = """

@fails("{code}")
def test_{name}_is_reported():
    certificate = {mint}("depot.corp.example", dns=["depot.corp.example"])  # TODO: one that breaks the rule
    assert "{code}" in codes(certificate)


@passes("{code}")
def test_{name}_is_not_reported_without_reason():
    certificate = {mint}("depot.corp.example", dns=["depot.corp.example"])  # TODO: as similar as possible, but right
    assert "{code}" not in codes(certificate)
"""
FUTURE = "from __future__ import annotations\n"
EMPTY_SUBJECT = "\n".join([HEADER, '"""Rules about TODO."""\n', FUTURE, "from typing import Iterator\n", import_statement(UTILS + "core.findings", ["ERROR"])])
EMPTY_TESTS = "\n".join([HEADER, '"""The rules about TODO."""\n', FUTURE, import_statement(SUPPORT + ".mint", ["mint"])])
NEXT = """
What to do next:
1. {test}: mint the certificates of both tests.
   See the first one fail: make rule-tests K={name}
2. {rule}: write the claim, the message, the citation and the advice.
   See both tests pass: the same command.
3. make findings, which writes docs/findings.md; then make unit lint.
4. Add a fragment to changelogs/fragments/."""


def subject_of(code: str) -> str:
    """The subject file with the most rules of the code's prefix; if there is none, a file with the name of the prefix."""
    prefix = code.partition("-")[0]
    subjects = [path.stem for known, found in codes_in_source().items() if known.partition("-")[0] == prefix for path, is_rule in found if is_rule]
    return collections.Counter(subjects).most_common(1)[0][0] if subjects else prefix.lower()


def check_code(code: str) -> None:
    """End if the code cannot become a rule."""
    if not CODE.fullmatch(code):
        raise SystemExit("%r is not a code: write capital letters, digits and hyphens, such as NAME-EXAMPLE" % code)
    known = codes_in_source().get(code)
    if known:
        raise SystemExit("%s exists: %s" % (code, ", ".join(sorted({str(path.relative_to(ROOT)) for path, _is_rule in known}))))


def check_subject(subject: str) -> None:
    """End if the file cannot have rules: its name is no module's, or it is part of the rules' machinery."""
    path = RULES / (subject + ".py")
    if not subject.isidentifier() or not subject.islower() or keyword.iskeyword(subject):
        raise SystemExit("%r is not the name of a subject file, such as names: give SUBJECT" % subject)
    if path.exists() and not any(is_rule for found in codes_in_source().values() for where, is_rule in found if where == path):
        raise SystemExit("%s has no rules: give another SUBJECT" % path.relative_to(ROOT))


def with_stub(path: pathlib.Path, code: str) -> str:
    """The subject file with the stub at its end."""
    text = read(path) if path.exists() else EMPTY_SUBJECT
    text = add_import(text, "typing", "Iterator")
    for module, names in (
        ("core.findings", ["ERROR"]),
        ("x509.path.presented_chain", ["Chain"]),
        ("x509.rules.rule", ["JudgementContext", "rule"]),
    ):
        text = add_import(text, UTILS + module, *names)
    return text + STUB.format(code=code, name=code.lower().replace("-", "_"))


def with_tests(path: pathlib.Path, code: str) -> str:
    """The test file with the two tests at its end."""
    text = read(path) if path.exists() else EMPTY_TESTS
    mint = "mint.mint" if imported_from(text, "mint") == SUPPORT else "mint"
    if mint == "mint":
        text = add_import(text, SUPPORT + ".mint", "mint")
    text = add_import(text, SUPPORT + ".rules", "codes", "fails", "passes")
    return text + TESTS.format(code=code, name=code.lower().replace("-", "_"), mint=mint)


def registered(subject: str) -> str:
    """The registry with another subject file: imported in alphabetical order, its findings reported last."""
    text = read(RULES / "registry.py")
    text = add_import(text, UTILS + "x509.rules", subject)
    head, start, tail = text.partition("RULES = collected(\n")
    if not start:
        raise SystemExit("cannot find RULES in registry.py")
    arguments, end, rest = tail.partition("\n)\n")
    return head + start + arguments + "\n    %s," % subject + end + rest


def main(code: str, subject: str = "") -> None:
    """Write the files."""
    check_code(code)
    subject = subject or subject_of(code)
    check_subject(subject)
    rule, test = RULES / (subject + ".py"), RULE_TESTS / ("test_%s.py" % subject)
    texts: Dict[pathlib.Path, str] = {test: with_tests(test, code), rule: with_stub(rule, code)}
    if not rule.exists():
        texts[RULES / "registry.py"] = registered(subject)
    write_all(texts)
    print(NEXT.format(name=code.lower().replace("-", "_"), test=test.relative_to(ROOT), rule=rule.relative_to(ROOT)))


if __name__ == "__main__":
    if not 2 <= len(sys.argv) <= 3:
        sys.exit("usage: new_rule.py CODE [SUBJECT]")
    main(*sys.argv[1:])
