# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every documented variable of the playbook offline_depot, with each documented value: what the plays get. tests/lab proves what the plays do with it."""

from __future__ import annotations

import pytest
import yaml

from ansible_collections.certmend.tls.tests.support.forms import pkcs12
from ansible_collections.certmend.tls.tests.support.mint import authority, key_pem
from ansible_collections.certmend.tls.tests.support.rendered import COLLECTION, render

PASSWORD = "Depot-Pw1!"
ROOT = authority("Corp Root CA")
CA = authority("Corp Issuing CA", issuer=ROOT)
JAVA = {"store": "java", "keystore": {"path": "/etc/java/cacerts"}}
STORES = [
    {
        "store": "java",
        "keystore": {
            "path": "/etc/vmware/vcf/commonsvcs/trusted_certificates.store",
            "password_file": "/etc/vmware/vcf/commonsvcs/trusted_certificates.key",
        },
    },
    {"store": "java", "keystore": {"path": "/etc/alternatives/jre/lib/security/cacerts"}},
    {"store": "auto"},
]

#: for each variable: what the operator gives, and what the plays get of it
CASES = {
    "offline_depot_fqdn": [
        ({"offline_depot_fqdn": "depot.corp.example"}, {"depot_this.fqdn": "depot.corp.example"}),
        ({"fqdn": "by-fqdn.corp.example"}, {"depot_this.fqdn": "by-fqdn.corp.example"}),
        ({"offline_depot_fqdn": "own.corp.example", "fqdn": "other.corp.example"}, {"depot_this.fqdn": "own.corp.example"}),
        ({"offline_depot_fqdn": "", "fqdn": "f.corp.example"}, {"depot_this.fqdn": "f.corp.example"}),
        ({}, {"depot_this.fqdn": ""}),
    ],
    "offline_depot_address": [
        ({"ansible_host": "10.0.0.1"}, {"depot_this.address": "10.0.0.1"}),
        ({"ansible_host": "10.0.0.1", "offline_depot_address": "10.0.0.2"}, {"depot_this.address": "10.0.0.2"}),
        ({"ansible_host": "10.0.0.1", "offline_depot_address": ""}, {"depot_this.address": "10.0.0.1"}),
    ],
    "offline_depot_port": [({}, {"depot_this.port": 443}), ({"offline_depot_port": "8443"}, {"depot_this.port": 8443})],
    "offline_depot_signing_ca_path": [
        ({}, {"depot_provider": "self_signed", "depot_ca_content": "", "depot_signing_ca_key": ""}),
        (
            {"offline_depot_signing_ca_path": "ca.pem,root.der"},
            {"depot_provider": "own_ca", "depot_ca_content": CA.pem + ROOT.pem, "depot_signing_ca_key": ""},
        ),
        ({"offline_depot_signing_ca_path": "both.pem"}, {"depot_ca_content": CA.pem, "depot_signing_ca_key": CA.key_pem}),
    ],
    "offline_depot_signing_ca_private_key_path": [
        ({"offline_depot_signing_ca_path": "ca.pem", "offline_depot_signing_ca_private_key_path": "ca.key"}, {"depot_signing_ca_key": CA.key_pem}),
        (
            {"offline_depot_signing_ca_path": "ca.pem", "offline_depot_signing_ca_private_key_path": "root.der"},
            {"depot_signing_ca_key": "offline_depot_signing_ca_private_key_path: "},
        ),
    ],
    "offline_depot_signing_ca_content": [
        ({"offline_depot_signing_ca_content": CA.pem}, {"depot_provider": "own_ca", "depot_ca_content": CA.pem}),
        ({"offline_depot_ca_content": CA.pem}, {"depot_provider": "own_ca", "depot_ca_content": CA.pem}),
    ],
    "offline_depot_signing_ca_private_key_content": [
        ({"offline_depot_signing_ca_path": "ca.pem", "offline_depot_signing_ca_private_key_content": CA.key_pem}, {"depot_signing_ca_key": CA.key_pem})
    ],
    "offline_depot_signing_ca_private_key_passphrase": [
        (
            {"offline_depot_signing_ca_path": "ca.p12", "offline_depot_signing_ca_private_key_passphrase": PASSWORD},
            {"depot_ca_content": CA.pem + ROOT.pem, "depot_signing_ca_key": CA.key_pem},
        ),
        (
            {
                "offline_depot_signing_ca_path": "ca.pem",
                "offline_depot_signing_ca_private_key_path": "locked.key",
                "offline_depot_signing_ca_private_key_passphrase": PASSWORD,
            },
            {"depot_signing_ca_key": CA.key_pem},
        ),
        ({"offline_depot_signing_ca_path": "ca.p12"}, {"depot_ca_content": "offline_depot_signing_ca_path: "}),
    ],
    "offline_depot_trusted_path": [
        ({"offline_depot_trusted_path": "root.der"}, {"depot_provider": "own_ca", "depot_ca_content": ROOT.pem, "depot_signing_ca_key": ""}),
        (
            {"offline_depot_trusted_path": "root.der", "offline_depot_signing_ca_path": "both.pem"},
            {"depot_ca_content": ROOT.pem, "depot_signing_ca": CA.pem, "depot_signing_ca_key": CA.key_pem},
        ),
    ],
    "offline_depot_trusted_content": [({"offline_depot_trusted_content": ROOT.pem}, {"depot_ca_content": ROOT.pem})],
    "offline_depot_provider": [
        ({"offline_depot_provider": "self_signed", "offline_depot_signing_ca_path": "ca.pem"}, {"depot_provider": "self_signed"}),
        ({"offline_depot_provider": "own_ca"}, {"depot_provider": "own_ca"}),
    ],
    "offline_depot_ip_in_san": [({}, {"depot_ip_in_san": True}), ({"offline_depot_ip_in_san": "false"}, {"depot_ip_in_san": False})],
    "offline_depot_drop_names": [({}, {"depot_drop_names": []}), ({"offline_depot_drop_names": ["old"]}, {"depot_drop_names": ["old"]})],
    "offline_depot_force": [({}, {"depot_force": False}), ({"offline_depot_force": "true"}, {"depot_force": True})],
    "offline_depot_keep_on_failure": [({}, {"depot_keep_on_failure": False}), ({"offline_depot_keep_on_failure": "yes"}, {"depot_keep_on_failure": True})],
    "offline_depot_server": [
        ({}, {"depot_server": "nginx", "depot_private_key_path": "/etc/nginx/tls/depot.key"}),
        ({"offline_depot_server": "apache"}, {"depot_server": "apache"}),
        (
            {"offline_depot_server": "haproxy"},
            {
                "depot_server": "haproxy",
                "depot_combined_path": "/etc/haproxy/tls/depot.pem",
                "depot_private_key_path": "/etc/haproxy/depot.key",
                "depot_has_one_file": True,
            },
        ),
        ({"offline_depot_server": "custom"}, {"depot_certificate_path": "", "depot_private_key_path": "", "depot_has_one_file": False}),
        ({"offline_depot_server": "none", "offline_depot_private_key_path": "/srv/key"}, {"depot_certificate_path": "", "depot_private_key_path": "/srv/key"}),
    ],
    "offline_depot_service": [({}, {"depot_service": ""}), ({"offline_depot_service": "caddy"}, {"depot_service": "caddy"})],
    "offline_depot_check_command": [
        ({"offline_depot_check_command": ""}, {"depot_check_command": []}),
        ({"offline_depot_check_command": ["caddy", "validate"]}, {"depot_check_command": ["caddy", "validate"]}),
    ],
    "offline_depot_reload_command": [
        ({}, {"depot_reload_command": []}),
        ({"offline_depot_reload_command": ["caddy", "reload"]}, {"depot_reload_command": ["caddy", "reload"]}),
    ],
    "offline_depot_haproxy_config": [
        ({}, {"depot_haproxy_config": "/etc/haproxy/haproxy.cfg"}),
        ({"offline_depot_haproxy_config": "/srv/lb.cfg"}, {"depot_haproxy_config": "/srv/lb.cfg"}),
    ],
    "offline_depot_prove_timeout": [({}, {"depot_prove_timeout": 20}), ({"offline_depot_prove_timeout": 60}, {"depot_prove_timeout": 60})],
    "offline_depot_certificate_path": [
        ({}, {"depot_certificate_path": "/etc/nginx/tls/depot.pem"}),
        ({"offline_depot_certificate_path": "/srv/depot.pem"}, {"depot_certificate_path": "/srv/depot.pem"}),
    ],
    "offline_depot_combined_path": [
        ({"offline_depot_server": "haproxy", "offline_depot_combined_path": "/srv/lb.pem"}, {"depot_combined_path": "/srv/lb.pem"}),
        (
            {"offline_depot_server": "custom", "offline_depot_combined_path": "/srv/both.pem"},
            {"depot_combined_path": "/srv/both.pem", "depot_has_one_file": True},
        ),
        ({"offline_depot_server": "nginx", "offline_depot_combined_path": "/srv/both.pem"}, {"depot_has_one_file": False}),
    ],
    "offline_depot_private_key_path": [({"offline_depot_private_key_path": "/srv/depot.key"}, {"depot_private_key_path": "/srv/depot.key"})],
    "offline_depot_map_name": [({}, {"depot_map_name": True}), ({"offline_depot_map_name": "false"}, {"depot_map_name": False})],
    "offline_depot_trust_stores": [
        ({}, {"depot_trust_stores": STORES, "depot_keystores": [store["keystore"] for store in STORES[:2]], "depot_system_stores": ["auto"]}),
        ({"offline_depot_trust_stores": [{"store": "auto"}]}, {"depot_keystores": [], "depot_system_stores": ["auto"]}),
        ({"offline_depot_trust_stores": [JAVA]}, {"depot_keystores": [JAVA["keystore"]], "depot_system_stores": []}),
    ],
    "offline_depot_restart": [({}, {"depot_restart": ["lcm"]}), ({"offline_depot_restart": []}, {"depot_restart": []})],
    "offline_depot_become": [({}, {"depot_become": True}), ({"offline_depot_become": "false"}, {"depot_become": False})],
    "offline_depot_configure_installer": [
        ({}, {"depot_configure_installer": False}),
        (
            {"offline_depot_configure_installer": "true", "offline_depot_fqdn": "mine.corp.example"},
            {"depot_configure_installer": True, "depot_configured.fqdn": "mine.corp.example"},
        ),
    ],
    "offline_depot_installer_url": [
        ({"offline_depot_installer_url": "https://vcf.corp.example"}, {"depot_installer_url": "https://vcf.corp.example"}),
        ({"fqdn": "installer.corp.example"}, {"depot_installer_url": "https://installer.corp.example"}),
        ({}, {"depot_installer_url": "https://{host}"}),
    ],
    "offline_depot_installer_user": [
        ({}, {"depot_installer_user": "admin@local"}),
        ({"offline_depot_installer_user": "ops@local"}, {"depot_installer_user": "ops@local"}),
    ],
    "offline_depot_installer_trusted_path": [({"offline_depot_installer_trusted_path": "/root/ca.pem"}, {"depot_installer_ca_path": "/root/ca.pem"})],
}
#: the others are not rendered: tests/lab/test_offline_depot.py has a run for each
IN_THE_LAB = {"offline_depot_installers_only", "offline_depot_username", "offline_depot_password", "offline_depot_installer_password"}
HOSTS = {"%s-%d" % (name.replace("_", "-"), number): (name, given, expected) for name, cases in CASES.items() for number, (given, expected) in enumerate(cases)}


