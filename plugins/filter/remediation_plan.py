# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: remediation_plan
short_description: What the playbook remediate would do about the findings of an audit
version_added: 0.5.0
author: certmend.tls contributors (@certmend)
description:
  - Assigns each finding of an audit to the playbook that repairs it on that host, in the order of a run. What no playbook repairs is listed with what a
    person has to do.
  - With an approved plan, the plan is what the approved plan and the findings have in common. It is an error if a host of the approved plan presents
    another certificate or has other findings than when the plan was made.
options:
  _input:
    description: The results of an audit, as M(certmend.tls.cert_inspect) and the filter P(certmend.tls.joined_reports#filter) return them.
    type: list
    elements: dict
    required: true
  hosts:
    description: For each host of the inventory that was audited, its C(sources), such as C(www.corp.example:443), and its C(groups).
    type: dict
    required: true
  handshakes:
    description:
      - Results of M(certmend.tls.tls_handshake) on the hosts of clients, each with C(client), the host's name. What was not verified is a finding too.
      - C(server) is the name of the server in the inventory, if its playbook repairs its clients too.
    type: list
    elements: dict
    default: []
  approved:
    description: A plan that was made before and approved. Steps may have been removed from it.
    type: dict
"""

EXAMPLES = r"""
- name: Show what remediate would do
  ansible.builtin.debug:
    msg: "{{ audit_result.results | certmend.tls.remediation_plan(hosts={'www': {'sources': ['www.corp.example:443'], 'groups': ['webservers']}}) }}"
"""

RETURN = r"""
_value:
  description:
    - C(steps) has, in the order of a run, C(playbook), C(host), C(served) (the SHA-256 fingerprint of the certificate that the host presents) and
      C(findings).
    - C(left) has the findings that no playbook repairs on their host, each with C(who), what a person has to do.
    - C(format) is the version of this structure.
  type: dict
"""

from ansible_collections.certmend.tls.plugins.plugin_utils.remediation_plan import agreed, planned, repaired_at, seen_by_clients


def remediation_plan(results, hosts, handshakes=(), approved=None):
    """The plan, as a dictionary."""
    asked = {repaired_at(handshake) for handshake in handshakes}
    everybody = {host: dict(of, sources=[*of["sources"], *([host] if host in asked else [])]) for host, of in hosts.items()}
    present = planned([*results, *seen_by_clients(handshakes)], everybody)
    return present if approved is None else agreed(approved, present)


class FilterModule:
    """The filter."""

    def filters(self):
        """It has the name of its file."""
        return {"remediation_plan": remediation_plan}
