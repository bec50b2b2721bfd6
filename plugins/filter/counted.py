# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: counted
short_description: A number with its noun
version_added: 0.5.0
author: certmend.tls contributors (@certmend)
description:
  - The reports of this collection count with it, so that they read C(1 endpoint) and C(2 endpoints).
positional: noun
options:
  _input:
    description: The number, or a list whose items are counted.
    type: raw
    required: true
  noun:
    description: The noun in the singular. Its plural has an s.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Report how many endpoints were inspected
  ansible.builtin.debug:
    msg: "{{ inspected.results | certmend.tls.counted('endpoint') }} checked"
"""

RETURN = r"""
_value:
  description: The text.
  type: str
"""

from ansible_collections.certmend.tls.plugins.module_utils.core.sentences import counted as in_words


def counted(value, noun):
    """The text."""
    return in_words(int(value) if isinstance(value, (int, str)) else len(value), noun)


class FilterModule:
    """The filter."""

    def filters(self):
        """It has the name of its file."""
        return {"counted": counted}
