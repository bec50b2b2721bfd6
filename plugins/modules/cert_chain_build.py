#!/usr/bin/python
# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: cert_chain_build
short_description: Build the chain of a certificate, and append the missing certificates to its file
version_added: 0.2.0
author: certmend.tls contributors (@certmend)
description:
  - Finds the certificates between a server's certificate and a CA that its clients trust, and writes them below the server's
    certificate, in the order and form that servers read.
  - Searches all the candidates with backtracking. A candidate is used only if it is valid, is a CA, and its path length, name
    constraints, key usage, extended key usage and signature allow it. Names are compared as in RFC 5280 section 7.1.
  - If there is no chain, the task fails and nothing is written. The error names the missing certificate, the certificate that
    needs it, the address to get it from, and why each candidate was rejected.
  - The finished chain is verified by cryptography and by OpenSSL. Their verdicts are returned.
  - A file that is right is not written again. A private key in the file stays in it and is never shown.
  - If the input has several certificates, the chain is built for the one that belongs to the private key in the input. If there is no private
    key, it is built for the first certificate that is not a CA and did not issue any of the others.
requirements:
  - cryptography >= 3.4.8
extends_documentation_fragment:
  - certmend.tls.attributes
  - certmend.tls.attributes.changes
  - certmend.tls.certificate_input
  - certmend.tls.trust_sources
  - certmend.tls.files
  - certmend.tls.files.backup
options:
  candidates:
    description:
      - Files and folders with the CA certificates to build from, in any form that M(certmend.tls.cert_inspect) reads.
      - They are not trusted.
    type: list
    elements: path
  candidates_content:
    description: CA certificates to build from, as text. They are not trusted.
    type: str
  purpose:
    description: The purpose of the certificate. Its extended key usage, and that of every CA that has one, must allow it.
    type: str
    choices: [server, client, any]
    default: server
  name:
    description: The name by which clients connect. The certificate must have it. If it is not set, names are not compared.
    type: str
  at:
    description: Build the chain for this time, for example V(2026-11-20T12:00:00Z). The default is the current time.
    type: str
  include_root:
    description: Whether the self-signed root is written too. TLS clients do not need it; some appliances do.
    type: bool
    default: false
  partial:
    description: Whether a chain is accepted that ends below an unknown root.
    type: bool
    default: false
  accept_weak:
    description:
      - Whether a chain is accepted that relies on a signature with SHA-1 or MD5, if there is no other.
      - Such signatures can be forged. If it is V(false), the weak signatures are reported and the task fails.
    type: bool
    default: false
  aia:
    description:
      - Fetch missing issuers from the addresses in the certificates (authority information access).
      - If it is not set, nothing is fetched. An empty dict fetches with the defaults.
      - A fetched certificate is a candidate; it is never trusted.
    type: dict
    suboptions:
      allow_networks:
        description:
          - Networks such as V(10.0.0.0/8) from which issuers may be fetched although their addresses are not public.
          - Private, loopback, link-local, multicast and reserved addresses are not public, nor are IPv6 addresses that hold an IPv4 address
            (V(64:ff9b::/96)).
        type: list
        elements: str
      timeout:
        description:
          - The limit for one address in seconds, from resolving its name to the last byte of the answer, redirects included.
          - All the addresses of a task together have O(aia.maximum_depth) times as long; no more than 20 addresses are requested.
        type: float
        default: 5
      maximum_bytes:
        description: The largest answer that is accepted, in bytes.
        type: int
        default: 65536
      maximum_depth:
        description: The largest number of issuers that are fetched for a chain.
        type: int
        default: 5
  output:
    description:
      - What O(dest) contains.
      - V(chain) is the server's certificate followed by the certificates above it, as PEM.
      - V(intermediates) is the certificates above the server's certificate alone, as PEM, for appliances that have a field of their own for them, such as
        the additional chain of Ruckus Cloudpath. O(include_root) adds the root.
      - V(pkcs12) is a PKCS#12 with the private key, the certificate and the certificates above it, encrypted with O(dest_password). It is written
        again only if its contents are wrong, or if O(dest_password) does not open it.
    type: str
    choices: [chain, intermediates, pkcs12]
    default: chain
    version_added: 0.5.0
  dest:
    description:
      - The file that is written. With O(output=chain) the default is O(path).
      - If there is no file to write, the chain is only returned. O(output=pkcs12) requires O(dest).
    type: path
  dest_password:
    description: The password of the PKCS#12 that is written with O(output=pkcs12).
    type: str
    version_added: 0.5.0
  private_key_path:
    description:
      - With O(output=pkcs12), the file of the private key, as PEM, DER or PKCS#12. O(password) opens it if it is encrypted.
      - The default is the private key in O(path), O(content) or O(content_base64).
    type: path
    version_added: 0.5.0
  keep_private_key:
    description: Whether a private key in O(dest) stays in it, as HAProxy needs. Otherwise the private key is removed.
    type: bool
    default: true
"""

EXAMPLES = r"""
- name: Append the missing intermediates (Ruckus article 000011648, scenario 4)
  certmend.tls.cert_chain_build:
    path: /etc/nginx/tls/depot.pem
    candidates: [/etc/ssl/intermediates]
    trusted_path: [/etc/ssl/corp-root.pem]
    name: depot.corp.example

- name: Append the intermediates for HAProxy, whose file contains the private key too
  certmend.tls.cert_chain_build:
    path: /etc/haproxy/tls/lb.pem
    candidates: [/etc/ssl/intermediates]
    trusted_path: [/etc/ssl/corp-root.pem]

