#!/usr/bin/python
# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: cert_pin
short_description: Pin the public keys of TLS servers, and fail if a key changes unannounced
version_added: 0.4.0
author: certmend.tls contributors (@certmend)
description:
  - Backup agents and other clients pin a server's public key when they first connect, and stop when the key changes. This module keeps the same pins
    in a store of its own, so that a change is announced beforehand, or detected before the agents detect it.
  - A pin is the SHA-256 of the public key, not of the certificate (RFC 7469), so a renewed certificate with the same key changes nothing.
  - A key that is neither pinned nor announced fails the task with the evidence, and with the approval that would accept it, in which only the ticket is
    missing. The new key is accepted with an approval that names host, port, old pin, new pin, ticket and expiry. An
    approval works once, and never for a certificate that is outside its validity or does not have the required name.
  - All or nothing. If one endpoint fails, nothing is stored for the other endpoints either.
  - The store is a text file with one JSON object on a line; the first line has the number of the others. A damaged store is an error that names the
    line, and is never overwritten. The store is written by rename, under a lock that is not held during the handshakes.
  - This module changes no pin of any agent. Re-pin an agent on its own computer, or where the agents are managed.
  - Run it on the controller (C(delegate_to=localhost)).
requirements:
  - cryptography >= 3.4.8
extends_documentation_fragment:
  - certmend.tls.attributes
  - certmend.tls.attributes.changes
  - certmend.tls.files.backup
