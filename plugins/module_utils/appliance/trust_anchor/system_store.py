# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The operating system's trust store, by family. Standard library only: appliances run this."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from typing import Dict, List, Sequence, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.preflight import check_writable
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.read import read_file
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.transaction import Replacement, Transaction
from ansible_collections.certmend.tls.plugins.module_utils.appliance.formats.der import CertificateOutline
from ansible_collections.certmend.tls.plugins.module_utils.appliance.formats.pem import by_fingerprint, pem_of, without
from ansible_collections.certmend.tls.plugins.module_utils.core.converge import Undo
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError, raise_all

OS_RELEASE = "/etc/os-release"
SECONDS = 300


@dataclass(frozen=True)
class Layout:
    """Where a family of systems keeps added anchors, and what must run then.

    :param folder: one PEM file an anchor.
    :param ending: of the names of our files.
    :param counted: endings of the files that the system's tool takes into account.
    :param bundle: what programs read; empty: the folder itself.
    """

    folder: str
    ending: str
    counted: Tuple[str, ...]
    bundle: str
    after_adding: Tuple[str, ...]
    after_removing: Tuple[str, ...]


LAYOUTS = {
    "debian": Layout(
        "/usr/local/share/ca-certificates",
        ".crt",
        (".crt",),
        "/etc/ssl/certs/ca-certificates.crt",
        ("update-ca-certificates",),
        ("update-ca-certificates", "--fresh"),
    ),
    "redhat": Layout(
        "/etc/pki/ca-trust/source/anchors",
        ".pem",
        ("",),
        "/etc/pki/tls/certs/ca-bundle.crt",
        ("update-ca-trust", "extract"),
        ("update-ca-trust", "extract"),
    ),
    "suse": Layout(
        "/etc/pki/trust/anchors",
        ".pem",
        ("",),
        "/etc/ssl/ca-bundle.pem",
        ("update-ca-certificates",),
        ("update-ca-certificates",),
    ),
    "photon": Layout(
        "/etc/ssl/certs",
        ".pem",
        (".pem", ".crt"),
        "",
        ("rehash_ca_certificates.sh",),
        ("rehash_ca_certificates.sh",),
    ),
}
FAMILIES = {"ubuntu": "debian", "rhel": "redhat", "fedora": "redhat", "centos": "redhat", "sles": "suse", "opensuse": "suse"}


def family_here() -> str:
    """The kind of store that this system has.

    :raises RemediationError: it is none of those that are known.
    """
    fields = dict(line.split("=", 1) for line in read_file(OS_RELEASE, "store").decode("utf-8", "replace").splitlines() if "=" in line)
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
    """The operating system's store. The caller holds its lock."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.target = layout.folder
        self._read()

    def _read(self) -> None:
        """What the folder holds, by fingerprint with the files that do, and what programs see."""
        self.files: Dict[str, List[str]] = {}
        for folder, _folders, names in os.walk(self.layout.folder):
            for path in (os.path.join(folder, name) for name in sorted(names) if name.endswith(self.layout.counted)):
                # links are what the system's own tools made: not ours
                for anchor in by_fingerprint(read_file(path, "store")) if not os.path.islink(path) else ():
                    self.files.setdefault(anchor, []).append(path)
        bundle = self.layout.bundle
        self.seen = set(self.files)
        if bundle:
            self.seen = set(by_fingerprint(read_file(bundle, "store"))) if os.path.exists(bundle) else set()

    def holds(self, anchor: CertificateOutline) -> bool:
        """Whether programs see it, by whatever way it came in."""
        return anchor.sha256 in self.seen

    def keeps(self, anchor: CertificateOutline) -> bool:
        """Whether programs see it, or will when the system's tool runs the next time."""
        return self.holds(anchor) or anchor.sha256 in self.files

    def check(self, adding: Sequence[Tuple[CertificateOutline, str]], removing: Sequence[CertificateOutline]) -> None:
        """What would stand in the way, found out without a change."""
        changed = self._added(adding) + self._removed(removing)
        check_writable(changed)
        raise_all([_foreign(anchor, self.target) for anchor in removing if anchor.sha256 not in self.files])
        taken = [one.path for one in self._added(adding) if os.path.lexists(one.path)]
        raise_all([RemediationError("name: %s is there and is another file" % path, "Give another name.") for path in taken])

    def _added(self, adding: Sequence[Tuple[CertificateOutline, str]]) -> List[Replacement]:
        return [
            Replacement(os.path.join(self.target, alias + self.layout.ending), pem_of(anchor), "store", mode="0644")
            for anchor, alias in adding
            if anchor.sha256 not in self.files
        ]

    def _removed(self, removing: Sequence[CertificateOutline]) -> List[Replacement]:
        """The files that lose a certificate, with what is left: perhaps nothing."""
        left: Dict[str, bytes] = {}
        for anchor in removing:
            for path in self.files.get(anchor.sha256, ()):
                left[path] = without(left[path] if path in left else read_file(path, "store"), anchor)
        return [Replacement(path, content, "store") for path, content in left.items()]

    def change(
        self, adding: Sequence[Tuple[CertificateOutline, str]], removing: Sequence[CertificateOutline], backup: bool
    ) -> Tuple[Undo, Transaction]:
        """Add and remove in one transaction, run the system's tool, and see that programs see it."""
        removed = self._removed(removing)
        shrunk = [one for one in removed if by_fingerprint(one.content)]
        gone = [one.path for one in removed if one not in shrunk]
        transaction = Transaction(self._added(adding) + shrunk, backup=False)  # a copy in this folder would be an anchor too
        roll_back = transaction.commit(remove=gone)

        def undo() -> None:
            roll_back()
            _run(self.layout.after_removing)

        try:
            _run(self.layout.after_removing if removing else self.layout.after_adding)
            self._prove([anchor for anchor, _alias in adding], removing)
        except RemediationError as reason:
            try:
                undo()
            except RemediationError as error:
                raise RemediationError("%s; and then: %s" % (reason.message, error.message), error.advice) from reason
            raise
        return undo, transaction

    def _prove(self, added: Sequence[CertificateOutline], removed: Sequence[CertificateOutline]) -> None:
        self._read()
        wrong = ["%s is missing" % anchor.subject for anchor in added if not self.holds(anchor)]
        wrong += ["%s is there still" % anchor.subject for anchor in removed if self.holds(anchor)]
        if wrong:
            where = self.layout.bundle or self.target
            raise RemediationError(
                "store: after %s, in %s: %s" % (self.layout.after_adding[0], where, ", ".join(wrong)),
                "Look at what the system's tool makes of %s; everything was put back." % self.target,
            )


def _foreign(anchor: CertificateOutline, folder: str) -> RemediationError:
    return RemediationError(
        "store: %s comes with the system and not from %s" % (anchor.subject, folder),
        "Deselect it with the system's own tool (on Debian: dpkg-reconfigure ca-certificates).",
    )


def layout_of(store: str) -> Layout:
    """The layout that the option ``store`` names.

    :raises RemediationError: this system has no such store.
    """
    layout = LAYOUTS[family_here() if store == "auto" else store]
    if not os.path.isdir(layout.folder):
        raise RemediationError("store: %s does not exist" % layout.folder, "Install ca-certificates, or name the right store.")
    return layout


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
