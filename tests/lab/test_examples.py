# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The EXAMPLES of each module, on the estate: foretold by check mode, made, and nothing left to do the second time."""

from __future__ import annotations

import ast
import hashlib
import http.client
import json
import ssl
import tempfile
from pathlib import Path

import pytest
import yaml

from ansible_collections.certmend.tls.tests.support import mint
from ansible_collections.certmend.tls.tests.support.ome.chains import CLIENT, SERVER, purposes, usage
from ansible_collections.certmend.tls.tests.support.ome.server import ACCOUNT, ACTIONS, FIELDS, SESSIONS

MODULES = Path(__file__).resolve().parents[2] / "plugins" / "modules"
WHERE = {
    "cert_chain_build": "depots",
    "cert_inspect": "depots",
    "cert_issue": "depots",
    "cert_pin": "depots",
    "hosts_entry": "installers",
    "lookup_ssl_trust": "vcenters",
    "ome_certificate_chain": "ome-source",
    "tls_handshake": "installers",
    "trust_anchor": "installers",
}


def private_folder(estate, _pki):
    estate["depot"].run("mkdir", "-p", "/etc/ssl/private")
    return {"ome_csr": mint.csr("ome.corp.example", key=mint.new_key("RSA-2048"))}


def chain_files(estate, pki):
    """Two servers that send their leaf alone, and the CAs of their company."""
    host = estate["depot"]
    host.run("mkdir", "-p", "/etc/ssl/intermediates", "/etc/haproxy/tls")
    host.write("/etc/ssl/intermediates/all.pem", pki.pool.read_text(encoding="ascii"))
    host.write("/etc/ssl/corp-root.pem", pki.root.pem)
    depot, lb = (pki.leaf(name) for name in ("depot.corp.example", "lb.corp.example"))
    host.write("/etc/nginx/tls/depot.pem", depot.pem)
    host.write("/etc/haproxy/tls/lb.pem", lb.key_pem + lb.pem)
    return {}


def vcenter(estate, _pki):
    """What the person knows: the account, the old certificate's fingerprint and the new one's."""
    ders = [ssl.PEM_cert_to_DER_cert(estate["vcenter"].read("/etc/vmware-lab/%s.pem" % name)) for name in ("old", "machine")]
    return {
        "vcenter_password": "Secret-Pw1!<&>",
        "vcenter_old_fingerprint": hashlib.sha1(ders[0]).hexdigest(),
        "vcenter_fingerprint": hashlib.sha256(ders[1]).hexdigest(),
    }


def pins_folder(estate, _pki):
    """A pin store of this test alone, on the controller."""
    return {"pins_folder": tempfile.mkdtemp(dir=estate.state)}


def ome(estate, pki):
    """The request that the first example would have made, the CA's answer to it, and the chain of the other appliance."""
    host, (source, target) = estate["ome-source"], (name + ".corp.example" for name in ("ome-source", "ome-target"))
    csr = requested(host.address, DistinguishedName=source, BusinessName="Example Corporation", Country="DE", San=source)
    days = dict(pki.days, extensions=[purposes(SERVER, CLIENT), usage()])
    signed = mint.sign(mint.load_csr(csr.encode()), source, pki.two, dns=[source], **days)
    peer = mint.mint(target, dns=[target], issuer=pki.two, **days)
    above = pki.two.pem + pki.one.pem + pki.root.pem
    host.run("mkdir", "-p", "/root/ome")
    for name, text in (("source.csr", csr), ("source.pem", signed.pem + above), ("target.pem", peer.pem + above)):
        host.write("/root/ome/" + name, text)
    served = ssl.PEM_cert_to_DER_cert(ssl.get_server_certificate((host.address, 443)))
    return {
        "ome_password": ACCOUNT[1],
        "ome_csr": "/root/ome/source.csr",
        "ome_chain": "/root/ome/source.pem",
        "ome_peer_chain": "/root/ome/target.pem",
        "ome_fingerprint": hashlib.sha256(served).hexdigest(),
        "ome_new_fingerprint": hashlib.sha256(signed.der).hexdigest(),
    }


def requested(address, **details):
    """A request that the appliance made, asked for by hand."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE

    def post(path, content, **headers):
        connection = http.client.HTTPSConnection(address, context=context)
        connection.request("POST", path, json.dumps(content), headers)
        return connection.getresponse()

    signed_in = post(SESSIONS, {"UserName": ACCOUNT[0], "Password": ACCOUNT[1], "SessionType": "API"})
    asked = dict(dict.fromkeys(word for word, _kind in FIELDS), **details)
    answer = post(ACTIONS + "GenerateCSR", asked, **{"X-Auth-Token": signed_in.headers["X-Auth-Token"]})
    return json.loads(answer.read())["CertificateData"]


PREPARED = {"cert_chain_build": chain_files, "cert_issue": private_folder, "cert_pin": pins_folder, "lookup_ssl_trust": vcenter, "ome_certificate_chain": ome}


def examples_of(path):
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and node.targets[0].id == "EXAMPLES":
            return yaml.safe_load(node.value.value)
    raise AssertionError("no EXAMPLES in %s" % path)


@pytest.mark.parametrize("module", sorted(path.stem for path in MODULES.glob("*.py")))
def test_the_examples_run_as_they_stand(estate, playbook, module, pki):
    known = PREPARED[module](estate, pki) if module in PREPARED else {}
    lab_pki = estate.state / "pki"
    known.update(lab_ca_path="%s/ca.pem" % lab_pki, lab_ca_key_path="%s/ca.key" % lab_pki)
    given = ["-e", json.dumps(known), "--diff"]
    tasks = examples_of(MODULES / (module + ".py"))

    def run(count, *more):
        play = {"hosts": WHERE[module], "become": True, "gather_facts": False, "tasks": tasks[:count]}
        done = playbook(yaml.safe_dump([play]), *given, *more)
        assert done.rc == 0, done.stdout
        return done

    for count in range(1, len(tasks) + 1):  # one after another, as each may build on those before it
        foretold, made = run(count, "--check"), run(count)
        assert [one["diff"] for one in foretold.results] == [one["diff"] for one in made.results]
    assert run(len(tasks)).changed == []
