# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files of an operator, as the playbook server_chain takes them: any form, folders, lists, texts."""

from __future__ import annotations

import base64
import pathlib

import pytest

from ansible_collections.certmend.tls.tests.support.corporate import Pki
from ansible_collections.certmend.tls.tests.support.forms import openssl, pkcs12
from ansible_collections.certmend.tls.tests.support.rendered import render

PASSWORD = "Chain-Pw1!"
NAMES = ("chain_roots", "chain_pool", "chain_ca", "chain_ca_key")


def cases(pki):
    """For each case, the variables of an operator, and what the plays get: roots, candidates, CA, private key of the CA."""
    root, pool, ca, key = pki.root.pem, pki.one.pem + pki.two.pem, pki.two.pem + pki.one.pem, pki.two.key_pem
    roots = {"server_chain_roots_path": "roots.pem"}
    return {
        "pem": (roots, (root, "", "", "")),
        "empty-answers": (
            dict(roots, server_chain_candidates_path="", server_chain_ca_path="", server_chain_ca_private_key_path=""),
            (root, "", "", ""),
        ),
        "der": ({"server_chain_roots_path": "root.der"}, (root, "", "", "")),
        "several-roots": ({"server_chain_roots_path": "root.der,other.der"}, (root + pki.other.pem, "", "", "")),
        "candidates-pkcs7": (dict(roots, server_chain_candidates_path="pool.p7b"), (root, pool, "", "")),
        "candidates-folder": (dict(roots, server_chain_candidates_path="pool"), (root, pool, "", "")),
        "candidates-lines": (dict(roots, server_chain_candidates_path="pool/1.der\npool/2.der\n"), (root, pool, "", "")),
        "candidates-list": (dict(roots, server_chain_candidates_path=["pool/1.der", "pool/2.der"]), (root, pool, "", "")),
        "candidates-pkcs12": (
            dict(roots, server_chain_candidates_path="ca.p12", server_chain_candidates_password=PASSWORD),
            (root, ca, "", ""),
        ),
        "ca-pem": (dict(roots, server_chain_ca_path="ca.pem", server_chain_ca_private_key_path="ca.key"), (root, "", ca, key)),
        "ca-der": (dict(roots, server_chain_ca_path="pool/2.der", server_chain_ca_private_key_path="ca.key.der"), (root, "", pki.two.pem, key)),
        "ca-pkcs12": (dict(roots, server_chain_ca_path="ca.p12", server_chain_ca_private_key_passphrase=PASSWORD), (root, "", ca, key)),
        "ca-without-its-key": (dict(roots, server_chain_ca_path="ca.pem"), (root, "", ca, "")),
        "ca-text": (dict(roots, server_chain_ca_content=ca, server_chain_ca_private_key_content=key), (root, "", ca, key)),
        "ca-text-base64": (
            dict(
                roots, server_chain_ca_content=base64.b64encode(pkcs12(pki.two, [pki.one], PASSWORD)).decode(), server_chain_ca_private_key_passphrase=PASSWORD
            ),
            (root, "", ca, key),
        ),
    }


@pytest.fixture(scope="module")
def pki(tmp_path_factory):
    made = Pki(tmp_path_factory.mktemp("pki"))
    made.other = made.authority("Corp Other Root CA", None)
    return made


@pytest.fixture(scope="module")
def rendered(pki):
    folder = pathlib.Path(pki.roots).parent
    (folder / "pool").mkdir()
    for name, data in (
        ("root.der", pki.root.der),
        ("other.der", pki.other.der),
        ("pool/1.der", pki.one.der),
        ("pool/2.der", pki.two.der),
        ("pool.p7b", openssl("crl2pkcs7", "-nocrl", "-certfile", pki.pool, "-outform", "DER")),
        ("ca.p12", pkcs12(pki.two, [pki.one], PASSWORD)),
        ("ca.key.der", openssl("pkcs8", "-topk8", "-nocrypt", "-in", pki.ca_key, "-outform", "DER")),
    ):
        (folder / name).write_bytes(data)
    hosts = {name: variables for name, (variables, _expected) in cases(pki).items()}
    hosts["wrong"] = {"server_chain_roots_path": "nowhere.pem", "server_chain_ca_path": "ca.p12", "server_chain_ca_private_key_path": "ca.pem"}
    return render(folder, "server_chain", {"cases": {"hosts": hosts}}, NAMES)


def test_every_file_is_read_in_any_form(rendered, pki):
    expected = {name: dict(zip(NAMES, values)) for name, (_variables, values) in cases(pki).items()}
    assert {name: rendered[name] for name in expected} == expected


def test_a_file_that_cannot_be_used_is_reported_by_its_variable(rendered):
    wrong = rendered["wrong"]
    assert "server_chain_roots_path: " in wrong["chain_roots"]["failed"] and "nowhere.pem does not exist" in wrong["chain_roots"]["failed"]
    assert "server_chain_ca_path: " in wrong["chain_ca"]["failed"] and "give its password" in wrong["chain_ca"]["failed"]
    assert "server_chain_ca_private_key_path: " in wrong["chain_ca_key"]["failed"] and "contains no private key" in wrong["chain_ca_key"]["failed"]
