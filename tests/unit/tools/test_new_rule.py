# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""make new-rule and make new-profile, in a copy of the collection."""

from __future__ import annotations

import os
import pathlib
import re
import shutil
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[3]
COPIED = ("plugins", "tests/support", "tests/unit/conftest.py", "tests/unit/plugins/module_utils/x509/rules", "tests/__init__.py", "tools", "pyproject.toml")
RULES, RULE_TESTS = "plugins/module_utils/x509/rules", "tests/unit/plugins/module_utils/x509/rules"
#: imports every file of the rules, the module and the tool that writes the page, and prints what it has of the new things
IMPORTS = """
import importlib, pathlib, sys
names = [path.stem for path in sorted(pathlib.Path(%r).glob("*.py"))]
utils = "ansible_collections.certmend.tls.plugins.module_utils.x509.rules."
for name in names:
    importlib.import_module(utils + name)
module = importlib.import_module("ansible_collections.certmend.tls.plugins.modules.cert_inspect")
print(" ".join(module.ARGUMENT_SPEC["profile"]["choices"]))
print(" ".join(rule.code for rule in sys.modules[utils + "registry"].RULES))
"""


class Copy:
    """A copy of the collection, in which commands run."""

    def __init__(self, folder):
        self.folder = folder
        self.root = folder / "ansible_collections/certmend/tls"
        for name in COPIED:
            source, target = ROOT / name, self.root / name
            target.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copyfile(source, target)

    def python(self, *arguments):
        environment = dict(os.environ, PYTHONPATH=str(self.folder), ANSIBLE_COLLECTIONS_PATH=str(self.folder), PYTHONDONTWRITEBYTECODE="1")
        command = [sys.executable, "-W", "ignore", *arguments]
        return subprocess.run(command, cwd=self.root, env=environment, capture_output=True, text=True, check=False)

    def files(self):
        return {path: path.read_bytes() for path in self.root.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    return Copy(tmp_path_factory.mktemp("copy"))


@pytest.fixture(scope="module")
def printed(copy):
    """What the commands print: a rule in a file that exists, one in a new file, one in a file that the caller names, and a profile."""
    rules = [("NAME-EXAMPLE",), ("ZONE-EXAMPLE",), ("CHAIN-EXAMPLE", "full_chain")]
    commands = [("new_rule.py", *arguments) for arguments in rules] + [("new_profile.py", "another_client")]
    outcomes = [copy.python("tools/" + name, *arguments) for name, *arguments in commands]
    assert [outcome.returncode for outcome in outcomes] == [0] * len(commands), [outcome.stderr for outcome in outcomes]
    return [outcome.stdout for outcome in outcomes]


@pytest.fixture(scope="module")
def outcomes(copy, printed):
    """The outcome of each new test."""
    done = copy.python("-m", "pytest", "-rA", "-k", "_example_ or another_client", RULE_TESTS)
    return {name: outcome for outcome, name in re.findall(r"^(PASSED|FAILED|ERROR) \S+::(\w+)", done.stdout, re.MULTILINE)}


def test_the_new_tests_are_collected_and_those_of_violations_fail_first(outcomes):
    rules = ("name_example", "zone_example", "chain_example")
    expected = {"test_%s_is_reported" % rule: "FAILED" for rule in rules}
    expected.update({"test_%s_is_not_reported_without_reason" % rule: "PASSED" for rule in rules})
    assert outcomes == dict(expected, test_another_client_has_rules_of_its_own="FAILED")


def test_everything_can_be_imported_and_the_rules_and_the_profile_are_registered(copy, printed):
    done = copy.python("-c", IMPORTS % RULES)
    assert done.returncode == 0, done.stderr
    choices, codes = done.stdout.splitlines()
    assert choices.split()[-1] == "another_client"
    assert {"NAME-EXAMPLE", "ZONE-EXAMPLE", "CHAIN-EXAMPLE"} <= set(codes.split()) and codes.split()[-1] == "ZONE-EXAMPLE"


def test_the_page_of_findings_can_be_written(copy, printed):
    done = copy.python("tools/findings_md.py")
    assert done.returncode == 0 and "### ZONE-EXAMPLE" in done.stdout and "`another_client`" in done.stdout


@pytest.mark.parametrize("subject, code", [("names", "NAME-EXAMPLE"), ("zone", "ZONE-EXAMPLE"), ("full_chain", "CHAIN-EXAMPLE")])
def test_a_rule_is_in_its_subject_file_and_its_tests_mirror_that(copy, printed, subject, code):
    assert '"%s"' % code in (copy.root / RULES / (subject + ".py")).read_text(encoding="utf-8")
    tests = (copy.root / RULE_TESTS / ("test_%s.py" % subject)).read_text(encoding="utf-8")
    assert '@fails("%s")' % code in tests and '@passes("%s")' % code in tests


def test_the_profile_is_documented(copy, printed):
    documentation = (copy.root / "plugins/modules/cert_inspect.py").read_text(encoding="utf-8")
    assert "      - V(another_client) is TODO.\n    type: list\n" in documentation and "pinned, another_client]\n    default: [generic]" in documentation


def test_the_next_steps_are_printed(printed):
    assert all("What to do next:" in text and "make findings" in text for text in printed)
    assert "make rule-tests K=name_example" in printed[0] and "%s/registry.py" % RULES in printed[1]


@pytest.mark.parametrize(
    "command, words",
    [
        (("new_rule.py", "NAME-CN-EMPTY"), "NAME-CN-EMPTY exists: %s/names.py" % RULES),
        (("new_rule.py", "TLS-ALERT"), "TLS-ALERT exists: "),
        (("new_rule.py", "name-example"), "is not a code"),
        (("new_rule.py", "EXAMPLE"), "is not a code"),
        (("new_rule.py", ""), "is not a code"),
        (("new_rule.py", "IF-EXAMPLE"), "is not the name of a subject file"),
        (("new_rule.py", "NAME-OTHER", "../names"), "is not the name of a subject file"),
        (("new_rule.py", "NAME-OTHER", "registry"), "registry.py has no rules"),
        (("new_rule.py",), "usage: new_rule.py CODE"),
        (("new_profile.py", "pinned"), "the profile pinned exists"),
        (("new_profile.py", "My-Client"), "is not the name of a profile"),
        (("new_profile.py",), "usage: new_profile.py NAME"),
    ],
)
def test_what_exists_or_has_a_bad_form_is_refused_and_nothing_is_written(copy, printed, command, words):
    before = copy.files()
    done = copy.python("tools/" + command[0], *command[1:])
    assert done.returncode == 1 and words in done.stderr
    assert copy.files() == before
