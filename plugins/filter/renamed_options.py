# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: renamed_options
short_description: The message of a module, with the names of a role's variables in place of the module's options
version_added: 0.5.0
author: certmend.tls contributors (@certmend)
description:
  - A module names its own options in its messages. Whoever calls a role knows the variables of the role instead.
  - An option whose name has an underscore is replaced wherever it stands as a word of its own. Parts of paths and of longer names stay.
  - An option whose name has none, such as C(path), is replaced only if a message begins with it, as in C(path:) or C(username, password:), because
    elsewhere it can be an ordinary word. In a message with several problems, each of them begins anew, as in C((2) path:).
options:
  _input:
    description: The message. Another value is made a text first.
    type: raw
    required: true
  names:
    description: For each option of the module, the name of the variable.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Inspect a file that a variable names
  certmend.tls.cert_inspect:
    path: "{{ inspection_file }}"
  register: inspected
  failed_when: false

- name: Fail with the name of the variable
  ansible.builtin.fail:
    msg: "{{ inspected.msg | certmend.tls.renamed_options({'path': 'inspection_file'}) }}"
  when: inspected.msg is defined
"""

RETURN = r"""
_value:
  description: The message.
  type: str
"""

import re

#: the options that a problem is about: what stands before its first colon
HEAD = r"(?:^|\(\d+\) )[a-z_]+(?:\[\d+\])?(?:, [a-z_]+(?:\[\d+\])?)*(?=: )"


def renamed_options(text, names):
    """A message with other names, as a text."""
    anywhere = "|".join([re.escape(name) for name in names if "_" in name] or ["(?!)"])
    places = r"%s|(?<![\w./-])(?:%s)(?![\w/-]|\.\w)" % (HEAD, anywhere)
    return re.sub(places, lambda place: re.sub("[a-z_]+", lambda word: names.get(word.group(), word.group()), place.group()), str(text), flags=re.MULTILINE)


class FilterModule:
    """The filter."""

    def filters(self):
        """It has the name of its file."""
        return {"renamed_options": renamed_options}
