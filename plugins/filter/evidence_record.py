# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: evidence_record
short_description: The record of a run as it begins
version_added: 0.5.0
author: certmend.tls contributors (@certmend)
description:
  - For the role P(certmend.tls.evidence#role). Takes what is known before the first change, and returns the record in its documented form.
  - What the form does not have is left out. Private keys, accounts in addresses, the values of keys that name a secret, and O(hide) are blanked.
options:
  _input:
    description:
      - C(run), C(started), C(controller), C(job), C(title), C(ticket), C(operator), C(check_mode), C(inventory), C(window), C(versions), C(plan).
      - C(before) is the result of an audit, C(names) has the hosts of the inventory by the names that the audit connects to, and C(ansible) is the release of
        ansible-core.
      - Without C(operator), it is the user of the controller.
    type: dict
    required: true
  hide:
    description: Passwords and other secrets that no text may contain.
    type: list
    elements: str
    default: []
"""

EXAMPLES = r"""
- name: Show how a record begins
  ansible.builtin.debug:
    msg: "{{ {'run': 'admin1.1-2-3', 'started': '2026-11-20T12:00:00Z'} | certmend.tls.evidence_record }}"
"""

RETURN = r"""
_value:
  description: The record.
  type: dict
"""

from ansible_collections.certmend.tls.plugins.plugin_utils.evidence_controller import user, versions
from ansible_collections.certmend.tls.plugins.plugin_utils.evidence_record import begun
from ansible_collections.certmend.tls.plugins.plugin_utils.evidence_text import cleaned, secret_forms


def evidence_record(given, hide=()):
    """The record without secrets."""
    known = {"versions": versions(str(given.get("ansible") or "")), **given}
    return cleaned(begun(dict(known, operator=given.get("operator") or user())), secret_forms(hide))


class FilterModule:
    """The filter."""

    def filters(self):
        """It has the name of its file."""
        return {"evidence_record": evidence_record}
