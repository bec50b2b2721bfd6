#!/usr/bin/python
# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: tls_handshake
short_description: Make a TLS handshake from this host, and report whether and why not it verifies
version_added: 0.1.0
author: certmend.tls contributors (@certmend)
description:
  - Resolves the host name, connects, and verifies certificate chain and name as a client on this host would.
  - Trusts only the certificates that are given, those of a Java keystore, which the platform's keytool reads, or those of the operating system's store.
  - Returns the chain as the server sent it, also if it does not verify.
  - Names are compared as in RFC 9525. The common name counts only if the certificate has no dNSName, as in Java and OpenSSL.
  - Changes nothing. Needs nothing but Python's standard library, so that it runs on appliances.
extends_documentation_fragment:
  - certmend.tls.attributes
  - certmend.tls.attributes.reads_only
  - certmend.tls.keystore.java_keystore
options:
  host:
    description: The host name or IP address of the server.
    type: str
    required: true
  port:
    description: The TCP port of the server.
    type: int
    default: 443
  name:
    description:
      - The host name or IP address that the certificate must have. It is also sent as SNI.
      - The default is the value of O(host).
    type: str
  address:
    description: An IP address to connect to instead of resolving O(host).
    type: str
  trusted_path:
    description: A PEM file on this host with the certificates to trust.
    type: path
    aliases: [ca_path]
  trusted_content:
    description: The certificates to trust, as PEM text.
    type: str
    aliases: [ca_content]
  java_keystore:
    description:
      - A Java keystore whose trusted certificates are trusted.
      - A certificate chain may end at each of them, self-signed or not, as in Java.
  system_store:
    description:
      - The trust store of this host's operating system, whose certificates are trusted. V(auto) is that of the system that runs.
      - It is the store that M(certmend.tls.trust_anchor) changes, and is read where that system's programs read it.
    type: str
    choices: [auto, debian, redhat, suse, photon]
    version_added: 0.5.0
  timeout:
    description: The maximum number of seconds for the whole handshake, including the name resolution.
    type: float
    default: 10
  expect:
    description:
      - With V(verified) the task fails if the handshake does not verify. With V(any) it only reports the result.
      - With V(presented) the task fails unless the server presents O(expected_fingerprints), trusted or not.
      - Only V(verified) needs certificates to trust. Without them, nothing is verified, RV(verified) is false, and RV(error) says only whether there was a
        handshake with the expected certificates.
    type: str
    choices: [verified, presented, any]
    default: verified
  expected_fingerprints:
    description:
      - The SHA-256 fingerprints of the certificates that the server must present, its own first. More certificates may follow.
      - If the server presents others, the handshake does not count as verified, and the error is C(SERVED-DIFFERS).
    type: list
    elements: str
    version_added: 0.5.0
  previous_fingerprints:
    description:
      - The SHA-256 fingerprints of the certificates that the server presented before a change (RV(chain_fingerprints) of an earlier handshake), its own first.
      - If the server still presents them instead of O(expected_fingerprints), the error is C(SERVED-PREVIOUS).
    type: list
    elements: str
    version_added: 0.5.0
  wait_timeout:
    description:
      - For how many seconds to make the handshake again while it does not verify, or while other certificates than expected are presented. It ends as soon
        as the handshake is as expected, and at the latest O(timeout) seconds later.
      - After a graceful reload, for example, an old process of the server may still answer.
    type: float
    default: 0
    version_added: 0.5.0
seealso:
  - module: certmend.tls.cert_inspect
"""

EXAMPLES = r"""
- name: Does this host reach the depot by its FQDN, with the certificates that its Java trusts?
  certmend.tls.tls_handshake:
    host: depot.corp.example
    address: 10.77.0.10
    java_keystore:
      path: /etc/vmware/vcf/commonsvcs/trusted_certificates.store
      password_file: /etc/vmware/vcf/commonsvcs/trusted_certificates.key
    expect: any
  register: handshake

- name: Does the operating system of this host trust the depot?
  certmend.tls.tls_handshake:
    host: depot.corp.example
    address: 10.77.0.10
    system_store: auto
    expect: any

- name: Judge the chain that this host received, on the controller, which has cryptography
  certmend.tls.cert_inspect:
    presented: "{{ handshake.presented }}"
    name: depot.corp.example
    profile: [vcf_installer]
  delegate_to: localhost
