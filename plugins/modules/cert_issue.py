#!/usr/bin/python
# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: cert_issue
short_description: Issue, request or import a server certificate
version_added: 0.1.0
author: certmend.tls contributors (@certmend)
description:
  - Makes a private key, a certificate signing request and a certificate. Either all files are written or none.
  - Runs on the host of the private key. The key never leaves that host.
  - The common name of the certificate is O(fqdn). Its subject alternative name has O(fqdn), O(dns_names) and O(ip_addresses).
  - Refuses an IP address as common name, an empty name and, unless O(profile) allows it, a wildcard.
  - A new certificate keeps the names of the present one, and its subject, its purposes and the kind of its key unless the options ask for others.
    RV(names_added) and RV(names_dropped) and the diff show how the names change. A name is given up only if O(drop_names) lists it.
  - Issues a new certificate if the present certificate has expired or expires soon, if it lacks names or purposes of the options, if it has names
    of O(drop_names), if the subject or the kind of key differ from the options, or if the private key does not belong to it. RV(renewed_because) has the
    reasons, with the codes of the findings (see M(certmend.tls.cert_inspect)). Otherwise nothing is changed. Letter case is no difference.
  - A certificate that another CA issued is replaced only if a finding reaches it. A certificate that clients of O(profile) accept stays, whatever
    O(provider) says, unless O(force) is true.
requirements:
  - cryptography >= 3.4.8 on the target
extends_documentation_fragment:
  - certmend.tls.attributes
  - certmend.tls.attributes.changes
  - certmend.tls.files
  - certmend.tls.files.backup
  - certmend.tls.trust_sources
