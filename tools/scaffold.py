# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Edit the collection's source text: what new_rule.py and new_profile.py have in common. Standard library only."""

from __future__ import annotations

import ast
import pathlib
import re
from typing import Dict, Iterable, List, Optional, Tuple

ROOT = pathlib.Path(__file__).resolve().parent.parent
COLLECTION = "ansible_collections.certmend.tls."
UTILS = COLLECTION + "plugins.module_utils."
SUPPORT = COLLECTION + "tests.support"
RULES = ROOT / "plugins/module_utils/x509/rules"
RULE_TESTS = ROOT / "tests/unit/plugins/module_utils/x509/rules"
#: as in pyproject.toml
LINE_LENGTH = 160
HEADER = """# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""


def read(path: pathlib.Path) -> str:
    """The text of a file."""
    return path.read_text(encoding="utf-8")


def write_all(texts: Dict[pathlib.Path, str]) -> None:
    """Write the files, after the text of every one of them is known to be valid Python."""
    for path, text in texts.items():
        ast.parse(text, filename=str(path))
    for path, text in texts.items():
        path.write_text(text, encoding="utf-8")
        print("wrote %s" % path.relative_to(ROOT))


def add_import(text: str, module: str, *names: str) -> str:
    """The text with ``from module import names``, sorted as ruff sorts imports; names that are imported already stay as they are."""
    nodes = [node for node in ast.parse(text).body if isinstance(node, ast.ImportFrom)]
    same = next((node for node in nodes if node.module == module and not any(name.asname for name in node.names)), None)
    lines = text.splitlines(keepends=True)
    if same is not None:
        all_names = {name.name for name in same.names} | set(names)
        if all_names != {name.name for name in same.names}:
            lines[same.lineno - 1 : same.end_lineno] = [import_statement(module, all_names, same.lineno != same.end_lineno)]
        return "".join(lines)
    ours = [node for node in nodes if (node.module or "").startswith(COLLECTION) == module.startswith(COLLECTION)]
    later = next((node for node in ours if (node.module or "") > module and node.module != "__future__"), None)
    index = later.lineno - 1 if later else (ours or nodes)[-1].end_lineno
    lines.insert(index or 0, import_statement(module, names))
    return "".join(lines)


def import_statement(module: str, names: Iterable[str], exploded: bool = False) -> str:
    """Constants first, then classes, then functions."""
    ordered = sorted(set(names), key=lambda name: (not name.isupper(), not name[0].isupper(), name))
    line = "from %s import %s\n" % (module, ", ".join(ordered))
    if not exploded and len(line) <= LINE_LENGTH + 1:
        return line
    return "from %s import (\n%s)\n" % (module, "".join("    %s,\n" % name for name in ordered))


def imported_from(text: str, name: str) -> Optional[str]:
    """The module from which a file imports a name; None if it does not."""
    for node in ast.parse(text).body:
        if isinstance(node, ast.ImportFrom) and any((alias.asname or alias.name) == name for alias in node.names):
            return node.module
    return None


def insert_after_last(text: str, pattern: str, addition: str, what: str) -> str:
    """The text with an addition after the last match of a pattern.

    :param what: the thing that is looked for, for the message if it is missing.
    """
    matches: List[re.Match] = list(re.finditer(pattern, text, re.MULTILINE))
    if not matches:
        raise SystemExit("cannot find %s" % what)
    return text[: matches[-1].end()] + addition + text[matches[-1].end() :]


def codes_in_source() -> Dict[str, List[Tuple[pathlib.Path, bool]]]:
    """For each code in the source the files that contain it, and whether a rule of that file has the code."""
    found: Dict[str, List[Tuple[pathlib.Path, bool]]] = {}
    for path in sorted((ROOT / "plugins/module_utils").rglob("*.py")):
        tree = ast.parse(read(path))
        of_rules = {id(node.args[0]) for node in ast.walk(tree) if isinstance(node, ast.Call) and node.args and _makes_rule(node)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and CODE.fullmatch(node.value):
                found.setdefault(node.value, []).append((path, id(node) in of_rules))
    return found


def _makes_rule(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Name) and call.func.id in ("rule", "rule_by_profile")


CODE = re.compile(r"[A-Z]+(-[A-Z0-9]+)+")
