# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The collection's own source, read as a syntax tree: for tests about its structure."""

from __future__ import annotations

import ast
import pathlib
from typing import Dict, Iterator, List, Set, Union

ROOT = pathlib.Path(__file__).resolve().parents[2]
PLUGINS = ROOT / "plugins"
MODULES = sorted((PLUGINS / "modules").glob("*.py"))
LOOKUPS = sorted((PLUGINS / "lookup").glob("*.py"))
FILTERS = sorted((PLUGINS / "filter").glob("*.py"))
MODULE_UTILS = PLUGINS / "module_utils"
UTILS = sorted(MODULE_UTILS.rglob("*.py"))
PLUGIN_UTILS = sorted((PLUGINS / "plugin_utils").rglob("*.py"))
OURS = "ansible_collections.certmend.tls.plugins.module_utils."


def code_of(path: pathlib.Path) -> ast.Module:
    """The syntax tree of a file."""
    return ast.parse(path.read_text(encoding="utf-8"))


def imports_of(path: pathlib.Path) -> Set[str]:
    """The dotted names that a file imports, anywhere in it; for ``from a import b`` both a and a.b."""
    found = set()
    for node in ast.walk(code_of(path)):
        if isinstance(node, ast.Import):
            found.update(name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = _absolute(path, node)
            found.add(module)
            found.update("%s.%s" % (module, name.name) for name in node.names)
    return found


def _absolute(path: pathlib.Path, node: ast.ImportFrom) -> str:
    """The dotted name of the module that is imported from, also if the import is relative."""
    if not node.level:
        return str(node.module)
    folder = path.parents[node.level - 1]
    inside = folder.relative_to(MODULE_UTILS).parts if folder.is_relative_to(MODULE_UTILS) else ("?",)
    return OURS + ".".join([*inside, *filter(None, [node.module])])


def own_imports(path: pathlib.Path) -> Iterator[pathlib.Path]:
    """The files of ours that a file imports."""
    for dotted in imports_of(path):
        if dotted.startswith(OURS):
            base = MODULE_UTILS / dotted[len(OURS) :].replace(".", "/")
            yield from (file for file in (base.with_suffix(".py"), base / "__init__.py") if file.exists())


def package_of(path: pathlib.Path) -> str:
    """The folder of a file below module_utils: ``x509/rules``."""
    return path.parent.relative_to(MODULE_UTILS).as_posix()


def package_imports() -> Dict[str, Set[str]]:
    """For each package the other packages that it imports. An empty ``__init__`` is no dependency."""
    found: Dict[str, Set[str]] = {package_of(path): set() for path in UTILS}
    for path in UTILS:
        imported = (package_of(other) for other in own_imports(path) if other.stat().st_size)
        found[package_of(path)].update(package for package in imported if package != package_of(path))
    return found


def functions_of(path: pathlib.Path) -> List[Union[ast.FunctionDef, ast.AsyncFunctionDef]]:
    """The functions and methods of a file."""
    return [node for node in ast.walk(code_of(path)) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]


def name_of(path: pathlib.Path) -> str:
    """A file's name for a test's identifier: ``module_utils/core/run``."""
    return path.relative_to(PLUGINS).with_suffix("").as_posix()
