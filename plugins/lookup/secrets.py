# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: secrets
short_description: The secrets among the variables of a host, to hide them in what is written
version_added: 0.5.0
author: certmend.tls contributors (@certmend)
description:
  - For the role P(certmend.tls.evidence#role), which hides them in its files. Do not show the result.
  - Returns the values of all variables whose name, or whose key in a dictionary, ends in C(password), C(pass), C(passphrase), C(token), C(secret) or
    C(private_key). A value that cannot be evaluated is left out.
options:
  _terms:
    description: Not used.
    type: list
    elements: str
"""

EXAMPLES = r"""
- name: Report what a server answered, without any password
  ansible.builtin.debug:
    msg: "{{ answer.msg | certmend.tls.printable(hide=query('certmend.tls.secrets')) }}"
"""

RETURN = r"""
_raw:
  description: The secrets.
  type: list
  elements: str
"""

from ansible.plugins.lookup import LookupBase

from ansible_collections.certmend.tls.plugins.plugin_utils.evidence_text import secrets_among, texts_of

#: the variables of others, and those that Ansible itself adds
OTHERS = ("hostvars", "vars", "groups", "ansible_facts")


class LookupModule(LookupBase):
    """The lookup; the work is done in plugin_utils."""

    def run(self, terms, variables=None, **kwargs):
        """Return the texts."""
        own = {name: value for name, value in (variables or {}).items() if name not in OTHERS}
        return sorted({text for value in secrets_among(own) for text in self._texts(value)})

    def _texts(self, value):
        try:
            return texts_of(self._templar.template(value))
        except Exception:  # pylint: disable=broad-exception-caught  # a password that cannot be evaluated is none that was used
            return []