def test_every_variable_that_is_described_has_a_case():
    options = yaml.safe_load((COLLECTION / "playbooks/variables/offline_depot.yml").read_text(encoding="utf-8"))["options"]
    assert set(options) == set(CASES) | IN_THE_LAB


@pytest.fixture(scope="module")
def rendered(tmp_path_factory):
    """All cases in one start: each is a depot of its own."""
    folder = tmp_path_factory.mktemp("started")
    for name, data in (
        ("ca.pem", CA.pem.encode()),
        ("ca.key", CA.key_pem.encode()),
        ("root.der", ROOT.der),
        ("both.pem", (CA.key_pem + CA.pem).encode()),
        ("locked.key", key_pem(CA.key, PASSWORD).encode()),
        ("ca.p12", pkcs12(CA, [ROOT], PASSWORD)),
    ):
        (folder / name).write_bytes(data)
    names = sorted({name for _variable, _given, expected in HOSTS.values() for name in expected} | {"depot_all", "depot_mappings", "depot_fqdns"})
    every = {"offline-depot-fqdn-0", "offline-depot-restart-1"}
    hosts = {host: given if host in every else dict(given, rendered_names=list(expected)) for host, (_variable, given, expected) in HOSTS.items()}
    return render(folder, "offline_depot", {"cases": {"hosts": hosts}, "depots": {"hosts": dict.fromkeys(hosts, {})}}, names)