options:
  provider:
    description:
      - Who signs the certificate.
      - V(self_signed) signs with the certificate's own private key.
      - V(own_ca) signs with the CA of O(signing_ca_path) or O(signing_ca_content). If the private key of the CA is not on the target, a request
        is signed elsewhere, and O(certificate_content) has the certificate. See the last three examples.
      - V(csr) only makes a certificate signing request (O(csr_path)) for another CA. The private key and the certificate in use are not changed. If
        the request is for a new key, that key is kept in the file C(private_key_path.next) until the certificate is imported. If a run left
        there a copy of the private key that is in use, the next run removes it.
      - V(csr) without O(csr_path) makes a request for the CA of O(signing_ca_path) or O(signing_ca_content) if V(own_ca) would issue a new
        certificate, and returns it in RV(csr). A new key is kept in the file C(private_key_path.signing), which V(own_ca) removes when it installs
        the certificate. The next task with V(csr) uses the key that an interrupted playbook has left, or removes it.
      - V(import) installs the certificate that the CA returned (O(certificate_content), O(certificate_content_base64) or O(import_path)), together with
        the private key that it belongs to. A PKCS#12 (PFX) may bring its own private key. Its chain is built and judged as the clients do before
        anything is written; so their roots are needed (O(trusted_path), O(trusted_content) or O(trust_system)).
    type: str
    choices: [self_signed, own_ca, csr, import]
    required: true
  fqdn:
    description: The fully qualified domain name by which clients connect.
    type: str
    required: true
  dns_names:
    description:
      - Additional host names for the subject alternative name.
      - The names of the present certificate are kept without being listed here.
    type: list
    elements: str
    default: []
  ip_addresses:
    description:
      - IP addresses for the subject alternative name.
      - The addresses of the present certificate are kept without being listed here.
    type: list
    elements: str
    default: []
  drop_names:
    description:
      - Names of the present certificate that the new one must not have. Host names, IP addresses, email addresses and URIs.
      - The way out if a name cannot be kept, for example a wildcard that O(profile) refuses, or if the CA no longer issues it (O(provider=import)).
      - Names that the present certificate does not have are ignored.
    type: list
    elements: str
    default: []
    version_added: 0.5.0
  subject:
    description:
      - The attributes of the subject besides the common name, by their short names, for example O and C.
      - If this option is not given, the attributes of the present certificate are kept. With V({}) the subject is the common name alone.
    type: dict
  extended_key_usage:
    description:
      - The purposes of the certificate.
      - If this option is not given, the purposes of the present certificate are kept, and V(serverAuth) is one of them. A present certificate without
        the extension may be used for anything; its successor gets both purposes. A first certificate gets V(serverAuth).
    type: list
    elements: str
    choices: [serverAuth, clientAuth]
  profile:
    description: The kind of client that must accept the names of the certificate, as in M(certmend.tls.cert_inspect).
    type: str
    choices: [generic, vcf_installer]
    default: generic
  private_key_path:
    description:
      - The file of the private key, unencrypted PEM, as servers read it. It is created if it does not exist.
      - Required unless O(request_path) or O(request_content) is given.
    type: path
  certificate_path:
    description:
      - The file from which the server reads its certificate.
      - The CA certificates follow the server certificate in this file. The root certificate is left out.
    type: path
  combined_path:
    description: A single file with certificate, chain and private key, as HAProxy reads it.
    type: path
  csr_path:
    description: The file of the certificate signing request. It is created if it does not exist.
    type: path
  request_path:
    description:
      - For O(provider=own_ca), a certificate signing request on the target that was made elsewhere, for example by an appliance that keeps its
        private key.
      - The certificate is issued for the key of this request. Its names and purposes are those of the options, unless O(as_requested) is true.
      - Without O(certificate_path) the certificate is returned in RV(certificate) and not written.
      - In check mode the file may be absent, because an earlier task of the same check run would create it.
    type: path
    version_added: 0.4.0
  request_content:
    description:
      - The certificate signing request of O(request_path) as PEM text.
      - In check mode it may be empty, because an earlier task of the same check run would make the request.
    type: str
    version_added: 0.4.0
  as_requested:
    description:
      - Whether the certificate has the names of the request besides those of the options, and its subject and purposes unless O(subject) and
        O(extended_key_usage) are given.
      - Give it for a request that comes from O(provider=csr). Who can change the request decides about the names.
    type: bool
    default: false
    version_added: 0.5.0
  certificate_content:
    description:
      - For O(provider=import), the certificate that the CA returned, as PEM text. It may contain several certificates in any order.
      - If it contains the server certificate alone, the intermediates are taken from the present file and from O(candidates).
      - For O(provider=own_ca) without the private key of the CA, the certificate that the CA has issued for the request of O(provider=csr). It is empty
        in check mode, and if no certificate is due. The certificates of the CA come from O(signing_ca_path) or O(signing_ca_content).
    type: str
  certificate_content_base64:
    description:
      - For O(provider=import), the bytes of the file that the CA returned as Base64, as M(ansible.builtin.slurp) returns them. PEM, DER, PKCS#7 or PKCS#12.
      - The private key of a PKCS#12 is installed with its certificate.
    type: str
    version_added: 0.5.0
  import_path:
    description: For O(provider=import), a file on the target that the CA returned, in any form that O(certificate_content_base64) may have.
    type: path
    version_added: 0.5.0
  password:
    description: The password of a PKCS#12 that is imported.
    type: str
    version_added: 0.5.0
  candidates:
    description: For O(provider=import), files or folders on the target with CA certificates that the chain may be built from. They are not trusted.
    type: list
    elements: path
    version_added: 0.5.0
  candidates_content:
    description: CA certificates as in O(candidates), as text.
    type: str
    version_added: 0.5.0
  trusted_path:
    description:
      - Files or folders with the CA certificates that the clients trust, in any form that M(certmend.tls.cert_inspect) reads.
      - Required for O(provider=import), unless O(trusted_content) or O(trust_system) is given.
      - The present certificate is judged with them. If they are not given, O(provider=own_ca) judges it with the given CA certificates, and
        O(provider=self_signed) without knowing whom the clients trust.
    type: list
    elements: path
    version_added: 0.5.0
    aliases: [trusted]
  trusted_content:
    version_added: 0.5.0
  trust_system:
    version_added: 0.5.0
  force:
    description:
      - Whether a new certificate is issued, or a new request is made, without any other reason. Then every run issues one.
      - Give it to replace a good certificate by one of another provider.
    type: bool
    default: false
    version_added: 0.5.0
  signing_ca_path:
    description:
      - For O(provider=own_ca), a file on the target with the certificate of the CA, followed by the CA certificates above it.
      - For O(provider=csr) without O(csr_path), the CA that will sign the request.
    type: path
    aliases: [ca_certificate_path]
  signing_ca_content:
    description: The CA certificates of O(signing_ca_path) as PEM text.
    type: str
    aliases: [ca_certificate_content]
  signing_ca_private_key_path:
    description:
      - For O(provider=own_ca), a file on the target with the private key of the CA.
      - Without it and O(signing_ca_private_key_content), O(certificate_content) must be given.
    type: path
    aliases: [ca_private_key_path]
  signing_ca_private_key_content:
    description: The private key of O(signing_ca_private_key_path) as PEM text. It is used in memory and not stored on the target.
    type: str
    aliases: [ca_private_key_content]
  signing_ca_private_key_passphrase:
    description: The passphrase of the CA's private key.
    type: str
    aliases: [ca_private_key_passphrase]
  key_type:
    description:
      - The kind of private key. If this option is not given, an existing key keeps its kind and a new key is of the kind of the present certificate.
      - If there is no certificate either, or its key is of a weak or unusual kind, a new key is an RSA key.
    type: str
    choices: [RSA, EC, Ed25519]
  key_size:
    description:
      - The minimum size of an RSA key in bits. A new key has this size; an existing key may be longer.
      - If this option is not given, a new key has the size of the present key, and at least 2048 bits.
    type: int
    choices: [2048, 3072, 4096]
  curve:
    description:
      - The curve of an EC key.
      - If this option is not given, an existing key keeps its curve, and a new key has the curve of the present key, or else secp256r1.
    type: str
    choices: [secp256r1, secp384r1, secp521r1]
  valid_days:
    description: The validity of a new certificate in days. The certificate never outlives the certificate of its CA.
    type: int
    default: 397
  renew_before_days:
    description: The number of days before its expiry at which a certificate is replaced.
    type: int
    default: 30
  reuse_key:
    description:
      - Whether a renewed certificate keeps the private key, so that clients that pinned this key continue to work.
      - A key that is weak, or not of the required kind, is always replaced.
    type: bool
    default: true
  pins_path:
    description:
      - A pin store of M(certmend.tls.cert_pin) on the target.
      - If a new private key would break pins of this store, a warning names their endpoints, also in check mode.
    type: path
    version_added: 0.4.0
  pins_content:
    description: The pin store of O(pins_path) as text, for a store that is kept on the controller.
    type: str
    version_added: 0.4.0
  mode:
    description:
      - The mode of the certificate and of the certificate signing request.
      - If this option is not given, an existing file keeps its mode and a new file has mode V(0644).
    type: raw
  private_key_mode:
    description:
      - The mode of the private key and of O(combined_path). A new key that no server uses yet (V(csr)) has mode V(0600).
      - If this option is not given, a new private key has mode V(0600). Where the key that it replaces may be read by its group (V(0640), C(root:ssl-cert))
        and nobody but root can change a folder on the way, the group may read the new one too. Permissions of all users, and ACLs, are never kept.
      - A file whose content stays keeps its mode.
    type: raw
  private_key_owner:
    description:
      - The owner of the private key and of O(combined_path), for a service that reads them as a user of its own. The default is O(owner).
      - A private key is only read from a file, and only takes the place of a file, that belongs to root, to the user who runs the task, or to this owner.
    type: str
    version_added: 0.5.0
  private_key_group:
    description: The group of the private key and of O(combined_path). The default is O(group).
    type: str
    version_added: 0.5.0
