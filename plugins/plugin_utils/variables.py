# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The variables of a playbook or role, as an operator, an inventory or a survey gives them, against their description.

A survey of AWX sends texts for lists and empty texts for questions that nobody answered; an inventory may have numbers in quotes. Ansible's own
validators convert them. What cannot be converted is reported by the name of the variable, everything at once.
"""

from __future__ import annotations

import copy
import difflib
import json
import os
import re
from dataclasses import dataclass, field
from typing import Any, Callable, Dict, FrozenSet, Iterable, List, Mapping, Tuple

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.common.validation import check_type_bool, check_type_dict, check_type_float, check_type_int, check_type_str

from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.operator_paths import Folders, split_paths
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.core.option_values import BOUNDS, problems_in
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_pin.targets import parse_targets

Option = Mapping[str, Any]
#: a word of a description that is marked as code, a value, an option, ...: C(/etc/hosts)
MARKUP = re.compile(r"\b(?:[BCEILMOPUV]|RV)\(([^()#]+)(?:#[a-z]+)?(?::[^()]*)?\)")
Values = Mapping[str, Any]


@dataclass(frozen=True)
class Description:
    """What a playbook or role accepts.

    :param owners: its name, with which its own variables begin, and the names of those whose variables it accepts too.
    :param options: by the variable's name, each as in an argument specification. ``controller: true`` marks paths on the controller, and
        ``endpoint: true`` TLS servers, as the modules take them.
    :param known: names that begin so and are no variables of it: those of a role of that name, and facts that a run sets.
    :param renamed: the new names of variables by their old names, which still count.
    :param reserved: variables that only a playbook of this collection sets.
    """

    owners: Tuple[str, ...]
    options: Mapping[str, Option]
    known: FrozenSet[str] = frozenset()
    renamed: Mapping[str, str] = field(default_factory=dict)
    reserved: FrozenSet[str] = frozenset()

    def names(self) -> Tuple[str, ...]:
        """The variables that count, old names included."""
        return (*self.options, *self.renamed)


def is_given(value: Any) -> bool:
    """Whether somebody gave a value: an empty text and null are what a survey sends for a question without an answer."""
    return value is not None and not (isinstance(value, str) and not value.strip())


def judge(description: Description, given: Values, start: str) -> Tuple[Dict[str, Any], List[str]]:
    """The values of the variables in their types, with their defaults, and a text for each one that is wrong.

    :param given: what is defined, by the variable's name.
    :param start: the folder in which the playbook was started; relative paths on the controller start there.
    """
    asked, problems = _renamed(description, given)
    values: Dict[str, Any] = {}
    for name, option in description.options.items():
        try:
            if is_given(asked.get(name)) and not ("none" in option and asked[name] == option["none"]):
                values[name] = _value(name, option, asked[name], start)
            elif option.get("required"):
                raise RemediationError("it is required, and not set", _sentence(option))
            elif "default" in option:
                values[name] = copy.deepcopy(option["default"])
        except RemediationError as problem:
            problems.append("%s: %s" % (name, problem))
    return values, problems


def _renamed(description: Description, given: Values) -> Tuple[Dict[str, Any], List[str]]:
    """What was given by the present names, and what is given twice."""
    asked = {name: value for name, value in given.items() if name not in description.renamed}
    problems = []
    for old, new in description.renamed.items():
        if not is_given(given.get(old)):
            continue
        if is_given(asked.get(new)) and asked[new] != given[old]:
            problems.append("%s: it is the old name of %s, and both are set. Set %s only." % (old, new, new))
        asked[new] = given[old]
    return asked, problems


def unknown(description: Description, names: Iterable[str]) -> List[str]:
    """A text for each variable with an owner's name that nobody knows, which would be ignored, or that is not the operator's to set.

    :param names: of the variables that are set before the playbook sets its own.
    """
    known = {*description.options, *description.renamed, *description.known}
    own = tuple(owner + "_" for owner in description.owners)
    found = []
    for name in sorted(name for name in names if name.startswith(own)):
        if name in description.reserved:
            found.append("%s: it is set by the playbook itself. Remove it." % name)
        elif name not in known:
            near = difflib.get_close_matches(name, sorted(set(description.options) - description.reserved), n=1)
            found.append("%s: there is no such variable. %s" % (name, "Did you mean %s?" % near[0] if near else "Remove it."))
    return found


def by_hosts(problems: Mapping[Any, List[str]]) -> List[str]:
    """The problems of hosts, each once; one that not all hosts have names those that have it."""
    hosts: Dict[str, List[str]] = {}
    for host, texts in problems.items():
        for text in texts:
            hosts.setdefault(text, []).append(host)
    return [text if len(having) == len(problems) else "%s (%s)" % (text, ", ".join(having)) for text, having in hosts.items()]


def _sentence(option: Option) -> str:
    """The first sentence of a description, as the way out, without Ansible's markup."""
    text = option.get("description", "")
    first = MARKUP.sub(r"\1", text[0] if isinstance(text, list) else text).strip().partition(". ")[0].rstrip(".")
    return "%s%s." % (first[:1].upper(), first[1:])


