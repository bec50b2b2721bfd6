#!/usr/bin/python
# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: cert_issue
short_description: Issue, request or import a server's certificate where its key lies
version_added: 0.1.0
author: certmend.tls contributors (@certmend)
description:
  - Makes private key, certificate signing request and certificate in one step; all are put in place, or none.
  - Runs where the private key shall lie, and the key never leaves that place.
  - The common name is O(fqdn), the subject alternative name is O(fqdn), O(dns_names) and O(ip_addresses). An address as common name, an empty
    name and, for profiles that do not know them, wildcards are refused.
  - Issues again when the certificate has expired or soon will, when names, usage, issuer or kind of key differ, or when the key does not belong
    to it, and says why in RV(renewed_because). Otherwise it changes nothing.
requirements:
  - cryptography >= 3.4.8 on the target
extends_documentation_fragment:
  - certmend.tls.attributes
  - certmend.tls.attributes.changes
options:
  provider:
    description:
      - Who signs.
      - V(self_signed) is the key itself.
      - V(own_ca) is the CA of O(ca_certificate_path) or O(ca_certificate_content).
      - V(csr) only makes a request (O(csr_path)) for somebody else's CA. Key and certificate that are in use stay in use; where the request is for a
        new key, that key waits as C(private_key_path.next).
      - V(import) puts the answer of that CA (O(certificate_content)) in place, together with the key that it belongs to.
    type: str
    choices: [self_signed, own_ca, csr, import]
    required: true
  fqdn:
    description: The fully qualified domain name by which clients connect.
    type: str
    required: true
  dns_names:
    description: Further host names for the subject alternative name.
    type: list
    elements: str
    default: []
  ip_addresses:
    description: IP addresses for the subject alternative name.
    type: list
    elements: str
    default: []
  subject:
    description: Further parts of the subject, by their short names, for example O and C.
    type: dict
    default: {}
  extended_key_usage:
    description: What the certificate is for.
    type: list
    elements: str
    choices: [serverAuth, clientAuth]
    default: [serverAuth]
  profile:
    description: For which clients the names must do, as in M(certmend.tls.cert_inspect).
    type: str
    choices: [generic, vcf_installer]
    default: generic
  private_key_path:
    description: Where the private key lies, or shall lie. Unencrypted PEM, as servers read it. Required, but with O(request_path) or O(request_content).
    type: path
  certificate_path:
    description: Where the server reads its certificate. The certificates of the CA follow it, without the root.
    type: path
  combined_path:
    description: One file with certificate, chain and private key, as HAProxy reads it.
    type: path
  csr_path:
    description: Where the certificate signing request lies, or shall lie.
    type: path
  request_path:
    description:
      - For O(provider=own_ca), a request made elsewhere, by an appliance that keeps its key, on the target. The certificate is for its key; names and
        purposes are those of the options. In check mode it may be yet to be made.
    type: path
    version_added: 0.4.0
  request_content:
    description: The same as PEM text.
    type: str
    version_added: 0.4.0
  certificate_content:
    description: For O(provider=import), what the CA sent back, as PEM text. Several certificates in any order will do.
    type: str
  ca_certificate_path:
    description: For O(provider=own_ca), the CA's certificate on the target, followed by those above it.
    type: path
  ca_certificate_content:
    description: The same as PEM text.
    type: str
  ca_private_key_path:
    description: The CA's private key on the target.
    type: path
  ca_private_key_content:
    description: The same as PEM text. It is used in memory and not stored on the target.
    type: str
  ca_private_key_passphrase:
    description: What the CA's private key is encrypted with.
    type: str
  key_type:
    description: The kind of key. Where this is not given, an existing key keeps its kind, and a new one is RSA.
    type: str
    choices: [RSA, EC, Ed25519]
  key_size:
    description: The size of an RSA key in bits. A longer one that exists will do.
    type: int
    choices: [2048, 3072, 4096]
    default: 2048
  curve:
    description: The curve of an EC key.
    type: str
    choices: [secp256r1, secp384r1, secp521r1]
    default: secp256r1
  valid_days:
    description: For how many days the certificate is valid; no longer than its CA.
    type: int
    default: 397
  renew_before_days:
    description: How many days before its end a certificate is issued again.
    type: int
    default: 30
  reuse_key:
    description:
      - Keep the private key when the certificate is issued again, so that clients that pinned it go on working.
      - A key that is weak, or not of the kind asked for, is replaced in any case.
    type: bool
    default: true
  pins_path:
    description:
      - A pin store of M(certmend.tls.cert_pin) on the target. Where a new key would break pins that are in it, a warning names their endpoints, in
        check mode as well.
    type: path
    version_added: 0.4.0
  pins_content:
    description: The same as text, for a store that is kept on the controller.
    type: str
    version_added: 0.4.0
  owner:
    description: Who owns the files. The owner of an existing file stays where this is not given.
    type: str
  group:
    description: The files' group. That of an existing file stays where this is not given.
    type: str
  mode:
    description: The mode of certificate and request. That of an existing file stays where this is not given; a new one is V(0644).
    type: raw
  private_key_mode:
    description: The mode of the private key and of O(combined_path). That of an existing file stays where this is not given; a new one is V(0600).
    type: raw
  backup:
    description: Keep the files that are replaced, each beside its successor and with no wider mode.
    type: bool
    default: true
