#!/usr/bin/python
# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: trust_anchor
short_description: Add CA certificates to a trust store, or take them out
version_added: 0.1.0
author: certmend.tls contributors (@certmend)
description:
  - Adds certificates to the operating system's trust store or to a Java keystore, or takes them out.
  - Compares by SHA-256, never by alias or file name; a certificate that is there under whatever name is not added again.
  - A Java keystore is changed as a copy that then takes its place, so that no reader finds half of it.
  - Holds a lock on the store while it reads and changes it, and sees afterwards that the system's programs see the change.
  - Uses nothing but Python's standard library and the platform's own tools, so that it runs on appliances.
extends_documentation_fragment:
  - certmend.tls.attributes
  - certmend.tls.attributes.changes
options:
  path:
    description: A PEM file on the target with one certificate or more.
    type: path
  content:
    description: The same as PEM text.
    type: str
  store:
    description:
      - The store. V(auto) is the operating system's, V(java) is the keystore of O(keystore).
      - V(debian) and V(java) are tested with the real tools; V(redhat), V(suse) and V(photon) follow the systems' documentation and are unproven here.
    type: str
    choices: [auto, debian, redhat, suse, photon, java]
    default: auto
  keystore:
    description: For O(store=java), the keystore.
    type: dict
    suboptions:
      path:
        description: The keystore, JKS or PKCS#12. It must exist.
        type: path
        required: true
      password_file:
        description: A file whose first line is the password. Without it, the usual one of C(cacerts) is tried.
        type: path
  name:
    description: A name for the anchor in the store. The default is made of its common name and fingerprint.
    type: str
  state:
    description: Whether the store shall hold the certificates.
    type: str
    choices: [present, absent]
    default: present
  allow_leaf:
    description: Accept a certificate that is no CA, as a self-signed server certificate is.
    type: bool
    default: false
  label:
    description: What the diff calls the anchors instead of subject and fingerprint.
    type: str
  pending:
    description:
      - In check mode, accept that O(content) is empty because the certificate is to be issued earlier in the same run, and predict that it will be
        added. O(label) is required then. Ignored in a real run.
    type: bool
    default: false
  backup:
    description: Keep the old keystore beside the new one. Files of the operating system's store need none, each is one certificate.
    type: bool
    default: true
seealso:
  - module: certmend.tls.tls_handshake
"""

EXAMPLES = r"""
- name: The CA of the depot, for the Java of the VCF installer
  certmend.tls.trust_anchor:
    content: "{{ lookup('ansible.builtin.file', lab_ca_path) }}"
    store: java
    keystore:
      path: /etc/vmware/vcf/commonsvcs/trusted_certificates.store
      password_file: /etc/vmware/vcf/commonsvcs/trusted_certificates.key

- name: The same for the operating system
  certmend.tls.trust_anchor:
    content: "{{ lookup('ansible.builtin.file', lab_ca_path) }}"
    name: lab-root
"""

RETURN = r"""
store:
  description: The folder or keystore.
  returned: always
  type: str
  sample: /etc/vmware/vcf/commonsvcs/trusted_certificates.store
anchors:
  description: The certificates that were given.
  returned: always
  type: list
  elements: dict
  sample: [{subject: CN=Lab Root CA, fingerprint_sha256: "12:34", is_ca: true, pem: "-----BEGIN CERTIFICATE-----"}]
added:
  description: Those that were, or would be, added.
  returned: always
  type: list
  elements: dict
removed:
  description: Those that were, or would be, taken out.
  returned: always
  type: list
  elements: dict
backup_files:
  description: The keystore that was kept, by the path that it was at.
  returned: always
  type: dict
created_files:
  description: The files that were not there before.
  returned: always
  type: list
  elements: str
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.certmend.tls.plugins.module_utils.core.legacy import converge, is_rehearsal, reporting
from ansible_collections.certmend.tls.plugins.module_utils.appliance.trust_anchor.run import Trust, opened

ARGUMENT_SPEC = dict(
    path=dict(type="path"),
    content=dict(type="str"),
    store=dict(type="str", choices=["auto", "debian", "redhat", "suse", "photon", "java"], default="auto"),
    keystore=dict(
        type="dict",
        no_log=False,
        options=dict(path=dict(type="path", required=True), password_file=dict(type="path", no_log=False)),
    ),
    name=dict(type="str"),
    state=dict(type="str", choices=["present", "absent"], default="present"),
    allow_leaf=dict(type="bool", default=False),
    label=dict(type="str"),
    pending=dict(type="bool", default=False),
    backup=dict(type="bool", default=True),
)


def main():
    module = AnsibleModule(
        ARGUMENT_SPEC,
        mutually_exclusive=[("path", "content")],
        required_one_of=[("path", "content")],
        required_if=[("store", "java", ["keystore"]), ("pending", True, ["label"])],
        supports_check_mode=True,
    )
    facts = {}
    with reporting(module, facts):
        trust = Trust(module.params, facts, is_rehearsal(module))
        with opened(module.params) as store:
            facts.update(converge(module, trust.plan(store), trust.apply))
    module.exit_json(**facts)


if __name__ == "__main__":
    main()
