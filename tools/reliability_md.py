# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Print docs/reliability.md with its section of tests made anew from the marks of the tests; standard library only.

A test that shows what happens if something goes wrong has the mark ``reliability(case, playbooks=[...], afterwards="...")``.
"""

from __future__ import annotations

import ast
import pathlib
from dataclasses import dataclass
from typing import Any, Dict, Iterator, List, Sequence

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "reliability.md"
HEADING = "## What the tests show\n"
PLAYBOOKS = ("offline_depot", "server_chain", "pins", "ssl_trust", "ome_migration", "restore")
CASES = (
    "the plan cannot work",
    "a host that verifies cannot be reached",
    "a host is lost in the middle",
    "the last step fails",
    "the proof fails",
    "the check of the new configuration fails",
    "the module is killed",
    "the ssh connection is lost",
    "the controller is killed",
    "two runs at once",
    "the reload hangs",
    "the rollback fails too",
    "the server presents other certificates than its files have",
    "the change is not wanted any more",
    "somebody else changes the file meanwhile",
    "files are links or on another file system",
    "files are bind mounts",
    "files have ACLs",
)
_NO_SERVICE = "no service reads its files"
_ON_THE_CONTROLLER = "everything happens on the controller"
_NO_FILES = "it changes registrations of the Lookup Service, and no files of a host"
_NO_LOGIN = "the appliance has an API and no login"
_SNAPSHOT = "the way back is the snapshot of the appliance"
_FILES = ("files are links or on another file system", "files are bind mounts", "files have ACLs")
_SERVICE = ("the check of the new configuration fails", "the reload hangs", "the server presents other certificates than its files have")
#: cases that a playbook cannot meet, and why
DOES_NOT_APPLY: Dict[str, Dict[str, str]] = {
    "pins": {**dict.fromkeys(_SERVICE, _NO_SERVICE), "the ssh connection is lost": _ON_THE_CONTROLLER},
    "ssl_trust": dict.fromkeys((*_SERVICE, *_FILES), _NO_FILES),
    "ome_migration": {
        **dict.fromkeys((*_FILES, "the ssh connection is lost", _SERVICE[0], _SERVICE[2]), _NO_LOGIN),
        **dict.fromkeys(("the rollback fails too", "the change is not wanted any more"), _SNAPSHOT),
    },
}
INTRODUCTION = """
This section is generated from the marks of the tests (`make reliability`). A cell is the number of tests in the list below, "not tested", or the reason why the
case does not apply to the playbook.
"""
KILLS = """
`make kills ROLE=hosts_mapping COUNT=100 SEED=1` kills runs of a role at random moments: all processes of the run on the controller, its first process alone,
the module on the host, or the ssh connections. One more run must then finish the change or restore the files, or report what and where. Roles: %s.

`make kills MODULE=cert_issue COUNT=100 SEED=1` kills a module and the programs that it runs, and needs no lab. Each file and each registration must then
be as before or as the run wanted it; the next run must succeed and end where an undisturbed run ends, and the third must change nothing. Modules: %s.
"""


@dataclass(frozen=True)
class Evidence:
    """What a test shows.

    :param test: ``FILE::NAME``.
    """

    cases: Sequence[str]
    playbooks: Sequence[str]
    afterwards: str
    test: str

    def __post_init__(self) -> None:
        unknown = [name for name in self.cases if name not in CASES] + [name for name in self.playbooks if name not in PLAYBOOKS]
        if unknown or not self.afterwards or not self.playbooks:
            raise ValueError("%s: the mark reliability is incomplete, or has unknown cases or playbooks: %s" % (self.test, ", ".join(unknown)))


def evidence_in(path: pathlib.Path) -> Iterator[Evidence]:
    """The marks of one file of tests."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if not isinstance(node, ast.FunctionDef):
            continue
        for decorator in node.decorator_list:
            if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "pytest.mark.reliability":
                given: Dict[str, Any] = {word.arg or "": ast.literal_eval(word.value) for word in decorator.keywords}
                cases = [ast.literal_eval(argument) for argument in decorator.args]
                yield Evidence(cases, given["playbooks"], given["afterwards"], "%s::%s" % (path.relative_to(ROOT).as_posix(), node.name))


def all_evidence() -> List[Evidence]:
    """The marks of all tests."""
    return [evidence for path in sorted((ROOT / "tests").rglob("test_*.py")) for evidence in evidence_in(path)]


def cell(evidence: Sequence[Evidence], case: str, playbook: str) -> str:
    """How many tests show a case for a playbook, or why none can.

    :raises ValueError: a test shows what does not apply.
    """
    shown, reason = sum(case in each.cases and playbook in each.playbooks for each in evidence), DOES_NOT_APPLY.get(playbook, {}).get(case)
    if reason and shown:
        raise ValueError("%s of %s is declared not to apply (%s), and %d tests show it" % (case, playbook, reason, shown))
    return "does not apply: %s" % reason if reason else str(shown or "not tested")


def section(evidence: Sequence[Evidence]) -> str:
    """The section: a matrix, and a list of the tests."""
    lines = ["| what goes wrong | %s |" % " | ".join("`%s`" % playbook for playbook in PLAYBOOKS), "|---" * (len(PLAYBOOKS) + 1) + "|"]
    lines += ["| %s | %s |" % (case, " | ".join(cell(evidence, case, playbook) for playbook in PLAYBOOKS)) for case in CASES]
    lines += ["", "| what goes wrong | playbook | afterwards | test |", "|---|---|---|---|"]
    for case in CASES:
        for shown in evidence:
            if case in shown.cases:
                lines.append("| %s | %s | %s | `%s` |" % (case, ", ".join("`%s`" % name for name in shown.playbooks), shown.afterwards, shown.test))
    return INTRODUCTION + "\n" + "\n".join(lines) + "\n" + KILLS % (_named(killed_roles()), _named(killed_modules()))


def _named(names: Sequence[str]) -> str:
    """Names in a sentence."""
    return ", ".join("`%s`" % name for name in names)


def killed_roles() -> List[str]:
    """The roles whose runs ``tests/lab/kills.py`` kills."""
    return _class_values("tests/lab/kill_cases.py", "name")


def killed_modules() -> List[str]:
    """The modules that ``tests/kills`` kills."""
    found = [name for path in ("files", "issue", "servers") for name in _class_values("tests/kills/%s.py" % path, "module")]
    return sorted(set(found))


def _class_values(path: str, attribute: str) -> List[str]:
    """The values that the classes of a file give to an attribute."""
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    named = [target for node in tree.body if isinstance(node, ast.ClassDef) for target in node.body if isinstance(target, ast.Assign)]
    return [name for name in (_value_in(assignment, attribute) for assignment in named) if name]


def _value_in(assignment: ast.Assign, attribute: str) -> str:
    """The value of an attribute in an assignment of one or several class attributes; empty: it has none."""
    targets, value = assignment.targets[0], assignment.value
    names = list(targets.elts) if isinstance(targets, ast.Tuple) else [targets]
    values = list(value.elts) if isinstance(targets, ast.Tuple) and isinstance(value, ast.Tuple) else [value]
    found = [ast.literal_eval(given) for target, given in zip(names, values) if ast.unparse(target) == attribute]
    return str(found[0]) if found else ""


def page() -> str:
    """The whole page: what is written by hand, and the section."""
    by_hand, _heading, rest = PAGE.read_text(encoding="utf-8").partition(HEADING)
    _section, next_heading, after = rest.partition("\n## ")
    return by_hand + HEADING + section(all_evidence()) + next_heading + after


if __name__ == "__main__":
    print(page(), end="")
