# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The EXAMPLES of each module, on the estate: foretold by check mode, made, and nothing left to do the second time."""

from __future__ import annotations

import ast
import hashlib
import json
import ssl
import tempfile
from pathlib import Path

import pytest
import yaml

MODULES = Path(__file__).resolve().parents[2] / "plugins" / "modules"
WHERE = {
    "cert_chain_build": "depots",
    "cert_inspect": "depots",
    "cert_issue": "depots",
    "cert_pin": "depots",
    "hosts_entry": "installers",
    "lookup_ssl_trust": "vcenters",
    "tls_handshake": "installers",
    "trust_anchor": "installers",
}


def private_folder(estate, _pki):
    estate["depot"].run("mkdir", "-p", "/etc/ssl/private")
    return {}


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


PREPARED = {"cert_chain_build": chain_files, "cert_issue": private_folder, "cert_pin": pins_folder, "lookup_ssl_trust": vcenter}


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
