#!/usr/bin/python
# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: cert_inspect
short_description: Report what is wrong with a certificate or a TLS server, and what repairs it
version_added: 0.1.0
author: certmend.tls contributors (@certmend)
description:
  - Reads certificates from TLS servers, files or text, and judges them by the rules of the clients that will use them.
  - Reports every problem, not only the first one. Each finding has a code, says what is wrong, cites the source of the rule and names the role that
    repairs it. C(docs/findings.md) lists the codes.
  - If trust anchors are given (O(trusted_path), O(trusted_content)) and no rule has an error against a chain, C(openssl verify) is asked about it too, if it is
    installed. Its refusal is the finding C(TRUST-OPENSSL-REFUSES). What it refuses with C(-x509_strict) only, as clients made with Python 3.13 and newer do, is
    the warning C(TRUST-STRICT-REFUSES).
  - If no trust anchors are given (O(trusted_path), O(trusted_content), O(trust_system)), it is unknown whether clients trust the CA that signed a certificate.
    That is the warning C(TRUST-NOT-JUDGED). A server that presents only its own certificate gets the warning C(CHAIN-INCOMPLETE) too, because an
    intermediate certificate is probably missing.
  - Never changes anything. An endpoint that cannot be reached is a result, not a failed task.
  - Run it on the controller (C(delegate_to=localhost)); nothing needs to be installed on appliances.
requirements:
  - cryptography >= 3.4.8
  - jmespath (for O(query))
extends_documentation_fragment:
  - certmend.tls.attributes
  - certmend.tls.attributes.reads_only
  - certmend.tls.certificate_input
  - certmend.tls.trust_sources
