#!/usr/bin/python
# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ome_certificate_chain
short_description: Validate, request and upload the certificate chain of Dell OpenManage Enterprise
version_added: 0.4.0
author: certmend.tls contributors (@certmend)
description:
  - OpenManage Enterprise (OME) refuses a certificate chain with C(CGEN1008), C(CSEC9002) or C(CGEN6002), and seldom says why. This module reports the
    reason before anything is uploaded. It applies all the rules of Dell's article on the certificate chain that a migration needs.
  - With O(state=validated), it validates a file. No appliance is needed. If O(hostname) is set, validity is judged by the appliance's clock, and the served
    chain is reported too.
  - With O(state=csr), it has the appliance create a certificate signing request and keeps the request in a file. Each new request invalidates the one
    before, so a request in the file that asks for the same is kept.
  - With O(state=present), it validates the chain, compares it with the chain that the web server sends, uploads it, waits until the web server serves it, and
    proves that with a TLS handshake. A chain that is served already is not uploaded again.
  - An upload cannot be rolled back, because the appliance deletes the key of its former certificate. Take a snapshot first; the role
    P(certmend.tls.ome_chain#role) requires one.
  - Tested with a simulated appliance that was written from the article. It was not tested with a real appliance.
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
    description:
      - V(validated) validates a certificate file and changes nothing.
      - V(csr) has the appliance create a certificate signing request, and keeps it in O(csr_path).
      - V(present) uploads the certificate file, if the appliance does not serve it already.
    type: str
    choices: [validated, csr, present]
    default: validated
  path:
    description: The file with the certificate chain or the certificate to validate or upload. PEM, DER, PKCS#7 and PKCS#12 can be read; OME accepts PEM only.
    type: path
  content:
    description: The certificate chain or the certificate to validate or upload, as text, instead of O(path).
    type: str
  upload:
    description:
      - V(chain) uploads the certificate with its CA certificates up to the root, as a migration needs it.
      - V(single) uploads only the certificate of the appliance.
    type: str
    choices: [chain, single]
    default: chain
  compare:
    description:
      - Which certificates the web server must send, so that nothing has to be uploaded.
      - V(chain) compares the certificate and the CA certificates below the root.
      - V(leaf) compares only the certificate, for an appliance that sends no CA certificates. The handshake that verifies it then has the intermediate
        certificates of the chain; a client that has only the root refuses such an appliance.
    type: str
    choices: [chain, leaf]
    default: chain
  pending:
    description:
      - Whether another task of the same play issues the certificate in O(path).
      - If it is true, check mode does not read O(path), because the file does not exist yet or is the former one. The diff then does not describe the
        certificate, in check mode and in the run, so that both show the same text.
    type: bool
    default: false
    aliases: [awaited]
  name:
    description: The host name by which clients connect. The certificate must be valid for it. If it is not set, names are not compared.
    type: str
  csr_path:
    description:
      - The file with the certificate signing request that the certificate must answer.
      - With O(state=csr), the file that the request is written to.
    type: path
  csr_content:
    description: The certificate signing request that the certificate must answer, as PEM text, instead of O(csr_path).
    type: str
  peer_path:
    description:
      - The file with the certificate chain of the other appliance of a migration.
      - Both chains must have CAs of the same names, and both sides must authenticate each other in a handshake of mutual TLS.
    type: path
  peer_content:
    description: The certificate chain of the other appliance of a migration as PEM text, instead of O(peer_path).
    type: str
  signing_ca_content:
    description:
      - The certificate of the CA that will issue the certificate, followed by those of its issuers up to the root, as PEM text.
      - While the certificate itself is not there (neither O(path) nor O(content) is set, or it is O(pending) in check mode), a stand-in is judged in its place.
        The stand-in has the names of O(distinguished_name) and O(subject_alternative_names), server and client authentication, and key encipherment, and is
        signed by a copy of the CA. So all the rules and the handshake of mutual TLS can judge the chain before the request is created.
    type: str
    version_added: 0.5.0
  peer_signing_ca_content:
    description:
      - The certificate of the CA that will issue the certificate of the other appliance, followed by those of its issuers up to the root, as PEM text, if the
        other appliance's certificate is not there yet.
    type: str
    version_added: 0.5.0
  check_account:
    description:
      - Whether to sign in to the appliance and out again even if nothing has to be changed.
      - With O(state=csr) or O(state=present) in check mode, this examines address, trust and account before a run.
    type: bool
    default: false
    version_added: 0.5.0
  language:
    description:
      - The language of the findings (C(message), C(advice)) and of the messages made of them.
      - The codes, and the appliance's own messages, are the same in every language.
    type: str
    choices: [en, fr]
    default: en
    version_added: 0.5.0
  distinguished_name:
    description: For O(state=csr), the common name of the request. It is the FQDN of the appliance, without a wildcard.
    type: str
  department_name:
    description: For O(state=csr), the organizational unit (OU) in the subject of the request.
    type: str
  business_name:
    description: For O(state=csr), the organization (O) in the subject of the request.
    type: str
  locality:
    description: For O(state=csr), the city (L) in the subject of the request.
    type: str
  country_state:
    description: For O(state=csr), the state or province (ST) in the subject of the request.
    type: str
  country:
    description: For O(state=csr), the country (C) in the subject of the request, as two letters.
    type: str
  email:
    description: For O(state=csr), the e-mail address in the subject of the request.
    type: str
  subject_alternative_names:
    description: For O(state=csr), up to four host names and IP addresses for the subject alternative name of the request.
    type: list
    elements: str
  force:
    description: Whether to upload the file, or to have a new request created, even if nothing differs.
    type: bool
    default: false
  at:
    description:
      - Judge validity at this time, for example V(2026-11-20T12:00:00Z).
      - The default is the appliance's clock, or the current time if there is no appliance.
    type: str
  timeout:
    description: Seconds for one request to the appliance, from resolving the name to the last byte of the answer.
    type: float
    default: 30
  wait_timeout:
    description: Seconds to wait, after an upload, until the web server serves the new certificate.
    type: float
    default: 300
seealso:
  - module: certmend.tls.cert_chain_build
  - module: certmend.tls.cert_inspect
"""

EXAMPLES = r"""
- name: Have the appliance create a certificate signing request
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

- name: Validate the chain, and whether both appliances of a migration would authenticate each other
  certmend.tls.ome_certificate_chain:
    path: "{{ ome_chain }}"
    csr_path: "{{ ome_csr }}"
    peer_path: "{{ ome_peer_chain }}"

- name: Judge, before any request is created, whether the chains of two CAs would let both appliances authenticate each other
  certmend.tls.ome_certificate_chain:
    signing_ca_content: "{{ ome_source_ca_chain }}"
    peer_signing_ca_content: "{{ ome_target_ca_chain }}"
    name: ome-source.corp.example

- name: Upload the chain, unless the appliance serves it already
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
  description: Whether the appliance would accept the upload, or accepted it.
  returned: if the certificate was read with O(state=validated) or O(state=present)
  type: bool
answer:
  description: The message with which the appliance would refuse the upload, or refused it, word for word. Empty if it would accept it.
  returned: if the certificate was read with O(state=validated) or O(state=present)
  type: str
  sample: "CGEN1008: Unable to process the request because an error occurred. (Invalid CSR key.)"
connection_answer:
  description: The message with which a migration would fail when it verifies the connection of its appliances. Empty if no finding speaks against it.
  returned: if the certificate was read with O(state=validated) or O(state=present)
  type: str
findings:
  description: All the problems of the certificate or its chain, in the form that M(certmend.tls.cert_inspect) returns.
  returned: if the certificate was read with O(state=validated) or O(state=present)
  type: list
  elements: dict
errors:
  description: The errors among the findings, each as one text with its code, its message and its advice.
  returned: if the certificate was judged
  type: list
  elements: str
  sample: ["USAGE-NO-CLIENT-AUTH: its extended key usage lacks clientAuth (serverAuth). Have the certificate issued again from a template with ..."]
  version_added: 0.5.0
verdict:
  description: The most serious severity among the findings, V(error), V(warning) or V(ok).
  returned: if the certificate was read with O(state=validated) or O(state=present)
  type: str
certificates:
  description: The certificates of the file, in the form that M(certmend.tls.cert_inspect) returns. Empty if only O(signing_ca_content) was judged.
  returned: if the task succeeded and the certificate was judged
  type: list
  elements: dict
served:
  description: The certificates that the web server sends at the end of the task.
  returned: if the task succeeded and O(hostname) is set, except with O(state=csr)
  type: list
  elements: dict
differs:
  description: Whether the appliance served another chain, so that an upload was made or, in check mode, would be made.
  returned: with O(state=present)
  type: bool
uploaded:
  description: V(true) if the certificate was uploaded, or the answer to the upload was lost. It is returned even if the task failed afterwards.
  returned: if an upload was made
  type: bool
clock_skew:
  description: The number of seconds by which the appliance's clock is ahead of this machine's clock. Null if the appliance does not send its time.
  returned: if O(hostname) is set, except with O(state=csr)
  type: int
mutual:
  description:
    - For each direction (C(here_to_peer), C(peer_to_here)), whether both sides of a handshake of mutual TLS authenticated each other (C(verified)), and
      the reason if they did not (C(error)).
    - The private keys never leave the appliances. The handshake is made with copies of both chains, which have new keys and are otherwise the same.
  returned: if the chain of the other appliance was given, and the uploaded chain includes its root
  type: dict
  sample: {here_to_peer: {verified: true, error: null}, peer_to_here: {verified: true, error: null}}
handshake:
  description:
    - The result of a TLS handshake with the appliance as a client that trusts a single root (C(verified), C(error), C(protocol), C(trusting)).
    - The root is that of the chain or, with O(state=validated), that of the other appliance's chain if it was given.
    - Null if there is no root, or if O(hostname) is not set.
  returned: with O(state=validated), and with O(state=present) if the chain is served
  type: dict
refusal:
  description: The appliance's answer to the upload, unchanged.
  returned: if the appliance refused the upload
  type: raw
csr:
  description: The certificate signing request as PEM. In check mode it is the present request.
  returned: with O(state=csr)
  type: str
reasons:
  description: Why a new request was created or, in check mode, would be created.
  returned: with O(state=csr)
  type: list
  elements: str
backup_files:
  description: The backup of the former request, by the path of the request.
  returned: with O(state=csr), if a request was created
  type: dict
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.connection_spec import CONNECTION_SPEC, TRUST_OPTIONS
from ansible_collections.certmend.tls.plugins.module_utils.core.discreet import discreet
from ansible_collections.certmend.tls.plugins.module_utils.core.run import run_module
from ansible_collections.certmend.tls.plugins.module_utils.x509.ome_certificate_chain.run import OmeCertificateChainRun

ARGUMENT_SPEC = dict(
    CONNECTION_SPEC,
    address=dict(type="str"),
    state=dict(type="str", choices=["validated", "csr", "present"], default="validated"),
    path=dict(type="path"),
    content=dict(type="str"),
    upload=dict(type="str", choices=["chain", "single"], default="chain"),
    compare=dict(type="str", choices=["chain", "leaf"], default="chain"),
    pending=dict(type="bool", default=False, aliases=["awaited"]),
    name=dict(type="str"),
    csr_path=dict(type="path"),
    csr_content=dict(type="str"),
    peer_path=dict(type="path"),
    peer_content=dict(type="str"),
    signing_ca_content=dict(type="str"),
    peer_signing_ca_content=dict(type="str"),
    check_account=dict(type="bool", default=False),
    language=dict(type="str", choices=["en", "fr"], default="en"),
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
    module = discreet(AnsibleModule)(
        ARGUMENT_SPEC,
        mutually_exclusive=[
            ("path", "content"),
            ("csr_path", "csr_content"),
            ("peer_path", "peer_content", "peer_signing_ca_content"),
            TRUST_OPTIONS,
        ],
        required_if=[
            ("state", "validated", ("path", "content", "signing_ca_content"), True),
            ("state", "present", ("path", "content"), True),
            ("state", "present", ("hostname",)),
            ("state", "csr", ("hostname", "csr_path", "distinguished_name")),
        ],
        supports_check_mode=True,
    )
    run_module(module, OmeCertificateChainRun.from_params)


if __name__ == "__main__":
    main()