seealso:
  - module: certmend.tls.cert_inspect
  - module: certmend.tls.cert_pin
"""

EXAMPLES = r"""
- name: Issue a certificate by our own CA for the host name in the depot's URL
  certmend.tls.cert_issue:
    provider: own_ca
    fqdn: depot.corp.example
    ip_addresses: [10.77.0.10]
    profile: vcf_installer
    private_key_path: /etc/nginx/tls/depot.key
    certificate_path: /etc/nginx/tls/depot.pem
    signing_ca_content: "{{ lookup('certmend.tls.certificates', lab_ca_path) }}"
    signing_ca_private_key_content: "{{ lookup('certmend.tls.certificates', lab_ca_key_path, private_key=true) }}"

- name: Issue a self-signed certificate, if there is no CA
  certmend.tls.cert_issue:
    provider: self_signed
    fqdn: depot.corp.example
    private_key_path: /etc/ssl/private/self.key
    certificate_path: /etc/ssl/private/self.pem

- name: Make a request for the corporate CA; the private key in use is not changed
  certmend.tls.cert_issue:
    provider: csr
    fqdn: depot.corp.example
    subject: {O: Example Corporation, C: DE}
    private_key_path: /etc/ssl/private/requested.key
    csr_path: /etc/ssl/private/requested.csr
  register: request

- name: Import a PKCS#12 file with its private key; it is judged first, as clients do that trust the root
  certmend.tls.cert_issue:
    provider: import
    fqdn: depot.corp.example
    private_key_path: /etc/ssl/private/imported.key
    certificate_path: /etc/ssl/private/imported.pem
    import_path: /root/depot.pfx
    password: "{{ pfx_password }}"
    trusted_path: [/etc/ssl/corp-root.pem]

