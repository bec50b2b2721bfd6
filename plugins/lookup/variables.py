# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: variables
short_description: The variables of a playbook or role of this collection, checked and in their types
version_added: 0.5.0
author: certmend.tls contributors (@certmend)
description:
  - For the playbooks and roles of this collection. Other playbooks do not need it.
  - Reads the description of a playbook's variables, and returns the values that the operator, the inventory or a survey of AWX gave, with the defaults of
    the others. A variable that has neither is left out.
  - A text is a list if a list is wanted, its items separated by line breaks or commas, or JSON. An empty text means that nothing was given.
  - A relative path on the controller starts from the folder in which the playbook is started.
  - A wrong value is an error that names the variable and what to give instead. All errors are reported at once. Values of secrets are not shown.
options:
  _terms:
    description: The name of the playbook or role.
    type: list
    elements: str
    required: true
  problems:
    description:
      - Return a text for each variable that is wrong, instead of the values.
      - A variable that begins with the name of the playbook and does not exist is reported too, with the nearest name that does.
    type: bool
    default: false
  unknown:
    description: With O(problems), whether a variable that does not exist is a problem. A role has variables of its own with such names.
    type: bool
    default: true
  host:
    description: A host of the inventory whose variables are read. The default is the host of the task.
    type: str
  hosts:
    description: With O(problems), the hosts of the inventory whose variables are checked. A problem that not all of them have names its hosts.
    type: list
    elements: str
    default: []
"""

EXAMPLES = r"""
- name: Show the values with which the playbook audit would run
  ansible.builtin.debug:
    msg: "{{ lookup('certmend.tls.variables', 'audit') }}"

- name: Require variables without mistakes
  ansible.builtin.assert:
    that: query('certmend.tls.variables', 'audit', problems=true) | length == 0
    fail_msg: "{{ query('certmend.tls.variables', 'audit', problems=true) }}"
"""

RETURN = r"""
_raw:
  description: One dictionary with the values by the names of the variables; with O(problems) the texts, if there are any.
  type: list
  elements: raw
"""

import os

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase

from ansible_collections.certmend.tls.plugins.module_utils.core.timestamps import utc_now
from ansible_collections.certmend.tls.plugins.plugin_utils.descriptions import described
from ansible_collections.certmend.tls.plugins.plugin_utils.given_variables import GivenVariables, Kept
from ansible_collections.certmend.tls.plugins.plugin_utils.variables import by_hosts, unknown

KEPT = Kept()


class LookupModule(LookupBase):
    """The lookup; the work is done in plugin_utils."""

    def run(self, terms, variables=None, **kwargs):
        """Return the values, or the problems."""
        self.set_options(var_options=variables, direct=kwargs)
        description = described(terms[0])
        variables = variables if variables is not None else {}
        given = GivenVariables(description, variables, self._loader, self._templar)
        start, host = os.getcwd(), self.get_option("host")  # Ansible's processes stay in the folder in which it was started
        if self.get_option("problems"):
            hosts = self.get_option("hosts") or [host]
            return by_hosts({name: _problems(given, description, name, start, self.get_option("unknown")) for name in hosts})
        return [KEPT.values(variables, (terms[0], host, start), lambda: _values(given, host, start))]


def _problems(given, description, host, start, names):
    # once a play, while every task reads values: each process that does would take 50 ms to import this
    from ansible_collections.certmend.tls.plugins.plugin_utils.variable_checks import more_problems

    values, problems = given.judged(host, start)
    return problems + more_problems(values, utc_now()) + (unknown(description, given.names(host)) if names else [])


def _values(given, host, start):
    values, problems = given.judged(host, start)
    if problems:
        raise AnsibleLookupError(" ".join(problems))
    return values
