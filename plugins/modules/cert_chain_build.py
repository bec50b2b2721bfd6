#!/usr/bin/python
# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: cert_chain_build
short_description: Build the chain of a certificate, and append what is missing to its file
version_added: 0.2.0
author: certmend.tls contributors (@certmend)
description:
  - Finds the certificates between a server's own one and a CA that its clients trust, and writes them below it, in the
    order and form that servers read.
  - Searches with backtracking over all the candidates. A candidate is used only where it is valid, is a CA, and path length,
    name constraints, key usage, extended key usage and signature allow it. Names are compared as RFC 5280 section 7.1 says.
  - Where there is no chain, says which certificate is missing, who needs it, where it can be had, and why each candidate was
    rejected; nothing is written then.
  - The finished chain is judged by others, cryptography's verifier and OpenSSL; what they say is returned.
  - A file that is right is never written again. A private key in the file stays where it is and shows in no diff.
requirements:
  - cryptography >= 3.4.8
extends_documentation_fragment:
  - certmend.tls.attributes
  - certmend.tls.attributes.changes
options:
  path:
    description:
      - The file with the certificate; further certificates and a private key may stand in it, in any order.
      - Of several certificates the chain is built for the one that belongs to the private key beside it, else for the first
        that is no CA and issued none of the others.
    type: path
  content:
    description: The certificate as text.
    type: str
  content_base64:
    description: A file's bytes as Base64, as M(ansible.builtin.slurp) returns them.
    type: str
  password:
    description: What a PKCS#12 file is encrypted with.
    type: str
  candidates:
    description: Files and folders with the CA certificates to build from, in any form that M(certmend.tls.cert_inspect) reads. They are not trusted.
    type: list
    elements: path
  candidates_content:
    description: The same as text.
    type: str
  trusted:
    description: Files and folders with the CA certificates that the clients trust.
    type: list
    elements: path
  trusted_content:
    description: The same as text.
    type: str
  trust_system:
    description: Also trust what the machine's OpenSSL trusts.
    type: bool
    default: false
  purpose:
    description: What the certificate is for. Its extended key usage, and that of every CA that has one, must allow it.
    type: str
    choices: [server, client, any]
    default: server
  name:
    description: The name by which clients connect; the certificate must have it. Not compared where there is none.
    type: str
  at:
    description: Build as if it were this moment, for example V(2026-11-20T12:00:00Z). The default is now.
    type: str
  include_root:
    description: Also write the self-signed root. TLS clients need it not; some appliances do.
    type: bool
    default: false
  partial:
    description: Accept a chain that ends below a root that is not known here.
    type: bool
    default: false
  accept_weak:
    description:
      - Accept a chain that relies on a signature with SHA-1 or MD5, where there is no other.
      - Such signatures can be forged. Without this they are followed and told of, and the task fails.
    type: bool
    default: false
  aia:
    description:
      - Fetch missing issuers from where the certificates say they can be had (authority information access).
      - Nothing is fetched without this; an empty dict fetches with the defaults. What was fetched is a candidate, never trust.
    type: dict
    suboptions:
      allow_networks:
        description: Networks that may be asked although they are private, loopback or link-local.
        type: list
        elements: str
      timeout:
        description: Seconds for one address, redirects included.
        type: float
        default: 5
      maximum_bytes:
        description: The largest answer that is taken.
        type: int
        default: 65536
      maximum_depth:
        description: How many issuers are fetched for a chain.
        type: int
        default: 5
  dest:
    description: Where the chain is written; O(path) where it is not given. Nothing is written where neither is.
    type: path
  keep_private_key:
    description: Leave a private key that stands in O(dest) where it is, as HAProxy's files need it. Otherwise it is taken out.
    type: bool
    default: true
  backup:
    description: Keep the old file beside the new one.
    type: bool
    default: true
  owner:
    description: The file's owner.
    type: str
  group:
    description: The file's group.
    type: str
  mode:
    description: The file's mode, as in M(ansible.builtin.file). An existing file keeps its own; a new one has C(0644), or C(0600) with a private key.
    type: raw
