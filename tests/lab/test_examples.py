# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The EXAMPLES of each module, on the estate: predicted by check mode, run, and nothing left to do the second time.

Every day all modules run in one playbook, a play each, three times: with --check, as they stand, and again. In the second run each example comes after a
twin of itself in check mode, which meets the world that the examples before it have left: its diff must be that of the example. With --check nothing
is there that an earlier example would have made, so the examples of DEPENDENT are left out of that run. `make test-all` runs the examples one after
another as well, as somebody would type them.
"""

from __future__ import annotations

import ast
import base64
import hashlib
import http.client
import json
import ssl
import tempfile
from pathlib import Path

import pytest
import yaml
from conftest import Trio
from cryptography.hazmat.primitives.serialization import pkcs12

from ansible_collections.certmend.tls.tests.support import mint
from ansible_collections.certmend.tls.tests.support.ome.chains import CLIENT, SERVER, purposes, usage
from ansible_collections.certmend.tls.tests.support.ome.server import ACCOUNT, ACTIONS, FIELDS, SESSIONS

MODULES = Path(__file__).resolve().parents[2] / "plugins" / "modules"
WHERE = {
    "cert_chain_build": "depots",
    "cert_inspect": "depots",
    "cert_issue": "apaches",
    "cert_pin": "depots",
    "change_window": "depots",
    "hosts_entry": "installers",
    "journal": "installers",
    "lookup_ssl_trust": "vcenters",
    "ome_certificate_chain": "ome-source",
    "tls_handshake": "installers",
    "trust_anchor": "installers",
}


DEPENDENT = {
    "cert_pin": {
        "Announce a new key before a server presents it": "announces a successor of the pin that the first example records",
        "Fail if a server presents a key that is not pinned": "fails as long as nothing is pinned",
        "Accept an approved change once": "takes the new pin from the example before it",
    },
    "hosts_entry": {"Change several entries in one write": "its diff shows the line of the first example around its own"},
}


def private_folder(estate, pki):
    """The folders, on a host whose files no other module's examples change, so that all can run in one playbook; and what a CA returned."""
    host, password = estate["web"], "Pfx1!Pfx1!"
    host.run("mkdir", "-p", "/etc/ssl/private", "/etc/nginx/tls")
    host.write("/etc/ssl/corp-root.pem", pki.root.pem)
    leaf, chain = pki.leaf("depot.corp.example"), [pki.two.x509, pki.one.x509]
    locked = mint.serialization.BestAvailableEncryption(password.encode())
    pfx = base64.b64encode(pkcs12.serialize_key_and_certificates(b"depot", leaf.key, leaf.x509, chain, locked)).decode("ascii")
    host.run("sh", "-c", "echo %s | base64 -d > /root/depot.pfx" % pfx)
    return {"ome_csr": mint.csr("ome.corp.example", key=mint.new_key("RSA-2048")), "pfx_password": password}


def chain_files(estate, pki):
    """Two servers that send their leaf alone, and the CAs of their company."""
    host = estate["depot"]
    host.run("mkdir", "-p", "/etc/ssl/intermediates", "/etc/haproxy/tls")
    host.write("/etc/ssl/intermediates/all.pem", pki.pool.read_text(encoding="ascii"))
    host.write("/etc/ssl/corp-root.pem", pki.root.pem)
    depot, lb = (pki.leaf(name) for name in ("depot.corp.example", "lb.corp.example"))
    host.write("/etc/nginx/tls/depot.pem", depot.pem)
    host.write("/etc/haproxy/tls/lb.pem", lb.key_pem + lb.pem)
    return {"chain_password": "Chain-Pw1!"}


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
        "ome_source_ca_chain": above,
        "ome_target_ca_chain": above,
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


#: those of journal are one story, which ends as it began: they have a test of their own
EXAMPLES = {path.stem: examples_of(path) for path in sorted(MODULES.glob("*.py")) if path.stem != "journal"}
PROGRAMS = [None, pytest.param("oldest", marks=pytest.mark.everything)]


def play_of(module, tasks, known):
    return {"name": module, "hosts": WHERE[module], "become": True, "gather_facts": False, "vars": known, "tasks": tasks}


def prepared(estate, pki, module):
    """Make what the examples of a module need on the estate; the variables that they take as given."""
    known = {"lab_ca_path": "%s/pki/ca.pem" % estate.state, "lab_ca_key_path": "%s/pki/ca.key" % estate.state}
    return {**known, **(PREPARED[module](estate, pki) if module in PREPARED else {})}


