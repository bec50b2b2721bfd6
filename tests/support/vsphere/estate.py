# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is registered: a small estate with everything that is seen in the field, and a large one to be fast with."""

from __future__ import annotations

import base64
import textwrap

from .lookup import Registration

STS = "com.vmware.cis.cs.identity.sso"
SDK = "com.vmware.vim"


def endpoint(url, trust=(), protocol="vmomi", kind=SDK, attributes=()):
    """A serviceEndpoints element; ``trust`` are its sslTrust texts."""
    return (
        "serviceEndpoints",
        (
            ("url", url),
            ("endpointType", (("protocol", protocol), ("type", kind))),
            *(("sslTrust", text) for text in trust),
            *(("endpointAttributes", (("key", key), ("value", value))) for key, value in attributes),
        ),
    )


def registration(service_id, endpoints, kind="vcenterserver", product="com.vmware.cis", site="site-a", node="node-a", beyond=(), **more):
    """A service with every optional field, so that what gets lost is seen."""
    mutable = (
        ("serviceVersion", more.pop("version", "8.0")),
        ("vendorNameResourceKey", "%s.vendor" % kind),
        ("vendorNameDefault", "VMware, Inc. & <Partners>"),
        ("vendorProductInfoResourceKey", "%s.product" % kind),
        ("vendorProductInfoDefault", ""),
        *endpoints,
        ("serviceAttributes", (("key", "com.vmware.cis.domain"), ("value", "a\r\nb\tc"))),
        ("serviceAttributes", (("key", "empty"), ("value", ""))),
        ("serviceNameResourceKey", "%s.name" % kind),
        ("serviceNameDefault", kind),
        ("serviceDescriptionResourceKey", "%s.description" % kind),
        ("serviceDescriptionDefault", "Größe \u2713"),
        *more.pop("future", ()),
    )
    return Registration(service_id, site, "owner-%s@vsphere.local" % service_id, product, kind, mutable, node, beyond)


def anchor(certificate):
    """A certificate as sslTrust holds it: DER in Base64, in one line."""
    return base64.b64encode(certificate.der).decode()


def wrapped(certificate):
    """The same over lines of 64 characters that end in CR LF."""
    return "\r\n".join(textwrap.wrap(anchor(certificate), 64)) + "\r\n"


def twice(certificate):
    """The same in Base64 twice."""
    return base64.b64encode(anchor(certificate).encode()).decode()


def small(old, new, ca, other, ports, host="vc1.corp.example", second="vc2.corp.example"):
    """Two vCenters of one SSO domain, and the solutions of others.

    :param old: the certificate that vc1 had; ``new`` what it serves now; ``ca`` what signed that; ``other`` a third party's.
    :param ports: vc1 (the port of its services), vc2, plugin, legacy, partner: where they are served.
    """
    vc1 = "https://%s:%d" % (host, ports["vc1"])
    vc2 = "https://%s:%d" % (second, ports["vc2"])
    return [
        registration("sts-a", [endpoint(vc1 + "/sts/STSService/vsphere.local", [anchor(old)], "wsTrust", STS)], "cs.identity"),
        registration(
            "vc-a",
            [
                endpoint(vc1 + "/sdk", [wrapped(old)], attributes=[("cis.common.ep.localurl", "http://localhost:8085/sdk")]),
                endpoint("http://localhost:8085/sdk", [anchor(old)]),
                endpoint(vc1.replace(host, host.upper()) + "/vsm", [twice(old)], "http", "com.vmware.vsm"),
            ],
        ),
        registration("several-a", [endpoint(vc1 + "/several", [anchor(other), anchor(old), anchor(ca)])], "several"),
        registration("current-a", [endpoint(vc1 + "/current", [anchor(new)])], "current"),
        registration("ca-a", [endpoint(vc1 + "/ca", [anchor(ca)])], "ca"),
        registration("plugin-a", [endpoint("https://%s:%d/plugin" % (host, ports["plugin"]), [anchor(old)])], "plugin"),
        registration("legacy-a", [endpoint("https://%s:%d/legacy" % (host, ports["legacy"]), [anchor(old)])], "legacy", node=None),
        registration("sts-b", [endpoint(vc2 + "/sts/STSService/vsphere.local", [anchor(other)], "wsTrust", STS)], "cs.identity", site="site-b", node="node-b"),
        registration("srm", [endpoint("https://srm.corp.example:%d/drserver" % ports["partner"], [anchor(other)])], "vcDr", "com.vmware.dr"),
        registration("nsx", [endpoint("https://nsx.corp.example:%d/api" % ports["partner"], [anchor(other) + "\n"])], "nsx", "com.vmware.nsx"),
        registration("malformed", [endpoint(vc1 + "/malformed", ["not a certificate!"])], "malformed"),
        registration("none", [endpoint("", [anchor(other)]), endpoint(vc1 + "/none")], "none"),
    ]


def large(hosts, stale, current, each=70):
    """``each`` registrations for each host, two endpoints each; a tenth of them holds the stale certificate.

    :param hosts: (name, port) pairs; ``stale`` and ``current`` the certificates of each.
    """
    listed = []
    for (name, port), old, new in zip(hosts, stale, current):
        url = "https://%s:%d" % (name, port)
        for number in range(each):
            trust = [anchor(old if number < each // 10 else new)]
            first = endpoint(url + "/sts/STSService/vsphere.local", trust, "wsTrust", STS) if number == 0 else endpoint(url + "/a%d" % number, trust)
            kind = "cs.identity" if number == 0 else "service%d" % number
            listed.append(registration("%s-%02d" % (name, number), [first, endpoint(url + "/b%d" % number, trust)], kind))
    return listed