"""

EXAMPLES = r"""
- name: Append the intermediates that the server forgot (article 000011648, scenario 4)
  certmend.tls.cert_chain_build:
    path: /etc/nginx/tls/depot.pem
    candidates: [/etc/ssl/intermediates]
    trusted: [/etc/ssl/corp-root.pem]
    name: depot.corp.example

- name: The same for HAProxy, whose file holds the private key too
  certmend.tls.cert_chain_build:
    path: /etc/haproxy/tls/lb.pem
    candidates: [/etc/ssl/intermediates]
    trusted: [/etc/ssl/corp-root.pem]

- name: A chain with its root, for an appliance that wants every CA
  certmend.tls.cert_chain_build:
    path: /etc/nginx/tls/depot.pem
    candidates: [/etc/ssl/intermediates]
    trusted: [/etc/ssl/corp-root.pem]
    include_root: true
    dest: /root/depot-with-root.pem
"""

RETURN = r"""
chain:
  description: The certificates that the server shall send, its own first, in the form that M(certmend.tls.cert_inspect) returns.
  returned: where a certificate was read
  type: list
  elements: dict
pem:
  description: The same as PEM.
  returned: where a certificate was read
  type: str
complete:
  description: Whether the chain ends below, or in, a certificate that the clients trust.
  returned: where a certificate was read
  type: bool
  sample: true
trusted_root:
  description: The trusted certificate that it ends in; null where it does not.
  returned: where a certificate was read
  type: dict
missing:
  description: The certificate that is missing; empty where none is.
  returned: where a certificate was read
  type: list
  elements: dict
  sample:
    - subject: CN=Corp Intermediate CA
      authority_key_identifier: 5B:48:DC:65
      ca_issuers: ["http://pki.corp.example/intermediate.crt"]
      needed_by: CN=depot.corp.example
rejected:
  description: Candidates that could not be used, with the reason (C(certificate), C(source), C(reason)).
  returned: where a certificate was read
  type: list
  elements: dict
judgements:
  description: What the verifiers say of the finished chain, until one accepts it.
  returned: where a certificate was read
  type: list
  elements: dict
  sample: [{judge: cryptography 46.0.3, accepted: true, reason: ""}]
weaknesses:
  description: Keys and signatures of the chain that clients may refuse.
  returned: where a certificate was read
  type: list
  elements: str
fetched:
  description: Every address that was asked for an issuer (C(url), C(bytes), C(error)).
  returned: where a certificate was read
  type: list
  elements: dict
dest:
  description: The file that the chain is for.
  returned: where there is one
  type: str
reasons:
  description: Why the file was, or would be, written; empty where it is right.
  returned: where there is one
  type: list
  elements: str
  sample: [CN=Corp Intermediate CA is missing]
backup_files:
  description: The file that was kept, by the path that it was at.
  returned: always
  type: dict
created_files:
  description: The file, where there was none before.
  returned: always
  type: list
  elements: str
"""

from ansible.module_utils.basic import AnsibleModule
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
    TRUST_SOURCES_SPEC,
    path=dict(type="path"),
    content=dict(type="str"),
    content_base64=dict(type="str"),
    password=dict(type="str", no_log=True),
    candidates=dict(type="list", elements="path"),
    candidates_content=dict(type="str"),
    purpose=dict(type="str", choices=["server", "client", "any"], default="server"),
    name=dict(type="str"),
    at=dict(type="str"),
    include_root=dict(type="bool", default=False),
    partial=dict(type="bool", default=False),
    accept_weak=dict(type="bool", default=False),
    aia=dict(type="dict", options=AIA),
    dest=dict(type="path"),
    keep_private_key=dict(type="bool", default=True, no_log=False),
    backup=dict(type="bool", default=True),
    owner=dict(type="str"),
    group=dict(type="str"),
    mode=dict(type="raw"),
)


def main():
    module = AnsibleModule(
        ARGUMENT_SPEC,
        mutually_exclusive=[("path", "content", "content_base64")],
        required_one_of=[("path", "content", "content_base64")],
        supports_check_mode=True,
    )
    run_module(module, CertChainBuildRun.from_params)


if __name__ == "__main__":
    main()