options:
  endpoints:
    description:
      - TLS servers to connect to, all at the same time.
      - Each is C(host), C(host:port), C([IPv6]:port), or a dict with C(host) and, optionally, C(port) (default 443),
        C(address) (connect to it instead of resolving the host), C(server_name) (sent as SNI) and C(name) (the name that
        the certificate must have; default is the host).
    type: list
    elements: raw
  presented:
    description:
      - The chain that a server presented to M(certmend.tls.tls_handshake) on another host, its RV(certmend.tls.tls_handshake#module:presented).
    type: list
    elements: str
  name:
    description:
      - The name by which clients connect. If it is not set, names are not compared.
      - For O(endpoints) the default is each endpoint's host.
    type: str
  profile:
    description:
      - The clients that the certificate is for. With several profiles the rules of all of them apply.
      - V(generic) is a modern TLS client (RFC 9525, RFC 5280).
      - V(vcf_installer) is the VMware Cloud Foundation 9 installer that connects to an offline depot (KB 429301).
      - V(ome_single) and V(ome_migration) are Dell OpenManage Enterprise, to which a single certificate, or the chain for a migration, is
        uploaded. They do not verify names and trust as clients do; add V(generic) if that matters.
      - V(pinned) is a client that has pinned public keys, those in O(pins_path).
    type: list
    elements: str
    choices: [generic, vcf_installer, ome_single, ome_migration, pinned]
    default: [generic]
  csr_path:
    description: A certificate signing request (PEM or DER) whose key must be the certificate's.
    type: path
  csr_content:
    description: A certificate signing request as PEM text, whose key must be the certificate's.
    type: str
  private_key_path:
    description:
      - A private key (PEM or DER, not encrypted) that must belong to the certificate.
      - Only its public key is compared; the private key is never shown.
    type: path
  peer_chain_content:
    description: For the profile V(ome_migration), the chain of the other appliance as PEM text. The names of the CAs are compared level by level.
    type: str
    version_added: 0.4.0
  at:
    description: Judge the certificates at this time, for example V(2026-11-20T12:00:00Z). The default is the current time.
    type: str
  expires_within:
    description: A certificate that expires within this number of days gets a warning.
    type: int
    default: 30
  workers:
    description: The largest number of endpoints that are connected to at the same time.
    type: int
    default: 32
  timeout:
    description: Seconds for one endpoint, from resolving its name to the end of the handshake.
    type: float
    default: 5
  questions:
    description:
      - Also answer the seven questions of article 000011648 for each certificate, in RV(results[].questions).
      - This resolves the host names of the certificate, unless O(resolved) is set, and reads the machine's own trust store.
    type: bool
    default: false
  resolved:
    description:
      - For O(questions), what the client's host resolves, as a dictionary of host names, each with a list of its addresses. No name is resolved here then.
      - A name that is missing, or has no address, is reported as not resolvable by the client.
    type: dict
    version_added: 0.5.0
  ssl_trust:
    description:
      - The complete result of M(certmend.tls.lookup_ssl_trust). If the trust anchors that its Lookup Service has for one of the endpoints do not
        accept the certificate that the endpoint presents, there is a finding C(SSLTRUST-STALE).
    type: dict
    version_added: 0.3.0
  pins_path:
    description:
      - A pin store of M(certmend.tls.cert_pin), for O(profile=pinned). An endpoint that presents a key that is neither pinned nor announced there has
        the finding C(PIN-CHANGED). An endpoint without a pin has no finding.
    type: path
    version_added: 0.4.0
  fail_on:
    description:
      - Fail the task if there is a finding of this severity, or a worse one, that is not waived.
      - A failed task returns the codes of the first five findings, and all findings in its message. To use RV(results) afterwards, leave this V(never) and
        fail in a task of your own if RV(verdict) is V(error).
    type: str
    choices: [never, warning, error]
    default: never
  language:
    description:
      - The language of the findings (C(message), C(advice)). V(fr) has the findings of O(profile=ome_single) and O(profile=ome_migration); the others stay
        in English. The codes are the same in every language.
    type: str
    choices: [en, fr]
    default: en
    version_added: 0.5.0
  waivers:
    description: Findings that somebody accepted. Until their date they stay visible, marked as waived, and do not count.
    type: list
    elements: dict
    suboptions:
      code:
        description: The code of the finding.
        type: str
        required: true
      about:
        description: The C(about) of the finding, with the wildcards C(*) and C(?). Required unless C(all) is true.
        type: str
      all:
        description: Waive all findings with the code, whatever they are about.
        type: bool
        default: false
        version_added: 0.5.0
      until:
        description: The last day (UTC) on which the waiver applies, as YYYY-MM-DD, at most O(waiver_days) ahead.
        type: str
        required: true
      reason:
        description: Why the finding was accepted. It must not be empty.
        type: str
        required: true
  waiver_days:
    description: The largest number of days from now (or O(at)) to the end of a waiver.
    type: int
    default: 400
    version_added: 0.5.0
  query:
    description: A JMESPath expression over the result; the values that it selects are returned as RV(selected).
    type: str
seealso:
  - module: certmend.tls.tls_handshake
  - module: certmend.tls.cert_issue
"""

EXAMPLES = r"""
- name: Would the VCF installer accept the depot?
  certmend.tls.cert_inspect:
    endpoints:
      - host: depot.corp.example
        address: 10.77.0.10
    profile: [vcf_installer]
  delegate_to: localhost
  register: depot

- name: Stop the play if the installer would reject a web server, given the CA that it trusts
  certmend.tls.cert_inspect:
    endpoints:
      - host: web.corp.example
        address: 10.77.0.12
    profile: [vcf_installer]
    trusted_path: ["{{ lab_ca_path }}"]
    fail_on: error
  delegate_to: localhost

- name: Would OpenManage Enterprise accept this chain for a migration, and what would it answer?
  certmend.tls.cert_inspect:
    endpoints:
      - host: web.corp.example
        address: 10.77.0.12
    profile: [ome_migration]
  delegate_to: localhost

- name: Select the endpoints that need a new certificate
  certmend.tls.cert_inspect:
    endpoints: [10.77.0.10, "10.77.0.12:443", "10.77.0.13:443"]
    query: "results[?findings[?remedy=='fqdn_certificate']].source"
    waivers:
      - code: VALIDITY-EXPIRED
        about: "10.77.0.13:443*"
        until: "2027-06-30"
        reason: Replaced together with the machine
  delegate_to: localhost
"""

RETURN = r"""
results:
  description: One item for each source, in the order of the options.
  returned: always
  type: list
  elements: dict
  contains:
    source:
      description: The endpoint as C(host:port), the path, or the name of the option.
      type: str
      sample: depot.corp.example:443
    reachable:
      description: Whether the endpoint presented a certificate; null for other sources.
      type: bool
    error:
      description: Why the endpoint presented no certificate (C(code), C(message), C(advice)); null if it did.
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
          expiry: in 365 days
          subject_alternative_name: {dns: [], ip: [], email: [], uri: []}
          key: {type: RSA, bits: 2048, curve: null}
          signature_algorithm: sha256WithRSAEncryption
          is_ca: false
          self_signed: true
    chain:
      description:
        - The certificates as a chain; null if there are none.
        - C(complete) is null if the options do not say whom the client trusts and the path ends below an issuer that was not presented.
        - C(order) has, for each certificate of the path, its index among the presented certificates, or -1 if it is a trusted one that was not presented.
      type: dict
      sample: {complete: true, in_order: true, root_included: false, order: [0], missing: []}
    findings:
      description: What is wrong with this source, the most severe first.
      type: list
      elements: dict
    verdict:
      description: V(error), V(warning) or V(ok), the worst of the findings that are not waived.
      type: str
      sample: error
    questions:
      description: The article's questions (C(question)) with their answers (C(answer)); empty unless O(questions) is set.
      type: list
      elements: dict
    warnings:
      description: What could not be read.
      type: list
      elements: str
findings:
  description: The findings of all the sources.
  returned: always
  type: list
  elements: dict
  sample:
    - code: NAME-CN-IS-IP
      severity: error
      message: the common name is the IP address 10.77.0.10; the connection fails by the FQDN and by the address
      about: depot.corp.example:443
      remedy: fqdn_certificate
      advice: Reissue the certificate with the FQDN as common name and as a DNS entry of the subject alternative name.
      cites: "KB 429301, unsupported configuration 1: CN = IP address"
      answer: ""
      waived: null
verdict:
  description: The worst verdict of all the sources.
  returned: always
  type: str
  sample: error
summary:
  description:
    - The number of sources, of sources by verdict, of unreachable endpoints, and of findings by code.
    - C(not_judged) is the number of sources with the finding C(TRUST-NOT-JUDGED), waived or not.
  returned: always
  type: dict
  sample: {sources: 1, ok: 0, warning: 0, error: 1, unreachable: 0, not_judged: 0, codes: {NAME-CN-IS-IP: 1}}
selected:
  description: The values that O(query) selects.
  returned: when O(query) is given
  type: raw
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.certmend.tls.plugins.module_utils.x509.load.input_spec import CERTIFICATE_INPUT_SPEC
from ansible_collections.certmend.tls.plugins.module_utils.x509.path.pool_sources import TRUST_SOURCES_SPEC
from ansible_collections.certmend.tls.plugins.module_utils.core.discreet import discreet
from ansible_collections.certmend.tls.plugins.module_utils.core.run import run_module
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_inspect.options import SOURCES
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_inspect.run import InspectRun

ARGUMENT_SPEC = dict(
    **CERTIFICATE_INPUT_SPEC,
    **TRUST_SOURCES_SPEC,
    endpoints=dict(type="list", elements="raw"),
    presented=dict(type="list", elements="str"),
    name=dict(type="str"),
    profile=dict(
        type="list",
        elements="str",
        choices=["generic", "vcf_installer", "ome_single", "ome_migration", "pinned"],
        default=["generic"],
    ),
    csr_path=dict(type="path"),
    csr_content=dict(type="str"),
    private_key_path=dict(type="path", no_log=False),
    peer_chain_content=dict(type="str"),
    at=dict(type="str"),
    expires_within=dict(type="int", default=30),
    workers=dict(type="int", default=32),
    timeout=dict(type="float", default=5),
    questions=dict(type="bool", default=False),
    resolved=dict(type="dict"),
    ssl_trust=dict(type="dict"),
    pins_path=dict(type="path"),
    fail_on=dict(type="str", choices=["never", "warning", "error"], default="never"),
    language=dict(type="str", choices=["en", "fr"], default="en"),
    waivers=dict(
        type="list",
        elements="dict",
        options=dict(
            code=dict(type="str", required=True),
            about=dict(type="str"),
            all=dict(type="bool", default=False),
            until=dict(type="str", required=True),
            reason=dict(type="str", required=True),
        ),
    ),
    waiver_days=dict(type="int", default=400),
    query=dict(type="str"),
)


def main():
    module = discreet(AnsibleModule)(
        ARGUMENT_SPEC,
        mutually_exclusive=[SOURCES, ("csr_path", "csr_content")],
        required_one_of=[SOURCES],
        supports_check_mode=True,
    )
    run_module(module, InspectRun.from_params)


if __name__ == "__main__":
    main()