options:
  pins_path:
    description:
      - The pin store. Its folder must exist.
      - With O(state=checked), a store that does not exist is an error. With O(state=pinned) and O(state=repinned) it is one unless O(create) is true.
    type: path
    required: true
  create:
    description:
      - Make a new store if O(pins_path) does not exist, for O(state=pinned) and O(state=repinned). It trusts the first key of each endpoint (O(first_use)).
      - If O(audit_log) has changes of a store that does not exist, the store was lost, and the task fails all the same. Restore the store from a backup
        (O(state=restored)).
    type: bool
    default: false
    version_added: 0.5.0
  endpoints:
    description:
      - TLS servers to connect to, all at the same time, written as in M(certmend.tls.cert_inspect).
      - Pins belong to a host and a port. Several endpoints with the same host and port and different C(address) are servers behind one name. Each may have
        a key of its own, and all of these keys are pinned.
      - Since certmend.tls 0.5.0, an endpoint that is a dictionary may have C(computers), a list of the computers that have its key pinned. They are
        returned with the results of the endpoint, and are not used for anything else.
    type: list
    elements: raw
  presented:
    description:
      - A chain that M(certmend.tls.tls_handshake) received on another host, its RV(certmend.tls.tls_handshake#module:presented), instead of
        O(endpoints). Needs O(host).
    type: list
    elements: str
  host:
    description: The host that presented the chain in O(presented).
    type: str
  port:
    description: The port of the host that presented the chain in O(presented).
    type: int
    default: 443
  name:
    description: The name that a new certificate must have. The default is the endpoint's C(name), or its host.
    type: str
  state:
    description:
      - V(checked) compares, and writes nothing.
      - V(pinned) also pins the key of an endpoint that has no pin yet, stores the pins of O(announced), and replaces an old pin by an announced pin once
        its key is served. Since certmend.tls 0.5.0, it also accepts changes that O(approval) or O(approvals) cover.
      - V(repinned) is V(pinned), and requires O(approval) or O(approvals).
      - V(absent) removes the endpoints from the store, or only the O(pins) of these endpoints. No server is connected to.
      - V(restored) restores the endpoints, or the whole store, from O(backup_path). No server is connected to. Used approvals stay used.
      - V(listed) notes that RV(unlisted) of the endpoints, or only the O(pins) of these endpoints, was written into worklists. No server is connected to. It
        needs certmend.tls 0.5.0.
    type: str
    choices: [checked, pinned, repinned, absent, restored, listed]
    default: checked
  first_use:
    description:
      - What to do with an endpoint that has no pin yet.
      - V(pin) trusts the first key, with O(state=pinned) and O(state=repinned). V(fail) fails, unless the pin of that key was announced.
    type: str
    choices: [pin, fail]
    default: pin
  unreachable:
    description: Whether an endpoint that does not answer is a failure, or is only reported. Its key was not checked.
    type: str
    choices: [fail, report]
    default: fail
  keep_old:
    description:
      - Keep the old pins of an endpoint beside the new one, for servers behind one name whose keys change one after another.
      - Old pins are also kept if another address of the endpoint still presents their keys, or did not answer.
    type: bool
    default: false
  announced:
    description:
      - Pins that endpoints will present after a key rotation, for O(state=pinned) and O(state=repinned). Give each with one of C(pin), C(path), C(content).
      - They are valid from the next task on, so a key that is served before it is announced is not an announced change. For an endpoint without any pin
        they are valid at once.
    type: list
    elements: dict
    suboptions:
      host:
        description: The endpoint's host. If it is missing, the pin is announced for all the endpoints of the task.
        type: str
      port:
        description: The endpoint's port.
        type: int
        default: 443
      pin:
        description: The pin as C(sha256/) and Base64 (RFC 7469), C(sha256//) and Base64 (curl), or C(sha256:) and hexadecimal digits (kubeadm).
        type: str
      path:
        description: A file with the certificate signing request, the key or the certificate (the first of a chain) of the new key, PEM or DER.
        type: path
      content:
        description: The certificate signing request, the key or the certificate of the new key as PEM text.
        type: str
  approval:
    description: An approved change of a pin, for O(state=pinned) and O(state=repinned).
    type: dict
    suboptions: &approval
      host:
        description: The endpoint's host. It may be left out if the task has one endpoint.
        type: str
      port:
        description: The endpoint's port.
        type: int
        default: 443
      ticket:
        description: The ticket under which the change was approved.
        type: str
        required: true
      old_pin:
        description: A pin that the store has for the endpoint.
        type: str
        required: true
      new_pin:
        description: The pin of the key that the endpoint presents now.
        type: str
        required: true
      expires:
        description: The time from which the approval is no longer valid, for example V(2026-11-21T06:00:00Z).
        type: str
        required: true
  approvals:
    description: Approved changes of pins, for O(state=pinned) and O(state=repinned), one or more for each endpoint.
    type: list
    elements: dict
    suboptions: *approval
  ignore_others:
    description:
      - Ignore what O(announced), O(approval) and O(approvals) have for servers that are not among the endpoints of this task, so that every task can be given
        those of the whole inventory. What is ignored is not validated, and its files are not read.
      - Without this option they are errors, because the host is probably misspelled.
    type: bool
    default: false
    version_added: 0.5.0
  pins:
    description:
      - The pins that O(state=absent) removes, announced pins included, or that O(state=listed) notes. The default is all the pins of the endpoints.
      - With O(state=restored), the RV(stored_pins) of the task that is undone. An endpoint that has other pins by now, or none, was changed by somebody
        else. It is left alone, the others are restored, and the task fails. Without this option, the endpoints are restored whoever changed them last.
    type: list
    elements: str
  backup_path:
    description: A former pin store for O(state=restored), such as a file in RV(backup_files).
    type: path
  audit_log:
    description:
      - A file to which a line of JSON is added for each change of the store (C(at), C(event), C(host), C(port), C(pins), and C(ticket) for an approved change).
      - Older lines are never changed.
      - Since certmend.tls 0.5.0, the line is on the disk before the store is replaced, and also has C(store) and C(record_sha256). If a run ended between the
        two, the next task warns, and adds a line with the event C(not_stored).
    type: path
  workers:
    description: The number of handshakes at the same time.
    type: int
    default: 32
  timeout:
    description: Seconds for one endpoint, from resolving its name to the end of the handshake.
    type: float
    default: 5
seealso:
  - module: certmend.tls.cert_inspect
  - module: certmend.tls.tls_handshake
"""

EXAMPLES = r"""
- name: Pin the keys of two servers on first use
  certmend.tls.cert_pin:
    pins_path: "{{ pins_folder }}/vaults"
    audit_log: "{{ pins_folder }}/vaults.log"
    endpoints:
      - {host: depot.corp.example, address: 10.77.0.10}
      - {host: web.corp.example, address: 10.77.0.12}
    state: pinned
    create: true
  delegate_to: localhost

- name: Announce a new key before a server presents it
  certmend.tls.cert_pin:
    pins_path: "{{ pins_folder }}/vaults"
    audit_log: "{{ pins_folder }}/vaults.log"
    endpoints:
      - {host: web.corp.example, address: 10.77.0.12}
    state: pinned
    announced:
      - pin: sha256//Ge4CUp9H5TRsNSDqUzX2oQsCPvBzuISl8QkQxxFE0DE=
  delegate_to: localhost

- name: Fail if a server presents a key that is not pinned
  certmend.tls.cert_pin:
    pins_path: "{{ pins_folder }}/vaults"
    endpoints:
      - {host: depot.corp.example, address: 10.77.0.10}
      - {host: web.corp.example, address: 10.77.0.12}
    first_use: fail
  delegate_to: localhost
  register: pinned

- name: Accept an approved change once
  certmend.tls.cert_pin:
    pins_path: "{{ pins_folder }}/vaults"
    audit_log: "{{ pins_folder }}/vaults.log"
    endpoints:
      - {host: depot.corp.example, address: 10.77.0.10}
    state: repinned
    approval:
      ticket: CHG-4711
      old_pin: sha256:19ee02529f47e5346c3520ea5335f6a10b023ef073b884a5f10910c71144d031
      new_pin: "{{ pinned.results[0].new_pin }}"
      expires: "2099-12-31T06:00:00Z"
  delegate_to: localhost

- name: Note that what was re-pinned is in a worklist
  certmend.tls.cert_pin:
    pins_path: "{{ pins_folder }}/vaults"
    audit_log: "{{ pins_folder }}/vaults.log"
    endpoints:
      - {host: depot.corp.example, address: 10.77.0.10}
    state: listed
  delegate_to: localhost

- name: Remove the pins of a decommissioned server
  certmend.tls.cert_pin:
    pins_path: "{{ pins_folder }}/vaults"
    audit_log: "{{ pins_folder }}/vaults.log"
    endpoints: ["old.corp.example:8443"]
    state: absent
  delegate_to: localhost
"""

RETURN = r"""
results:
  description: One for each endpoint, in the order of the options. Empty if no server was connected to.
  returned: always
  type: list
  elements: dict
  contains:
    endpoint:
      description: Host and port; also separately, in C(host) and C(port).
      type: str
      sample: web.corp.example:443
    address:
      description: The address that was connected to; empty if the host was resolved.
      type: str
      sample: 10.77.0.12
    computers:
      description: The C(computers) of all O(endpoints) with this host and port.
      type: list
      elements: str
      sample: [SRV-FILE01]
      version_added: 0.5.0
    status:
      description: >-
        V(ok) presents a pinned key, V(first_use) presents its first key, V(announced) presents an announced key, V(changed) presents another key,
        V(unreachable) presents no certificate.
      type: str
      sample: changed
    action:
      description: >-
        The change of the store that was made or, in check mode, would be. V(none), V(pinned), V(rotated) (to an announced key) or V(repinned) (to an
        approved key).
      type: str
      sample: none
    old_pin:
      description: The pin that was accepted last, before this task. C(old_pins) has all accepted pins, C(announced_pins) those that were announced.
      type: str
      sample: sha256/Ge4CUp9H5TRsNSDqUzX2oQsCPvBzuISl8QkQxxFE0DE=
    new_pin:
      description: The pin of the key that is served now.
      type: str
    since:
      description: The time at which the old pin was accepted.
      type: str
      sample: "2026-11-20T12:00:00Z"
    old_certificate:
      description: Facts of the certificate that was served when the old pin was accepted.
      type: dict
    new_certificate:
      description: Facts of the certificate that is served now.
      type: dict
    ticket:
      description: The ticket of the approval that was or, in check mode, would be used.
      type: str
    objections:
      description: Why the new certificate must not succeed the old one.
      type: list
      elements: str
    error:
      description: Why there is no certificate (C(code), C(message), C(advice)).
      type: dict
to_repin:
  description:
    - The RV(results) whose C(action) is V(rotated) or V(repinned), and that had an old pin. Clients that have pinned the old key refuse the server until
      they are re-pinned.
    - An endpoint with several addresses is listed once for each new key. Empty if the task fails.
  returned: always
  type: list
  elements: dict
  sample: [{endpoint: "web.corp.example:443", action: repinned, computers: [SRV-FILE01]}]
  version_added: 0.5.0
failures:
  description:
    - What is wrong (C(endpoint), C(code), C(message), C(advice), and C(old_pin) and C(new_pin) if the endpoint has both).
    - A failed task returns the first five, without messages. The message of the task has these.
  returned: always
  type: list
  elements: dict
  sample: [{endpoint: "web.corp.example:443", code: PIN-CHANGED, old_pin: sha256/Ge4C, new_pin: sha256/bH0k}]
summary:
  description: The number of endpoints with each status.
  returned: always
  type: dict
  sample: {ok: 999, first_use: 0, changed: 1, announced: 0, unreachable: 0}
unlisted:
  description:
    - What clients must be re-pinned to and no worklist has yet, of this task and of tasks before it, in the form of the RV(results). C(old_pin) is the pin
      that the clients have.
    - An entry is returned by each task with O(state=pinned) or O(state=repinned), until a task with O(state=listed) notes that it is in a worklist. A run that
      ended before it wrote a worklist therefore loses nothing.
    - Empty if the task fails.
  returned: always
  type: list
  elements: dict
  sample: [{endpoint: "web.corp.example:443", action: repinned, computers: [SRV-FILE01]}]
  version_added: 0.5.0
stored_pins:
  description: All pins, announced pins included, of the endpoints whose pins were changed or, in check mode, would be. O(pins) accepts them to undo the task.
  returned: always
  type: list
  elements: str
  sample: [sha256/Ge4CUp9H5TRsNSDqUzX2oQsCPvBzuISl8QkQxxFE0DE=]
  version_added: 0.5.0
backup_files:
  description: The copy of the old store, by the path of the store.
  returned: always
  type: dict
  sample: {/srv/pins/vaults: /srv/pins/.vaults.20261120T120000Z.bak}
created_files:
  description: The path of the store, if it did not exist before.
  returned: always
  type: list
  elements: str
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.files_spec import BACKUP_SPEC
from ansible_collections.certmend.tls.plugins.module_utils.core.discreet import discreet
from ansible_collections.certmend.tls.plugins.module_utils.core.run import run_module
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_pin.run import CertPinRun

APPROVAL = dict(
    host=dict(type="str"),
    port=dict(type="int", default=443),
    ticket=dict(type="str", required=True),
    old_pin=dict(type="str", required=True),
    new_pin=dict(type="str", required=True),
    expires=dict(type="str", required=True),
)
ANNOUNCED = dict(
    host=dict(type="str"),
    port=dict(type="int", default=443),
    pin=dict(type="str"),
    path=dict(type="path"),
    content=dict(type="str", no_log=True),
)
ARGUMENT_SPEC = dict(
    **BACKUP_SPEC,
    pins_path=dict(type="path", required=True),
    create=dict(type="bool", default=False),
    endpoints=dict(type="list", elements="raw"),
    presented=dict(type="list", elements="str"),
    host=dict(type="str"),
    port=dict(type="int", default=443),
    name=dict(type="str"),
    state=dict(type="str", choices=["checked", "pinned", "repinned", "absent", "restored", "listed"], default="checked"),
    first_use=dict(type="str", choices=["pin", "fail"], default="pin"),
    unreachable=dict(type="str", choices=["fail", "report"], default="fail"),
    keep_old=dict(type="bool", default=False),
    announced=dict(type="list", elements="dict", options=ANNOUNCED),
    approval=dict(type="dict", options=APPROVAL),
    approvals=dict(type="list", elements="dict", options=APPROVAL),
    ignore_others=dict(type="bool", default=False),
    pins=dict(type="list", elements="str"),
    backup_path=dict(type="path"),
    audit_log=dict(type="path"),
    workers=dict(type="int", default=32),
    timeout=dict(type="float", default=5),
)


def main():
    module = discreet(AnsibleModule)(
        ARGUMENT_SPEC,
        mutually_exclusive=[("endpoints", "presented")],
        required_by={"presented": ["host"], "host": ["presented"]},
        required_if=[("state", state, ("endpoints", "presented"), True) for state in ("checked", "pinned", "repinned", "absent", "listed")]
        + [("state", "repinned", ("approval", "approvals"), True), ("state", "restored", ("backup_path",))],
        supports_check_mode=True,
    )
    run_module(module, CertPinRun.from_params)


if __name__ == "__main__":
    main()
