# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: unproved
short_description: Why handshakes of several hosts with one server are no proof, in words
version_added: 0.5.0
author: certmend.tls contributors (@certmend)
description:
  - Says what the hosts have seen that made no verified handshake, each thing once with the hosts that saw it and the address that answered, and what to do.
  - The text is empty if every handshake is as expected. It has no full stop at its end.
options:
  _input:
    description: Results of M(certmend.tls.tls_handshake), usually with O(certmend.tls.tls_handshake#module:expect=any). Skipped results count for nothing.
    type: list
    elements: dict
    required: true
  server:
    description: The server, such as C(www.corp.example:443).
    type: str
    required: true
  seen_from:
    description: The names of the hosts that made the handshakes, one for each result.
    type: list
    elements: str
    required: true
  after:
    description: When this was seen, such as C(20 s after the reload).
    type: str
    default: ""
  hints:
    description: What to do, by the code of the error, if more is known about it than the module knows.
    type: dict
    default: {}
"""

EXAMPLES = r"""
- name: Make a handshake from both clients
  certmend.tls.tls_handshake:
    host: www.corp.example
    ca_path: /etc/ssl/corp-root.pem
    expect: any
  delegate_to: "{{ item }}"
  loop: [client1, client2]
  register: shaken

- name: Require that both verify the server
  ansible.builtin.assert:
    that: refused | length == 0
    fail_msg: "{{ refused }}"
  vars:
    refused: "{{ shaken.results | certmend.tls.unproved('www.corp.example:443', ['client1', 'client2']) }}"
"""

RETURN = r"""
_value:
  description: The text. Empty if every handshake is as expected.
  type: str
"""

LOST = "%s cannot be reached, so it is unknown whether clients there accept %s"


def unproved(results, server, seen_from, after="", hints=None):
    """What was seen, as sentences."""
    if len(results) != len(seen_from):
        raise ValueError("unproved: %d results, %d names" % (len(results), len(seen_from)))
    lost = [name for name, result in zip(seen_from, results) if result.get("unreachable")]
    seen = {}
    for name, result in zip(seen_from, results):
        if result.get("error"):
            where = "%s (%s)" % (server, result["address"]) if result.get("address") else server
            seen.setdefault((where, _words(result["error"], after, hints or {})), []).append(name)
    sentences = [LOST % (", ".join(lost), server)] if lost else []
    sentences += ["%s, seen from %s: %s" % (where, ", ".join(names), words) for (where, words), names in seen.items()]
    return " ".join(sentence if sentence.endswith("?") else sentence + "." for sentence in sentences).rstrip(".")


def _words(error, after, hints):
    """One error: its code, when it was seen, what, and what to do."""
    advice = hints.get(error["code"]) or error.get("advice") or ""
    message = "%s: %s%s" % (error["code"], after + ", " if after else "", error["message"].rstrip("."))
    return "%s. %s" % (message, advice.rstrip(".")) if advice else message


class FilterModule:
    """The filter."""

    def filters(self):
        """It has the name of its file."""
        return {"unproved": unproved}
