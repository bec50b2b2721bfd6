#!/usr/bin/python
# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ome_certificate_chain
short_description: Examine, request and upload the certificate chain of Dell OpenManage Enterprise
version_added: 0.4.0
author: certmend.tls contributors (@certmend)
description:
  - OpenManage Enterprise (OME) refuses a chain with C(CGEN1008), C(CSEC9002) or C(CGEN6002), and seldom says why. This module says it before
    anything is uploaded, by all the rules of Dell's article on the chain that a migration needs.
  - With O(state=validated), examines a file. No appliance is needed; with one, its clock and what it serves count as well.
  - With O(state=csr), has the appliance make a certificate signing request and keeps it. Each new request voids the one before, so an existing file
    that asks for the same is left alone.
  - With O(state=present), examines, compares with what the web server sends, uploads, waits until it is served, and proves it with a handshake.
    What is served already is not uploaded again.
  - An upload cannot be taken back, because the appliance gives up the former key. Take a snapshot first; the role P(certmend.tls.ome_chain#role)
    insists on one.
  - Tested against a stand-in that was written after the article; no appliance was there to compare with.
requirements:
  - cryptography >= 3.4.8
extends_documentation_fragment:
  - certmend.tls.attributes
  - certmend.tls.attributes.changes
  - certmend.tls.connection
options:
  hostname:
    description: The host name or IP address of the appliance. Required unless O(state=validated).
    type: str
  address:
    description: The IP address to connect to, instead of resolving O(hostname).
    type: str
  username:
    description: A local administrator of the appliance. Only needed if something changes.
    type: str
  state:
    description: What is to be done.
    type: str
    choices: [validated, csr, present]
    default: validated
  path:
    description: The file with the chain, or the certificate.
    type: path
  content:
    description: The same as text.
    type: str
  upload:
    description: Whether it is the chain up to the root, as a migration needs it, or a single certificate.
    type: str
    choices: [chain, single]
    default: chain
  compare:
    description:
      - What the web server must send for an upload to be in place already.
      - V(chain) is the certificate and the CA certificates below the root. V(leaf) is the certificate alone, for an appliance that sends no others.
    type: str
    choices: [chain, leaf]
    default: chain
  awaited:
    description:
      - Whether the certificate is made by another task of the same play. In check mode O(path) is not looked at then, as it is not there yet, or still the
        former one. The diff, in check mode as in the run, says no more of the certificate, so that both are the same.
    type: bool
    default: false
  name:
    description: The name by which clients connect; the certificate must have it. Names are not compared where there is none.
    type: str
  csr_path:
    description: The certificate signing request that the certificate must answer. With O(state=csr), where it is kept.
    type: path
  csr_content:
    description: The same as PEM text.
    type: str
  peer_path:
    description: The chain of the other appliance of a migration. Both must name the same CAs, and authenticate each other in a handshake.
    type: path
  peer_content:
    description: The same as PEM text.
    type: str
  distinguished_name:
    description: For O(state=csr), the FQDN of the appliance, without a wildcard.
    type: str
  department_name:
    description: For O(state=csr), the organizational unit.
    type: str
  business_name:
    description: For O(state=csr), the organization.
    type: str
  locality:
    description: For O(state=csr), the city.
    type: str
  country_state:
    description: For O(state=csr), the state or province.
    type: str
  country:
    description: For O(state=csr), two letters.
    type: str
  email:
    description: For O(state=csr), an address.
    type: str
  subject_alternative_names:
    description: For O(state=csr), host names and IP addresses, four at most.
    type: list
    elements: str
  force:
    description: Upload, or have a request made, even where nothing differs.
    type: bool
    default: false
  at:
    description: Judge as if it were this moment, for example V(2026-11-20T12:00:00Z). The default is the appliance's clock, or now.
    type: str
  timeout:
    description: Seconds for an answer of the appliance.
    type: float
    default: 30
  wait_timeout:
    description: Seconds until its web server must serve what was uploaded.
    type: float
    default: 300
seealso:
  - module: certmend.tls.cert_chain_build
  - module: certmend.tls.cert_inspect
"""

EXAMPLES = r"""
- name: Have the appliance make a request
  certmend.tls.ome_certificate_chain:
    hostname: ome-source.corp.example
    server_fingerprint: "{{ ome_fingerprint }}"
    username: admin
    password: "{{ ome_password }}"
    state: csr
    csr_path: "{{ ome_csr }}"
    distinguished_name: ome-source.corp.example
    business_name: Example Corporation
    country: DE
    subject_alternative_names: [ome-source.corp.example]

- name: Would it take this chain, and would the other appliance?
  certmend.tls.ome_certificate_chain:
    path: "{{ ome_chain }}"
    csr_path: "{{ ome_csr }}"
    peer_path: "{{ ome_peer_chain }}"

- name: Upload it, unless it is served already
  certmend.tls.ome_certificate_chain:
    hostname: ome-source.corp.example
    server_fingerprint: ["{{ ome_fingerprint }}", "{{ ome_new_fingerprint }}"]
    username: admin
    password: "{{ ome_password }}"
    state: present
    path: "{{ ome_chain }}"
    csr_path: "{{ ome_csr }}"
"""

RETURN = r"""
accepted:
  description: Whether the appliance would take the upload, or took it.
  returned: with O(state=validated) and O(state=present)
  type: bool
answer:
  description: What it would answer otherwise, word for word; empty where it would take it.
  returned: with O(state=validated) and O(state=present)
  type: str
  sample: "CGEN1008: Unable to process the request because an error occurred. (Invalid CSR key.)"
connection_answer:
  description: What a migration would be answered when it verifies the connection; empty where nothing is known against it.
  returned: with O(state=validated) and O(state=present)
  type: str
findings:
  description: Everything that stands against it, as M(certmend.tls.cert_inspect) returns it.
  returned: with O(state=validated) and O(state=present)
  type: list
  elements: dict
verdict:
  description: V(error), V(warning) or V(ok).
  returned: with O(state=validated) and O(state=present)
  type: str
certificates:
  description: The certificates of the file, as M(certmend.tls.cert_inspect) returns them.
  returned: with O(state=validated) and O(state=present)
  type: list
  elements: dict
served:
  description: The certificates that the web server sends, in the end.
  returned: where O(hostname) was given, but with O(state=csr)
  type: list
  elements: dict
differs:
  description: Whether the appliance served something else, so that an upload was, or would be, made.
  returned: with O(state=present)
  type: bool
uploaded:
  description: That an upload was made, or its answer lost; also where the task failed afterwards.
  returned: where it was
  type: bool
clock_skew:
  description: By how many seconds the appliance's clock is ahead of this machine's; null where it does not tell.
  returned: where O(hostname) was given, but with O(state=csr)
  type: int
mutual:
  description:
    - For each direction (C(here_to_peer), C(peer_to_here)), whether both sides of a mutual TLS handshake authenticated the other, and C(error).
    - The private keys never leave the appliances. The handshake is made with copies of both chains that have other keys, and everything else in common.
  returned: where the other appliance's chain was given, and both are whole
  type: dict
  sample: {here_to_peer: {verified: true, error: null}, peer_to_here: {verified: true, error: null}}
handshake:
  description: A handshake as a client that trusts the root alone, of the other chain where one was given (C(verified), C(error), C(protocol), C(trusting)).
  returned: where O(hostname) was given, but with O(state=csr)
  type: dict
refusal:
  description: What the appliance answered, as it came.
  returned: where it refused the upload
  type: raw
csr:
  description: The certificate signing request as PEM; in check mode the present one.
  returned: with O(state=csr)
  type: str
reasons:
  description: Why a request was made, or would be.
  returned: with O(state=csr)
  type: list
  elements: str
backup_files:
  description: The former request, by its path.
  returned: with O(state=csr), where one was made
  type: dict
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.connection_spec import CONNECTION_SPEC, TRUST_OPTIONS
from ansible_collections.certmend.tls.plugins.module_utils.core.legacy import converge, is_rehearsal, reporting
from ansible_collections.certmend.tls.plugins.module_utils.x509.backend import require
from ansible_collections.certmend.tls.plugins.module_utils.x509.ome_certificate_chain.run import OmeRun

ARGUMENT_SPEC = dict(
    CONNECTION_SPEC,
    address=dict(type="str"),
    state=dict(type="str", choices=["validated", "csr", "present"], default="validated"),
    path=dict(type="path"),
    content=dict(type="str"),
    upload=dict(type="str", choices=["chain", "single"], default="chain"),
    compare=dict(type="str", choices=["chain", "leaf"], default="chain"),
    awaited=dict(type="bool", default=False),
    name=dict(type="str"),
    csr_path=dict(type="path"),
    csr_content=dict(type="str"),
    peer_path=dict(type="path"),
    peer_content=dict(type="str"),
    distinguished_name=dict(type="str"),
    department_name=dict(type="str"),
    business_name=dict(type="str"),
    locality=dict(type="str"),
    country_state=dict(type="str"),
    country=dict(type="str"),
    email=dict(type="str"),
    subject_alternative_names=dict(type="list", elements="str"),
    force=dict(type="bool", default=False),
    at=dict(type="str"),
    timeout=dict(type="float", default=30),
    wait_timeout=dict(type="float", default=300),
)


def main():
    module = AnsibleModule(
        ARGUMENT_SPEC,
        mutually_exclusive=[
            ("path", "content"),
            ("csr_path", "csr_content"),
            ("peer_path", "peer_content"),
            TRUST_OPTIONS,
        ],
        required_if=[
            ("state", "validated", ("path", "content"), True),
            ("state", "present", ("path", "content"), True),
            ("state", "present", ("hostname",)),
            ("state", "csr", ("hostname", "csr_path", "distinguished_name")),
        ],
        supports_check_mode=True,
    )
    facts, warnings = {}, []
    with reporting(module, facts, warnings):
        require()
        run = OmeRun(module.params, facts, warnings, is_rehearsal(module))
        facts.update(converge(module, run.plan(), run.apply))
        run.conclude()
    module.exit_json(**facts)


if __name__ == "__main__":
    main()
