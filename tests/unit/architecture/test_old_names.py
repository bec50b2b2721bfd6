# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An old name still counts, with a deprecation warning; the collection itself uses the present names, so that nobody else is warned."""

from __future__ import annotations

import ast
import importlib
import re

import pytest
import yaml

from ansible_collections.certmend.tls.plugins.plugin_utils.descriptions import described
from ansible_collections.certmend.tls.tests.support.run import MODULES as PACKAGE
from ansible_collections.certmend.tls.tests.support.source import MODULES, ROOT, code_of

#: where callers are; a clone has all of these folders, the artefact fewer
FOLDERS = ("playbooks", "roles", "extensions", "docs", "tests/lab", "tests/bench", "tests/kills")
FILES = sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*") if path.suffix in (".yml", ".j2", ".md", ".py"))
TASKS = [path for path in FILES if path.suffix in (".yml", ".md") and "variables" not in path.parts]
OLD_VARIABLES = {old for path in ROOT.glob("playbooks/variables/*.yml") for old in described(path.stem).renamed}


def old_options(module):
    """The options of a module, and suboptions, that have another name now."""
    found, specs = set(), [importlib.import_module(PACKAGE + module).ARGUMENT_SPEC]
    while specs:
        for option in specs.pop().values():
            found.update(alias["name"] for alias in option.get("deprecated_aliases", []))
            specs += [option["options"]] if option.get("options") else []
    return found


OLD_OPTIONS = {path.stem: old_options(path.stem) for path in MODULES}


def used_in(node):
    """The old options in the tasks of a document."""
    for item in node if isinstance(node, list) else []:
        yield from used_in(item)
    for name, value in node.items() if isinstance(node, dict) else []:
        yield from sorted(set(value if isinstance(value, dict) else ()) & OLD_OPTIONS.get(str(name).rpartition(".")[2], set()))
        yield from used_in(value)


def texts_of(path):
    """The YAML in a file: all of it, that of a guide, or the examples of a module."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".md":
        return re.findall(r"^```yaml\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    if path.suffix == ".py":
        return [node.value.value for node in code_of(path).body if isinstance(node, ast.Assign) and node.targets[0].id == "EXAMPLES"]
    return [text]


def test_the_modules_have_old_names():
    assert {"trusted", "ca_private_key_content"} <= OLD_OPTIONS["cert_issue"] and OLD_OPTIONS["tls_handshake"] == {"ca_path", "ca_content"}
    assert list(used_in([{"block": [{"certmend.tls.cert_inspect": {"trusted": []}}]}])) == ["trusted"]


@pytest.mark.parametrize("path", [*TASKS, *MODULES], ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_task_uses_the_old_name_of_an_option(path):
    assert [old for text in texts_of(path) for document in yaml.safe_load_all(text) for old in used_in(document)] == []


@pytest.mark.parametrize("path", [path for path in FILES if "variables" not in path.parts], ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_caller_uses_the_old_name_of_a_variable(path):
    assert sorted(set(re.findall(r"\w+", path.read_text(encoding="utf-8"))) & OLD_VARIABLES) == []
