#!/usr/bin/python
# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: hosts_entry
short_description: Map host names to addresses in the hosts file
version_added: 0.1.0
author: certmend.tls contributors (@certmend)
description:
  - Puts entries into a hosts file, or takes them out, many in one write.
  - Comments, blank lines, spacing, line endings and other names on a shared line stay as they are.
  - Holds a lock while it reads and writes, so that several runs at once lose nothing.
  - Writes by rename. Where the file is a mount point, as in containers and some appliances, it writes in place, after
    a backup where O(backup) asks for one.
  - Uses nothing but Python's standard library, so that it runs on appliances.
extends_documentation_fragment:
  - certmend.tls.attributes
  - certmend.tls.attributes.changes
options:
  address:
    description: The IP address, IPv4 or IPv6. For O(state=absent) it may be left out, which takes the names from every address.
    type: str
  names:
    description: The host names. For O(state=absent) they may be left out, which takes all the names of the address but C(localhost).
    type: list
    elements: str
  comment:
    description:
      - A comment for the line that is added. An entry with a comment gets a line of its own.
      - Names that are at their address already stay on their line, whatever its comment.
    type: str
  state:
    description: Whether the names shall map to the address.
    type: str
    choices: [present, absent]
    default: present
  entries:
    description: Many entries at once, instead of O(address) and O(names).
    type: list
    elements: dict
    suboptions:
      address:
        description: As above.
        type: str
      names:
        description: As above.
        type: list
        elements: str
      comment:
        description: As above.
        type: str
      state:
        description: As above. The default is the O(state) of the task.
        type: str
        choices: [present, absent]
  exclusive:
    description: A name maps to this address only; it is taken from other addresses of the same kind (IPv4, IPv6).
    type: bool
    default: true
  path:
    description: The hosts file.
    type: path
    default: /etc/hosts
  check_resolution:
    description: Ask the system's resolver afterwards and fail, with everything put back, where it disagrees. Only for V(/etc/hosts).
    type: bool
    default: true
  backup:
    description: Keep the old file beside the new one.
    type: bool
    default: true
"""

EXAMPLES = r"""
- name: The depot has no DNS name, so the installer is told one
  certmend.tls.hosts_entry:
    address: 10.77.0.10
    names: [depot.corp.example, depot]

- name: Many in one write
  certmend.tls.hosts_entry:
    entries:
      - address: 10.77.0.12
        names: [web.corp.example]
        comment: until DNS has it
      - address: 10.77.0.13
        names: [lb.corp.example]
      - names: [old.corp.example]
        state: absent
"""

RETURN = r"""
entries:
  description: What was asked for, addresses and names in the form in which they are compared.
  returned: always
  type: list
  elements: dict
  sample: [{address: 10.77.0.10, names: [depot.corp.example, depot], comment: "", state: present}]
moved:
  description: Names that were, or would be, taken from other addresses.
  returned: always
  type: list
  elements: dict
  sample: [{name: depot.corp.example, from: [10.77.0.99]}]
write_method:
  description: V(rename), V(in_place), or null where nothing was written.
  returned: always
  type: str
  sample: rename
backup_files:
  description: The file that was kept, by the path that it was at.
  returned: always
  type: dict
  sample: {/etc/hosts: /etc/hosts.20261120T120000Z.bak}
created_files:
  description: The file, where there was none before.
  returned: always
  type: list
  elements: str
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.certmend.tls.plugins.module_utils.appliance.hosts_entry.run import HostsEntryRun
from ansible_collections.certmend.tls.plugins.module_utils.core.run import run_module

ENTRY = dict(
    address=dict(type="str"),
    names=dict(type="list", elements="str"),
    comment=dict(type="str"),
    state=dict(type="str", choices=["present", "absent"]),
)
ARGUMENT_SPEC = dict(
    ENTRY,
    state=dict(ENTRY["state"], default="present"),
    entries=dict(type="list", elements="dict", options=ENTRY),
    exclusive=dict(type="bool", default=True),
    path=dict(type="path", default="/etc/hosts"),
    check_resolution=dict(type="bool", default=True),
    backup=dict(type="bool", default=True),
)


def main():
    module = AnsibleModule(
        ARGUMENT_SPEC,
        mutually_exclusive=[("entries", "address"), ("entries", "names"), ("entries", "comment")],
        required_one_of=[("entries", "address", "names")],
        supports_check_mode=True,
    )
    run_module(module, HostsEntryRun.from_params)


if __name__ == "__main__":
    main()
