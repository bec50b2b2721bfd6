# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: evidence_end
short_description: The record of a run as it ends
version_added: 0.5.0
author: certmend.tls contributors (@certmend)
description:
  - For the role P(certmend.tls.evidence#role). Adds what the audit after the run has found, compares it with what was found before, and sums up.
options:
  _input:
    description: The record, with the records of its hosts.
    type: dict
    required: true
  at:
    description: When the run ended.
    type: str
    required: true
  after:
    description: The result of the audit after the run.
    type: dict
    default: {}
  hide:
    description: Passwords and other secrets that no text may contain.
    type: list
    elements: str
    default: []
"""

EXAMPLES = r"""
- name: End a record
  ansible.builtin.set_fact:
    record: "{{ lookup('certmend.tls.evidence', folder) | certmend.tls.evidence_end(at=now(utc=true, fmt='%Y-%m-%dT%H:%M:%SZ'), after=audit_result) }}"
"""

RETURN = r"""
_value:
  description: The record.
  type: dict
"""

from ansible_collections.certmend.tls.plugins.plugin_utils.evidence_merge import ended
from ansible_collections.certmend.tls.plugins.plugin_utils.evidence_record import inspections
from ansible_collections.certmend.tls.plugins.plugin_utils.evidence_text import cleaned, secret_forms


def evidence_end(record, at, after=None, hide=()):
    """The record without secrets."""
    secrets = secret_forms(hide)
    # before they are compared, because the names of the endpoints in the record are escaped
    return cleaned(ended(record, at, cleaned(inspections(after), secrets)), secrets)


class FilterModule:
    """The filter."""

    def filters(self):
        """It has the name of its file."""
        return {"evidence_end": evidence_end}
