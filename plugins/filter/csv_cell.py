# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: csv_cell
short_description: Text as a cell of CSV that no spreadsheet takes for a formula
version_added: 0.5.0
author: certmend.tls contributors (@certmend)
description:
  - Puts the text in quotes (RFC 4180), and escapes what P(certmend.tls.printable#filter) escapes.
  - An apostrophe is put before a text that begins with C(=), C(+), C(-), C(@), a tab or a line end, so that a spreadsheet shows it and does not
    compute it.
options:
  _input:
    description: The text. Another value is made a text first.
    type: raw
    required: true
"""

EXAMPLES = r"""
- name: Write a worklist
  ansible.builtin.copy:
    content: "{{ computers | map('certmend.tls.csv_cell') | join('\n') }}\n"
    dest: /tmp/computers.csv
"""

RETURN = r"""
_value:
  description: The cell, with its quotes.
  type: str
"""

from ansible_collections.certmend.tls.plugins.module_utils.core.shown_text import csv_cell as cell


def csv_cell(value):
    """A text as a cell."""
    return cell(str(value))


class FilterModule:
    """The filter."""

    def filters(self):
        """It has the name of its file."""
        return {"csv_cell": csv_cell}
