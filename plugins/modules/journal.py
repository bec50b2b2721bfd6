#!/usr/bin/python
# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: journal
short_description: Record on a host what a run changes, so that it can be finished or restored
version_added: 0.5.0
author: certmend.tls contributors (@certmend)
description:
  - Keeps a journal on the host. Modules with the option C(journal) record every file in it before they change the file.
  - If a run is killed, or its host or its controller is lost, the journal remains. The next run finds it and verifies or restores the changes.
  - An open journal is also a lock. A second run waits for it, and then fails with the name of the run that holds it.
  - The roles of this collection use it. Used by a person, it restores what a run changed, and lists the journals of a host.
  - A journal is a folder that only its owner can enter. It contains C(journal.json), which a person can read, and the old contents of the changed files.
  - Needs nothing but Python's standard library, so that it runs on appliances.
extends_documentation_fragment:
  - certmend.tls.attributes
  - certmend.tls.attributes.changes
attributes:
  action:
    description: Runs on the controller first, which knows which run this is and whether another run has ended.
    support: full
options:
  name:
    description:
      - The name of the journal, one for each role and server. Required unless O(state=listed).
    type: str
  state:
    description:
      - V(opened) creates the journal, or takes over one whose run ended without closing it (see RV(unfinished)).
      - V(written) notes the recorded files as they are now. Use it after a task whose tool may have changed a recorded file once more.
      - V(proved) notes that the changes were verified. The journal is kept, so that they can be restored later; a journal without changes is removed.
      - V(restored) restores all files as they were before the run, the newest change first, with owner, group, mode, ACL and extended attributes, and reads
        them again. A file that somebody else has changed since is left alone, and the task fails.
      - V(closed) removes a journal after V(restored), as soon as the services use the restored files. A journal with changes that were not restored stays.
      - A journal that another run has open is neither restored nor closed before that run has ended; nor is a former journal of that name.
      - V(listed) returns all the journals of the host.
    type: str
    choices: [opened, written, proved, restored, closed, listed]
    default: opened
  folder:
    description:
      - The folder of the journals.
      - The default is C(/var/lib/certmend/journal) for root, and C(~/.local/state/certmend/journal) for other users.
    type: path
  notes:
    description: What a later run must know if it finds the journal. Returned as RV(notes).
    type: dict
  only_run:
    description:
      - The C(id) of a run (see RV(run)). With O(state=restored) and O(state=closed), use the journal of this run, also if it is a former one that was kept, and
        do nothing if there is none. With O(state=proved), fail if the journal is no longer that of this run.
    type: str
  wait:
    description: Seconds to wait for a journal that another run holds. A run in check mode does not wait.
    type: int
    default: 120
  lease_minutes:
    description:
      - A run on another controller cannot be seen from here. It counts as ended if it has not written its journal for so many minutes.
      - A run on this controller counts as ended as soon as its process has ended.
    type: int
    default: 30
  keep:
    description: How many proved journals of this name to keep. They contain the old files, private keys among them.
    type: int
    default: 5
  lost_run:
    description: The C(id) of a run that is known to have ended. Its journal can be taken over at once.
    type: str
  certificates_of:
    description: With O(state=restored), the paths of PEM files whose certificates are returned (RV(certificates)), so that a handshake can look for them.
    type: list
    elements: str
  run:
    description: Which run this is. Set by the controller.
    type: dict
"""

EXAMPLES = r"""
- name: Open a journal
  certmend.tls.journal:
    name: hosts
  register: journal

- name: Map a name, recorded in the journal
  certmend.tls.hosts_entry:
    address: 10.77.0.10
    names: [depot.corp.example]
    journal: "{{ journal.path }}"
    backup: false

- name: Restore the hosts file as it was
  certmend.tls.journal:
    name: hosts
    state: restored

- name: Remove the journal
  certmend.tls.journal:
    name: hosts
    state: closed

