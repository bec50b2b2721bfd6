# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: evidence_file
short_description: The name of a file for a host, whatever the name of the host is
version_added: 0.5.0
author: certmend.tls contributors (@certmend)
description:
  - For the role P(certmend.tls.evidence#role). A name that is fit for a file stays; of any other one the unfit characters are replaced, and a part of its
    SHA-256 fingerprint is added, so that no two hosts have the same file.
options:
  _input:
    description: The name of the host.
    type: str
    required: true
  suffix:
    description: The end of the file's name.
    type: str
    default: .json
"""

EXAMPLES = r"""
- name: Show the name of the file
  ansible.builtin.debug:
    msg: "{{ inventory_hostname | certmend.tls.evidence_file }}"
"""

RETURN = r"""
_value:
  description: The name.
  type: str
"""

from ansible_collections.certmend.tls.plugins.plugin_utils.evidence_record import file_name


class FilterModule:
    """The filter."""

    def filters(self):
        """It has the name of its file."""
        return {"evidence_file": file_name}
