# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: evidence_report
short_description: The record of a run as a page of HTML, or as JUnit XML
version_added: 0.5.0
author: certmend.tls contributors (@certmend)
description:
  - Renders a record of the role P(certmend.tls.evidence#role). The page is one file that fetches nothing and has no script.
options:
  _input:
    description: The record.
    type: dict
    required: true
  form:
    description: V(html), or V(junit) for pipelines.
    type: str
    choices: [html, junit]
    default: html
"""

EXAMPLES = r"""
- name: Render the record of two slices again
  ansible.builtin.copy:
    content: "{{ lookup('certmend.tls.evidence', 'slice1', 'slice2') | certmend.tls.evidence_report }}"
    dest: report.html
    mode: "0640"
"""

RETURN = r"""
_value:
  description: The text of the file.
  type: str
"""

from ansible_collections.certmend.tls.plugins.plugin_utils.evidence_junit import junit
from ansible_collections.certmend.tls.plugins.plugin_utils.evidence_report import report

FORMS = {"html": report, "junit": junit}


def evidence_report(record, form="html"):
    """The text."""
    if form not in FORMS:
        raise ValueError("evidence_report: form %s is not one of %s" % (form, ", ".join(sorted(FORMS))))
    return str(FORMS[form](record))


class FilterModule:
    """The filter."""

    def filters(self):
        """It has the name of its file."""
        return {"evidence_report": evidence_report}