- name: List the journals of this host
  certmend.tls.journal:
    state: listed
"""

RETURN = r"""
path:
  description: The folder of the journal, for the option C(journal) of other modules.
  returned: always
  type: str
  sample: /var/lib/certmend/journal/hosts
journal_state:
  description: V(open), V(restored) or V(proved); null if there is no journal.
  returned: always
  type: str
  sample: open
unfinished:
  description:
    - Whether the journal was left by a run that ended after it began to change files, and before it verified the result.
    - The service may then use other files than those on the disk, so it must be reloaded even if this run changes nothing.
  returned: always
  type: bool
  sample: false
run:
  description: The run that holds the journal. C(opened) is when it opened the journal, by the clock of the controller.
  returned: always
  type: dict
  sample:
    id: admin1.4026531836-4711-80231
    controller: admin1/5f3c2a10
    process: 4026531836-4711-80231
    opened: '2026-11-20T12:00:00.000000+00:00'
this_run:
  description: The run that this task is part of.
  returned: always
  type: dict
  sample: {id: admin1.4026531836-4711-80231, controller: admin1/5f3c2a10, process: 4026531836-4711-80231}
held_by:
  description: The other run that holds the journal, if that prevents this task; else null.
  returned: always
  type: dict
  sample: null
notes:
  description: The notes of the journal. Those of a run that did not finish are kept.
  returned: always
  type: dict
  sample: {}
changes:
  description: The recorded changes, the oldest first. C(now) is V(as_before), V(as_written) or V(changed_since).
  returned: always
  type: list
  elements: dict
  sample: [{path: /etc/hosts, existed: true, now: as_written}]
restored:
  description: The files that were restored.
  returned: always
  type: list
  elements: str
  sample: [/etc/hosts]
left:
  description: The files that were not restored, each with the reason.
  returned: always
  type: list
  elements: dict
  sample: [{path: /etc/hosts, reason: somebody else changed it after this run}]
certificates:
  description:
    - For each path of O(certificates_of), the SHA-256 fingerprints of the certificates in it, in their order. Empty if there is no such file.
    - An empty dictionary if the journal is not restored.
  returned: always
  type: dict
  sample: {/etc/nginx/tls/depot.pem: ["12:34"]}
journals:
  description: With O(state=listed), all the journals of the host.
  returned: always
  type: list
  elements: dict
  sample:
    - path: /var/lib/certmend/journal/hosts
      name: hosts
      journal_state: proved
      run: {id: admin1.4026531836-4711-80231, controller: admin1/5f3c2a10, process: 4026531836-4711-80231}
      updated: '2026-11-20T12:00:00Z'
      written_ns: 1795176000000000000
      files: [/etc/hosts]
      notes: {}
      error: null
restored_runs:
  description: With O(state=listed), the C(id) of the runs that were rolled back or restored on the host, the last one first.
  returned: always
  type: list
  elements: str
  sample: [admin1.4026531836-4711-80231]
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.certmend.tls.plugins.module_utils.appliance.journal.run import JournalRun
from ansible_collections.certmend.tls.plugins.module_utils.core.discreet import discreet
from ansible_collections.certmend.tls.plugins.module_utils.core.run import run_module

ARGUMENT_SPEC = dict(
    name=dict(type="str"),
    state=dict(type="str", choices=["opened", "written", "proved", "restored", "closed", "listed"], default="opened"),
    folder=dict(type="path"),
    notes=dict(type="dict"),
    only_run=dict(type="str"),
    wait=dict(type="int", default=120),
    lease_minutes=dict(type="int", default=30),
    keep=dict(type="int", default=5),
    lost_run=dict(type="str"),
    certificates_of=dict(type="list", elements="str"),
    run=dict(type="dict"),
)


def main():
    run_module(discreet(AnsibleModule)(ARGUMENT_SPEC, supports_check_mode=True), JournalRun.from_params)


if __name__ == "__main__":
    main()
