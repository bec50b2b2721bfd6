#!/usr/bin/python
# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: cert_pin
short_description: Pin the public keys of TLS servers, and fail where one changes unannounced
version_added: 0.4.0
author: certmend.tls contributors (@certmend)
description:
  - Backup agents and other clients pin a server's public key when they first meet it, and stop when it changes. This module keeps the same pins
    in a store of its own, so that a change is known beforehand, or noticed before the agents notice it.
  - A pin is the SHA-256 of the key, not of the certificate (RFC 7469), so renewing a certificate with the same key changes nothing.
  - A key that is neither pinned nor announced fails the task with the evidence, in RV(failures) and RV(results). It is accepted with O(state=repinned) and an
    approval that names host, port, old pin, new pin, ticket and end. An approval works once, and never for a certificate that is outside its validity or
    lacks the name.
  - All or nothing. Where one endpoint fails, nothing is stored of the others either.
  - The store is text, one JSON object a line, of which the first counts the others. One that is damaged is an error that names the line, and is never
    overwritten. It is written by rename, under a lock that is not held while servers are asked.
  - This pins nothing in anybody's agent. What an agent has pinned is changed there, or where it is managed.
  - Run it on the controller (C(delegate_to=localhost)).
requirements:
  - cryptography >= 3.4.8
extends_documentation_fragment:
  - certmend.tls.attributes
  - certmend.tls.attributes.changes
