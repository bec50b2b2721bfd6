# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: evidence_note
short_description: The record of a host with one more note
version_added: 0.5.0
author: certmend.tls contributors (@certmend)
description:
  - For the role P(certmend.tls.evidence#role). Adds what happens to a host to the record of this host.
  - Of the results of modules only the diffs, the files and their backups are taken. Secrets are blanked as by P(certmend.tls.evidence_record#filter).
options:
  _input:
    description: The record of the host so far; empty before the first note.
    type: dict
    required: true
  note:
    description: C(host), C(names), C(run), C(at), C(phase), C(role), C(journal), C(said), C(results), C(changes), C(journals) and C(ending).
    type: dict
    required: true
  hide:
    description: Passwords and other secrets that no text may contain.
    type: list
    elements: str
    default: []
"""

EXAMPLES = r"""
- name: Show the first note of a host
  ansible.builtin.debug:
    msg: "{{ {} | certmend.tls.evidence_note({'host': 'depot', 'run': 'admin1.1-2-3', 'at': '2026-11-20T12:00:00Z', 'phase': 'changing'}) }}"
"""

RETURN = r"""
_value:
  description: The record of the host.
  type: dict
"""

from ansible_collections.certmend.tls.plugins.plugin_utils.evidence_changes import note_of
from ansible_collections.certmend.tls.plugins.plugin_utils.evidence_record import noted
from ansible_collections.certmend.tls.plugins.plugin_utils.evidence_text import cleaned, secret_forms


def evidence_note(record, note, hide=()):
    """The record without secrets."""
    return cleaned(noted(record, note_of(note)), secret_forms(hide))


class FilterModule:
    """The filter."""

    def filters(self):
        """It has the name of its file."""
        return {"evidence_note": evidence_note}
