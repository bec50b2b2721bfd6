#!/usr/bin/python
# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: hosts_entry
short_description: Map host names to IP addresses in the hosts file
version_added: 0.1.0
author: certmend.tls contributors (@certmend)
description:
  - Adds entries to a hosts file or removes them, any number of them in one write.
  - Comments, blank lines, spacing, line endings and other names on a shared line stay as they are.
  - Holds a lock while it reads and writes, so that concurrent runs do not lose each other's changes.
  - Replaces the file by a rename. If the file is a mount point, as in containers and on some appliances, it is written in place.
  - Needs nothing but Python's standard library, so that it runs on appliances.
extends_documentation_fragment:
  - certmend.tls.attributes
  - certmend.tls.attributes.changes
  - certmend.tls.files.backup
options:
  address:
    description:
      - The IP address, IPv4 or IPv6.
      - With O(state=absent) it can be left out. O(names) are then removed from every address.
    type: str
  names:
    description:
      - The host names.
      - With O(state=absent) they can be left out. All the names of O(address) are then removed, except C(localhost).
    type: list
    elements: str
  comment:
    description:
      - A comment for the line that is added. An entry with a comment gets a line of its own.
      - Names that map to their address already stay on their line, whatever its comment.
    type: str
  state:
    description: V(present) maps O(names) to O(address). V(absent) removes the mapping.
    type: str
    choices: [present, absent]
    default: present
  entries:
    description: Several entries, instead of O(address), O(names) and O(comment).
    type: list
    elements: dict
    suboptions:
      address:
        description: The IP address of this entry. With O(entries[].state=absent) it can be left out, as O(address).
        type: str
      names:
        description: The host names of this entry. With O(entries[].state=absent) they can be left out, as O(names).
        type: list
        elements: str
      comment:
        description: A comment for the line that is added for this entry.
        type: str
      state:
        description: Whether this entry is added or removed. The default is the value of O(state).
        type: str
        choices: [present, absent]
  exclusive:
    description: Let each name map to its address only, and remove it from other addresses of the same family (IPv4, IPv6).
    type: bool
    default: true
  path:
    description: The path of the hosts file.
    type: path
    default: /etc/hosts
  check_resolution:
    description:
      - After the change, resolve the names with the system's resolver. If a name resolves to something else, restore the old file and fail.
      - Only if O(path) is V(/etc/hosts).
    type: bool
    default: true
"""

EXAMPLES = r"""
- name: Map the name of the offline depot, which DNS does not resolve
  certmend.tls.hosts_entry:
    address: 10.77.0.10
    names: [depot.corp.example, depot]

- name: Change several entries in one write
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
  description: The entries that the task asked for, with addresses and names in the form in which they are compared.
  returned: always
  type: list
  elements: dict
  sample: [{address: 10.77.0.10, names: [depot.corp.example, depot], comment: "", state: present}]
moved:
  description: The names that were removed from other addresses, or would be in check mode.
  returned: always
  type: list
  elements: dict
  sample: [{name: depot.corp.example, from: [10.77.0.99]}]
write_method:
  description: How the file was written, V(rename) or V(in_place). Null if it was not written.
  returned: always
  type: str
  sample: rename
backup_files:
  description: The path of the backup, by the path of the file.
  returned: always
  type: dict
  sample: {/etc/hosts: /etc/.hosts.20261120T120000Z.bak}
created_files:
  description: The path of the file, if it did not exist before.
  returned: always
  type: list
  elements: str
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.files_spec import BACKUP_SPEC
from ansible_collections.certmend.tls.plugins.module_utils.appliance.hosts_entry.run import HostsEntryRun
from ansible_collections.certmend.tls.plugins.module_utils.core.discreet import discreet
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
    **BACKUP_SPEC,
)


def main():
    module = discreet(AnsibleModule)(
        ARGUMENT_SPEC,
        mutually_exclusive=[("entries", "address"), ("entries", "names"), ("entries", "comment")],
        required_one_of=[("entries", "address", "names")],
        supports_check_mode=True,
    )
    run_module(module, HostsEntryRun.from_params)


if __name__ == "__main__":
    main()
