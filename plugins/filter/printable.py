# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: printable
short_description: Text of a server, a certificate or a file as a terminal shows it, without secrets
version_added: 0.5.0
author: certmend.tls contributors (@certmend)
description:
  - Escapes control characters, bidirectional controls, characters that are shown as nothing, and the separators of lines and paragraphs, as the
    modules of this collection do in their results. C(U+202E) becomes C(\\u{202E}).
  - Hides private keys that are PEM, and the secrets that are given, also if they are encoded as in JSON, XML, an address or Base64.
options:
  _input:
    description: The text. Another value is made a text first.
    type: raw
    required: true
  lines:
    description: Whether line feeds and tabs stay, for a text of several lines.
    type: bool
    default: false
  hide:
    description: Passwords and tokens that a server may have sent back. Empty ones and those that are undefined are left out with C(default('')).
    type: list
    elements: str
    default: []
"""

EXAMPLES = r"""
- name: Report what the server answered
  ansible.builtin.fail:
    msg: "The server refused the request: {{ answer.json.message | certmend.tls.printable(hide=[password]) }}"
"""

RETURN = r"""
_value:
  description: The text, escaped.
  type: str
"""

from ansible_collections.certmend.tls.plugins.module_utils.core.secrets import forms_of, without, without_keys
from ansible_collections.certmend.tls.plugins.module_utils.core.shown_text import printable as escaped


def printable(value, lines=False, hide=()):
    """A text without the secrets, escaped."""
    secrets = [form for secret in hide if secret for form in forms_of(str(secret))]
    return escaped(without_keys(without(str(value), secrets)), "\n\t" if lines else "")


class FilterModule:
    """The filter."""

    def filters(self):
        """It has the name of its file."""
        return {"printable": printable}
