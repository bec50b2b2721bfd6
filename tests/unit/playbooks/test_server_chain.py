# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files of an operator, as the playbook server_chain takes them (any form, folders, lists, texts), and what it decides to do with a server."""

from __future__ import annotations

import base64
import pathlib

import pytest

from ansible_collections.certmend.tls.tests.support.corporate import Pki
from ansible_collections.certmend.tls.tests.support.forms import openssl, pkcs12
from ansible_collections.certmend.tls.tests.support.rendered import render

PASSWORD = "Chain-Pw1!"
KEYSTORE = {"path": "/srv/trusted.store", "password_file": "/srv/password"}
NAMES = ("chain_roots", "chain_pool", "chain_ca", "chain_ca_key")


def cases(pki):
    """For each case, the variables of an operator, and what the plays get: roots, candidates, CA, private key of the CA."""
    root, pool, ca, key = pki.root.pem, pki.one.pem + pki.two.pem, pki.two.pem + pki.one.pem, pki.two.key_pem
    roots = {"server_chain_trusted_path": "roots.pem"}
    return {
        "pem": (roots, (root, "", "", "")),
        "empty-answers": (
            dict(roots, server_chain_candidates_path="", server_chain_signing_ca_path="", server_chain_signing_ca_private_key_path=""),
            (root, "", "", ""),
        ),
        "der": ({"server_chain_trusted_path": "root.der"}, (root, "", "", "")),
        "roots-pkcs12": ({"server_chain_trusted_path": "root.p12", "server_chain_trusted_password": PASSWORD}, (root, "", "", "")),
        "roots-text": ({"server_chain_trusted_content": pki.root.pem, "server_chain_candidates_content": pool}, (root, pool, "", "")),
        "old-names": (
            {"server_chain_roots_path": "root.p12", "server_chain_roots_password": PASSWORD, "server_chain_ca_path": "ca.pem"},
            (root, "", ca, ""),
        ),
        "several-roots": ({"server_chain_trusted_path": "root.der,other.der"}, (root + pki.other.pem, "", "", "")),
        "candidates-pkcs7": (dict(roots, server_chain_candidates_path="pool.p7b"), (root, pool, "", "")),
        "candidates-folder-of-all-forms": (
            dict(roots, server_chain_candidates_path="mixed", server_chain_candidates_password=PASSWORD),
            (root, pki.other.pem + pool + pki.third.pem, "", ""),
        ),
        "candidates-folder": (dict(roots, server_chain_candidates_path="pool"), (root, pool, "", "")),
        "candidates-lines": (dict(roots, server_chain_candidates_path="pool/1.der\npool/2.der\n"), (root, pool, "", "")),
        "candidates-list": (dict(roots, server_chain_candidates_path=["pool/1.der", "pool/2.der"]), (root, pool, "", "")),
        "candidates-pkcs12": (
            dict(roots, server_chain_candidates_path="ca.p12", server_chain_candidates_password=PASSWORD),
            (root, ca, "", ""),
        ),
        "ca-pem": (dict(roots, server_chain_signing_ca_path="ca.pem", server_chain_signing_ca_private_key_path="ca.key"), (root, "", ca, key)),
        "ca-der": (dict(roots, server_chain_signing_ca_path="pool/2.der", server_chain_signing_ca_private_key_path="ca.key.der"), (root, "", pki.two.pem, key)),
        "ca-pkcs12": (dict(roots, server_chain_signing_ca_path="ca.p12", server_chain_signing_ca_private_key_passphrase=PASSWORD), (root, "", ca, key)),
        "ca-without-its-key": (dict(roots, server_chain_signing_ca_path="ca.pem"), (root, "", ca, "")),
        "ca-text": (dict(roots, server_chain_signing_ca_content=ca, server_chain_signing_ca_private_key_content=key), (root, "", ca, key)),
        "ca-text-base64": (
            dict(
                roots,
                server_chain_signing_ca_content=base64.b64encode(pkcs12(pki.two, [pki.one], PASSWORD)).decode(),
                server_chain_signing_ca_private_key_passphrase=PASSWORD,
            ),
            (root, "", ca, key),
        ),
    }


@pytest.fixture(scope="module")
def pki(tmp_path_factory):
    made = Pki(tmp_path_factory.mktemp("pki"))
    made.other = made.authority("Corp Other Root CA", None)
    made.third = made.authority("Corp Issuing CA 3", made.root)
    return made