seealso:
  - module: certmend.tls.cert_inspect
  - module: certmend.tls.cert_pin
"""

EXAMPLES = r"""
- name: A certificate by our own CA, for the name in the depot's url
  certmend.tls.cert_issue:
    provider: own_ca
    fqdn: depot.corp.example
    ip_addresses: [10.77.0.10]
    profile: vcf_installer
    private_key_path: /etc/nginx/tls/depot.key
    certificate_path: /etc/nginx/tls/depot.pem
    ca_certificate_content: "{{ lookup('ansible.builtin.file', lab_ca_path) }}"
    ca_private_key_content: "{{ lookup('ansible.builtin.file', lab_ca_key_path) }}"

- name: A self-signed one, where there is no CA
  certmend.tls.cert_issue:
    provider: self_signed
    fqdn: depot.corp.example
    private_key_path: /etc/ssl/private/self.key
    certificate_path: /etc/ssl/private/self.pem

- name: A request for the corporate CA; the key in use stays in use
  certmend.tls.cert_issue:
    provider: csr
    fqdn: depot.corp.example
    subject: {O: Example Corporation, C: DE}
    private_key_path: /etc/ssl/private/requested.key
    csr_path: /etc/ssl/private/requested.csr
  register: request

- name: A certificate by our own CA for the request of an appliance that keeps its key
  certmend.tls.cert_issue:
    provider: own_ca
    fqdn: ome.corp.example
    request_content: "{{ ome_csr }}"
    extended_key_usage: [serverAuth, clientAuth]
    certificate_path: /etc/ssl/private/ome.pem
    ca_certificate_content: "{{ lookup('ansible.builtin.file', lab_ca_path) }}"
    ca_private_key_content: "{{ lookup('ansible.builtin.file', lab_ca_key_path) }}"

- name: One file for HAProxy
  certmend.tls.cert_issue:
    provider: self_signed
    fqdn: lb.corp.example
    private_key_path: /etc/ssl/private/lb.key
    combined_path: /etc/ssl/private/lb.pem
"""

RETURN = r"""
certificate:
  description:
    - The certificate that is now in place, in the shape of M(certmend.tls.cert_inspect).
    - Null where there is none, and in check mode before the first issue.
  returned: always
  type: dict
  sample:
    subject: CN=depot.corp.example
    subject_alternative_name: {dns: [depot.corp.example], ip: [10.77.0.10], email: [], uri: []}
    not_after: "2027-12-22T12:00:00Z"
previous:
  description: The certificate that was in place before, or null.
  returned: always
  type: dict
  sample: {subject: CN=10.77.0.10}
renewed_because:
  description: Why something was made, or would be made. Empty where everything was as it should be.
  returned: always
  type: list
  elements: str
  sample: ["the subject is CN=10.77.0.10, not CN=depot.corp.example"]
pin_changed:
  description: Whether the public key is another one than before, so that clients that pinned it must be told.
  returned: always
  type: bool
  sample: false
