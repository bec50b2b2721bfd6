# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role pins against a TLS server that changes between the handshake that stores a pin and the one that verifies it."""

from __future__ import annotations

import json
import os
import re
import shlex
import socket
import ssl
import subprocess
import sys
from pathlib import Path

import pytest

from ansible_collections.certmend.tls.tests.support.pins import HOST, NEW, OLD, TOMORROW, Store, certificate, pin
from ansible_collections.certmend.tls.tests.support.run import PATH, TREE

THIRD = certificate()


class Vault:
    """A server whose key has changed, a store that has the old pin, and an approval.

    :ivar meanwhile: called before the second handshake of a run; it returns a certificate to present from then on, None for the same, or raises.
    """

    def __init__(self, folder, tls_server, run_module):
        self.folder, self.handshakes, self.meanwhile = folder, 0, lambda: None
        self.port = tls_server(NEW.pem, NEW.key_pem, sni_callback=self._at_handshake)
        (folder / "vault").mkdir()
        self.store, self.run_module = Store(folder / "vault", run_module), run_module
        self.endpoint = {"host": HOST, "port": self.port, "address": "127.0.0.1"}
        self.write(OLD)
        (folder / "inventory").write_text("%s\n[all:vars]\nansible_python_interpreter=%s\n" % (HOST, sys.executable), encoding="ascii")

    def _at_handshake(self, connection, _name, _context):
        self.handshakes += 1
        if self.handshakes != 2:
            return None
        try:
            presented = self.meanwhile()
        except ConnectionError:
            socket.socket.shutdown(connection, socket.SHUT_RDWR)
            return ssl.ALERT_DESCRIPTION_INTERNAL_ERROR
        if presented is not None:
            connection.context = self._context(presented)
        return None

    def _context(self, presented):
        path = self.folder / "presented.pem"
        path.write_text(presented.key_pem + presented.pem, encoding="ascii")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        return context

    def write(self, certificate, **more):
        """A task that stores the pin of a certificate, without a handshake."""
        given = {"pins_path": str(self.store.path), "audit_log": str(self.store.log), "host": HOST, "port": self.port, "state": "pinned", "create": True}
        stored = self.run_module("cert_pin", dict(given, presented=[as_base64(certificate)], **more))
        assert not stored.get("failed"), stored

    def pins(self):
        return self.store.known().get("%s:%d" % (HOST, self.port))

    def approval(self, old, new):
        return {"host": HOST, "port": self.port, "ticket": "CHG-1", "old_pin": pin(old), "new_pin": pin(new), "expires": TOMORROW}

    def ansible(self, program, *arguments):
        home = str(self.folder / "home")
        environment = dict(
            os.environ,
            XDG_STATE_HOME=home,
            PYTHONPATH=PATH,
            ANSIBLE_COLLECTIONS_PATH=str(TREE),
            ANSIBLE_HOME=home,
            ANSIBLE_LOCAL_TEMP=home,
            ANSIBLE_NOCOLOR="1",
        )
        command = [str(Path(sys.executable).parent / program), "-i", "inventory", *arguments]
        return subprocess.run(command, cwd=self.folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)

    def run(self, **more):
        given = {"pins_path": str(self.store.path), "pins_endpoints": [self.endpoint], "pins_approvals": [self.approval(OLD, NEW)], **more}
        return self.ansible("ansible-playbook", "certmend.tls.pins", "-e", json.dumps(dict(given, pins_hosts=HOST)))

    def ending(self, run):
        """The last lines of a run, with those that did not fit on a screen."""
        kept = re.search(r"all of it: (\S+)\)", run.stdout)
        return Path(kept.group(1)).read_text(encoding="utf-8") if kept else run.stdout.replace('\\"', '"')

    def events(self):
        return [event["event"] for event in self.store.events()]


def as_base64(certificate):
    return "".join(line for line in certificate.pem.splitlines() if "-----" not in line)


@pytest.fixture
def vault(tmp_path, tls_server, run_module):
    return Vault(tmp_path, tls_server, run_module)


def gone():
    raise ConnectionError