- name: Build a chain with its root, for an appliance that requires every CA
  certmend.tls.cert_chain_build:
    path: /etc/nginx/tls/depot.pem
    candidates: [/etc/ssl/intermediates]
    trusted_path: [/etc/ssl/corp-root.pem]
    include_root: true
    dest: /root/depot-with-root.pem

- name: Write the intermediates alone, for the field Additional Chain of Ruckus Cloudpath
  certmend.tls.cert_chain_build:
    path: /etc/nginx/tls/depot.pem
    candidates: [/etc/ssl/intermediates]
    trusted_path: [/etc/ssl/corp-root.pem]
    output: intermediates
    dest: /root/depot-additional-chain.pem

- name: Write a PKCS#12 with the private key and the chain, for an appliance that imports nothing else
  certmend.tls.cert_chain_build:
    path: /etc/haproxy/tls/lb.pem
    candidates: [/etc/ssl/intermediates]
    trusted_path: [/etc/ssl/corp-root.pem]
    output: pkcs12
    dest: /root/lb.p12
    dest_password: "{{ chain_password }}"
"""

RETURN = r"""
chain:
  description: The certificates that the server must send, its own first, in the form that M(certmend.tls.cert_inspect) returns.
  returned: if a chain was searched for
  type: list
  elements: dict
pem:
  description: The certificates of RV(chain) as PEM text.
  returned: if a chain was searched for
  type: str
intermediates:
  description: The certificates of RV(chain) above the first as PEM text; empty if there are none.
  returned: if a chain was searched for
  type: str
  version_added: 0.5.0
  sample: "-----BEGIN CERTIFICATE-----"
complete:
  description: Whether the chain ends below, or in, a certificate that the clients trust.
  returned: if a chain was searched for
  type: bool
  sample: true
trusted_root:
  description: The trusted certificate that the chain ends in; null if there is none.
  returned: if a chain was searched for
  type: dict
missing:
  description: The missing certificate; empty if none is missing.
  returned: if a chain was searched for
  type: list
  elements: dict
  sample:
    - subject: CN=Corp Intermediate CA
      authority_key_identifier: 5B:48:DC:65
      ca_issuers: ["http://pki.corp.example/intermediate.crt"]
      needed_by: CN=depot.corp.example
rejected:
  description: Candidates that could not be used, with the reason (C(certificate), C(source), C(reason)).
  returned: if a chain was searched for
  type: list
  elements: dict
judgements:
  description: The verdicts of the verifiers on the finished chain, until one accepts it.
  returned: if a chain was searched for
  type: list
  elements: dict
  sample: [{judge: cryptography 46.0.3, accepted: true, reason: ""}]
weaknesses:
  description: Keys and signatures of the chain that clients may refuse.
  returned: if a chain was searched for
  type: list
  elements: str
fetched:
  description: Every address that was asked for an issuer (C(url), C(bytes), C(error)).
  returned: if a chain was searched for
  type: list
  elements: dict
dest:
  description: The file that is written.
  returned: if there is a file to write
  type: str
reasons:
  description: Why the file was, or would be, written; empty if it is right.
  returned: if there is a file to write
  type: list
  elements: str
  sample: [CN=Corp Intermediate CA is missing]
backup_files:
  description: The backup of the replaced file, by its original path.
  returned: always
  type: dict
created_files:
  description: The file, if it did not exist before.
  returned: always
  type: list
  elements: str
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.files_spec import BACKUP_SPEC, FILE_ATTRIBUTES_SPEC
from ansible_collections.certmend.tls.plugins.module_utils.x509.load.input_spec import CERTIFICATE_INPUT_SPEC
from ansible_collections.certmend.tls.plugins.module_utils.core.discreet import discreet
from ansible_collections.certmend.tls.plugins.module_utils.core.run import run_module
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_chain_build.run import CertChainBuildRun
from ansible_collections.certmend.tls.plugins.module_utils.x509.path.pool_sources import TRUST_SOURCES_SPEC

AIA = dict(
    allow_networks=dict(type="list", elements="str"),
    timeout=dict(type="float", default=5),
    maximum_bytes=dict(type="int", default=65536),
    maximum_depth=dict(type="int", default=5),
)
ARGUMENT_SPEC = dict(
    **CERTIFICATE_INPUT_SPEC,
    **FILE_ATTRIBUTES_SPEC,
    **BACKUP_SPEC,
    **TRUST_SOURCES_SPEC,
    candidates=dict(type="list", elements="path"),
    candidates_content=dict(type="str"),
    purpose=dict(type="str", choices=["server", "client", "any"], default="server"),
    name=dict(type="str"),
    at=dict(type="str"),
    include_root=dict(type="bool", default=False),
    partial=dict(type="bool", default=False),
    accept_weak=dict(type="bool", default=False),
    aia=dict(type="dict", options=AIA),
    output=dict(type="str", choices=["chain", "intermediates", "pkcs12"], default="chain"),
    dest=dict(type="path"),
    dest_password=dict(type="str", no_log=True),
    private_key_path=dict(type="path"),
    keep_private_key=dict(type="bool", default=True, no_log=False),
)


def main():
    module = discreet(AnsibleModule)(
        ARGUMENT_SPEC,
        mutually_exclusive=[("path", "content", "content_base64")],
        required_one_of=[("path", "content", "content_base64")],
        supports_check_mode=True,
    )
    run_module(module, CertChainBuildRun.from_params)


if __name__ == "__main__":
    main()
