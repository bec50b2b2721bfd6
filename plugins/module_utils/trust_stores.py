# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Trust stores: which anchors they hold, and how one is added or taken out.

A store lists itself, tells which steps it needs, and makes a step with a way back. Standard library only: appliances run this.
"""

from __future__ import annotations

import os
import re
import ssl
import subprocess
from dataclasses import dataclass
from typing import Dict, List, Optional, Sequence, Tuple, Union

from ansible_collections.certmend.tls.plugins.module_utils import keystore
from ansible_collections.certmend.tls.plugins.module_utils.converge import Undo
from ansible_collections.certmend.tls.plugins.module_utils.der import Outline, outline
from ansible_collections.certmend.tls.plugins.module_utils.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.files import (
    Replacement,
    Snapshot,
    Transaction,
    check_writable,
    forget,
    read,
)
from ansible_collections.certmend.tls.plugins.module_utils.keystore import PEM, Keystore

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


def read_anchors(text: str, option: str) -> List[Outline]:
    """The certificates of PEM text, each once."""
    blocks = PEM.findall(text)
    anchors = [outline(_der(block, option), option) for block in blocks]
    return list({anchor.sha256: anchor for anchor in anchors}.values())


def _der(block: str, option: str) -> bytes:
    try:
        return ssl.PEM_cert_to_DER_cert(block)
    except ValueError as error:
        raise RemediationError("%s: a block is not Base64: %s" % (option, error), "Export the certificate again, as PEM.") from error


def alias_for(anchor: Outline, name: Optional[str], several: bool) -> str:
    """A name for an anchor in a store: lower case, as keytool lists them, and telling."""
    common = re.search(r"CN=([^,+]+)", anchor.subject)
    base = name or (common.group(1) if common else "anchor")
    slug = re.sub(r"[^a-z0-9]+", "-", base.lower()).strip("-") or "anchor"
    return slug if name and not several else "%s-%s" % (slug, anchor.sha256.replace(":", "")[:8].lower())


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
                for anchor in _readable(read(entry.path, "store")):
                    found.setdefault(anchor, []).append(entry.path)
        return found

    def holds(self, anchor: Outline) -> bool:
        """Whether programs see it, by whatever way it came in."""
        if not self.layout.bundle:
            return anchor.sha256 in self.files
        return os.path.exists(self.layout.bundle) and anchor.sha256 in _readable(read(self.layout.bundle, "store"))

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


def _readable(data: bytes) -> Dict[str, Outline]:
    """The certificates of a file by fingerprint; what is none is not our matter here."""
    found = {}
    for block in PEM.findall(data.decode("latin-1")):
        try:
            anchor = outline(_der(block, "store"), "store")
            found[anchor.sha256] = anchor
        except RemediationError:
            continue
    return found


def pem_of(anchor: Outline) -> bytes:
    """An anchor's certificate as PEM, with a line break at its end."""
    return ssl.DER_cert_to_PEM_cert(anchor.der).rstrip("\n").encode("ascii") + b"\n"


def _run(command: Sequence[str]) -> None:
    environment = dict(os.environ, PATH=os.environ.get("PATH", "") + ":/usr/local/sbin:/usr/sbin:/sbin:/usr/bin")
    try:
        done = subprocess.run(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, universal_newlines=True, env=environment, timeout=SECONDS
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise RemediationError("store: %s could not run: %s" % (command[0], error), "Install ca-certificates.") from error
    if done.returncode:
        text = " ".join(done.stdout.split())[-300:]
        raise RemediationError("store: %s failed: %s" % (" ".join(command), text), "See its message; nothing was kept.")


class JavaStore:
    """A Java keystore, JKS or PKCS#12. It is changed as a copy that then takes its place."""

    ENTRY = re.compile(r"^Alias name: (.*)$", re.MULTILINE)

    def __init__(self, store: Keystore) -> None:
        self.store = store
        self.target = store.path
        keystore.check_files(store)
        self.aliases = self._aliases(keystore.run(store, "-list", "-rfc"))

    def _aliases(self, listing: str) -> Dict[str, List[str]]:
        """Fingerprint to the aliases of trusted certificates; keys of the keystore's own are left alone."""
        found: Dict[str, List[str]] = {}
        parts = self.ENTRY.split(listing)
        for alias, text in zip(parts[1::2], parts[2::2]):
            if "trustedCertEntry" in text:
                for fingerprint in _readable(text.encode("utf-8")):
                    found.setdefault(fingerprint, []).append(alias)
        return found

    def holds(self, anchor: Outline) -> bool:
        """Whether one of its trusted certificates is this one."""
        return anchor.sha256 in self.aliases

    def check(self, adding: Sequence[Tuple[Outline, str]], removing: Sequence[Outline]) -> None:
        """What would stand in the way, found out without a change."""
        check_writable([Replacement(self.store.path, b"", "keystore.path")])
        taken = {alias.lower() for aliases in self.aliases.values() for alias in aliases}
        for _anchor, alias in adding:
            if alias in taken:
                raise RemediationError(
                    "name: the alias %s is taken by another certificate in %s" % (alias, self.store.path), "Give another name."
                )

    def change(
        self, adding: Sequence[Tuple[Outline, str]], removing: Sequence[Outline], backup: bool
    ) -> Tuple[Undo, Transaction]:
        """Change a copy with keytool and let it take the keystore's place."""
        snapshot = Snapshot.of(self.store.path)
        assert snapshot is not None
        working = snapshot.copy()
        try:
            copy = Keystore(working, self.store.password_file)
            for anchor, alias in adding:
                arguments = ("-importcert", "-noprompt", "-trustcacerts", "-alias", alias)
                keystore.run(copy, *arguments, stdin=pem_of(anchor).decode("ascii"))
            for anchor in removing:
                for alias in self.aliases[anchor.sha256]:
                    keystore.run(copy, "-delete", "-alias", alias)
            content = read(working, "keystore.path")
        finally:
            forget(working)
        transaction = Transaction([Replacement(self.store.path, content, "keystore.path")], backup)
        return transaction.commit(), transaction


def open_store(params: dict) -> Union[SystemStore, JavaStore]:
    """The store that the options name."""
    if params["store"] == "java":
        given = params["keystore"]
        return JavaStore(Keystore(given["path"], given["password_file"]))
    return SystemStore(LAYOUTS[family_here() if params["store"] == "auto" else params["store"]])
