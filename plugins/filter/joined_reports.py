# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: joined_reports
short_description: Several results of cert_inspect as one
version_added: 0.5.0
author: certmend.tls contributors (@certmend)
description:
  - Joins the C(results) of several tasks with M(certmend.tls.cert_inspect), or of one task with a loop, and sums up again.
  - What could not be inspected at all becomes a result too, with the finding C(AUDIT-FAILED).
requirements:
  - cryptography >= 3.4.8
options:
  _input:
    description: The results of the tasks.
    type: list
    elements: dict
    required: true
  failures:
    description: What could not be inspected, each with C(source) and C(message).
    type: list
    elements: dict
    default: []
  hosts:
    description: For each host of the inventory its endpoints, in the forms of the option O(certmend.tls.cert_inspect#module:endpoints).
    type: dict
    default: {}
"""

EXAMPLES = r"""
- name: Inspect the servers of two networks, each with its own roots
  certmend.tls.cert_inspect:
    endpoints: "{{ item.endpoints }}"
    trusted_content: "{{ lookup('certmend.tls.certificates', item.roots) }}"
  loop: "{{ networks }}"
  register: inspected

- name: Show the verdict over both
  ansible.builtin.debug:
    msg: "{{ (inspected.results | certmend.tls.joined_reports).verdict }}"
"""

RETURN = r"""
_value:
  description: RV(certmend.tls.cert_inspect#module:results), RV(certmend.tls.cert_inspect#module:findings),
    RV(certmend.tls.cert_inspect#module:verdict) and RV(certmend.tls.cert_inspect#module:summary), as of one task.
    C(hosts) has, for each host, the C(source) of its results.
  type: dict
"""

from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.endpoints import parse_endpoints
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_inspect.judge import not_inspected, overall


def joined_reports(reports, failures=(), hosts=None):
    """One report: the results in the order of the reports, then the failures; and whose they are."""
    results = [result for report in reports for result in report.get("results") or []]
    results += [not_inspected(failure["source"], str(failure["message"])) for failure in failures]
    sources = {host: [str(endpoint) for endpoint in parse_endpoints(list(endpoints))] for host, endpoints in (hosts or {}).items()}
    return dict({"results": results, "hosts": sources}, **overall(results))


class FilterModule:
    """The filter."""

    def filters(self):
        """It has the name of its file."""
        return {"joined_reports": joined_reports}
