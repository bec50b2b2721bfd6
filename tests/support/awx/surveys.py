# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What AWX 24.6.1 refuses in a survey (``refused``), and what it accepts although it is wrong (``mistaken``)."""

from __future__ import annotations

import keyword
from typing import Any, Callable, Dict, Iterator, List

#: the types of questions, and the type of a default; an answer of several choices has a text with one on each line
TYPES: Dict[str, type] = {"text": str, "textarea": str, "password": str, "multiplechoice": str, "multiselect": str, "integer": int, "float": float}
CHOOSING = ("multiplechoice", "multiselect")
TEXTS = ("text", "textarea", "password")
#: what a question can have
KEYS = {"question_name", "question_description", "required", "type", "variable", "min", "max", "default", "choices"}
NEEDED = {"type": str, "question_name": str, "variable": str, "required": bool}
ENCRYPTED = "$encrypted$"
#: names that AWX and Ansible take for themselves
RESERVED = ("awx_", "ansible_", "tower_")


def refused(survey: Any) -> List[str]:
    """What AWX answers to a survey with status 400; nothing if it accepts the survey."""
    if not isinstance(survey, dict):
        return ["the survey is no object"]
    found = ["'%s' is missing from survey spec" % name for name in ("name", "description", "spec") if name not in survey]
    found += ["'%s' is no string" % name for name in ("name", "description") if not isinstance(survey.get(name, ""), str)]
    spec = survey.get("spec", [None])
    if not isinstance(spec, list):
        return [*found, "'spec' is no list"]
    if not spec:
        return [*found, "'spec' doesn't contain any items"]
    for index, question in enumerate(spec if "spec" in survey else []):
        found += ["question %d: %s" % (index, problem) for problem in _refused_question(question, spec[:index])]
    return found


def _refused_question(question: Any, before: List[Any]) -> Iterator[str]:
    if not isinstance(question, dict):
        yield "it is no object"
        return
    wrong = ["'%s' is missing, or of another type" % name for name, kind in NEEDED.items() if not isinstance(question.get(name), kind)]
    yield from wrong
    if wrong:
        return
    if any(question["variable"] == other.get("variable") for other in before):
        yield "the variable %s is there twice" % question["variable"]
    if question["type"] not in TYPES:
        yield "%s is no type" % question["type"]
        return
    yield from _refused_limits(question)
    yield from _refused_choices(question)
    yield from _refused_default(question)


def _refused_limits(question: Dict[str, Any]) -> Iterator[str]:
    for limit in ("min", "max"):
        if question.get(limit) is not None and not _is(question[limit], int):
            yield "'%s' is no integer" % limit


def _refused_choices(question: Dict[str, Any]) -> Iterator[str]:
    if question["type"] in CHOOSING and "choices" not in question:
        yield "it has no choices"


def _refused_default(question: Dict[str, Any]) -> Iterator[str]:
    default = question.get("default", "")
    if default == "":
        return
    if not _is(default, TYPES[question["type"]]):
        yield "the default is no %s" % TYPES[question["type"]].__name__
    elif isinstance(default, str) and default.startswith(ENCRYPTED):
        yield "the default is %s" % ENCRYPTED
    elif question["type"] in CHOOSING and any(part not in question.get("choices", default) for part in default.split("\n")):
        yield "the default is not among the choices"


def _is(value: Any, kind: type) -> bool:
    """Whether a value is of a type; true is no number, and a whole number is a number with a fraction."""
    return isinstance(value, (int, float) if kind is float else kind) and not (kind is not bool and isinstance(value, bool))


def mistaken(survey: Dict[str, Any]) -> List[str]:
    """What AWX accepts and what then goes wrong at launch or in the playbook. The survey is one that AWX accepts."""
    return ["%s: %s" % (question["variable"], problem) for question in survey["spec"] for rule in RULES for problem in rule(question)]


def _variable(question: Dict[str, Any]) -> Iterator[str]:
    name = question["variable"]
    if not name.isidentifier() or keyword.iskeyword(name):
        yield "it is no name of a variable"
    if name.startswith(RESERVED):
        yield "AWX and Ansible set such names"


def _keys(question: Dict[str, Any]) -> Iterator[str]:
    for name in sorted(set(question) - KEYS):
        yield "nothing reads '%s'" % name


def _several(question: Dict[str, Any]) -> Iterator[str]:
    if question["type"] == "multiselect":
        yield "AWX drops the default of such a question when a job starts; a textarea takes one item on each line"


def _limits(question: Dict[str, Any]) -> Iterator[str]:
    smallest, largest = question.get("min"), question.get("max")
    if any(limit in question and question[limit] is None for limit in ("min", "max")):
        yield "a limit is null"
    if smallest is not None and largest is not None and smallest > largest:
        yield "the smallest value is above the largest"
    if question["type"] in CHOOSING and {"min", "max"} & set(question):
        yield "choices have no limits"


def _choices(question: Dict[str, Any]) -> Iterator[str]:
    choices = question.get("choices")
    if question["type"] not in CHOOSING:
        if choices is not None:
            yield "it has choices, and is no choice"
    elif not isinstance(choices, list) or not all(isinstance(choice, str) for choice in choices):
        yield "the choices are no list of texts, and a part of one would count as a choice"
    elif not choices or not all(choices) or len(set(choices)) != len(choices):
        yield "a choice is missing, empty or there twice"


def _default(question: Dict[str, Any]) -> Iterator[str]:
    if "default" not in question:
        return
    default = question["default"]
    if default == "":
        yield "an empty default arrives as an empty text; leave it out"
    if question["type"] == "password":
        yield "a secret has no default"
    if question["type"] in CHOOSING and isinstance(question.get("choices"), list) and default not in question["choices"]:
        yield "the default is not among the choices"
    size = len(default) if question["type"] in TEXTS else default
    if isinstance(size, (int, float)) and not _within(question, size):
        yield "the default is outside the limits"


def _within(question: Dict[str, Any], size: float) -> bool:
    smallest, largest = question.get("min"), question.get("max")
    return (smallest is None or size >= smallest) and (largest is None or size <= largest)


def _answer(question: Dict[str, Any]) -> Iterator[str]:
    if question["required"] and "default" in question:
        yield "a required question must be answered in schedules and by programs even if it has a default; leave one of them out"
    if not question["question_name"].strip():
        yield "the question is empty"


RULES: List[Callable[[Dict[str, Any]], Iterator[str]]] = [_variable, _keys, _several, _limits, _choices, _default, _answer]