pins_broken:
  description: The endpoints of O(pins_path) whose pin the new key breaks, or would break.
  returned: always
  type: list
  elements: str
  sample: ["depot.corp.example:443"]
csr:
  description: The certificate signing request as PEM text, or null.
  returned: always
  type: str
backup_files:
  description: The files that were kept, by the path that they were at.
  returned: always
  type: dict
  sample: {/etc/nginx/tls/depot.pem: /etc/nginx/tls/depot.pem.20261120T120000Z.bak}
created_files:
  description: The files that were not there before.
  returned: always
  type: list
  elements: str
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.certmend.tls.plugins.module_utils.core.legacy import converge, is_rehearsal, reporting
from ansible_collections.certmend.tls.plugins.module_utils.x509.backend import require
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.run import Issuing

REQUEST = ("request_path", "request_content")
ARGUMENT_SPEC = dict(
    provider=dict(type="str", required=True, choices=["self_signed", "own_ca", "csr", "import"]),
    fqdn=dict(type="str", required=True),
    dns_names=dict(type="list", elements="str", default=[]),
    ip_addresses=dict(type="list", elements="str", default=[]),
    subject=dict(type="dict", default={}),
    extended_key_usage=dict(type="list", elements="str", choices=["serverAuth", "clientAuth"], default=["serverAuth"]),
    profile=dict(type="str", choices=["generic", "vcf_installer"], default="generic"),
    private_key_path=dict(type="path", no_log=False),
    certificate_path=dict(type="path"),
    combined_path=dict(type="path"),
    csr_path=dict(type="path"),
    request_path=dict(type="path"),
    request_content=dict(type="str"),
    certificate_content=dict(type="str"),
    ca_certificate_path=dict(type="path"),
    ca_certificate_content=dict(type="str"),
    ca_private_key_path=dict(type="path", no_log=False),
    ca_private_key_content=dict(type="str", no_log=True),
    ca_private_key_passphrase=dict(type="str", no_log=True),
    key_type=dict(type="str", choices=["RSA", "EC", "Ed25519"], no_log=False),
    key_size=dict(type="int", choices=[2048, 3072, 4096], default=2048, no_log=False),
    curve=dict(type="str", choices=["secp256r1", "secp384r1", "secp521r1"], default="secp256r1"),
    valid_days=dict(type="int", default=397),
    renew_before_days=dict(type="int", default=30),
    reuse_key=dict(type="bool", default=True, no_log=False),
    pins_path=dict(type="path"),
    pins_content=dict(type="str"),
    owner=dict(type="str"),
    group=dict(type="str"),
    mode=dict(type="raw"),
    private_key_mode=dict(type="raw", no_log=False),
    backup=dict(type="bool", default=True),
)


def main():
    module = AnsibleModule(
        ARGUMENT_SPEC,
        mutually_exclusive=[
            ("ca_certificate_path", "ca_certificate_content"),
            ("ca_private_key_path", "ca_private_key_content"),
            *[(one, other) for one in REQUEST for other in ("private_key_path", "combined_path", "csr_path", "certificate_content")],
            REQUEST,
            ("pins_path", "pins_content"),
        ],
        required_one_of=[("private_key_path",) + REQUEST],
        required_if=[
            ("provider", "csr", ["csr_path"]),
            *[("provider", provider, ["private_key_path"]) for provider in ("self_signed", "csr", "import")],
            ("provider", "import", ["certificate_content"]),
            ("provider", "import", ["certificate_path", "combined_path"], True),
            ("provider", "self_signed", ["certificate_path", "combined_path"], True),
            ("provider", "own_ca", ["certificate_path", "combined_path"], True),
            ("provider", "own_ca", ["ca_certificate_path", "ca_certificate_content"], True),
            ("provider", "own_ca", ["ca_private_key_path", "ca_private_key_content"], True),
        ],
        supports_check_mode=True,
    )
    facts, warnings = {}, []
    with reporting(module, facts, warnings):
        require()
        issuing = Issuing(module.params, facts, warnings, is_rehearsal(module))
        facts.update(converge(module, issuing.plan(), issuing.apply))
    module.exit_json(**facts)


if __name__ == "__main__":
    main()
