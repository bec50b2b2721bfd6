# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every variable and value that is documented is used by a test. Whether the test shows what it does, a reader must see."""

from __future__ import annotations

import functools
import re

import pytest
import yaml

from ansible_collections.certmend.tls.tests.support.source import ROOT

ROLES = sorted(path.parents[1].name for path in ROOT.glob("roles/*/meta/argument_specs.yml"))
PAGES = sorted(path.stem for path in ROOT.glob("docs/*.md"))
OWNERS = sorted({*ROLES, *(path.stem for path in ROOT.glob("playbooks/*.yml")), "certmend"}, key=len, reverse=True)
#: what no test names, and why
UNNAMED = {
    "fqdn_certificate_prove_attempts": "the former name of fqdn_certificate_prove_timeout",
    "server_chain_prove_address": "set by the playbook server_chain, whose tests are in tests/lab",
    "server_chain_prove_attempts": "the former name of server_chain_prove_timeout",
    "remediation_proof": "a result of the role remediation, not an option",
}
#: choices that no test of their variable names, and why
UNTRIED = {
    "ome_chain_stages": (["request", "upload"], "set by the playbook ome_migration alone, whose tests run both"),
    "trust_anchor_stores.store": (["debian", "redhat", "suse", "photon"], "passed on to the module, whose tests have the folders of each system"),
}


@functools.lru_cache(maxsize=None)
def texts():
    """The texts of all tests but the laws."""
    paths = [path for folder in ("tests", "extensions") for path in sorted((ROOT / folder).rglob("*")) if path.is_file() and "architecture" not in path.parts]
    return [path.read_text(encoding="utf-8", errors="replace") for path in paths if path.suffix in (".py", ".yml", ".j2", ".json", "")]


def of(name):
    """The texts that name a variable."""
    return [text for text in texts() if re.search(r"\b%s\b" % name, text)]


def options(role):
    """All options of a role's entry points, with those of their dicts as ``option.part``."""
    found = {}
    for entry in yaml.safe_load((ROOT / "roles" / role / "meta/argument_specs.yml").read_text(encoding="utf-8"))["argument_specs"].values():
        for name, option in entry.get("options", {}).items():
            found[name] = option
            found.update({"%s.%s" % (name, part): inner for part, inner in option.get("options", {}).items()})
    return found


def untried(name, choices):
    """The choices that no test of the variable has."""
    tests = of(name.partition(".")[0])
    return [choice for choice in choices if not any(re.search(r"""["']%s["']|[:=] ?%s\b""" % (choice, choice), text) for text in tests)]


@pytest.mark.parametrize("role", ROLES)
def test_every_variable_of_a_role_is_named_in_a_test(role):
    assert [name for name in options(role) if "." not in name and not of(name) and name not in UNNAMED] == []


@pytest.mark.parametrize("role", ROLES)
def test_every_choice_of_a_variable_is_made_in_a_test(role):
    found = {name: untried(name, option["choices"]) for name, option in options(role).items() if option.get("choices")}
    assert {name: missing for name, missing in found.items() if missing} == {name: UNTRIED[name][0] for name in found if name in UNTRIED}


@pytest.mark.parametrize("page", PAGES)
def test_every_variable_of_a_page_is_named_in_a_test(page):
    names = set(re.findall(r"`((?:%s)_[a-z_0-9]+)`" % "|".join(OWNERS), (ROOT / "docs" / (page + ".md")).read_text(encoding="utf-8")))
    assert sorted(name for name in names if name not in ROLES and not of(name) and name not in UNNAMED) == []


def test_no_exception_has_outlived_its_reason():
    assert [name for name in UNNAMED if of(name)] == []
