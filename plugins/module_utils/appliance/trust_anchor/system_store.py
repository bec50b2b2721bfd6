# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The operating system's trust store. Standard library only: appliances run this."""

from __future__ import annotations

import os
import subprocess
from typing import Callable, ContextManager, Dict, Iterator, List, Sequence, Set, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.lock import locked
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.preflight import check_writable
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.read import read_file
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.replacement import Replacement
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.transaction import Transaction
from ansible_collections.certmend.tls.plugins.module_utils.appliance.formats.der import CertificateOutline
from ansible_collections.certmend.tls.plugins.module_utils.appliance.formats.pem import by_fingerprint, pem_of, without_certificate
from ansible_collections.certmend.tls.plugins.module_utils.appliance.system_stores import Layout
from ansible_collections.certmend.tls.plugins.module_utils.appliance.trust_anchor.store import Change, TrustStore
from ansible_collections.certmend.tls.plugins.module_utils.core.converge import Undo
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError, raise_all

TIMEOUT_SECONDS = 300
#: where the systems' commands are, which are not on the PATH of every user
FOLDERS = ":/usr/local/sbin:/usr/sbin:/sbin:/usr/bin"


class SystemStore(TrustStore):
    """A folder of added anchors, and the bundle that the system's command makes of it."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        #: the files of the folder that contain a certificate, by its fingerprint
        self._files: Dict[str, List[str]] = {}
        #: the fingerprints of the certificates that programs trust
        self._trusted: Set[str] = set()

    @property
    def path(self) -> str:
        return self.layout.folder

    def lock(self) -> ContextManager[None]:
        return locked(os.path.join(self.path, "any"), "store")

    def read(self) -> None:
        self._files = {}
        for path in self._own_files():
            for fingerprint in by_fingerprint(read_file(path, "store")):
                self._files.setdefault(fingerprint, []).append(path)
        self._trusted = self._bundled() if self.layout.bundle else set(self._files)

    def _own_files(self) -> Iterator[str]:
        """The files that the system's command reads, without the links that it made itself."""
        for folder, _folders, names in os.walk(self.path):
            for name in sorted(names):
                path = os.path.join(folder, name)
                if name.endswith(self.layout.extensions) and not os.path.islink(path):
                    yield path

    def _bundled(self) -> Set[str]:
        bundle = self.layout.bundle
        return set(by_fingerprint(read_file(bundle, "store"))) if os.path.exists(bundle) else set()

    def trusts(self, anchor: CertificateOutline) -> bool:
        return anchor.sha256 in self._trusted

    def contains(self, anchor: CertificateOutline) -> bool:
        return self.trusts(anchor) or anchor.sha256 in self._files

    def check(self, change: Change) -> None:
        added, reduced = self._added(change), self._reduced(change)
        check_writable(added + reduced)
        raise_all([_not_added_here(anchor, self.path) for anchor in change.removing if anchor.sha256 not in self._files])
        existing = [replacement.path for replacement in added if os.path.lexists(replacement.path)]
        raise_all([RemediationError("name: %s already exists, with other content" % path, "Give another name.") for path in existing])

    def _added(self, change: Change) -> List[Replacement]:
        """The files of the added anchors."""
        return [
            Replacement(os.path.join(self.path, alias + self.layout.extension), pem_of(anchor), "store", mode="0644")
            for anchor, alias in change.adding
            if anchor.sha256 not in self._files
        ]

    def _reduced(self, change: Change) -> List[Replacement]:
        """The files that lose a certificate, with their remaining content, which may be empty."""
        remaining: Dict[str, bytes] = {}
        for anchor in change.removing:
            for path in self._files.get(anchor.sha256, ()):
                content = remaining[path] if path in remaining else read_file(path, "store")
                remaining[path] = without_certificate(content, anchor)
        return [Replacement(path, content, "store") for path, content in remaining.items()]

    def apply(self, change: Change, backup: bool) -> Tuple[Undo, Transaction]:
        reduced = self._reduced(change)
        rewritten = [replacement for replacement in reduced if by_fingerprint(replacement.content)]
        emptied = [replacement.path for replacement in reduced if replacement not in rewritten]
        transaction = Transaction(self._added(change) + rewritten, backup=False)  # a backup in this folder would be an anchor too
        roll_back = transaction.commit(remove=emptied)

        def undo() -> None:
            roll_back()
            _run(self.layout.after_removing)

        command = self.layout.after_removing if change.removing else self.layout.after_adding
        _run_or_undo(lambda: self._update(command, change), undo)
        return undo, transaction

    def _update(self, command: Sequence[str], change: Change) -> None:
        """Run the system's command, and prove that programs trust exactly what they must."""
        _run(command)
        self.read()
        wrong = ["%s is missing" % anchor.subject for anchor, _alias in change.adding if not self.trusts(anchor)]
        wrong += ["%s is still trusted" % anchor.subject for anchor in change.removing if self.trusts(anchor)]
        if wrong:
            raise RemediationError(
                "store: after %s, in %s: %s" % (command[0], self.layout.bundle or self.path, ", ".join(wrong)),
                "Find out what the command does with the files in %s. The change was rolled back." % self.path,
            )


def _run_or_undo(update: Callable[[], None], undo: Undo) -> None:
    """Reverse the change if the update fails; if that fails too, report both."""
    try:
        update()
    except RemediationError as reason:
        try:
            undo()
        except RemediationError as error:
            raise RemediationError("%s; the rollback failed: %s" % (reason.message, error.message), error.advice) from reason
        raise


def _not_added_here(anchor: CertificateOutline, folder: str) -> RemediationError:
    return RemediationError(
        "store: %s comes with the operating system, not from %s" % (anchor.subject, folder),
        "Deselect it with the system's own tool (on Debian: dpkg-reconfigure ca-certificates).",
    )


def _run(command: Sequence[str]) -> None:
    environment = dict(os.environ, PATH=os.environ.get("PATH", "") + FOLDERS)
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment, timeout=TIMEOUT_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise RemediationError("store: %s cannot be run: %s" % (command[0], error), "Install ca-certificates.") from error
    if done.returncode:
        output = " ".join(done.stdout.split())[-300:]
        raise RemediationError("store: %s failed: %s" % (" ".join(command), output), "See the message of the command.")
