# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The descriptions of the variables of playbooks and roles: what a run checks, what the guides say, and what the expressions read."""

from __future__ import annotations

import importlib.util
import pathlib
import re

import pytest
import yaml

from ansible_collections.certmend.tls.plugins.plugin_utils.descriptions import described
from ansible_collections.certmend.tls.tests.support.source import ROOT

FILES = sorted(ROOT.glob("playbooks/variables/*.yml"))
NAMES = [path.stem for path in FILES]
GUIDES = sorted([*ROOT.glob("docs/*.md"), *ROOT.glob("roles/*/README.md")])
YAML = sorted([*ROOT.glob("playbooks/**/*.yml"), *ROOT.glob("roles/**/*.yml")])


def load(path):
    return yaml.safe_load(pathlib.Path(path).read_text(encoding="utf-8"))


def tables():
    """tools/variables_md.py, which is no part of the collection."""
    spec = importlib.util.spec_from_file_location("variables_md", ROOT / "tools" / "variables_md.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("path", GUIDES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_the_tables_of_the_guides_are_those_of_the_descriptions(path):
    text = path.read_text(encoding="utf-8")
    assert tables().filled(text) == text, "write them anew: make variables"


@pytest.mark.parametrize("name", NAMES)
def test_a_variable_says_its_type_and_what_it_is(name):
    for option in described(name).options.values():
        assert option["description"] and option["type"] in ("str", "int", "float", "bool", "list", "dict", "path", "raw")
        assert (option["type"] == "list") == ("elements" in option)


@pytest.mark.parametrize("name", NAMES)
def test_old_names_lead_to_variables(name):
    description = described(name)
    assert set(description.renamed.values()) <= set(description.options) and not set(description.renamed) & set(description.options)


def facts_in(node):
    """The names that tasks register or set."""
    for item in node if isinstance(node, list) else []:
        yield from facts_in(item)
    if isinstance(node, dict):
        yield from filter(None, [node.get("register")])
        yield from (name for name in node.get("ansible.builtin.set_fact", {}) if isinstance(name, str))
        for part in ("tasks", "pre_tasks", "block", "rescue", "always"):
            yield from facts_in(node.get(part))


#: the descriptions that a playbook checks its variables with
CHECKED = sorted({name for path in YAML for name in re.findall(r"variables_of: (\w+)", path.read_text(encoding="utf-8"))})
TEXTS = {path: path.read_text(encoding="utf-8") for path in [*YAML, *ROOT.glob("playbooks/**/*.j2"), *ROOT.glob("roles/**/*.j2")] if path not in FILES}


def test_every_playbook_checks_its_variables():
    assert sorted(path.stem for path in ROOT.glob("playbooks/*.yml")) == CHECKED


@pytest.mark.parametrize("name", CHECKED)
def test_a_second_playbook_in_a_run_does_not_take_the_facts_of_the_first_for_variables(name):
    description = described(name)
    own = tuple(owner + "_" for owner in description.owners)
    facts = {fact for path in YAML for fact in facts_in(load(path)) if fact.startswith(own)}
    assert facts - {*description.known, *description.options} == set()


@pytest.mark.parametrize("name", CHECKED)
def test_a_variable_is_read_as_it_was_checked(name):
    """From the checked values, or in the pattern of hosts of a play, for which Ansible evaluates the command line only."""
    read = r"(?:\b\w*given|\bof|\btrust|'\))\.{0}\b|hosts: .*\b{0}\b|attribute='{0}'"
    options = load(ROOT / "playbooks/variables" / (name + ".yml")).get("options", {})
    assert [option for option in options if not any(re.search(read.replace("{0}", option), text) for text in TEXTS.values())] == []


@pytest.mark.parametrize("role", sorted(set(NAMES) & {path.name for path in ROOT.glob("roles/*")}))
def test_what_a_role_makes_of_its_variables_has_names_of_its_own(role):
    """A variable of vars/main.yml hides the operator's variable of that name, and an old name that is one would lead back into the lookup."""
    description = described(role)
    assert set(load(ROOT / "roles" / role / "vars/main.yml") or {}) & {*description.options, *description.renamed} == set()


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_value_that_an_expression_takes_is_described(path):
    """``given.NAME``: a mistyped name would be undefined, or fall back to a default."""
    every = {option for name in NAMES for option in described(name).options}
    asked = set(re.findall(r"\b(?:\w*given|of|trust)\.([a-z_]+)\b", TEXTS[path]))
    assert {name for name in asked if re.match("(%s)_" % "|".join(NAMES), name)} <= every
