# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The variables that are defined for a host, as Ansible evaluates them."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Mapping, Optional, Set, Tuple

from ansible.errors import AnsibleError
from ansible.plugins.loader import lookup_loader
from ansible.utils.display import Display
from jinja2 import Undefined
from jinja2.exceptions import UndefinedError

from ansible_collections.certmend.tls.plugins.module_utils.core.shown_text import printable
from ansible_collections.certmend.tls.plugins.plugin_utils.variables import Description, is_given, judge

#: Ansible adds it to the variables of each task: the host's name, or that of the host to which the task is delegated. The inventory's is that of hostvars
OF_THE_INVENTORY = ("ansible_host",)


class Kept:
    """What one task has asked for. Each of its expressions that reads a variable is a lookup, and a task of a role has a hundred of them."""

    def __init__(self) -> None:
        self._task: Tuple[Any, Any] = (None, None)
        self._values: Dict[Any, Dict[str, Any]] = {}

    def values(self, variables: Mapping[str, Any], asked: Any, make: Callable[[], Dict[str, Any]]) -> Dict[str, Any]:
        """What was asked for, made anew for each task and for each item of its loop.

        :param variables: of the task. Ansible makes them anew for each task, and has the item of a loop in them.
        """
        item = variables.get(variables.get("ansible_loop_var", "item"))
        if self._task[0] is not variables or self._task[1] is not item:
            self._task, self._values = (variables, item), {}
        if asked not in self._values:
            self._values[asked] = make()
        return self._values[asked]


def plain(value: Any) -> Any:
    """A value with everything in it evaluated: Ansible's own lists and dictionaries evaluate an item when it is read, and break if they are copied."""
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list) else value


class GivenVariables:
    """Those of one lookup.

    :param variables: the variables of the task, with ``hostvars`` and ``inventory_hostname``.
    :param loader: Ansible's reader of files.
    :param templar: evaluates expressions.
    """

    def __init__(self, description: Description, variables: Mapping[str, Any], loader: Any, templar: Any) -> None:
        self._description = description
        self._variables = variables
        self._hosts: Dict[str, Mapping[str, Any]] = {}
        self._evaluated = lookup_loader.get("ansible.builtin.vars", loader=loader, templar=templar)

    def judged(self, host: Optional[str], start: str) -> Tuple[Dict[str, Any], List[str]]:
        """The values on a host, and a text for everything that is wrong.

        :param host: None is the host of the task.
        :param start: the folder in which the playbook was started.
        """
        given, failed = self._given(host)
        for old in (old for old in self._description.renamed if old in given):
            text = "%s is the old name of %s, and will be removed." % (old, self._description.renamed[old])
            Display().deprecated(text, version="2.0.0", collection_name="certmend.tls")
        values, problems = judge(self._description, given, start)
        return values, failed + problems

    def names(self, host: Optional[str]) -> Set[str]:
        """The names of all the variables of a host."""
        return set(self._of(host)) if host else set(self._variables)

    def _given(self, host: Optional[str]) -> Tuple[Dict[str, Any], List[str]]:
        given, failed = {}, []
        for name in self._description.names():
            try:
                value = plain(self._value(name, host))
                if isinstance(value, Undefined):
                    raise UndefinedError("it names a variable that is not defined")
                given.update({name: value} if is_given(value) else {})
            except (AnsibleError, UndefinedError) as error:
                failed.append("%s: its value cannot be evaluated: %s." % (name, printable(str(error)).partition(". ")[0].rstrip(".")))
        return given, failed

    def _value(self, name: str, host: Optional[str]) -> Any:
        if name in OF_THE_INVENTORY:
            host = host or self._variables["inventory_hostname"]
        elif self._of_play(name):
            host = None
        if host:
            return self._of(host)[name] if name in self._of(host) else None  # noqa: SIM401  (it has no get on core 2.16)
        return self._evaluated.run([name], self._variables)[0] if name in self._variables else None

    def _of_play(self, name: str) -> bool:
        """Whether it is a variable of the play, which counts for all hosts, and is none of any host. Ansible adds those of the connection to every task."""
        return name in self._variables and not name.startswith("ansible_") and name not in self._of(self._variables["inventory_hostname"])

    def _of(self, host: str) -> Mapping[str, Any]:
        """The variables of a host. Ansible gathers them anew each time that it is asked, so it is asked once."""
        if host not in self._hosts:
            self._hosts[host] = self._variables["hostvars"][host]
        return self._hosts[host]