"""

RETURN = r"""
verified:
  description: Whether certificate chain and name verified.
  returned: always
  type: bool
  sample: false
error:
  description: Why the handshake did not verify (C(code), C(message), C(advice)). Null if it verified.
  returned: always
  type: dict
  sample:
    code: NAME-MISMATCH
    message: "Hostname mismatch, certificate is not valid for 'depot.corp.example' (OpenSSL 62)"
    advice: Connect by a name that the certificate has, or reissue it with the name that clients use (role fqdn_certificate).
host:
  description: The value of O(host).
  returned: always
  type: str
  sample: depot.corp.example
port:
  description: The value of O(port).
  returned: always
  type: int
  sample: 443
name:
  description: The name that the certificate had to have.
  returned: always
  type: str
  sample: depot.corp.example
addresses:
  description: The IP addresses that the host name resolved to, or the value of O(address). Empty if there was no handshake.
  returned: always
  type: list
  elements: str
  sample: [10.77.0.10]
address:
  description: The IP address that answered. Null if there was no handshake.
  returned: always
  type: str
  sample: 10.77.0.10
protocol:
  description: The version of the TLS protocol. Empty if there was no handshake.
  returned: always
  type: str
  sample: TLSv1.3
cipher:
  description: The cipher suite. Empty if the handshake was not completed.
  returned: always
  type: str
  sample: TLS_AES_256_GCM_SHA384
presented:
  description: The chain as the server sent it, each certificate as Base64 of its DER, the server's own first.
  returned: always
  type: list
  elements: str
chain_fingerprints:
  description: The SHA-256 fingerprints of all certificates as the server sent them, its own first. Empty if the server sent none.
  returned: always
  type: list
  elements: str
  sample: ["12:34", "56:78"]
  version_added: 0.5.0
fingerprints:
  description: SHA-1 and SHA-256 fingerprints of the server's own certificate. Empty if the server sent none.
  returned: always
  type: dict
  sample: {sha1: "AB:CD", sha256: "12:34"}
duration_ms:
  description: The duration in milliseconds, including the name resolution. 0 if there was no handshake.
  returned: always
  type: int
  sample: 12
not_after:
  description: The end of the validity of the server's certificate. Null unless it was verified.
  returned: always
  type: str
  sample: "2027-03-01T00:00:00Z"
  version_added: 0.5.0
anchor:
  description:
    - The subject of the trusted certificate at which the path from the server's certificate ends, by the names of the certificates.
    - Null unless the chain was verified, or if the presented certificates lead to several trusted certificates.
  returned: always
  type: str
  sample: CN=Corp Root CA
  version_added: 0.5.0
anchors:
  description: The number of certificates that were trusted.
  returned: always
  type: int
  sample: 1
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.certmend.tls.plugins.module_utils.appliance.keytool import KEYSTORE_SPEC
from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.connection_spec import TRUSTED_SPEC
from ansible_collections.certmend.tls.plugins.module_utils.appliance.tls_handshake.run import TlsHandshakeRun
from ansible_collections.certmend.tls.plugins.module_utils.core.discreet import discreet
from ansible_collections.certmend.tls.plugins.module_utils.core.run import run_module

ARGUMENT_SPEC = dict(
    host=dict(type="str", required=True),
    port=dict(type="int", default=443),
    name=dict(type="str"),
    address=dict(type="str"),
    **TRUSTED_SPEC,
    java_keystore=KEYSTORE_SPEC,
    system_store=dict(type="str", choices=["auto", "debian", "redhat", "suse", "photon"]),
    timeout=dict(type="float", default=10),
    expect=dict(type="str", choices=["verified", "presented", "any"], default="verified"),
    expected_fingerprints=dict(type="list", elements="str"),
    previous_fingerprints=dict(type="list", elements="str"),
    wait_timeout=dict(type="float", default=0),
)


def main():
    anchors = ("trusted_path", "trusted_content", "java_keystore", "system_store")
    to_verify = [("expect", "verified", anchors, True)]
    module = discreet(AnsibleModule)(ARGUMENT_SPEC, mutually_exclusive=[anchors], required_if=to_verify, supports_check_mode=True)
    run_module(module, TlsHandshakeRun.from_params)


if __name__ == "__main__":
    main()
