# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The floors of module_utils (docs/architecture.md), read off its folders: what may import what, and how large it may grow."""

from __future__ import annotations

import ast
import sys

import graphlib
import pytest

from ansible_collections.certmend.tls.tests.support.source import (
    FILTERS,
    LOOKUPS,
    MODULE_UTILS,
    MODULES,
    OURS,
    PLUGIN_UTILS,
    ROOT,
    UTILS,
    code_of,
    functions_of,
    imports_of,
    name_of,
    own_imports,
    package_imports,
    package_of,
)

COLLECTION = "ansible_collections.certmend.tls."
#: what only lookups and filters import, which run on the controller
CONTROLLER = COLLECTION + "plugins.plugin_utils"
#: from the ground up: a floor imports itself and those before it
FLOORS = ("core", "appliance", "x509")
#: the files that a module's package may have a stage in
STAGES = {"options", "collect", "judge", "plan", "run"}
LONGEST_FILE, LONGEST_FUNCTION = 250, 25
#: the only files that import somebody else's packages, and which
FOREIGN = {
    "module_utils/appliance/change_window/recurrence": {"dateutil"},
    "module_utils/x509/backend": {"cryptography"},
    "module_utils/x509/cert_inspect/query": {"jmespath"},
    "plugin_utils/loaded_once": {"ansible_collections"},  # the lookups and filters that it loads
    "plugin_utils/variable_checks": {"ansible_collections"},  # the options of the module change_window, whose question it asks beforehand
}
#: functions that may be longer, each with its reason
LONG_FUNCTIONS = {}


def floor_of(package: str) -> int:
    """The floor's number; the package above all of them is on none."""
    return FLOORS.index(package.split("/")[0])


def module_packages():
    """The packages that are called as a module is."""
    names = {path.stem for path in MODULES}
    return sorted(folder for folder in MODULE_UTILS.glob("*/*") if folder.name in names)


def test_there_is_nothing_beside_the_floors():
    folders = {path.name for path in MODULE_UTILS.iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert folders == set(FLOORS)
    assert [path.name for path in MODULE_UTILS.glob("*.py")] == ["__init__.py"]


@pytest.mark.parametrize("package", sorted(package for package in package_imports() if package != "."))
def test_a_floor_stands_on_those_below_it_alone(package):
    above = [other for other in package_imports()[package] if other != "." and floor_of(other) > floor_of(package)]
    assert above == []


def test_no_packages_import_each_other_in_a_circle():
    graphlib.TopologicalSorter(package_imports()).prepare()  # CycleError names the circle


@pytest.mark.parametrize("folder", module_packages(), ids=lambda folder: folder.name)
def test_no_other_package_uses_the_package_of_a_module(folder):
    name = folder.relative_to(MODULE_UTILS).as_posix()
    assert [package for package, imported in package_imports().items() if name in imported] == []


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_module_uses_its_own_package_and_no_other_module_s(path):
    others = {folder for folder in module_packages() if folder.name != path.stem}
    assert not {file.parent for file in own_imports(path)} & others


@pytest.mark.parametrize("path", LOOKUPS, ids=name_of)
def test_a_lookup_is_thin_and_uses_no_package_of_a_module(path):
    assert not {file.parent for file in own_imports(path)} & set(module_packages())
    assert len([node for node in ast.walk(code_of(path)) if isinstance(node, ast.stmt)]) <= 45


def test_every_folder_is_a_package():
    assert [name_of(path.parent) for path in UTILS if not (path.parent / "__init__.py").is_file()] == []


OUTSIDE = sorted(path for folder in ("tools", "tests") for path in (ROOT / folder).rglob("*.py") if "/unit/" not in path.as_posix())


def defined_in(path):
    """The names that a file defines or imports at its top."""
    names = set()
    for node in ast.walk(code_of(path)):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            names.add(node.name)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            names.update((name.asname or name.name).split(".")[0] for name in node.names)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
    return names


@pytest.mark.parametrize("path", OUTSIDE, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_tools_and_benches_import_what_exists(path):
    """Nothing else would notice before somebody runs them."""
    for node in ast.walk(code_of(path)):
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith(COLLECTION):
            base = ROOT / node.module[len(COLLECTION) :].replace(".", "/")
            for name in node.names:
                inside = base / (name.name + ".py")
                file = base.with_suffix(".py")
                assert inside.exists() or (base / name.name).is_dir() or name.name in defined_in(file), name.name


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_every_module_has_a_package_with_the_same_stages(path):
    folder = next(folder for folder in module_packages() if folder.name == path.stem)
    files = {file.stem for file in folder.glob("*.py")}
    assert {"options", "run"} <= files
    classes = [node.name for node in code_of(folder / "options.py").body if isinstance(node, ast.ClassDef)]
    assert "Options" in classes
    runs = [node for node in code_of(folder / "run.py").body if isinstance(node, ast.ClassDef)]
    assert any("Run" in ast.unparse(base) for run in runs for base in run.bases), "run.py has a Run"


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_every_main_hands_over_to_run_module(path):
    main = next(function for function in functions_of(path) if function.name == "main")
    last = main.body[-1]
    assert isinstance(last, ast.Expr) and isinstance(last.value, ast.Call)
    assert ast.unparse(last.value.func) == "run_module"


def foreign_imports(path):
    """The packages that a file imports beside the standard library and ours; a module or lookup may import Ansible's, plugin_utils its own too."""
    known = (
        sys.stdlib_module_names | ({"ansible"} if path in MODULES + LOOKUPS + PLUGIN_UTILS else set()) | ({"jinja2", "yaml"} if path in PLUGIN_UTILS else set())
    )
    return {dotted.split(".")[0] for dotted in imports_of(path) if not dotted.startswith((OURS[:-1], CONTROLLER))} - known


@pytest.mark.parametrize("path", UTILS + PLUGIN_UTILS + MODULES + LOOKUPS + FILTERS, ids=name_of)
def test_only_the_standard_library_is_imported_but_for_a_few_files(path):
    assert foreign_imports(path) == FOREIGN.get(name_of(path), set())


@pytest.mark.parametrize("path", [path for path in MODULES if (MODULE_UTILS / "appliance" / path.stem).is_dir()], ids=name_of)
def test_a_module_that_may_run_on_an_appliance_stands_on_its_floors(path):
    assert {FLOORS[floor_of(package_of(file))] for file in own_imports(path)} <= {"core", "appliance"}


@pytest.mark.parametrize("path", UTILS + MODULES, ids=name_of)
def test_what_runs_on_a_target_imports_nothing_of_the_controller(path):
    assert not [dotted for dotted in imports_of(path) if dotted.startswith(CONTROLLER)]


@pytest.mark.parametrize("path", UTILS + PLUGIN_UTILS, ids=name_of)
def test_a_file_keeps_to_one_idea(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST_FILE


def test_functions_are_short():
    lengths = {
        "%s:%s" % (name_of(path), function.name): (function.end_lineno or 0) - function.lineno + 1
        for path in UTILS + PLUGIN_UTILS
        for function in functions_of(path)
    }
    long = {name: length for name, length in lengths.items() if length > LONGEST_FUNCTION}
    assert set(long) == set(LONG_FUNCTIONS), long
    assert len(LONG_FUNCTIONS) <= 5