@pytest.mark.parametrize(
    "meanwhile, words", [(gone, ": 127.0.0.1 "), (lambda: THIRD, "neither pinned nor announced")], ids=["does not answer", "presents another key"]
)
@pytest.mark.reliability(
    "a host is lost in the middle",
    "the proof fails",
    playbooks=["pins"],
    afterwards="the old pins are restored, the audit log says so, and no worklist is left",
)
def test_a_server_that_changes_before_the_proof_has_its_old_pins_restored(vault, meanwhile, words):
    vault.meanwhile = meanwhile
    run = vault.run()
    assert run.returncode == 2 and words in run.stdout and "were rolled back" in run.stdout, run.stdout
    assert vault.pins() == [pin(OLD)] and vault.events() == ["pinned", "repinned", "listed", "put_back"]
    assert not list(vault.store.path.parent.glob("repin-*")) and vault.handshakes == 2


def test_a_first_pin_that_is_not_proved_is_removed_with_its_store(vault):
    vault.store.path.unlink()
    vault.store.log.unlink()
    vault.meanwhile = lambda: THIRD
    run = vault.run(pins_approvals=[], pins_create=True)
    assert run.returncode == 2 and "were rolled back" in run.stdout, run.stdout
    assert vault.pins() is None and vault.events() == ["pinned", "removed"]


@pytest.mark.reliability(
    "somebody else changes the file meanwhile",
    playbooks=["pins"],
    afterwards="the pins that somebody else stored stay, and the message names the endpoint and the backup",
)
def test_pins_that_somebody_else_stored_meanwhile_are_not_rolled_back(vault):
    """Another task re-pins the same endpoint, and pins a second one, before this run verifies its own pin."""

    def others():
        vault.write(THIRD, approvals=[dict(vault.approval(NEW, THIRD), ticket="CHG-2")])
        vault.write(OLD, host="other.corp.example")
        return OLD

    vault.meanwhile = others
    run = vault.run()
    assert run.returncode == 2 and "%s:%d" % (HOST, vault.port) in run.stdout, run.stdout
    assert "somebody else changed its pins" in run.stdout and "rollback FAILED" in run.stdout, run.stdout
    assert vault.pins() == [pin(THIRD)] and vault.store.known()["other.corp.example:%d" % vault.port] == [pin(OLD)]


@pytest.mark.reliability(
    "the rollback fails too",
    playbooks=["pins"],
    afterwards="the message names the store, and the backup from which to restore it",
)
def test_pins_that_cannot_be_restored_are_reported_with_their_backup(vault):
    """Somebody has put a folder in the place of the audit log, without which no pin is changed."""

    def spoil():
        vault.store.log.rename(vault.store.log.with_name("moved"))
        vault.store.log.mkdir()
        return THIRD

    vault.meanwhile = spoil
    run = vault.run()
    (backup,) = vault.store.path.parent.glob(".*.bak")
    assert run.returncode == 2 and "rollback FAILED" in run.stdout and vault.pins() == [pin(NEW)], run.stdout
    (command,) = set(re.findall(r'Restore the pins with: (ansible localhost .*? -a "[^"]*")', run.stdout.replace('\\"', '"')))
    assert str(backup) in command and str(vault.store.path) in command, command
    vault.store.log.rmdir()
    restored = vault.ansible(*shlex.split(command))
    assert restored.returncode == 0 and vault.pins() == [pin(OLD)], restored.stdout


@pytest.mark.reliability(
    "the change is not wanted any more",
    playbooks=["pins"],
    afterwards="restored by the command that the run prints; a second restore changes nothing",
)
def test_the_command_that_the_run_prints_restores_the_pins(vault):
    run = vault.run()
    assert run.returncode == 0 and vault.pins() == [pin(NEW)], run.stdout
    vault.write(OLD, host="other.corp.example")
    (command,) = set(re.findall(r'undo: (ansible localhost .*? -a "[^"]*")', vault.ending(run)))
    for changed in (True, False):
        restored = vault.ansible(*shlex.split(command))
        assert restored.returncode == 0 and ("CHANGED" in restored.stdout) is changed, (command, restored.stdout, restored.stderr)
        assert vault.pins() == [pin(OLD)] and vault.store.known()["other.corp.example:%d" % vault.port] == [pin(OLD)]