@pytest.mark.parametrize("host", HOSTS)
def test_a_variable_has_its_effect(rendered, host):
    _variable, _given, expected = HOSTS[host]
    for name, value in expected.items():
        found = rendered[host][name]
        if isinstance(found, dict) and "failed" in found:
            assert value and value in found["failed"]
        else:
            assert found == (value.replace("{host}", host) if isinstance(value, str) else value)


def test_all_hosts_know_all_depots(rendered):
    first, last = rendered["offline-depot-fqdn-0"], rendered["offline-depot-restart-1"]
    assert first["depot_all"] == last["depot_all"] and len(first["depot_all"]) == len(HOSTS)
    depots = dict(zip(HOSTS, first["depot_all"]))
    port = depots["offline-depot-port-1"]
    assert port == {"inventory_name": "offline-depot-port-1", "fqdn": "", "address": "offline-depot-port-1", "port": 8443}
    assert first["depot_fqdns"] == [depot["fqdn"] for depot in depots.values()]
    assert first["depot_mappings"] == [{"address": depot["address"], "names": [depot["fqdn"]]} for depot in depots.values()]


def test_a_refusal_of_a_strict_python_is_explained_and_another_is_not(tmp_path):
    """Ansible's own client asks the installer, which Python 3.13 made stricter."""
    refused = "Request failed: <urlopen error [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: Missing Authority Key Identifier (_ssl.c:1020)>"
    answers = {"strict": {"status": -1, "msg": refused}, "other": {"status": 401, "msg": "HTTP Error 401", "json": {"errorCode": "NO", "message": "wrong"}}}
    hosts = {host: {"depot_answer": answer} for host, answer in answers.items()}
    found = render(tmp_path, "offline_depot", {"cases": {"hosts": hosts}}, ["depot_refusal"])
    assert found["other"]["depot_refusal"] == "NO: wrong"
    assert found["strict"]["depot_refusal"].startswith("-1: %s. If the reason" % refused) and "TRUST-STRICT-REFUSES" in found["strict"]["depot_refusal"]
