# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lookups and filters that the tasks of a run evaluate again and again, loaded in the process of ansible-playbook.

Ansible loads an action plugin in that process, and a lookup or a filter in the process of the task that evaluates it: a new one for each task on each
host, which compiles what it loads. A task inherits what is loaded before it begins. So the action plugin ``journal``, with which each change begins,
imports this. It saves a quarter of the CPU time of ``remediate`` on two hosts.
"""

from __future__ import annotations

from ansible_collections.certmend.tls.plugins.filter import (  # if an expression has one of them, Ansible loads all
    counted,
    csv_cell,
    evidence_end,
    evidence_file,
    evidence_note,
    evidence_record,
    evidence_report,
    joined_records,
    joined_reports,
    printable,
    remediation_plan,
    renamed_options,
    sentences,
    unproved,
)
from ansible_collections.certmend.tls.plugins.lookup import certificates, evidence, secrets, variables

FILTERS = (
    *(counted, csv_cell, evidence_end, evidence_file, evidence_note, evidence_record, evidence_report, joined_records, joined_reports),
    *(printable, remediation_plan, renamed_options, sentences, unproved),
)
LOOKUPS = (certificates, evidence, secrets, variables)
