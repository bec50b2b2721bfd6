# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The modules that change files of a host."""

from __future__ import annotations

import shutil
import subprocess
from typing import Any, Dict, List

from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.replacement import Replacement
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.transaction import Transaction
from ansible_collections.certmend.tls.plugins.module_utils.appliance.keytool import JVM
from ansible_collections.certmend.tls.tests.kills.case import FilesCase
from ansible_collections.certmend.tls.tests.support import mint
from ansible_collections.certmend.tls.tests.support.clock import REAL
from ansible_collections.certmend.tls.tests.support.corporate import Pki

FQDN = "depot.corp.example"
PASSWORD = "correct-horse"


class HostsEntry(FilesCase):
    """Some names in a hosts file."""

    module, watched = "hosts_entry", ["hosts"]

    def write_old(self) -> None:
        lines = ["127.0.0.1 localhost\n", *("10.9.%d.%d host%d.example\n" % (number // 250, number % 250 + 1, number) for number in range(2000))]
        (self.estate / "hosts").write_text("".join(lines), encoding="ascii")
        (self.estate / "hosts").chmod(0o644)

    def options(self) -> Dict[str, Any]:
        entries = [{"address": "10.77.0.%d" % number, "names": ["web%d.corp.example" % number]} for number in range(1, 100)]
        return {"path": str(self.estate / "hosts"), "entries": entries}


class CertChainBuild(FilesCase):
    """Two intermediate certificates that are missing in a file that has the private key, too."""

    module, watched = "cert_chain_build", ["both.pem"]

    def prepare(self) -> None:
        self.pki = Pki(self.folder)
        self.pki.ca_key.chmod(0o600)
        self.leaf = self.pki.leaf(FQDN)

    def write_old(self) -> None:
        (self.estate / "both.pem").write_text(self.leaf.key_pem + self.leaf.pem, encoding="ascii")
        (self.estate / "both.pem").chmod(0o600)

    def options(self) -> Dict[str, Any]:
        return {"path": str(self.estate / "both.pem"), "candidates": [str(self.pki.pool)], "trusted_content": self.pki.root.pem}


class TrustAnchor(FilesCase):
    """A CA in a Java keystore."""

    module, variant, watched = "trust_anchor", "java", ["trusted.store"]

    def prepare(self) -> None:
        self.anchor = mint.authority("Killed Root CA", **REAL.days())
        self.former, other = self.folder / "former.store", mint.authority("Other Root CA", **REAL.days())
        arguments = ["-importcert", "-noprompt", "-alias", "other", "-storetype", "PKCS12", "-keystore", str(self.former), "-storepass", PASSWORD]
        subprocess.run(["keytool", *JVM, *arguments], input=other.pem, check=True, capture_output=True, text=True)
        (self.folder / "password").write_text(PASSWORD + "\n", encoding="ascii")

    def write_old(self) -> None:
        shutil.copy(self.former, self.estate / "trusted.store")
        (self.estate / "trusted.store").chmod(0o640)

    def options(self) -> Dict[str, Any]:
        keystore = {"path": str(self.estate / "trusted.store"), "password_file": str(self.folder / "password")}
        return {"content": self.anchor.pem, "store": "java", "keystore": keystore}

    def readable(self, name: str) -> Any:
        """Whether it has a new content; the module's third run reads that, and finds the CA."""
        return self.content(name) != self.former.read_bytes()


class JournalRestored(FilesCase):
    """A journal of three files and a new one is restored."""

    module, variant, watched = "journal", "restored", ["tls.key", "tls.pem", "gone.pem", "new.pem"]

    def write_old(self) -> None:
        for name, mode in (("tls.key", 0o600), ("tls.pem", 0o640), ("gone.pem", 0o644)):
            (self.estate / name).write_text("%s\n%s before\n" % ("PRIVATE KEY" if mode == 0o600 else "", name) * 500, encoding="ascii")
            (self.estate / name).chmod(mode)

    def fresh(self) -> None:
        super().fresh()
        self.wanted, secret = self.picture(), b"PRIVATE KEY of the run\n" * 500
        files = [Replacement(str(self.estate / name), secret, "path", mode="0600") for name in self.watched if name != "gone.pem"]
        Transaction(files, backup=False, journal=self.opened).commit(remove=[str(self.estate / "gone.pem")])
        self.changed = self.found()

    def params(self) -> Dict[str, Any]:
        run = {"id": "run0", "controller": "here/0", "process": "1-2-0"}
        return {"name": "trial", "folder": str(self.folder / "journals"), "run": run, "state": "restored"}

    def run(self, number: int) -> Dict[str, Any]:
        return self.journal("restored", number, lost_run="run0")

    def torn(self) -> List[str]:
        now = self.found()
        return ["%s is neither restored nor as the run left it" % name for name in self.watched if now[name] not in (self.old[name], self.changed[name])]

    def progress(self) -> str:
        restored = [now == self.old[name] for name, now in self.found().items()]
        return "complete" if all(restored) else "in between" if any(restored) or self.left_over() else "as before"

    def undone(self) -> List[str]:
        """A restore is the way back itself: afterwards its journal can be closed."""
        self.journal("closed", 3)
        return ["the journal is left"] if list((self.folder / "journals").glob("trial*")) else []
