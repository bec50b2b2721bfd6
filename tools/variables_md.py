# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Write the tables of variables into the guides, from the descriptions that the runs themselves check: make variables.

A guide says with ``<!-- variables: NAME -->`` where the table of ``playbooks/variables/NAME.yml`` stands; it ends with ``<!-- end of variables -->``.
``<!-- variables: NAME FIRST LAST -->`` is the part of the table from one variable to another.
"""

from __future__ import annotations

import pathlib
import re
import sys
from typing import Any, Dict, Iterator, List

import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent
TABLE = re.compile(r"(<!-- variables: ([a-z_]+)(?: ([a-z_]+) ([a-z_]+))? -->\n)(.*?)(<!-- end of variables -->)", re.DOTALL)
#: semantic markup of the specifications of roles, in Markdown
MARKUP = re.compile(r"\b[COVPM]\(([^()#]+)(?:#[a-z]+)?(?::[^()]*)?\)")


def options_of(name: str) -> Dict[str, Dict[str, Any]]:
    """The variables of a playbook or role, in the order of its description: its own, then those of the roles that it names."""
    file = _read(ROOT / "playbooks" / "variables" / (name + ".yml"))
    found = dict(file.get("options", {}))
    for role in file.get("roles", []):
        for entry in _read(ROOT / "roles" / role / "meta" / "argument_specs.yml")["argument_specs"].values():
            found.update({option: of for option, of in entry.get("options", {}).items() if option not in found})
    words, internal = file.get("default_is", {}), [*file.get("internal", []), *file.get("reserved", [])]
    return {option: dict(of, default_is=words[option]) if option in words else of for option, of in found.items() if option not in internal}


def _read(path: pathlib.Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def rows(options: Dict[str, Dict[str, Any]]) -> Iterator[str]:
    """The lines of a table."""
    yield "| variable | default | what it is |"
    yield "|---|---|---|"
    for name, option in options.items():
        yield "| `%s` | %s | %s |" % (name, _default(option), _text(option))


def _default(option: Dict[str, Any]) -> str:
    if option.get("default_is"):
        return str(option["default_is"])
    if option.get("required"):
        return "required"
    value = option.get("default")
    if value in (None, "", [], {}):
        return "none"
    shown = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return "`%s`" % (shown.lower() if isinstance(value, bool) else shown)


def _text(option: Dict[str, Any]) -> str:
    text = option["description"]
    sentences = [text] if isinstance(text, str) else text
    words = " ".join(sentence.strip().replace("\n", " ") for sentence in sentences)
    words = MARKUP.sub(r"`\1`", words).rstrip(".")
    choices = option.get("choices")
    return words + (". One of: %s" % ", ".join("`%s`" % choice for choice in choices) if choices else "")


def _part(options: Dict[str, Dict[str, Any]], first: str, last: str) -> Dict[str, Dict[str, Any]]:
    names = list(options)
    return {name: options[name] for name in names[names.index(first) : names.index(last) + 1]} if first else options


def filled(text: str) -> str:
    """A guide with its tables."""

    def table(match: re.Match[str]) -> str:
        start, name, first, last, _old, end = match.groups()
        lines: List[str] = list(rows(_part(options_of(name), first, last)))
        return start + "\n".join(lines) + "\n" + end

    return TABLE.sub(table, text)


def main() -> int:
    """Write all guides; the number of those that changed."""
    for path in sorted([*ROOT.glob("docs/*.md"), *ROOT.glob("roles/*/README.md")]):
        old = path.read_text(encoding="utf-8")
        if filled(old) != old:
            path.write_text(filled(old), encoding="utf-8")
            print(path.relative_to(ROOT))
    return 0


if __name__ == "__main__":
    sys.exit(main())
