#!/usr/bin/python
# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: lookup_ssl_trust
short_description: Audit, update and put back the sslTrust anchors in the vCenter Lookup Service
version_added: 0.3.0
author: certmend.tls contributors (@certmend)
description:
  - Solutions find a vCenter's services in its Lookup Service, and trust what stands there as sslTrust. Where a machine's
    certificate was replaced and its registrations were not, they fail (KB 322835).
  - With O(state=audited), compares every anchor with what its url serves now. Anonymous, nothing is written.
  - With O(state=updated), does the article's Tasks 0 to 4 in one go, with a backup that can be put back, which the vendor's
    script has not. Only the anchors that were asked for change; everything else of a registration is sent back as it came.
  - With O(state=restored), puts such a backup back.
  - Also reachable as C(certmend.tls.lookup_sslTrust).
  - Tested against a Lookup Service and an STS made after the public WSDL; no vCenter was there to compare with.
requirements:
  - cryptography >= 3.4.8
extends_documentation_fragment:
  - certmend.tls.attributes
  - certmend.tls.attributes.changes
  - certmend.tls.connection
options:
  hostname:
    description: A node with a Lookup Service, a vCenter Server or an external Platform Services Controller, on an appliance or on Windows.
    type: str
  username:
    description: An administrator of the SSO domain, for example C(administrator@vsphere.local). Not needed for an audit.
    type: str
  state:
    description: What is to be done.
    type: str
    choices: [audited, updated, restored]
    default: audited
  old_fingerprint:
    description: SHA-1 (as in the article) or SHA-256 fingerprints of certificates that were replaced. Every anchor that has one of them is replaced.
    type: list
    elements: str
  old_certificate:
    description: The certificate that was replaced, as a path or as text, instead of its fingerprint.
    type: str
  new_certificate:
    description: The certificate that is served now, as a path or as text.
    type: str
  live:
    description: Take what each of O(hosts), or else O(hostname), serves now as its new certificate, if it has one of O(expected_fingerprint).
    type: bool
    default: false
  live_port:
    description: The port that is asked for it.
    type: int
    default: 443
  expected_fingerprint:
    description: The SHA-256 fingerprint that what is served must have, or those of several hosts.
    type: list
    elements: str
  hosts:
    description:
      - Only endpoints whose url has one of these hosts change. Case does not matter.
      - Without an old certificate, every endpoint of theirs that does not accept the new one gets it instead of what it holds.
    type: list
    elements: str
  aliases:
    description: Other names of hosts in urls, such as an address, and the names that people use.
    type: dict
    default: {}
  addresses:
    description: Where to connect for hosts that this machine cannot resolve.
    type: dict
    default: {}
  strict:
    description: Tell of anchors that are the CA instead of the certificate itself, as C(ca_anchor). They work, for as long as that CA is used.
    type: bool
    default: false
  backup_dir:
    description: A folder for the backup, which is written before the first change. Required with O(state=updated).
    type: path
  backup_path:
    description: The backup to put back. Required with O(state=restored).
    type: path
  verify_urls:
    description:
      - Other nodes of the SSO domain, by url, that must list the new anchors too in the end.
      - O(ca_path) and O(server_fingerprint) apply to them as well.
    type: list
    elements: str
  verify_timeout:
    description: Seconds that they have for it.
    type: float
    default: 30
  timeout:
    description: Seconds for an answer of the Lookup Service or the STS.
    type: float
    default: 60
  probe_timeout:
    description: Seconds for the handshake with a url.
    type: float
    default: 5
  workers:
    description: How many urls are asked at the same time.
    type: int
    default: 32
  listed:
    description:
      - What C(lstool.py list) printed on the appliance, instead of asking the service. Nothing is written then; the changes are planned.
      - The role P(certmend.tls.ssl_trust#role) uses it for C(ssl_trust_via=appliance).
    type: str
seealso:
  - name: KB 322835
    description: Certificate validation error for external solutions in environments with Embedded Platform Services Controller.
    link: https://knowledge.broadcom.com/external/article/322835
"""

EXAMPLES = r"""
- name: Which anchors are stale?
  certmend.tls.lookup_ssl_trust:
    hostname: vcenter.corp.example
    server_fingerprint: "{{ vcenter_fingerprint }}"

- name: Replace the anchors of the old certificate by what is served now
  certmend.tls.lookup_ssl_trust:
    hostname: vcenter.corp.example
    server_fingerprint: "{{ vcenter_fingerprint }}"
    username: administrator@vsphere.local
    password: "{{ vcenter_password }}"
    state: updated
    old_fingerprint: "{{ vcenter_old_fingerprint }}"
    live: true
    expected_fingerprint: "{{ vcenter_fingerprint }}"
    backup_dir: /root/ssl_trust_backups
  register: ssl_trust
"""

RETURN = r"""
endpoints:
  description: Every endpoint of every registration, as it is in the end.
  returned: where the Lookup Service answered
  type: list
  elements: dict
  contains:
    service_id:
      description: The registration.
      type: str
    service_type:
      description: Product and type.
      type: str
      sample: com.vmware.cis/vcenterserver
    node_id:
      description: A hint at the machine; some have none.
      type: str
    owner_id:
      description: Who registered it.
      type: str
    site_id:
      description: The SSO site.
      type: str
    url:
      description: Where it is served.
      type: str
    uses_ip:
      description: Whether the url has an address instead of a name.
      type: bool
    endpoint_type:
      description: Its protocol and type.
      type: dict
    ssl_trust:
      description: The anchors, in the order of the registration, in short; the whole of each stands in RV(certificates). One that cannot be read has C(error).
      type: list
      elements: dict
    served:
      description: What the url serves, in short; null where it was not asked or did not answer.
      type: dict
    status:
      description:
        - V(ok) - the url serves a certificate that the anchors accept.
        - V(ca_anchor) - it does, by a CA, and O(strict) is true.
        - V(stale) - the anchors do not accept what the url serves.
        - V(expired_anchor) - the anchor is past its end.
        - V(unreachable) - the url does not answer.
        - V(not_probed) - nobody asks there, an empty url, one that is not https, or localhost.
        - V(malformed) - no anchor of it can be read.
      type: str
    reason:
      description: Why.
      type: str
stale:
  description: Those of the endpoints that need something.
  returned: where the Lookup Service answered
  type: list
  elements: dict
summary:
  description: How many endpoints have which status.
  returned: where the Lookup Service answered
  type: dict
  sample: {ok: 2070, stale: 30}
certificates:
  description: Every certificate that is held or served, in the form that M(certmend.tls.cert_inspect) returns, by its SHA-256 fingerprint.
  returned: where the Lookup Service answered
  type: dict
sso_domain:
  description: The SSO domain.
  returned: where the Lookup Service answered
  type: str
  sample: vsphere.local
updated:
  description: The registrations that were, or would be, changed.
  returned: always
  type: list
  elements: str
  sample: [vcenterserver 04608398-aaaa-bbbb-cccc-b35961bf5141]
replacements:
  description: What the appliance's own script is to be told (C(old_fingerprint), a SHA-1; C(new_fingerprint); C(new_certificate)).
  returned: where O(listed) was given and O(state=updated)
  type: list
  elements: dict
backup_path:
  description: The backup.
  returned: where something was changed
  type: str
partners:
  description: For each of O(verify_urls), whether it lists the same (C(url), C(in_sync), C(differing)).
  returned: where something was changed
  type: list
  elements: dict
conflict:
  description: Both versions of a registration that somebody else changed meanwhile (C(listed), C(found)).
  returned: where that ended the run
  type: dict
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.connection_spec import CONNECTION_SPEC, TRUST_OPTIONS
from ansible_collections.certmend.tls.plugins.module_utils.core.run import run_module
from ansible_collections.certmend.tls.plugins.module_utils.x509.lookup_ssl_trust.run import LookupSslTrustRun

ARGUMENT_SPEC = dict(
    CONNECTION_SPEC,
    state=dict(type="str", choices=["audited", "updated", "restored"], default="audited"),
    old_fingerprint=dict(type="list", elements="str"),
    old_certificate=dict(type="str"),
    new_certificate=dict(type="str"),
    live=dict(type="bool", default=False),
    live_port=dict(type="int", default=443),
    expected_fingerprint=dict(type="list", elements="str"),
    hosts=dict(type="list", elements="str"),
    aliases=dict(type="dict", default={}),
    addresses=dict(type="dict", default={}),
    strict=dict(type="bool", default=False),
    backup_dir=dict(type="path"),
    backup_path=dict(type="path"),
    verify_urls=dict(type="list", elements="str"),
    verify_timeout=dict(type="float", default=30),
    timeout=dict(type="float", default=60),
    probe_timeout=dict(type="float", default=5),
    workers=dict(type="int", default=32),
    listed=dict(type="str"),
)


def main():
    module = AnsibleModule(
        ARGUMENT_SPEC,
        mutually_exclusive=[
            ("old_fingerprint", "old_certificate"),
            ("new_certificate", "expected_fingerprint"),
            TRUST_OPTIONS,
            ("hostname", "listed"),
        ],
        required_one_of=[("hostname", "listed")],
        required_if=[
            ("state", "updated", ("backup_dir", "listed"), True),
            ("state", "restored", ("backup_path", "hostname")),
            ("live", True, ("expected_fingerprint",)),
        ],
        supports_check_mode=True,
    )
    run_module(module, LookupSslTrustRun.from_params)


if __name__ == "__main__":
    main()
