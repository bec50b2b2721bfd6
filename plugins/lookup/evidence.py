# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: evidence
short_description: The record of a run from its folder on the controller
version_added: 0.5.0
author: certmend.tls contributors (@certmend)
description:
  - Reads what the role P(certmend.tls.evidence#role) has written, and returns it as one record. Also that of a run that was killed.
  - Several folders are joined, such as those of the slices of a job.
options:
  _terms:
    description: Folders of runs, or their files C(record.json). A relative path starts from the folder in which the playbook is started.
    type: list
    elements: str
    required: true
  variable:
    description: The name of the variable that has the paths, for messages.
    type: str
    default: evidence
"""

EXAMPLES = r"""
- name: Show the hosts on which a run was broken off
  ansible.builtin.debug:
    msg: "{{ lookup('certmend.tls.evidence', folder).hosts | selectattr('phase', 'equalto', 'changing') | map(attribute='host') }}"
"""

RETURN = r"""
_raw:
  description: One record.
  type: list
  elements: dict
"""

import os

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase

from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.plugins.plugin_utils.evidence_files import record_of


class LookupModule(LookupBase):
    """The lookup; the work is done in plugin_utils."""

    def run(self, terms, variables=None, **kwargs):
        """Return one record in a list."""
        option = kwargs.get("variable", "evidence")
        try:
            return [record_of([os.path.join(os.getcwd(), os.path.expanduser(path)) for path in terms], option)]
        except RemediationError as error:
            raise AnsibleLookupError(str(error)) from None
        except ValueError as error:
            raise AnsibleLookupError("%s: %s" % (option, error)) from None
