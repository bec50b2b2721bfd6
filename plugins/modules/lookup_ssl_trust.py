#!/usr/bin/python
# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: lookup_ssl_trust
short_description: Audit, update and restore the SSL trust anchors in the vCenter Lookup Service
version_added: 0.3.0
author: certmend.tls contributors (@certmend)
description:
  - Solutions (Site Recovery Manager, vSphere Replication, NSX) find the services of a vCenter in its Lookup Service. They trust the certificates
    that are registered there as sslTrust. If the certificate of a machine was replaced and its registrations were not updated, they cannot
    connect (KB 322835).
  - With O(state=audited), compares every trust anchor with the certificate that its url serves now. Needs no account and changes nothing.
  - With O(state=updated), does Tasks 0 to 4 of the article, and writes a backup first, so that the update can be undone. Only the trust anchors
    that the options select change. Everything else in a registration is sent back unchanged.
  - With O(state=restored), restores the trust anchors of such a backup. Other differences between the backup and now are reported in
    RV(not_restored) and not changed.
  - The module is also available as C(certmend.tls.lookup_sslTrust).
  - Tested with a Lookup Service and an STS that were written after the public WSDL, not with a real vCenter.
requirements:
  - cryptography >= 3.4.8
extends_documentation_fragment:
  - certmend.tls.attributes
  - certmend.tls.attributes.changes
  - certmend.tls.connection