def twins(tasks):
    """Each task after one that is the same but for its name and check mode."""
    return [task for original in tasks for task in (dict(original, name="Predict: " + original["name"], check_mode=True), original)]


def independent(module):
    dependent = set(DEPENDENT.get(module, {}))
    assert dependent <= {task["name"] for task in EXAMPLES[module]}, "an example was renamed"
    return [task for task in EXAMPLES[module] if task["name"] not in DEPENDENT.get(module, {})]


def diffs(run, module):
    """The diffs of one module's examples by name, those of its twins left out."""
    return {result["task"]: result["diff"] for result in run.results if result["play"] == module and not result["task"].startswith("Predict: ")}


def predictions(run, module):
    """What the twins showed, by the name of the example."""
    found = [result for result in run.results if result["play"] == module and result["task"].startswith("Predict: ")]
    return {result["task"].partition(": ")[2]: result["diff"] for result in found}


def playbooks(lab, pki):
    """On fresh hosts: the playbook for --check, and that of all examples with their twins."""
    lab.reset()
    known = {module: prepared(lab, pki, module) for module in EXAMPLES}
    first = [play_of(module, independent(module), known[module]) for module in EXAMPLES]
    return yaml.safe_dump(first), yaml.safe_dump([play_of(module, twins(tasks), known[module]) for module, tasks in EXAMPLES.items()])


@pytest.fixture(scope="module", params=PROGRAMS, ids=["core", "oldest-core"])
def trio(lab, playbook, shared_pki, request):
    """All modules' examples: with --check, as they stand, and again."""
    program = request.param and request.getfixturevalue(request.param)
    first, plays = playbooks(lab, shared_pki)
    check = playbook(first, "--diff", "--check", program=program)
    return Trio(check, *(playbook(plays, "--diff", program=program) for _rest in range(2)))


@pytest.mark.parametrize("module", EXAMPLES)
def test_the_diff_of_check_mode_is_that_of_the_run(trio, module):
    made = diffs(trio.run, module)
    assert list(made) == [task["name"] for task in EXAMPLES[module]], trio.run.stdout
    assert predictions(trio.run, module) == made
    assert diffs(trio.check, module) == {task["name"]: made[task["name"]] for task in independent(module)}, trio.check.stdout


@pytest.mark.parametrize("module", EXAMPLES)
def test_the_examples_change_nothing_the_second_time(trio, module):
    assert list(diffs(trio.again, module)) == [task["name"] for task in EXAMPLES[module]], trio.again.stdout
    assert [result for result in trio.again.changed if result["play"] == module] == []


@pytest.mark.hosts("installer")
def test_the_examples_of_journal_change_a_file_and_restore_it(estate, playbook):
    host, tasks = estate["installer"], examples_of(MODULES / "journal.py")
    before = host.run("sh", "-c", "stat -c '%a %u %g %Y' /etc/hosts; cat /etc/hosts").stdout
    run = playbook(yaml.safe_dump([play_of("journal", tasks, {})]), "--diff")
    assert run.rc == 0 and any("10.77.0.10" in str(diff) for _host, diff in run.shown), run.stdout
    assert host.run("sh", "-c", "stat -c '%a %u %g %Y' /etc/hosts; cat /etc/hosts").stdout == before
    assert [result["task"] for result in run.results if result["changed"]] == [task["name"] for task in tasks[:-1]]


def test_no_example_fails(trio):
    assert [run.rc for run in trio] == [0, 0, 0], "".join(run.stdout for run in trio if run.rc)


def test_the_oldest_core_predicts_and_runs_all_examples(lab, playbook, shared_pki, oldest):
    run = playbook(playbooks(lab, shared_pki)[1], "--diff", program=oldest)
    assert run.rc == 0, run.stdout
    for module, tasks in EXAMPLES.items():
        made = diffs(run, module)
        assert list(made) == [task["name"] for task in tasks] and predictions(run, module) == made


@pytest.mark.everything
@pytest.mark.parametrize("module", EXAMPLES)
def test_the_examples_run_one_after_another(estate, playbook, module, pki):
    known, tasks = prepared(estate, pki, module), EXAMPLES[module]

    def run(count, *more):
        done = playbook(yaml.safe_dump([play_of(module, tasks[:count], known)]), "--diff", *more)
        assert done.rc == 0, done.stdout
        return done

    for count in range(1, len(tasks) + 1):  # one after another, as each may build on those before it
        predicted, made = run(count, "--check"), run(count)
        assert [result["diff"] for result in predicted.results] == [result["diff"] for result in made.results]
    assert run(len(tasks)).changed == []
