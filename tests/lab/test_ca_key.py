# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The private key of a CA stays on the controller: everything that Ansible sends to a server is kept there, and searched."""

from __future__ import annotations

import base64
import io
import json
import re
import tarfile
import zipfile

import pytest

from ansible_collections.certmend.tls.tests.support import mint
from ansible_collections.certmend.tls.tests.support.clock import REAL
from ansible_collections.certmend.tls.tests.support.corporate import Pki

pytestmark = pytest.mark.hosts("depot", "installer", "web")

FQDN, PASSPHRASE = "depot.corp.example", "CaPw1!-of-the-CA"
#: modules go to a server as files, and stay there
KEPT = {"ANSIBLE_PIPELINING": "false", "ANSIBLE_KEEP_REMOTE_FILES": "true"}
SENT = "cd / && find root/.ansible home tmp -type f -size -40M 2>/dev/null | tar -cf - -T - | base64"
ENCODED = re.compile(rb"[A-Za-z0-9+/]{200,}={0,2}")


def sent_to(host):
    """Everything that a run has sent to a host: the files themselves, and what is packed in them."""
    archive = tarfile.open(fileobj=io.BytesIO(base64.b64decode(host.run("sh", "-c", SENT).stdout)))
    return [part for member in archive.getmembers() if member.isfile() for part in unpacked(archive.extractfile(member).read())]


def unpacked(data):
    """A content and, if there are any, the contents that it holds as Base64 or as an archive."""
    yield data
    if zipfile.is_zipfile(io.BytesIO(data)):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            yield from (archive.read(name) for name in archive.namelist())
        return
    for text in ENCODED.findall(data):
        yield from unpacked(base64.b64decode(text[: len(text) // 4 * 4]))


def lines_of(pem):
    """The lines of a PEM that occur in nothing else: the first ones of an RSA key are its modulus, which its certificate has as well."""
    lines = pem.strip().splitlines()[1:-1]
    return lines[8:] or lines[:1]


def times_in(sent, pem):
    """How many lines of a PEM are in what was sent to a host."""
    return sum(any(line.encode() in part for part in sent) for line in lines_of(pem))


def test_the_search_finds_what_is_sent(estate, playbook):
    """A module's options, in the file of the module."""
    key = mint.key_pem(mint.new_key())
    play = json.dumps([{"hosts": "depot", "gather_facts": False, "tasks": [{"ansible.builtin.ping": {"data": key}}]}])
    assert playbook(play + "\n", environment=KEPT).rc == 0
    assert times_in(sent_to(estate["depot"]), key) == len(lines_of(key))


def test_offline_depot_signs_on_the_controller(estate, playbook, tmp_path):
    """Neither the key nor the passphrase with which it is encrypted is sent."""
    ca, key = ((estate.state / "pki" / name).read_text() for name in ("ca.pem", "ca.key"))
    locked = tmp_path / "locked.key"
    locked.write_text(mint.key_pem(mint.serialization.load_pem_private_key(key.encode(), None), PASSPHRASE), encoding="ascii")
    given = {
        "offline_depot_fqdn": FQDN,
        "offline_depot_signing_ca_path": str(estate.state / "pki" / "ca.pem"),
        "offline_depot_signing_ca_private_key_path": str(locked),
        "offline_depot_signing_ca_private_key_passphrase": PASSPHRASE,
    }
    run = playbook("certmend.tls.offline_depot", "-vvv", "-e", json.dumps(given), environment=KEPT)
    assert run.rc == 0, run.stdout[-3000:]
    for host in ("depot", "installer"):
        sent = sent_to(estate[host])
        assert times_in(sent, ca) == len(lines_of(ca)), "the CA's certificate is sent to " + host
        assert times_in(sent, key) == times_in(sent, locked.read_text()) == 0, "the CA's key was sent to " + host
        assert not [part for part in sent if PASSPHRASE.encode() in part], "the passphrase was sent to " + host
    # the command line that the test itself typed is printed by -vvv; everything else must be clean
    output = "\n".join(line for line in (run.stdout + run.stderr).splitlines() if "offline_depot_signing_ca_private_key_passphrase" not in line)
    assert PASSPHRASE not in output and not [line for line in lines_of(key) if line in output]


def test_server_chain_signs_on_the_controller(estate, playbook, tmp_path):
    pki = Pki(tmp_path)
    old = mint.mint(FQDN, dns=[FQDN], key=mint.new_key(), **REAL.days())
    estate["depot"].write("/etc/nginx/tls/depot.key", old.key_pem)
    estate["depot"].write("/etc/nginx/tls/depot.pem", old.pem)
    estate["depot"].run("service", "nginx", "reload")
    given = {
        "server_chain_hosts": "depot",
        "server_chain_trusted_path": str(pki.roots),
        "server_chain_candidates_path": str(pki.pool),
        "server_chain_path": "/etc/nginx/tls/depot.pem",
        "server_chain_private_key_path": "/etc/nginx/tls/depot.key",
        "server_chain_signing_ca_path": str(pki.ca),
        "server_chain_signing_ca_private_key_path": str(pki.ca_key),
    }
    run = playbook("certmend.tls.server_chain", "-vvv", "-e", json.dumps(given), environment=KEPT)
    assert run.rc == 0 and run.shown, run.stdout[-3000:]
    sent = sent_to(estate["depot"])
    assert times_in(sent, pki.two.pem) == len(lines_of(pki.two.pem)) and times_in(sent, pki.two.key_pem) == 0
