# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The descriptions of the variables: ``playbooks/variables/NAME.yml``, and the argument specifications of the roles that it names.

Such a file has, each of them optional,

- ``options``: the variables, as in an argument specification, with ``controller: true`` for paths on the controller and ``default_is`` for the words of
  the guide about a default that is no literal, and ``none`` for a value with which a role says that there is none,
- ``includes``: other descriptions, whose variables, old names and facts count as well, and ``borrows``: some variables of other descriptions, by their
  names,
- ``roles``: roles whose variables count as well, or those of them that ``only`` lists; ``controller``: those of them that are paths on the controller, or
  have such a part (``NAME.PART``); ``endpoints``: those of them that are lists of TLS servers, as the modules take them; ``default_is``: for the guide, as
  above, by name; ``internal``: those that the guide does not name, because the playbook sets them, and ``reserved``: those of them that nobody else may
  set,
- ``omits``: variables of the roles that nobody but a role sets,
- ``renamed``: new names by old names, which still count,
- ``facts``: what the run itself sets by names that begin like its variables. If it is given, a playbook that includes the description refuses all other names
  that begin so.
"""

from __future__ import annotations

import functools
import os
from typing import Any, Dict, Mapping

import yaml

from ansible_collections.certmend.tls.plugins.plugin_utils.variables import Description, Option

COLLECTION = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@functools.lru_cache(maxsize=None)
def described(owner: str) -> Description:
    """The description of a playbook's or a role's variables. Expressions ask for it many times in a task, and the files stay."""
    file = _file(owner)
    included = [described(other) for other in file.get("includes", [])]
    options = {name: option for other in included for name, option in other.options.items()}
    for other, names in file.get("borrows", {}).items():
        options.update({name: described(other).options[name] for name in names})
    options.update(_of_roles(file))
    for name in file.get("controller", []):
        _mark(options, name, "controller")
    for name in file.get("endpoints", []):
        _mark(options, name, "endpoint")
    options.update(file.get("options", {}))
    for name in (*file.get("renamed", {}), *file.get("omits", [])):
        options.pop(name, None)
    renamed = {old: new for other in included for old, new in other.renamed.items()}
    return Description(
        owners=(owner, *(name for other in file.get("includes", []) if "facts" in _file(other) for name in described(other).owners)),
        options=options,
        known=frozenset([*_of_role(owner), *file.get("facts", [])]).union(*(other.known for other in included)),
        renamed=dict(renamed, **file.get("renamed", {})),
        reserved=frozenset(file.get("reserved", [])).union(*(other.reserved for other in included)),
    )


def _of_roles(file: Mapping[str, Any]) -> Dict[str, Option]:
    """The options of the roles that a description names, or those of them that it lists."""
    options = {name: option for role in file.get("roles", []) for name, option in _of_role(role).items()}
    return {name: options[name] for name in file.get("only", options)}


def _mark(options: Dict[str, Option], name: str, mark: str) -> None:
    """Mark a variable, or a part of one (``NAME.PART``)."""
    option, _dot, part = name.partition(".")
    parts: Dict[str, Option] = dict(options[option].get("options", {}))
    if part:
        _mark(parts, part, mark)
    options[option] = dict(options[option], options=parts) if part else dict(options[option], **{mark: True})


def _read(path: str) -> Mapping[str, Any]:
    with open(path, encoding="utf-8") as stream:
        found: Mapping[str, Any] = yaml.load(stream, Loader)  # noqa: S506  (the loader is a safe one, in C where it can be)
    return found


def _file(owner: str) -> Mapping[str, Any]:
    return _read(os.path.join(COLLECTION, "playbooks", "variables", owner + ".yml"))


def _of_role(role: str) -> Dict[str, Option]:
    """The options of a role, of all its entry points; none if there is no such role."""
    path = os.path.join(COLLECTION, "roles", role, "meta", "argument_specs.yml")
    if not os.path.exists(path):
        return {}
    found: Dict[str, Option] = {}
    for entry in _read(path)["argument_specs"].values():
        found.update(entry.get("options", {}))
    return found