@pytest.fixture(scope="module")
def rendered(pki):
    folder = pathlib.Path(pki.roots).parent
    (folder / "pool").mkdir()
    (folder / "mixed").mkdir()
    for name, data in (
        ("root.der", pki.root.der),
        ("other.der", pki.other.der),
        ("pool/1.der", pki.one.der),
        ("pool/2.der", pki.two.der),
        ("mixed/1.cer", pki.other.der),
        ("mixed/2.p7b", openssl("crl2pkcs7", "-nocrl", "-certfile", pki.pool, "-outform", "DER")),
        ("mixed/3.pfx", pkcs12(pki.third, [], PASSWORD)),
        ("mixed/README.txt", b"The CA certificates of 2026.\n"),
        ("pool.p7b", openssl("crl2pkcs7", "-nocrl", "-certfile", pki.pool, "-outform", "DER")),
        ("root.p12", pkcs12(pki.root, [], PASSWORD)),
        ("ca.p12", pkcs12(pki.two, [pki.one], PASSWORD)),
        ("ca.key.der", openssl("pkcs8", "-topk8", "-nocrypt", "-in", pki.ca_key, "-outform", "DER")),
    ):
        (folder / name).write_bytes(data)
    hosts = {name: variables for name, (variables, _expected) in cases(pki).items()}
    hosts["wrong"] = {
        "server_chain_trusted_path": "nowhere.pem",
        "server_chain_signing_ca_path": "ca.p12",
        "server_chain_signing_ca_private_key_path": "ca.pem",
    }
    return render(folder, "server_chain", {"cases": {"hosts": hosts}}, NAMES)


def test_every_file_is_read_in_any_form(rendered, pki):
    expected = {name: dict(zip(NAMES, values)) for name, (_variables, values) in cases(pki).items()}
    assert {name: rendered[name] for name in expected} == expected


def test_a_file_that_cannot_be_used_is_reported_by_its_variable(rendered):
    wrong = rendered["wrong"]
    assert "server_chain_trusted_path: " in wrong["chain_roots"]["failed"] and "nowhere.pem does not exist" in wrong["chain_roots"]["failed"]
    assert "server_chain_signing_ca_path: " in wrong["chain_ca"]["failed"] and "give its password" in wrong["chain_ca"]["failed"]
    assert "server_chain_signing_ca_private_key_path: " in wrong["chain_ca_key"]["failed"] and "contains no private key" in wrong["chain_ca_key"]["failed"]


SOURCE = "www.corp.example:443"
LEAF = {"subject": "CN=www.corp.example", "subject_alternative_name": {"dns": ["www.corp.example", "Old.corp.example"], "ip": ["10.0.0.1"]}}
RUN, LOST = {"id": "this"}, {"id": "lost"}


def inspected(*findings):
    """What the first play has found out: findings as (severity, code, the certificate concerned if it is not the whole server)."""
    found = [
        {"severity": severity, "code": code, "about": ": ".join([SOURCE, *about]), "message": "m", "advice": "a", "remedy": ""}
        for severity, code, *about in findings
    ]
    return {"server_chain_before": {"results": [{"source": SOURCE, "certificates": [LEAF], "findings": found}]}}


def journal(name, state, run, *files):
    return {"server_chain_journals": {"this_run": RUN, "journals": [{"name": name, "journal_state": state, "run": run, "files": list(files)}]}}


GIVEN_CA = {"server_chain_signing_ca_path": "ca.pem", "server_chain_signing_ca_private_key_path": "ca.key", "server_chain_private_key_path": "/root/key"}
FILE = "/etc/nginx/tls/www.pem"
#: for each case, the variables, and whether the certificate is replaced, whether certificates are appended, and which findings are left to a person
DECISIONS = {
    "good": (inspected(), (False, False, [])),
    "notice": (inspected(("notice", "CHAIN-UNRELATED")), (False, False, [])),
    "forced": (dict(inspected(), server_chain_force="true"), (True, False, [])),
    "self-signed": (inspected(("error", "TRUST-SELF-SIGNED")), (True, False, [])),
    "other-name": (inspected(("error", "NAME-MISMATCH"), ("error", "CHAIN-INCOMPLETE")), (True, False, [])),
    "expired": (inspected(("error", "VALIDITY-EXPIRED", LEAF["subject"])), (True, False, [])),
    "not-yet": (inspected(("error", "VALIDITY-NOT-YET", LEAF["subject"])), (True, False, [])),
    "expired-ca": (inspected(("error", "VALIDITY-EXPIRED", "CN=Corp Issuing CA 2")), (False, True, [])),
    "incomplete": (inspected(("error", "CHAIN-INCOMPLETE")), (False, True, [])),
    "order": (inspected(("warning", "CHAIN-ORDER")), (False, True, [])),
    "soon": (inspected(("warning", "VALIDITY-SOON", LEAF["subject"])), (False, False, ["VALIDITY-SOON"])),
    "weak-and-incomplete": (inspected(("error", "KEY-WEAK"), ("error", "CHAIN-INCOMPLETE")), (False, True, ["KEY-WEAK"])),
    "dropped-name": (dict(inspected(), server_chain_drop_names=["old.CORP.example"]), (True, False, [])),
    "dropped-address": (dict(inspected(), server_chain_drop_names=["10.0.0.1"]), (True, False, [])),
    "dropped-before": (dict(inspected(), server_chain_drop_names=["gone.corp.example"]), (False, False, [])),
    "no-answer": ({"server_chain_before": {"results": [{"source": SOURCE, "certificates": [], "findings": []}]}}, (False, True, [])),
    "unproved-chain": (dict(inspected(), **journal("server_chain-nginx", "open", LOST, FILE)), (False, True, [])),
    "unproved-certificate": (dict(inspected(), **journal("fqdn_certificate-nginx", "open", LOST, FILE), **GIVEN_CA), (True, False, [])),
    "unproved-without-a-ca": (dict(inspected(), **journal("fqdn_certificate-nginx", "open", LOST, FILE)), (False, False, [])),
    "proved": (dict(inspected(), **journal("server_chain-nginx", "proved", LOST, FILE)), (False, False, [])),
    "own-journal": (dict(inspected(), **journal("server_chain-nginx", "open", RUN, FILE)), (False, False, [])),
    "empty-journal": (dict(inspected(), **journal("server_chain-nginx", "open", LOST)), (False, False, [])),
    "other-server": (dict(inspected(), **journal("server_chain-apache", "open", LOST, FILE)), (False, False, [])),
}