- name: Sign the request of an appliance that keeps its private key
  certmend.tls.cert_issue:
    provider: own_ca
    fqdn: ome.corp.example
    request_content: "{{ ome_csr }}"
    extended_key_usage: [serverAuth, clientAuth]
    certificate_path: /etc/ssl/private/ome.pem
    signing_ca_content: "{{ lookup('certmend.tls.certificates', lab_ca_path) }}"
    signing_ca_private_key_content: "{{ lookup('certmend.tls.certificates', lab_ca_key_path, private_key=true) }}"

- name: Issue a certificate in a single file for HAProxy
  certmend.tls.cert_issue:
    provider: self_signed
    fqdn: lb.corp.example
    private_key_path: /etc/ssl/private/lb.key
    combined_path: /etc/ssl/private/lb.pem

- name: Make a private key and a request, if a certificate is due
  certmend.tls.cert_issue:
    provider: csr
    fqdn: www.corp.example
    private_key_path: /etc/ssl/private/www.key
    certificate_path: /etc/ssl/private/www.pem
    signing_ca_content: "{{ lookup('certmend.tls.certificates', lab_ca_path) }}"
  register: made

- name: Sign the request on the controller, which alone has the private key of the CA
  certmend.tls.cert_issue:
    provider: own_ca
    fqdn: www.corp.example
    request_content: "{{ made.csr | default('', true) }}"
    as_requested: true
    signing_ca_content: "{{ lookup('certmend.tls.certificates', lab_ca_path) }}"
    signing_ca_private_key_content: "{{ lookup('certmend.tls.certificates', lab_ca_key_path, private_key=true) }}"
  register: signed
  changed_when: false
  diff: false
  delegate_to: localhost
  become: false
  when: made.csr is truthy or ansible_check_mode

- name: Install the certificate with its private key
  certmend.tls.cert_issue:
    provider: own_ca
    fqdn: www.corp.example
    private_key_path: /etc/ssl/private/www.key
    certificate_path: /etc/ssl/private/www.pem
    certificate_content: "{{ (signed.certificate | default({}, true)).pem | default('') }}"
    signing_ca_content: "{{ lookup('certmend.tls.certificates', lab_ca_path) }}"
"""

RETURN = r"""
certificate:
  description:
    - The installed certificate after the run, in the shape of M(certmend.tls.cert_inspect).
    - In check mode, the certificate that is installed now. Null if no certificate is installed.
  returned: always
  type: dict
  sample:
    subject: CN=depot.corp.example
    subject_alternative_name: {dns: [depot.corp.example], ip: [10.77.0.10], email: [], uri: []}
    not_after: "2027-12-22T12:00:00Z"
previous:
  description: The certificate that was installed before the run, or null.
  returned: always
  type: dict
  sample: {subject: CN=10.77.0.10}
renewed_because:
  description: Why a key, a request or a certificate was made or written, or would be in check mode. Empty if that was not necessary.
  returned: always
  type: list
  elements: str
  sample: ["the subject is CN=10.77.0.10, not CN=depot.corp.example (NAME-CN-IS-IP)"]
names_added:
  description: The names that the new certificate or request has and the present certificate has not. Empty if nothing is issued.
  returned: always
  type: list
  elements: str
  sample: [depot.corp.example]
names_dropped:
  description: The names that the present certificate has and the new certificate or request has not.
  returned: always
  type: list
  elements: str
  sample: []
replaced_self_signed:
  description:
    - The SHA-256 fingerprint of the self-signed certificate that was replaced, or would be in check mode. Null if there was none.
    - Trust stores to which it was added no longer need it, once clients accept the new certificate.
  returned: always
  type: str
  sample: null
pin_changed:
  description: Whether the public key changes, so that clients that pinned the old key will reject the server.
  returned: always
  type: bool
  sample: false
pins_broken:
  description: The endpoints in the pin store (O(pins_path) or O(pins_content)) whose pin the new key breaks, or would break in check mode.
  returned: always
  type: list
  elements: str
  sample: ["depot.corp.example:443"]
csr:
  description: The certificate signing request as PEM text, or null. In check mode, the request that exists now.
  returned: always
  type: str
signing_ca_content:
  description: The certificates of the CA (O(signing_ca_path) or O(signing_ca_content)) as PEM text, its own first. Null if no CA is used.
  returned: always
  type: str
backup_files:
  description: The path of each replaced file, and the path of its backup.
  returned: always
  type: dict
  sample: {/etc/nginx/tls/depot.pem: /etc/nginx/tls/.depot.pem.20261120T120000Z.bak}
