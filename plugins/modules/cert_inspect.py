#!/usr/bin/python
# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: cert_inspect
short_description: Find out what is wrong with a certificate or a TLS server, and what mends it
version_added: 0.1.0
author: certmend.tls contributors (@certmend)
description:
  - Reads certificates from TLS servers, files or text, and judges them by the rules of the clients that will use them.
  - Reports everything that is wrong, not the first thing. Each finding has a code, says what was seen, cites its source
    and names the role that mends it. The codes are listed in C(docs/findings.md).
  - Never changes anything. An endpoint that cannot be reached is a result, not a failed task.
  - Run it on the controller (C(delegate_to=localhost)); appliances stay as they are.
requirements:
  - cryptography >= 3.4.8
  - jmespath (for O(query))
extends_documentation_fragment:
  - certmend.tls.attributes
  - certmend.tls.attributes.reads_only
options:
  endpoints:
    description:
      - TLS servers to ask, all at the same time.
      - Each is C(host), C(host:port), C([IPv6]:port), or a dict with C(host) and, where wanted, C(port) (443),
        C(address) (connect there instead of resolving the host), C(server_name) (sent as SNI) and C(name) (the name that
        the certificate must have; the host where it is missing).
    type: list
    elements: raw
  path:
    description:
      - A file with certificates, in whatever form people have them. PEM, with whatever stands around it, in UTF-8 or UTF-16, with
        any line ends, indented, quoted, or with escaped line ends; DER; PKCS#7, also labelled CERTIFICATE; PKCS#12 (O(password));
        and Base64 of any of these without a label.
      - It is read block by block. What cannot be read is a warning with its line and hides nothing else.
    type: path
  password:
    description: What a PKCS#12 file is encrypted with.
    type: str
  content:
    description: The same as text.
    type: str
  content_base64:
    description: A file's bytes as Base64, as M(ansible.builtin.slurp) returns them.
    type: str
  presented:
    description: A chain that M(certmend.tls.tls_handshake) saw from another host, its RV(certmend.tls.tls_handshake#module:presented).
    type: list
    elements: str
  name:
    description:
      - The name by which clients connect. Names are not compared where there is none.
      - For O(endpoints) the default is each endpoint's host.
    type: str
  profile:
    description:
      - Which clients the certificate is for. With several, all their rules apply.
      - V(generic) is a modern TLS client (RFC 9525, RFC 5280).
      - V(vcf_installer) is the VMware Cloud Foundation 9 installer that connects to an offline depot (KB 429301).
      - V(ome_single) and V(ome_migration) are Dell OpenManage Enterprise, to which a single certificate, or the chain that a migration needs, is
        uploaded. They do not look at names and trust as clients do; ask for V(generic) as well where that matters.
      - V(pinned) is a client that has pinned public keys, those in O(pins_path).
    type: list
    elements: str
    choices: [generic, vcf_installer, ome_single, ome_migration, pinned]
    default: [generic]
  trusted:
    description:
      - Files or folders with the CA certificates that the client trusts.
      - Where neither this nor O(trusted_content) nor O(trust_system) is given, nothing is said about trust.
    type: list
    elements: path
  trusted_content:
    description: CA certificates that the client trusts, as PEM text.
    type: str
  trust_system:
    description: Also trust what the machine's OpenSSL trusts.
    type: bool
    default: false
  csr_path:
    description: A certificate signing request (PEM or DER) that the certificate must answer.
    type: path
  csr_content:
    description: The same as PEM text.
    type: str
  private_key_path:
    description: A private key (PEM or DER, not encrypted) that must belong to the certificate. It is compared by its public half and never shown.
    type: path
  peer_chain_content:
    description: For the profile V(ome_migration), the chain of the other appliance as PEM text. The names of the CAs are compared level by level.
    type: str
    version_added: 0.4.0
  at:
    description: Judge as if it were this moment, for example V(2026-11-20T12:00:00Z). The default is now.
    type: str
  expires_within:
    description: How many days before its end a certificate is worth a warning.
    type: int
    default: 30
  workers:
    description: How many endpoints are asked at the same time.
    type: int
    default: 32
  timeout:
    description: Seconds for one endpoint, from resolving its name to the end of the handshake.
    type: float
    default: 5
  questions:
    description:
      - Also answer the seven questions of article 000011648 for each certificate, in RV(results[].questions).
      - This resolves its host names and reads the machine's own trust store.
    type: bool
    default: false
  ssl_trust:
    description:
      - What M(certmend.tls.lookup_ssl_trust) returned, all of it. Where its Lookup Service holds something for one of the endpoints that does not
        accept what it serves, that is the finding C(SSLTRUST-STALE).
    type: dict
    version_added: 0.3.0
  pins_path:
    description:
      - A pin store of M(certmend.tls.cert_pin), for O(profile=pinned). An endpoint that shows a key that is neither pinned nor announced there has the
        finding C(PIN-CHANGED). What was never pinned has none.
    type: path
    version_added: 0.4.0
  fail_on:
    description: Fail the task where a finding of this severity (or a worse one) was not waived.
    type: str
    choices: [never, warning, error]
    default: never
  waivers:
    description: Findings that somebody accepted. They stay visible, marked, until their date.
    type: list
    elements: dict
    suboptions:
      code:
        description: The finding's code.
        type: str
        required: true
      about:
        description: What it is about, as the finding says it; C(*) and C(?) as in file names. All where it is missing.
        type: str
      until:
        description: The last day (UTC) on which the waiver counts, as YYYY-MM-DD.
        type: str
        required: true
      reason:
        description: Why it was accepted.
        type: str
        required: true
  query:
    description: A JMESPath expression over the result; what it chooses is returned as RV(selected).
    type: str
seealso:
  - module: certmend.tls.tls_handshake
  - module: certmend.tls.cert_issue
"""

EXAMPLES = r"""
- name: What does the VCF installer dislike about the depot?
  certmend.tls.cert_inspect:
    endpoints:
      - host: depot.corp.example
        address: 10.77.0.10
    profile: [vcf_installer]
  delegate_to: localhost
  register: depot

- name: Stop the play where the installer would refuse a web server, by the CA that it trusts
  certmend.tls.cert_inspect:
    endpoints:
      - host: web.corp.example
        address: 10.77.0.12
    profile: [vcf_installer]
    trusted: ["{{ lab_ca_path }}"]
    fail_on: error
  delegate_to: localhost

- name: Would OpenManage Enterprise take such a chain for a migration, and what would it answer?
  certmend.tls.cert_inspect:
    endpoints:
      - host: web.corp.example
        address: 10.77.0.12
    profile: [ome_migration]
  delegate_to: localhost

- name: Choose the endpoints that need a new certificate
  certmend.tls.cert_inspect:
    endpoints: [10.77.0.10, "10.77.0.12:443", "10.77.0.13:443"]
    query: "results[?findings[?remedy=='fqdn_certificate']].source"
    waivers:
      - code: VALIDITY-EXPIRED
        about: "10.77.0.13:443*"
        until: "2099-12-31"
        reason: Replaced together with the machine
  delegate_to: localhost
"""

RETURN = r"""
results:
  description: One for each source, in the order of the options.
  returned: always
  type: list
  elements: dict
  contains:
    source:
      description: The endpoint as C(host:port), the path, or the option's name.
      type: str
      sample: depot.corp.example:443
    reachable:
      description: Whether the endpoint sent a certificate; null for what is no endpoint.
      type: bool
    error:
      description: Why it sent none (C(code), C(message), C(advice)); null where it did.
      type: dict
    certificates:
      description: The certificates in the order in which they were presented.
      type: list
      elements: dict
      sample:
        - subject: CN=10.77.0.10
          issuer: CN=10.77.0.10
          common_name: 10.77.0.10
          serial_number: 5B:48:DC:65
          not_before: "2026-11-20T12:00:00Z"
          not_after: "2027-11-20T12:00:00Z"
          days_left: 365
          subject_alternative_name: {dns: [], ip: [], email: [], uri: []}
          key: {type: RSA, bits: 2048, curve: null}
          signature_algorithm: sha256WithRSAEncryption
          is_ca: false
          self_signed: true
    chain:
      description:
        - What the certificates amount to, null where there are none.
        - C(complete) is null where nobody said whom the client trusts and the path ends below an issuer that was not presented.
        - C(order) has, for each certificate of the path, its place among the presented ones, -1 where it came from the trusted ones.
      type: dict
      sample: {complete: true, in_order: true, root_included: false, order: [0], missing: []}
    findings:
      description: What is wrong with this source, most severe first.
      type: list
      elements: dict
    verdict:
      description: V(error), V(warning) or V(ok), over the findings that are not waived.
      type: str
      sample: error
    questions:
      description: The article's questions (C(question)) with their answers (C(answer)); empty where O(questions) does not ask for them.
      type: list
      elements: dict
    warnings:
      description: What could not be read.
      type: list
      elements: str
findings:
  description: All the findings of all the sources.
  returned: always
  type: list
  elements: dict
  sample:
    - code: NAME-CN-IS-IP
      severity: error
      message: the common name is the IP address 10.77.0.10; the connection fails by the FQDN and by the address
      about: depot.corp.example:443
      remedy: fqdn_certificate
      advice: Reissue it with the FQDN as common name and as a DNS entry of the subject alternative name.
      cites: "KB 429301, unsupported configuration 1: CN = IP address"
      answer: ""
      waived: null
verdict:
  description: The worst verdict of all the sources.
  returned: always
  type: str
  sample: error
summary:
  description: How many sources there were, of which verdict, and how often each code was found.
  returned: always
  type: dict
  sample: {sources: 1, ok: 0, warning: 0, error: 1, unreachable: 0, codes: {NAME-CN-IS-IP: 1}}
selected:
  description: What O(query) chose.
  returned: when O(query) is given
  type: raw
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.certmend.tls.plugins.module_utils.core.run import run_module
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_inspect.options import SOURCES
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_inspect.run import InspectRun

ARGUMENT_SPEC = dict(
    endpoints=dict(type="list", elements="raw"),
    path=dict(type="path"),
    password=dict(type="str", no_log=True),
    content=dict(type="str"),
    content_base64=dict(type="str"),
    presented=dict(type="list", elements="str"),
    name=dict(type="str"),
    profile=dict(
        type="list", elements="str", choices=["generic", "vcf_installer", "ome_single", "ome_migration", "pinned"], default=["generic"]
    ),
    trusted=dict(type="list", elements="path"),
    trusted_content=dict(type="str"),
    trust_system=dict(type="bool", default=False),
    csr_path=dict(type="path"),
    csr_content=dict(type="str"),
    private_key_path=dict(type="path", no_log=False),
    peer_chain_content=dict(type="str"),
    at=dict(type="str"),
    expires_within=dict(type="int", default=30),
    workers=dict(type="int", default=32),
    timeout=dict(type="float", default=5),
    questions=dict(type="bool", default=False),
    ssl_trust=dict(type="dict"),
    pins_path=dict(type="path"),
    fail_on=dict(type="str", choices=["never", "warning", "error"], default="never"),
    waivers=dict(
        type="list",
        elements="dict",
        options=dict(
            code=dict(type="str", required=True),
            about=dict(type="str"),
            until=dict(type="str", required=True),
            reason=dict(type="str", required=True),
        ),
    ),
    query=dict(type="str"),
)


def main():
    module = AnsibleModule(
        ARGUMENT_SPEC,
        mutually_exclusive=[SOURCES, ("csr_path", "csr_content")],
        required_one_of=[SOURCES],
        supports_check_mode=True,
    )
    run_module(module, InspectRun.from_params)


if __name__ == "__main__":
    main()
