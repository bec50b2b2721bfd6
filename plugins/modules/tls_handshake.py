#!/usr/bin/python
# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: tls_handshake
short_description: Make a TLS handshake from this host and tell whether it verifies, and why not
version_added: 0.1.0
author: certmend.tls contributors (@certmend)
description:
  - Resolves the host, connects, and verifies chain and name as a client on this very host would.
  - Trusts only the anchors that are given, or those of a Java keystore, read by the platform's keytool.
  - Returns the chain as the server sent it, also when it does not verify.
  - Names are compared as RFC 9525 has it; a common name counts only where the certificate has no dNSName at all, as Java and OpenSSL do it.
  - Uses nothing but Python's standard library, so that it runs on appliances. Never changes anything.
extends_documentation_fragment:
  - certmend.tls.attributes
  - certmend.tls.attributes.reads_only
options:
  host:
    description: The host to connect to.
    type: str
    required: true
  port:
    description: The port.
    type: int
    default: 443
  name:
    description: The name that the certificate must have; also sent as SNI. The default is O(host).
    type: str
  address:
    description: Connect to this IP address instead of resolving O(host).
    type: str
  ca_path:
    description: A PEM file with the certificates to trust.
    type: path
  ca_content:
    description: The same as PEM text.
    type: str
  java_keystore:
    description: Trust what this Java keystore trusts. Each of its certificates ends a path, self-signed or not, as in Java.
    type: dict
    suboptions:
      path:
        description: The keystore, JKS or PKCS#12.
        type: path
        required: true
      password_file:
        description: A file whose first line is the password. Without it, the usual one of C(cacerts) is tried.
        type: path
  timeout:
    description: Seconds for all of it, from resolving the name to the end of the handshake.
    type: float
    default: 10
  expect:
    description: With V(verified) the task fails where the handshake does not verify; with V(any) it only reports.
    type: str
    choices: [verified, any]
    default: verified
seealso:
  - module: certmend.tls.cert_inspect
"""

EXAMPLES = r"""
- name: Does this host reach the depot by its FQDN, with the anchors that its Java reads?
  certmend.tls.tls_handshake:
    host: depot.corp.example
    address: 10.77.0.10
    java_keystore:
      path: /etc/vmware/vcf/commonsvcs/trusted_certificates.store
      password_file: /etc/vmware/vcf/commonsvcs/trusted_certificates.key
    expect: any
  register: handshake

- name: Judge what was seen there on the controller, where cryptography is
  certmend.tls.cert_inspect:
    presented: "{{ handshake.presented }}"
    name: depot.corp.example
    profile: [vcf_installer]
  delegate_to: localhost
"""

RETURN = r"""
verified:
  description: Whether chain and name verified.
  returned: always
  type: bool
  sample: false
error:
  description: Why not (C(code), C(message), C(advice)); null where it verified.
  returned: always
  type: dict
  sample:
    code: NAME-MISMATCH
    message: "Hostname mismatch, certificate is not valid for 'depot.corp.example'."
    advice: Connect by a name that the certificate has, or reissue it with the name that clients use.
host:
  description: What was connected to, with C(port) and C(name).
  returned: always
  type: str
addresses:
  description: What the host resolved to.
  returned: always
  type: list
  elements: str
  sample: [10.77.0.10]
address:
  description: The address that answered, or null.
  returned: always
  type: str
  sample: 10.77.0.10
protocol:
  description: The protocol's version.
  returned: always
  type: str
  sample: TLSv1.3
cipher:
  description: The cipher suite; empty where the handshake was not finished.
  returned: always
  type: str
  sample: TLS_AES_256_GCM_SHA384
presented:
  description: The chain as sent, each certificate as Base64 of its DER, the server's own first.
  returned: always
  type: list
  elements: str
fingerprints:
  description: SHA-1 and SHA-256 of the server's own certificate; empty where none was sent.
  returned: always
  type: dict
  sample: {sha1: "AB:CD", sha256: "12:34"}
duration_ms:
  description: How long it took.
  returned: always
  type: int
  sample: 12
anchors:
  description: How many certificates were trusted.
  returned: always
  type: int
  sample: 1
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.certmend.tls.plugins.module_utils.core.legacy import reporting
from ansible_collections.certmend.tls.plugins.module_utils.appliance.tls_handshake.run import handshake

ARGUMENT_SPEC = dict(
    host=dict(type="str", required=True),
    port=dict(type="int", default=443),
    name=dict(type="str"),
    address=dict(type="str"),
    ca_path=dict(type="path"),
    ca_content=dict(type="str"),
    java_keystore=dict(
        type="dict",
        no_log=False,
        options=dict(path=dict(type="path", required=True), password_file=dict(type="path", no_log=False)),
    ),
    timeout=dict(type="float", default=10),
    expect=dict(type="str", choices=["verified", "any"], default="verified"),
)


def main():
    anchors = ("ca_path", "ca_content", "java_keystore")
    module = AnsibleModule(
        ARGUMENT_SPEC, mutually_exclusive=[anchors], required_one_of=[anchors], supports_check_mode=True
    )
    facts = {}
    with reporting(module, facts):
        handshake(module.params, facts)
    module.exit_json(changed=False, **facts)


if __name__ == "__main__":
    main()