def _value(name: str, option: Option, value: Any, start: str) -> Any:
    """The value in its type, within its choices and bounds."""
    kind = option.get("type", "str")
    if kind == "list":
        found: Any = [_element(option, option.get("elements", "raw"), item, start) for item in _items(option, value, start)]
    else:
        found = _element(option, kind, value, start)
    _check_choices(option, found)
    if option.get("options"):
        found = _parts(name, option, found, start)
    for problem in problems_in({_bounded(name): option}, {_bounded(name): found}):
        raise RemediationError(problem.message.partition(": ")[2], problem.advice)
    return found


def _bounded(name: str) -> str:
    """The option whose bounds a variable has: ``tls_port`` those of ``port``."""
    words = name.split("_")
    ends = ("_".join(words[index:]) for index in range(len(words)))
    return next((end for end in ends if end in BOUNDS), name)


def _items(option: Option, value: Any, start: str) -> List[Any]:
    """The items of a list; of paths on the controller a comma can be part of a name."""
    if isinstance(value, str) and option.get("controller"):
        return list(split_paths(value, Folders(start)))
    return listed(value)


def listed(value: Any) -> List[Any]:
    """The items of a list, or of a text as a survey sends it: JSON, or items between line breaks or commas."""
    if not isinstance(value, str):
        return list(value) if isinstance(value, (list, tuple)) else [value]
    if value.strip()[:1] in "[{":
        try:
            read = json.loads(value)
        except ValueError as error:
            raise RemediationError("the text begins like JSON, but %s" % error, "Give a list, or one item on each line.") from None
        return read if isinstance(read, list) else [read]
    return [part.strip() for line in value.splitlines() for part in line.split(",") if part.strip()]


#: for each type its converter, what a value that it refuses is not, and what to give instead
CONVERTERS: Dict[str, Tuple[Callable[[Any], Any], str, str]] = {
    "bool": (check_type_bool, "neither true nor false", "Give true or false."),
    "dict": (check_type_dict, "not a dictionary", "Give names with values, in YAML or as JSON."),
    "float": (check_type_float, "not a number", "Give a number, such as 5 or 2.5."),
    "int": (check_type_int, "not a whole number", "Give a whole number without a unit."),
    "path": (check_type_str, "not a path", "Give one path as text."),
    "str": (check_type_str, "not a text", "Give one text."),
}
#: values that Ansible's converters accept, and that are a mistake
MISTAKEN = {"str": (dict, list, tuple), "path": (dict, list, tuple), "int": (bool,), "float": (bool,)}


def _element(option: Option, kind: str, value: Any, start: str) -> Any:
    """One value in its type."""
    if option.get("endpoint"):
        return _endpoint(value)
    if kind not in CONVERTERS:
        return value
    converter, fault, advice = CONVERTERS[kind]
    try:
        if isinstance(value, MISTAKEN.get(kind, ())):
            raise TypeError
        found = converter(value.strip() if isinstance(value, str) and kind != "str" else value)
    except (TypeError, ValueError):
        raise RemediationError("%s is %s" % (_quoted(option, value), fault), advice) from None
    return _absolute(found, start) if kind == "path" and option.get("controller") else found


def _endpoint(value: Any) -> Dict[str, Any]:
    """A TLS server, and the computers that connect to it if they are named."""
    try:
        (target,) = parse_targets([value], "").endpoints
    except RemediationError as problem:
        raise RemediationError(problem.message.partition(": ")[2], problem.advice) from None
    return dict(value) if isinstance(value, dict) else {"host": target.host, "port": target.port}


def _quoted(option: Option, value: Any) -> str:
    """A value in a message; a secret is not shown."""
    text = "the value" if option.get("no_log") else repr(value) if not isinstance(value, (dict, list)) else json.dumps(value, default=str)
    return text if len(text) <= 80 else text[:77] + "..."


def _absolute(path: str, start: str) -> str:
    """A path on the controller from the folder in which the playbook was started, not from the playbook, which lies in this collection."""
    return os.path.normpath(os.path.join(start, os.path.expandvars(os.path.expanduser(path))))


def _check_choices(option: Option, value: Any) -> None:
    choices = option.get("choices")
    for item in value if isinstance(value, list) else [value]:
        if choices and item not in choices:
            near = difflib.get_close_matches(str(item), map(str, choices), n=1)
            advice = "Did you mean %s?" % near[0] if near else "Give one of these words."
            raise RemediationError("%s is not one of %s" % (_quoted(option, item), ", ".join(map(str, choices))), advice)


def _parts(name: str, option: Option, value: Any, start: str) -> Any:
    """The parts of dictionaries that were given, by Ansible's own validator."""
    spec = {key: item for key, item in option.items() if key in ("type", "elements", "options", "choices")}
    result = ArgumentSpecValidator({name: spec}).validate({name: value})
    if result.error_messages:
        raise RemediationError("; ".join(message.rstrip(".") for message in result.error_messages), "Correct these parts.")
    found = result.validated_parameters[name]
    return [_given_parts(option, one, start) for one in found] if isinstance(found, list) else _given_parts(option, found, start)


def _given_parts(option: Option, parts: Mapping[str, Any], start: str) -> Dict[str, Any]:
    """The parts that have a value: the modules have defaults for the others."""
    given = {part: value for part, value in parts.items() if value is not None}
    on_controller = [part for part in given if option["options"].get(part, {}).get("controller")]
    return {**given, **{part: _absolute(given[part], start) for part in on_controller}}
