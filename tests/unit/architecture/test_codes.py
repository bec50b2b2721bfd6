# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every code in the source is in the catalogue (the rules and core/codes.py), and every code of the catalogue is in the source."""

from __future__ import annotations

import ast
import inspect
import pathlib
import re

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.core.codes import CODES, citation_of
from ansible_collections.certmend.tls.plugins.module_utils.x509.rules.registry import RULES

ROOT = pathlib.Path(__file__).resolve().parents[3]
UTILS = ROOT / "plugins/module_utils"
OURS = "ansible_collections.certmend.tls.plugins.module_utils."
CATALOGUE = UTILS / "core/codes.py"
FORM = re.compile(r"[A-Z]+(-[A-Z0-9]+)+")
#: names of algorithms and encodings have the form of a code
ALGORITHMS = re.compile(r"SHA-\d+|P-\d+|UTF-\d+|AES-\d+|RSA-\w+")


def codes_in(path):
    """The codes that stand in a file's string constants."""
    constants = (node.value for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Constant))
    return {value for value in constants if isinstance(value, str) and FORM.fullmatch(value) and not ALGORITHMS.fullmatch(value)}


def shipped_with(path, seen=None):
    """A file and all the files of ours that it imports."""
    seen = set() if seen is None else seen
    if path.is_file() and path not in seen:
        seen.add(path)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(OURS[:-1]):
                for dotted in (node.module, *("%s.%s" % (node.module, name.name) for name in node.names)):
                    shipped_with((UTILS / dotted[len(OURS) :].replace(".", "/")).with_suffix(".py"), seen)
    return seen


IN_SOURCE = {path: codes_in(path) for path in sorted(UTILS.rglob("*.py")) if path != CATALOGUE}
CATALOGUED = [rule.code for rule in RULES] + [entry.code for entry in CODES]


def test_the_search_finds_codes_and_nothing_else(tmp_path):
    source = '"""NAME-IN-DOCSTRING is not alone."""\nx = ["TLS-ALERT", "SHA-256", "NAME-", "CN-IS %s", b"NOT-TEXT", 1]\n'
    (tmp_path / "a.py").write_text(source, encoding="utf-8")
    assert codes_in(tmp_path / "a.py") == {"TLS-ALERT"}


@pytest.mark.parametrize("path", [path for path in IN_SOURCE if IN_SOURCE[path]], ids=lambda path: path.relative_to(UTILS).as_posix())
def test_every_code_in_the_source_is_in_the_catalogue(path):
    assert IN_SOURCE[path] <= set(CATALOGUED), "describe it in core/codes.py, or make it a rule"


#: what people read and roles compare; the lab's estate and the changelogs of former releases are not
WRITTEN = [
    path
    for pattern in (
        "README.md",
        "docs/**/*.md",
        "roles/**/*.*",
        "playbooks/**/*.*",
        "plugins/modules/*.py",
        "plugins/doc_fragments/*.py",
        "extensions/**/*.yml",
    )
    for path in sorted(ROOT.glob(pattern))
]
PREFIXED = re.compile(r"\b(?:%s)(?:-[A-Z0-9]+)+\b" % "|".join(sorted({code.partition("-")[0] for code in CATALOGUED})))


@pytest.mark.parametrize("path", WRITTEN, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_code_in_a_text_a_role_or_a_playbook_is_in_the_catalogue(path):
    found = set(PREFIXED.findall(path.read_text(encoding="utf-8"))) - {"NAME-EXAMPLE"}
    assert found <= set(CATALOGUED), "it is misspelled, or called otherwise now"


@pytest.mark.parametrize("code", CATALOGUED)
def test_every_code_of_the_catalogue_is_in_the_source(code):
    assert any(code in codes for codes in IN_SOURCE.values()), "nothing reports it"


def test_no_code_is_described_twice():
    assert sorted(CATALOGUED) == sorted(set(CATALOGUED))


@pytest.mark.parametrize("entry", CODES, ids=lambda entry: entry.code)
def test_a_code_outside_the_rules_has_a_claim_a_citation_and_advice(entry):
    assert FORM.fullmatch(entry.code) and entry.claim.endswith(".") and entry.advice.endswith(".")
    assert entry.cites and citation_of(entry.code) == entry.cites
    assert entry.reported_by == tuple(sorted(entry.reported_by))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_a_rule_is_finished(rule):
    texts = [rule.claim, rule.cites] + [outcome.advice for outcome in rule.outcomes.values()]
    assert not any("TODO" in text for text in texts), "make new-rule leaves these texts to you"


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_a_rule_that_suspects_says_when(rule):
    assert ("Suspicion(" in inspect.getsource(rule.check)) == bool(rule.uncertain)


REPORTS = [(entry.code, module) for entry in CODES for module in entry.reported_by]


@pytest.mark.parametrize("code, module", REPORTS)
def test_the_modules_that_report_a_code_contain_it(code, module):
    files = shipped_with(ROOT / "plugins/modules" / (module + ".py")) - {CATALOGUE}
    assert any(code in IN_SOURCE.get(path, ()) for path in files)


def test_the_page_lists_every_code():
    headings = re.findall(r"^### (.+)$", (ROOT / "docs/findings.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(headings) == sorted(CATALOGUED)