created_files:
  description: The files that did not exist before.
  returned: always
  type: list
  elements: str
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.files_spec import BACKUP_SPEC, FILE_ATTRIBUTES_SPEC
from ansible_collections.certmend.tls.plugins.module_utils.core.discreet import discreet
from ansible_collections.certmend.tls.plugins.module_utils.core.old_names import formerly
from ansible_collections.certmend.tls.plugins.module_utils.core.run import run_module
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.run import CertIssueRun
from ansible_collections.certmend.tls.plugins.module_utils.x509.path.pool_sources import TRUST_SOURCES_SPEC

REQUEST = ("request_path", "request_content")
CA_CERTIFICATE = ("signing_ca_path", "signing_ca_content")
ANSWER = ("import_path", "certificate_content", "certificate_content_base64")
ARGUMENT_SPEC = dict(
    **BACKUP_SPEC,
    **FILE_ATTRIBUTES_SPEC,
    **TRUST_SOURCES_SPEC,
    provider=dict(type="str", required=True, choices=["self_signed", "own_ca", "csr", "import"]),
    fqdn=dict(type="str", required=True),
    dns_names=dict(type="list", elements="str", default=[]),
    ip_addresses=dict(type="list", elements="str", default=[]),
    drop_names=dict(type="list", elements="str", default=[]),
    subject=dict(type="dict"),
    extended_key_usage=dict(type="list", elements="str", choices=["serverAuth", "clientAuth"]),
    profile=dict(type="str", choices=["generic", "vcf_installer"], default="generic"),
    private_key_path=dict(type="path", no_log=False),
    certificate_path=dict(type="path"),
    combined_path=dict(type="path"),
    csr_path=dict(type="path"),
    request_path=dict(type="path"),
    request_content=dict(type="str"),
    as_requested=dict(type="bool", default=False),
    import_path=dict(type="path"),
    certificate_content=dict(type="str"),
    certificate_content_base64=dict(type="str", no_log=True),
    password=dict(type="str", no_log=True),
    candidates=dict(type="list", elements="path"),
    candidates_content=dict(type="str"),
    force=dict(type="bool", default=False),
    signing_ca_path=formerly("ca_certificate_path", type="path"),
    signing_ca_content=formerly("ca_certificate_content", type="str"),
    signing_ca_private_key_path=formerly("ca_private_key_path", type="path", no_log=False),
    signing_ca_private_key_content=formerly("ca_private_key_content", type="str", no_log=True),
    signing_ca_private_key_passphrase=formerly("ca_private_key_passphrase", type="str", no_log=True),
    key_type=dict(type="str", choices=["RSA", "EC", "Ed25519"], no_log=False),
    key_size=dict(type="int", choices=[2048, 3072, 4096], no_log=False),
    curve=dict(type="str", choices=["secp256r1", "secp384r1", "secp521r1"]),
    valid_days=dict(type="int", default=397),
    renew_before_days=dict(type="int", default=30),
    reuse_key=dict(type="bool", default=True, no_log=False),
    pins_path=dict(type="path"),
    pins_content=dict(type="str"),
    private_key_mode=dict(type="raw", no_log=False),
    private_key_owner=dict(type="str", no_log=False),
    private_key_group=dict(type="str", no_log=False),
)


def main():
    module = discreet(AnsibleModule)(
        ARGUMENT_SPEC,
        mutually_exclusive=[
            CA_CERTIFICATE,
            ("signing_ca_private_key_path", "signing_ca_private_key_content"),
            *[(request, other) for request in REQUEST for other in ("private_key_path", "combined_path", "csr_path", *ANSWER)],
            REQUEST,
            ANSWER,
            ("pins_path", "pins_content"),
        ],
        required_one_of=[("private_key_path",) + REQUEST],
        required_if=[
            ("provider", "csr", ["csr_path", *CA_CERTIFICATE], True),
            *[("provider", provider, ["private_key_path"]) for provider in ("self_signed", "csr", "import")],
            ("provider", "import", ANSWER, True),
            ("provider", "import", ["certificate_path", "combined_path"], True),
            ("provider", "self_signed", ["certificate_path", "combined_path"], True),
            ("provider", "own_ca", ["certificate_path", "combined_path", *REQUEST], True),
            ("provider", "own_ca", CA_CERTIFICATE, True),
        ],
        supports_check_mode=True,
    )
    run_module(module, CertIssueRun.from_params)


if __name__ == "__main__":
    main()