options:
  hostname:
    description: A node with a Lookup Service. It is a vCenter Server or an external Platform Services Controller, on an appliance or on Windows.
    type: str
  address:
    description:
      - The IP address to connect to, instead of resolving O(hostname). The certificate is still verified for O(hostname).
      - Urls of O(hostname) are connected to there, too. O(addresses) comes first.
    type: str
    version_added: 0.5.0
  sts_hostname:
    description:
      - The host of the STS, as V(host) or V(host:port), if it is not O(hostname), for example a load balancer before several Platform Services
        Controllers. The connection is HTTPS, and O(trusted_path), O(server_fingerprint) and O(validate_certs) apply to it as well.
      - The password is sent to this host or else to O(hostname), and never to a host that only a registration names.
    type: str
    version_added: 0.5.0
  username:
    description: An administrator of the SSO domain, for example C(administrator@vsphere.local). Only needed if something changes.
    type: str
  state:
    description:
      - V(audited) reports which trust anchors are stale.
      - V(updated) replaces trust anchors by the new certificate.
      - V(restored) restores the trust anchors in a backup.
    type: str
    choices: [audited, updated, restored]
    default: audited
  old_fingerprint:
    description: SHA-1 (as in the article) or SHA-256 fingerprints of certificates that were replaced. Every trust anchor with one of them is replaced.
    type: list
    elements: str
  old_certificate:
    description: The certificate that was replaced, as a path or as text, instead of O(old_fingerprint).
    type: str
  new_certificate:
    description: The certificate that is served now, as a path or as text. Required with O(state=updated), unless O(live) is true.
    type: str
  live:
    description:
      - Use the certificate that is served now as the new certificate, if it has one of O(expected_fingerprint).
      - Each of O(hosts) gets the certificate that it serves itself. Without O(hosts), the certificate that O(hostname) serves is used.
    type: bool
    default: false
  live_port:
    description: The TCP port where O(live) reads the certificate.
    type: int
    default: 443
  expected_fingerprint:
    description: SHA-256 fingerprints, one of which a certificate that O(live) reads must have. Required if O(live) is true.
    type: list
    elements: str
  hosts:
    description:
      - Only endpoints whose url has one of these hosts change. Case does not matter.
      - Without an old certificate, the trust anchors of every endpoint of these hosts that does not accept the new certificate are replaced.
    type: list
    elements: str
  aliases:
    description:
      - A dictionary. Each key is another name, or an address, that urls have for a host; its value is the host name.
      - For example, the key C(10.9.8.7) with the value C(vcenter.corp.example).
    type: dict
    default: {}
  addresses:
    description: A dictionary. Each key is a host name that this machine cannot resolve; its value is the IP address to connect to.
    type: dict
    default: {}
  strict:
    description:
      - Report a trust anchor that is a CA instead of the served certificate as C(ca_anchor).
      - Such a trust anchor is accepted until the served certificate is issued by another CA.
    type: bool
    default: false
  backup_dir:
    description: The folder for the backup, which is written before the first change. Required with O(state=updated), unless O(listed) is given.
    type: path
  backup_path:
    description: The backup to restore. Required with O(state=restored).
    type: path
  force:
    description:
      - With O(state=restored), restore every trust anchor in the backup.
      - By default, an endpoint keeps a trust anchor that is neither in the backup nor written by the update that the backup belongs to, because
        somebody else has changed it since. A backup of certmend.tls 0.4 or earlier does not record what the update wrote; it needs O(force=true).
      - Also restores the others if a service in the backup is no longer registered.
    type: bool
    default: false
    version_added: 0.5.0
  require_served:
    description:
      - With O(state=updated), refuse the update before anything changes unless every url of RV(selected) answers, and the trust anchors accept the
        certificate that it serves after the update.
      - By default, trust anchors are also replaced if their url does not answer.
    type: bool
    default: false
    version_added: 0.5.0
  verify_urls:
    description:
      - The urls of other nodes of the SSO domain. They must answer before the first change. After a change, each of them is asked whether it lists
        the new trust anchors.
      - O(trusted_path) and O(server_fingerprint) apply to them as well.
    type: list
    elements: str
  verify_timeout:
    description: Seconds that the nodes in O(verify_urls) have to list the new trust anchors. A node that takes longer is reported with a warning.
    type: float
    default: 30
  timeout:
    description: Seconds for one request to the Lookup Service or the STS, from resolving the name to the last byte of the answer.
    type: float
    default: 60
  probe_timeout:
    description: Seconds for the TLS handshake with the host of a url, from resolving its name.
    type: float
    default: 5
  workers:
    description: The largest number of hosts that are probed at the same time.
    type: int
    default: 32
  listed:
    description:
      - The output of C(lstool.py list) on the appliance, instead of O(hostname). Changes are then planned and not made.
      - The role P(certmend.tls.ssl_trust#role) uses it for C(ssl_trust_via=appliance).
    type: str
seealso:
  - name: KB 322835
    description: Certificate validation error for external solutions in environments with Embedded Platform Services Controller.
    link: https://knowledge.broadcom.com/external/article/322835
"""

EXAMPLES = r"""
- name: Report the stale trust anchors
  certmend.tls.lookup_ssl_trust:
    hostname: vcenter.corp.example
    server_fingerprint: "{{ vcenter_fingerprint }}"

- name: Replace the trust anchors of the old certificate by the certificate that is served now
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
  description: Every endpoint of every registration. After a change, as they are then; in check mode, as they would be.
  returned: if the registrations were listed
  type: list
  elements: dict
  contains:
    service_id:
      description: The id of the registration.
      type: str
    service_type:
      description: Product and type of the service.
      type: str
      sample: com.vmware.cis/vcenterserver
    node_id:
      description: A hint at the node of the service. Some registrations have none.
      type: str
    owner_id:
      description: The account that registered the service.
      type: str
    site_id:
      description: The SSO site.
      type: str
    url:
      description: The url of the endpoint.
      type: str
    uses_ip:
      description: Whether the url has an IP address instead of a host name.
      type: bool
    endpoint_type:
      description: The protocol and type of the endpoint (C(protocol), C(type)).
      type: dict
    ssl_trust:
      description:
        - The trust anchors, in the order of the registration. Each is a short form of a certificate in RV(certificates).
        - A trust anchor that cannot be read has C(error) instead.
      type: list
      elements: dict
    served:
      description: A short form of the certificate that the url serves. Null if the url was not probed or did not answer.
      type: dict
    status:
      description:
        - V(ok) - the trust anchors accept the certificate that the url serves.
        - V(ca_anchor) - they accept it because of a CA, and O(strict) is true.
        - V(stale) - they do not accept it.
        - V(expired_anchor) - the trust anchor has expired.
        - V(unreachable) - the url does not answer.
        - V(not_probed) - the url is empty, is not https or is local to the appliance, or the endpoint has no trust anchor.
        - V(malformed) - none of the trust anchors can be read.
      type: str
    reason:
      description: Why the endpoint has this status. It can be empty if the status is V(ok).
      type: str
stale:
  description: The RV(endpoints) with the status V(stale), V(expired_anchor), V(malformed) or V(ca_anchor).
  returned: if the registrations were listed
  type: list
  elements: dict
summary:
  description: The number of endpoints by status.
  returned: if the registrations were listed
  type: dict
  sample: {ok: 2070, stale: 30}
certificates:
  description: Every certificate that is registered or served, by its SHA-256 fingerprint, in the form that M(certmend.tls.cert_inspect) returns.
  returned: if the registrations were listed
  type: dict
sso_domain:
  description: The SSO domain.
  returned: if the registrations were listed
  type: str
  sample: vsphere.local
updated:
  description: The registrations that were changed; in check mode, that would be changed.
  returned: if the options are valid
  type: list
  elements: str
  sample: [vcenterserver 04608398-aaaa-bbbb-cccc-b35961bf5141]
selected:
  description:
    - The endpoints that the update is responsible for (C(service_id), C(url)). They have an old or the new certificate as trust anchor; without an
      old certificate, these are all endpoints of O(hosts).
  returned: if O(state=updated) and the registrations were listed
  type: list
  elements: dict
replacements:
  description: The arguments for the vendor's C(ls_update_certs.py) (C(old_fingerprint), a SHA-1; C(new_fingerprint), a SHA-256; C(new_certificate)).
  returned: if O(listed) is given and O(state=updated)
  type: list
  elements: dict
backup_path:
  description: The path of the backup.
  returned: if something was changed
  type: str
partners:
  description: For each of O(verify_urls), whether it lists the new trust anchors (C(url), C(in_sync), C(differing)).
  returned: if something was changed
  type: list
  elements: dict
not_restored:
  description: The differences between the backup and the registrations that the restore does not change.
  returned: if O(state=restored) and the registrations were listed
  type: list
  elements: dict
  contains:
    service_id:
      description: The id of the registration.
      type: str
    service:
      description: The type of the service and its id.
      type: str
    url:
      description: The url of the endpoint whose trust anchors differ. Null for another element of the registration.
      type: str
    trust_anchors:
      description: Whether trust anchors differ that somebody else changed after the update. O(force=true) restores these.
      type: bool
    difference:
      description: The difference.
      type: str
      sample: "serviceVersion: 8.0 -> 9.0"
conflict:
  description: Both versions of a registration that another client changed during the run (C(listed), C(found)).
  returned: if the run failed because of it
  type: dict
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.connection_spec import CONNECTION_SPEC, TRUST_OPTIONS
from ansible_collections.certmend.tls.plugins.module_utils.core.discreet import discreet
from ansible_collections.certmend.tls.plugins.module_utils.core.run import run_module
from ansible_collections.certmend.tls.plugins.module_utils.x509.lookup_ssl_trust.run import LookupSslTrustRun

ARGUMENT_SPEC = dict(
    CONNECTION_SPEC,
    address=dict(type="str"),
    sts_hostname=dict(type="str"),
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
    force=dict(type="bool", default=False),
    require_served=dict(type="bool", default=False),
    verify_urls=dict(type="list", elements="str"),
    verify_timeout=dict(type="float", default=30),
    timeout=dict(type="float", default=60),
    probe_timeout=dict(type="float", default=5),
    workers=dict(type="int", default=32),
    listed=dict(type="str"),
)


def main():
    module = discreet(AnsibleModule)(
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