options:
  pins_path:
    description: The store. It is made where there is none, but by O(state=checked), to which a store that is not there is an error. Its folder must exist.
    type: path
    required: true
  endpoints:
    description:
      - TLS servers to ask, all at the same time, written as in M(certmend.tls.cert_inspect).
      - Pins belong to a host and a port. Several endpoints with the same host and port and different C(address) are servers behind one name; each may have
        a key of its own, and all of these are pinned.
    type: list
    elements: raw
  presented:
    description:
      - A chain that M(certmend.tls.tls_handshake) saw from another host, its RV(certmend.tls.tls_handshake#module:presented), instead of
        O(endpoints). Needs O(host).
    type: list
    elements: str
  host:
    description: With O(presented), the host that presented it.
    type: str
  port:
    description: With O(presented), its port.
    type: int
    default: 443
  name:
    description: The name that a new certificate must have. The default is the endpoint's C(name), or its host.
    type: str
  state:
    description:
      - V(checked) compares, and writes nothing.
      - V(pinned) also pins what is met for the first time, stores what O(announced) has, and lets an announced pin take the place of the old one
        once it is served.
      - V(repinned) also accepts the changes that O(approval) or O(approvals) cover.
      - V(absent) forgets the endpoints, or only O(pins) of them. Nobody is asked.
      - V(restored) puts the endpoints, or everything, back as O(backup_path) has it. Nobody is asked. Used approvals stay used.
    type: str
    choices: [checked, pinned, repinned, absent, restored]
    default: checked
  first_use:
    description:
      - What to do where nothing is known of an endpoint yet.
      - V(pin) trusts it on first use, with O(state=pinned) and O(state=repinned). With V(fail) it is a failure, unless its pin was announced.
    type: str
    choices: [pin, fail]
    default: pin
  unreachable:
    description: Whether an endpoint that does not answer is a failure, or only reported. What was not seen was not checked.
    type: str
    choices: [fail, report]
    default: fail
  keep_old:
    description:
      - Keep the old pins of an endpoint besides the new one, for servers behind one name that change one after another.
      - They are kept as well where another address of the endpoint still serves them, or did not answer.
    type: bool
    default: false
  announced:
    description:
      - Pins that will be met after a rotation. Each with one of C(pin), C(path), C(content).
      - They count from the next task on; what was served before it was announced is no announced change. At an endpoint without any pin they count at once.
    type: list
    elements: dict
    suboptions:
      host:
        description: The endpoint's host. All the endpoints of the task where it is missing.
        type: str
      port:
        description: The endpoint's port.
        type: int
        default: 443
      pin:
        description: The pin as C(sha256/) and Base64 (RFC 7469), C(sha256//) and Base64 (curl), or C(sha256:) and hexadecimal digits (kubeadm).
        type: str
      path:
        description: A file with the request, the key or the certificate (the first of a chain) of the new key, PEM or DER.
        type: path
      content:
        description: The same as PEM text.
        type: str
  approval:
    description: A change that somebody approved, for O(state=repinned).
    type: dict
    suboptions: &approval
      host:
        description: The endpoint's host. It may be missing where there is one endpoint.
        type: str
      port:
        description: The endpoint's port.
        type: int
        default: 443
      ticket:
        description: Under which it was approved.
        type: str
        required: true
      old_pin:
        description: A pin that the endpoint has now.
        type: str
        required: true
      new_pin:
        description: The pin of what is served now.
        type: str
        required: true
      expires:
        description: Until when it may be used, for example V(2026-11-21T06:00:00Z).
        type: str
        required: true
  approvals:
    description: The same for several endpoints.
    type: list
    elements: dict
    suboptions: *approval
  pins:
    description: For O(state=absent), the pins that are taken out, announced ones too. All where this is not given.
    type: list
    elements: str
  backup_path:
    description: For O(state=restored), a store as it was, such as a RV(backup_files) of this module.
    type: path
  audit_log:
    description:
      - A file to which a line of JSON is added for each change of the store (C(at), C(event), C(host), C(port), C(pins), and for an approved one C(ticket)).
      - What is in it is never touched.
    type: path
  backup:
    description: Keep the old store beside the new one.
    type: bool
    default: true
  workers:
    description: How many endpoints are asked at the same time.
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
- name: Pin what two servers show, on first use
  certmend.tls.cert_pin:
    pins_path: "{{ pins_folder }}/vaults"
    audit_log: "{{ pins_folder }}/vaults.log"
    endpoints:
      - {host: depot.corp.example, address: 10.77.0.10}
      - {host: web.corp.example, address: 10.77.0.12}
    state: pinned
  delegate_to: localhost

- name: Announce the key of a request before it is used
  certmend.tls.cert_pin:
    pins_path: "{{ pins_folder }}/vaults"
    audit_log: "{{ pins_folder }}/vaults.log"
    endpoints:
      - {host: web.corp.example, address: 10.77.0.12}
    state: pinned
    announced:
      - pin: sha256//Ge4CUp9H5TRsNSDqUzX2oQsCPvBzuISl8QkQxxFE0DE=
  delegate_to: localhost

- name: Fail where one shows another key than the pinned one
  certmend.tls.cert_pin:
    pins_path: "{{ pins_folder }}/vaults"
    endpoints:
      - {host: depot.corp.example, address: 10.77.0.10}
      - {host: web.corp.example, address: 10.77.0.12}
    first_use: fail
  delegate_to: localhost
  register: pinned

- name: Accept a change that was approved, once
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

- name: Forget a server that is gone
  certmend.tls.cert_pin:
    pins_path: "{{ pins_folder }}/vaults"
    audit_log: "{{ pins_folder }}/vaults.log"
    endpoints: ["old.corp.example:8443"]
    state: absent
  delegate_to: localhost
"""

RETURN = r"""
results:
  description: One for each endpoint, in the order of the options. Empty where nobody was asked.
  returned: always
  type: list
  elements: dict
  contains:
    endpoint:
      description: Host and port.
      type: str
      sample: web.corp.example:443
    status:
      description: >-
        V(ok) shows a pinned key, V(first_use) is met for the first time, V(announced) shows an announced key, V(changed) another one,
        V(unreachable) none.
      type: str
      sample: changed
    action:
      description: What became, or would become, of the store. V(none), V(pinned), V(rotated) (to an announced key) or V(repinned) (to an approved one).
      type: str
      sample: none
    old_pin:
      description: The pin that was accepted last, before this task; C(old_pins) has all of them, C(announced_pins) those that were announced.
      type: str
      sample: sha256/Ge4CUp9H5TRsNSDqUzX2oQsCPvBzuISl8QkQxxFE0DE=
    new_pin:
      description: The pin of what is served now.
      type: str
    since:
      description: When the old pin was accepted.
      type: str
      sample: "2026-11-20T12:00:00Z"
    old_certificate:
      description: What the certificate said that was served when the old pin was accepted.
      type: dict
    new_certificate:
      description: What the certificate says that is served now.
      type: dict
    ticket:
      description: Of the approval that was, or would be, used.
      type: str
    objections:
      description: Why the new certificate must not follow another one.
      type: list
      elements: str
    error:
      description: Why nothing was seen (C(code), C(message), C(advice)).
      type: dict
failures:
  description: What is wrong (C(endpoint), C(code), C(message), C(advice)).
  returned: always
  type: list
  elements: dict
  sample: [{endpoint: "web.corp.example:443", code: PIN-CHANGED}]
summary:
  description: How many endpoints have which status.
  returned: always
  type: dict
  sample: {ok: 999, first_use: 0, changed: 1, announced: 0, unreachable: 0}
backup_files:
  description: The store that was kept, by the path that it was at.
  returned: always
  type: dict
  sample: {/srv/pins/vaults: /srv/pins/vaults.20261120T120000Z.bak}
created_files:
  description: The store, where there was none before.
  returned: always
  type: list
  elements: str
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.certmend.tls.plugins.module_utils.core.legacy import converge, reporting
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.lock import locked
from ansible_collections.certmend.tls.plugins.module_utils.x509.backend import require
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_pin.run import Pinning

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
    pins_path=dict(type="path", required=True),
    endpoints=dict(type="list", elements="raw"),
    presented=dict(type="list", elements="str"),
    host=dict(type="str"),
    port=dict(type="int", default=443),
    name=dict(type="str"),
    state=dict(type="str", choices=["checked", "pinned", "repinned", "absent", "restored"], default="checked"),
    first_use=dict(type="str", choices=["pin", "fail"], default="pin"),
    unreachable=dict(type="str", choices=["fail", "report"], default="fail"),
    keep_old=dict(type="bool", default=False),
    announced=dict(type="list", elements="dict", options=ANNOUNCED),
    approval=dict(type="dict", options=APPROVAL),
    approvals=dict(type="list", elements="dict", options=APPROVAL),
    pins=dict(type="list", elements="str"),
    backup_path=dict(type="path"),
    audit_log=dict(type="path"),
    backup=dict(type="bool", default=True),
    workers=dict(type="int", default=32),
    timeout=dict(type="float", default=5),
)


def main():
    module = AnsibleModule(
        ARGUMENT_SPEC,
        mutually_exclusive=[("endpoints", "presented")],
        required_by={"presented": ["host"], "host": ["presented"]},
        required_if=[("state", state, ("endpoints", "presented"), True) for state in ("checked", "pinned", "repinned", "absent")]
        + [("state", "repinned", ("approval", "approvals"), True), ("state", "restored", ("backup_path",))],
        supports_check_mode=True,
    )
    facts, warnings = {}, []
    with reporting(module, facts, warnings):
        require()
        pinning = Pinning(module.params, facts, warnings)
        pinning.look()
        with locked(module.params["pins_path"], "pins_path"):
            facts.update(converge(module, pinning.plan(), pinning.apply))
    module.exit_json(**facts)


if __name__ == "__main__":
    main()