def test_a_server_is_changed_for_a_reason_only(pki):
    folder = pathlib.Path(pki.roots).parent / "decisions"
    folder.mkdir()
    for path in (pki.ca, pki.ca_key):
        (folder / path.name).write_bytes(path.read_bytes())
    hosts = {name: variables for name, (variables, _expected) in DECISIONS.items()}
    found = render(folder, "server_chain", {"cases": {"hosts": hosts}}, ("chain_replaces", "chain_appends", "chain_left"))
    decided = {name: (values["chain_replaces"], values["chain_appends"], [left["code"] for left in values["chain_left"]]) for name, values in found.items()}
    assert decided == {name: expected for name, (_variables, expected) in DECISIONS.items()}


#: what the roles get of it, whichever of them repairs the server
OF_THE_SERVER = {
    "check_command": ["caddy", "validate"],
    "reload_command": ["caddy", "reload"],
    "service": "caddy",
    "haproxy_config": "/srv/lb.cfg",
    "prove_timeout": 60,
}


def test_the_first_play_notes_how_a_server_is_reached(tmp_path):
    hosts = {
        "www.corp.example": {},
        "a": {"ansible_host": "10.0.0.1", "fqdn": "a.corp.example", "tls_port": 8443, "server_chain_prove_from": ["b"]},
        "b": {"ansible_host": "10.0.0.2", "fqdn": "b.corp.example", "server_chain_name": "c", "server_chain_port": "9443", "server_chain_address": "10.0.0.3"},
    }
    hosts["b"].update(server_chain_become="false", server_chain_client_stores=[{"store": "debian"}, {"store": "java", "keystore": KEYSTORE}])
    hosts["a"].update({"server_chain_" + name: value for name, value in OF_THE_SERVER.items()}, server_chain_path=FILE, server_chain_private_key_path=FILE)
    hosts["b"].update(server_chain_path=FILE, server_chain_private_key_path="/etc/nginx/tls/www.key")
    names = ("chain_has_one_file", *("chain_" + name for name in OF_THE_SERVER))
    found = render(tmp_path, "server_chain", {"cases": {"hosts": hosts}}, (*names, "chain_endpoint", "chain_system_stores", "chain_keystores", "chain_become"))
    assert {name: tuple(map(str, values["chain_endpoint"].values())) for name, values in found.items()} == {
        "www.corp.example": ("www.corp.example", "443", "", "['localhost']"),
        "a": ("a.corp.example", "8443", "10.0.0.1", "['b']"),
        "b": ("c", "9443", "10.0.0.3", "['localhost']"),
    }
    assert {name: found["a"]["chain_" + name] for name in OF_THE_SERVER} == OF_THE_SERVER and found["a"]["chain_has_one_file"] is True
    assert [found["b"]["chain_" + name] for name in OF_THE_SERVER] == [[], [], "", "/etc/haproxy/haproxy.cfg", 20] and found["b"]["chain_has_one_file"] is False
    assert found["a"]["chain_system_stores"] == ["auto"] and found["a"]["chain_keystores"] == [] and found["a"]["chain_become"] is True
    assert found["b"]["chain_system_stores"] == ["debian"] and found["b"]["chain_keystores"] == [KEYSTORE] and found["b"]["chain_become"] is False


def test_what_the_operator_gives_for_a_server_of_another_kind_reaches_the_roles(tmp_path):
    other = {
        "server_chain_server": "custom",
        "server_chain_path": "/srv/tls.pem",
        "server_chain_private_key_path": "/srv/tls.pem",
        "server_chain_check_command": '["/usr/sbin/web", "-t"]',
        "server_chain_reload_command": "/usr/sbin/web,-s,reload",
        "server_chain_service": "web",
        "server_chain_prove_timeout": "5",
        "server_chain_aia": '{"timeout": 2}',
        "server_chain_include_root": "yes",
    }
    names = ("chain_check_command", "chain_reload_command", "chain_service", "chain_prove_timeout", "chain_has_one_file", "given.server_chain_aia")
    found = render(tmp_path, "server_chain", {"cases": {"hosts": {"other": other, "usual": {"server_chain_path": "/etc/nginx/www.pem"}}}}, names)
    words = ["/usr/sbin/web", "-t"], ["/usr/sbin/web", "-s", "reload"]
    assert tuple(found["other"].values()) == (*words, "web", 5, True, {"timeout": 2})
    assert tuple(found["usual"].values()) == ([], [], "", 20, False, "(undefined)")
