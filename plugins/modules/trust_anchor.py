#!/usr/bin/python
# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: trust_anchor
short_description: Add CA certificates to a trust store, or remove them
version_added: 0.1.0
author: certmend.tls contributors (@certmend)
description:
  - Adds certificates to the operating system's trust store or to a Java keystore, or removes them.
  - Compares certificates by SHA-256, not by alias or file name. A certificate that the store contains under any name is not added again.
  - A Java keystore is changed as a copy, which then replaces it, so that no program reads an incomplete keystore.
  - A certificate counts as present if the programs trust it. If the system's command was interrupted, so that the generated bundle or the hash
    links do not match the files, the next run completes it.
  - Holds a lock while it reads and changes the store, and verifies afterwards that the system's programs use the change.
  - Needs nothing but Python's standard library and the platform's own tools, so that it runs on appliances.
extends_documentation_fragment:
  - certmend.tls.attributes
  - certmend.tls.attributes.changes
  - certmend.tls.files.backup
  - certmend.tls.keystore
options:
  path:
    description: The path of a PEM file on the target, with one or more certificates.
    type: path
  content:
    description: One or more certificates as PEM text.
    type: str
  store:
    description:
      - The trust store. V(auto) is that of the operating system. V(java) is the keystore that O(keystore) names.
      - V(debian) and V(java) are tested with the real tools. V(redhat), V(suse) and V(photon) follow the documentation of those systems and were
        not tested with them.
    type: str
    choices: [auto, debian, redhat, suse, photon, java]
    default: auto
  keystore:
    description: The Java keystore, with O(store=java).
  name:
    description:
      - A name for the certificate in the store, an alias or a file name. If the task adds several certificates, a part of the fingerprint is appended.
      - The default is the common name with a part of the fingerprint.
    type: str
  state:
    description: V(present) adds the certificates to the store. V(absent) removes them.
    type: str
    choices: [present, absent]
    default: present
  entries:
    description:
      - With O(state=absent), remove the certificates only from these entries of the store. They are aliases of a Java keystore, or paths of files.
      - RV(added) of an earlier task lists the entries that the task created (C(entry)). Give these to undo the task, so that the same certificate
        under other aliases or in other files stays.
      - With an empty list, no alias or file is removed.
    type: list
    elements: str
    version_added: 0.5.0
  allow_leaf:
    description: Accept a certificate that is not a CA, for example a self-signed server certificate.
    type: bool
    default: false
  label:
    description: A text that the diff shows instead of subject and fingerprint of each certificate.
    type: str
  pending:
    description:
      - In check mode, accept that O(content) is empty because the certificate is to be issued earlier in the same run, and predict that it will be
        added. O(label) is required then. Ignored in a real run.
    type: bool
    default: false
  backup:
    description:
      - Keep a copy of a Java keystore that is replaced, in the same folder, with the same owner and mode.
      - Its name is that of the keystore after a dot, with the time (UTC) and C(.bak) appended.
      - The operating system's store needs no backup, because each certificate has a file of its own.
seealso:
  - module: certmend.tls.tls_handshake
"""

EXAMPLES = r"""
- name: Let the Java of the VCF installer trust the CA of the depot
  certmend.tls.trust_anchor:
    content: "{{ lookup('certmend.tls.certificates', lab_ca_path) }}"
    store: java
    keystore:
      path: /etc/vmware/vcf/commonsvcs/trusted_certificates.store
      password_file: /etc/vmware/vcf/commonsvcs/trusted_certificates.key

- name: Let the operating system trust it
  certmend.tls.trust_anchor:
    content: "{{ lookup('certmend.tls.certificates', lab_ca_path) }}"
    name: lab-root
"""

RETURN = r"""
store:
  description: The path of the store, a folder or a keystore.
  returned: always
  type: str
  sample: /etc/vmware/vcf/commonsvcs/trusted_certificates.store
anchors:
  description: The certificates of O(path) or O(content).
  returned: always
  type: list
  elements: dict
  sample: [{subject: CN=Lab Root CA, fingerprint_sha256: "12:34", is_ca: true, pem: "-----BEGIN CERTIFICATE-----"}]
added:
  description:
    - The certificates that were added, or would be in check mode.
    - C(entry) is the alias or the path of the file that was created. It is null if the certificate had a file already, and only the generated bundle or
      links did not contain it.
  returned: always
  type: list
  elements: dict
  sample: [{subject: CN=Lab Root CA, fingerprint_sha256: "12:34", is_ca: true, pem: "-----BEGIN CERTIFICATE-----", entry: lab-root}]
removed:
  description: The certificates that were removed, or would be in check mode.
  returned: always
  type: list
  elements: dict
backup_files:
  description: The path of the backup, by the path of the keystore.
  returned: always
  type: dict
created_files:
  description: The paths of the files that did not exist before.
  returned: always
  type: list
  elements: str
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.files_spec import BACKUP_SPEC
from ansible_collections.certmend.tls.plugins.module_utils.appliance.keytool import KEYSTORE_SPEC
from ansible_collections.certmend.tls.plugins.module_utils.appliance.trust_anchor.run import TrustAnchorRun
from ansible_collections.certmend.tls.plugins.module_utils.core.discreet import discreet
from ansible_collections.certmend.tls.plugins.module_utils.core.run import run_module

ARGUMENT_SPEC = dict(
    path=dict(type="path"),
    content=dict(type="str"),
    store=dict(type="str", choices=["auto", "debian", "redhat", "suse", "photon", "java"], default="auto"),
    keystore=KEYSTORE_SPEC,
    name=dict(type="str"),
    state=dict(type="str", choices=["present", "absent"], default="present"),
    entries=dict(type="list", elements="str"),
    allow_leaf=dict(type="bool", default=False),
    label=dict(type="str"),
    pending=dict(type="bool", default=False),
    **BACKUP_SPEC,
)


def main():
    module = discreet(AnsibleModule)(
        ARGUMENT_SPEC,
        mutually_exclusive=[("path", "content")],
        required_one_of=[("path", "content")],
        required_if=[("store", "java", ["keystore"]), ("pending", True, ["label"])],
        supports_check_mode=True,
    )
    run_module(module, TrustAnchorRun.from_params)


if __name__ == "__main__":
    main()
