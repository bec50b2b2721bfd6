# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: joined_records
short_description: The records of the slices of a job as one
version_added: 0.5.0
author: certmend.tls contributors (@certmend)
description:
  - Joins the records that the role P(certmend.tls.evidence#role) has written in several runs, such as the slices of a job of AWX, and sums up again.
  - Each run, host, planned step and endpoint is there once. If two records have the same host or endpoint, the later one counts.
options:
  _input:
    description: The records.
    type: list
    elements: dict
    required: true
"""

EXAMPLES = r"""
- name: Join two slices
  ansible.builtin.copy:
    content: "{{ [first, second] | certmend.tls.joined_records | ansible.builtin.to_nice_json }}"
    dest: record.json
    mode: "0640"
"""

RETURN = r"""
_value:
  description: The record of all of them.
  type: dict
"""

from ansible_collections.certmend.tls.plugins.plugin_utils.evidence_merge import joined


def joined_records(records):
    """One record."""
    return joined(list(records))


class FilterModule:
    """The filter."""

    def filters(self):
        """It has the name of its file."""
        return {"joined_records": joined_records}
