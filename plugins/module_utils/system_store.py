# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The operating system's trust store, by family. Standard library only: appliances run this."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from typing import Dict, List, Sequence, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.anchors import by_fingerprint, pem_of
from ansible_collections.certmend.tls.plugins.module_utils.converge import Undo
from ansible_collections.certmend.tls.plugins.module_utils.der import Outline
from ansible_collections.certmend.tls.plugins.module_utils.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.files import Replacement, Transaction, check_writable, read

OS_RELEASE = "/etc/os-release"
SECONDS = 300


@dataclass(frozen=True)
class Layout:
    """Where a family of systems keeps added anchors, and what must run then.

    :param folder: one PEM file an anchor.
    :param bundle: what programs read; empty: the folder itself.
    """

    folder: str
    ending: str
    bundle: str
    after_adding: Tuple[str, ...]
    after_removing: Tuple[str, ...]


LAYOUTS = {
    "debian": Layout(
        "/usr/local/share/ca-certificates",
        ".crt",
        "/etc/ssl/certs/ca-certificates.crt",
        ("update-ca-certificates",),
        ("update-ca-certificates", "--fresh"),
    ),
    "redhat": Layout(
        "/etc/pki/ca-trust/source/anchors",
        ".pem",
        "/etc/pki/tls/certs/ca-bundle.crt",
        ("update-ca-trust", "extract"),
        ("update-ca-trust", "extract"),
    ),
    "suse": Layout(
        "/etc/pki/trust/anchors", ".pem", "/etc/ssl/ca-bundle.pem", ("update-ca-certificates",), ("update-ca-certificates",)
    ),
    "photon": Layout("/etc/ssl/certs", ".pem", "", ("rehash_ca_certificates.sh",), ("rehash_ca_certificates.sh",)),
}
FAMILIES = {"ubuntu": "debian", "rhel": "redhat", "fedora": "redhat", "centos": "redhat", "sles": "suse", "opensuse": "suse"}


def family_here() -> str:
    """The kind of store that this system has.

    :raises RemediationError: it is none of those that are known.
    """
    fields = dict(line.split("=", 1) for line in read(OS_RELEASE, "store").decode("utf-8", "replace").splitlines() if "=" in line)
    words = (fields.get("ID", "") + " " + fields.get("ID_LIKE", "")).replace('"', " ").split()
    for word in words:
        family = FAMILIES.get(word, word)
        if family in LAYOUTS:
            return family
    raise RemediationError(
        "store: auto does not know this system (%s)" % (" ".join(words) or "no ID in %s" % OS_RELEASE),
        "Name one of %s, java." % ", ".join(sorted(LAYOUTS)),
    )


class SystemStore:
    """The operating system's store."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.target = layout.folder
        self.files = self._files()

    def _files(self) -> Dict[str, List[str]]:
        """Fingerprint to the files of the folder that hold it. Links are what the system's own tools made: not ours."""
        found: Dict[str, List[str]] = {}
        if not os.path.isdir(self.layout.folder):
            raise RemediationError("store: %s does not exist" % self.layout.folder, "Install ca-certificates, or name the right store.")
        for entry in sorted(os.scandir(self.layout.folder), key=lambda one: one.name):
            if entry.is_file(follow_symlinks=False) and entry.name.endswith((".crt", ".pem", ".cer")):
                for anchor in by_fingerprint(read(entry.path, "store")):
                    found.setdefault(anchor, []).append(entry.path)
        return found

    def holds(self, anchor: Outline) -> bool:
        """Whether programs see it, by whatever way it came in."""
        if not self.layout.bundle:
            return anchor.sha256 in self.files
        return os.path.exists(self.layout.bundle) and anchor.sha256 in by_fingerprint(read(self.layout.bundle, "store"))

    def check(self, adding: Sequence[Tuple[Outline, str]], removing: Sequence[Outline]) -> None:
        """What would stand in the way, found out without a change."""
        check_writable(self._replacements(adding))
        for anchor in removing:
            if anchor.sha256 not in self.files:
                raise RemediationError(
                    "store: %s comes with the system and not from %s" % (anchor.subject, self.layout.folder),
                    "Deselect it with the system's own tool (on Debian: dpkg-reconfigure ca-certificates).",
                )

    def _replacements(self, adding: Sequence[Tuple[Outline, str]]) -> List[Replacement]:
        return [
            Replacement(os.path.join(self.layout.folder, alias + self.layout.ending), pem_of(anchor), "store", mode="0644")
            for anchor, alias in adding
            if anchor.sha256 not in self.files
        ]

    def change(
        self, adding: Sequence[Tuple[Outline, str]], removing: Sequence[Outline], backup: bool
    ) -> Tuple[Undo, Transaction]:
        """Add and remove in one transaction, then run the system's tool."""
        transaction = Transaction(self._replacements(adding), backup=False)  # a copy in this folder would be an anchor too
        take_back = transaction.commit(remove=[path for one in removing for path in self.files[one.sha256]])
        command = self.layout.after_removing if removing else self.layout.after_adding

        def undo() -> None:
            take_back()
            _run(self.layout.after_removing)

        try:
            _run(command)
        except RemediationError:
            take_back()
            raise
        return undo, transaction


def _run(command: Sequence[str]) -> None:
    environment = dict(os.environ, PATH=os.environ.get("PATH", "") + ":/usr/local/sbin:/usr/sbin:/sbin:/usr/bin")
    try:
        done = subprocess.run(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment, timeout=SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise RemediationError("store: %s could not run: %s" % (command[0], error), "Install ca-certificates.") from error
    if done.returncode:
        text = " ".join(done.stdout.split())[-300:]
        raise RemediationError("store: %s failed: %s" % (" ".join(command), text), "See its message; nothing was kept.")
