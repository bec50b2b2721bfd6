# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: sentences
short_description: Texts one after the other, so that each sentence has one end
version_added: 0.5.0
author: certmend.tls contributors (@certmend)
description:
  - Joins texts as the modules of this collection join a message and its advice. A text that ends with a full stop, a question mark or an exclamation
    mark stays as it is; another one gets a full stop in place of a colon, semicolon or comma.
  - Empty texts are left out. The last text stays as it is.
options:
  _input:
    description: The texts.
    type: list
    elements: str
    required: true
"""

EXAMPLES = r"""
- name: Report what the server said
  ansible.builtin.fail:
    msg: "{{ ['The server refused the request: ' ~ answer.json.message, 'Nothing was changed.'] | certmend.tls.sentences }}"
"""

RETURN = r"""
_value:
  description: The text.
  type: str
"""

from ansible_collections.certmend.tls.plugins.module_utils.core.sentences import sentences as joined


def sentences(texts):
    """The texts, joined."""
    return joined(*map(str, texts))


class FilterModule:
    """The filter."""

    def filters(self):
        """It has the name of its file."""
        return {"sentences": sentences}
