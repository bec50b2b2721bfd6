# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The operating system's trust store. Standard library only: appliances run this."""

from __future__ import annotations

import os
import re
from typing import Callable, ContextManager, Dict, Iterator, List, Optional, Sequence, Set, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.lock import locked
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.preflight import check_writable
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.read import read_file
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.replacement import Replacement
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.transaction import Transaction
from ansible_collections.certmend.tls.plugins.module_utils.appliance.formats.der import CertificateOutline
from ansible_collections.certmend.tls.plugins.module_utils.appliance.formats.pem import by_fingerprint, pem_of, without_certificate
from ansible_collections.certmend.tls.plugins.module_utils.appliance.system_stores import Layout
from ansible_collections.certmend.tls.plugins.module_utils.appliance.trust_anchor.store import Change, TrustStore
from ansible_collections.certmend.tls.plugins.module_utils.core.converge import Undo, as_remediation
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError, raise_all
from ansible_collections.certmend.tls.plugins.module_utils.core.programs import run_program

TIMEOUT_SECONDS = 300
#: how OpenSSL finds the certificate of a subject in a folder (openssl-rehash(1))
HASH_NAME = re.compile(r"[0-9a-f]{8}\.[0-9]+\Z")
#: where the systems' commands are, which are not on the PATH of every user
FOLDERS = ":/usr/local/sbin:/usr/sbin:/sbin:/usr/bin"


class SystemStore(TrustStore):
    """A folder of added anchors, and the bundle that the system's command makes of it."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        #: the files of the folder that contain a certificate, by its fingerprint
        self._files: Dict[str, List[str]] = {}
        #: the fingerprints of the certificates that programs trust: all of them, whatever they read
        self._trusted: Set[str] = set()
        #: the same, if only some programs trust them
        self._partly_trusted: Set[str] = set()
        #: whether the command must read the folder again: files were restored
        self._command_due = False

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
        self._trusted = self._partly_trusted = self._bundled() if self.layout.bundle else set(self._files)
        if self.layout.hash_links:
            linked, bundled = self._linked(), self._trusted
            self._trusted = linked & (bundled | self._unbundled())
            self._partly_trusted = linked | bundled

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

    def _linked(self) -> Set[str]:
        """The certificates that OpenSSL finds in the folder: the first one of each file that has a name of the form HASH.NUMBER."""
        paths = [os.path.join(self.path, name) for name in os.listdir(self.path) if HASH_NAME.match(name)]
        found = [list(by_fingerprint(read_file(path, "store")))[:1] for path in paths if os.path.isfile(path)]
        return {fingerprint for fingerprints in found for fingerprint in fingerprints}

    def _unbundled(self) -> Set[str]:
        """The certificates that the command does not put into the bundle, because their files have another extension, or there is no bundle."""
        if not os.path.exists(self.layout.bundle):
            return set(self._files)
        return {fingerprint for fingerprint, paths in self._files.items() if not any(path.endswith(self.layout.extension) for path in paths)}

    def trusts(self, anchor: CertificateOutline) -> bool:
        return anchor.sha256 in self._trusted

    def contains(self, anchor: CertificateOutline, entries: Optional[Sequence[str]] = None) -> bool:
        if self._is_left_over(anchor):
            return True
        if entries is None:
            return anchor.sha256 in self._partly_trusted or anchor.sha256 in self._files
        return bool(self._files_of(anchor, entries))

    def _files_of(self, anchor: CertificateOutline, entries: Optional[Sequence[str]]) -> List[str]:
        return [path for path in self._files.get(anchor.sha256, ()) if entries is None or path in entries]

    def _is_left_over(self, anchor: CertificateOutline) -> bool:
        """Whether programs trust an anchor although it has no file any more: a removal was interrupted before the command ran."""
        if anchor.sha256 not in self._partly_trusted or anchor.sha256 in self._files:
            return False
        files = (os.path.join(folder, name) for source in self.layout.sources for folder, _folders, names in os.walk(source) for name in names)
        return not any(anchor.sha256 in by_fingerprint(read_file(path, "store")) for path in files if os.path.isfile(path))

    def new_entry(self, anchor: CertificateOutline, alias: str) -> Optional[str]:
        return None if anchor.sha256 in self._files else os.path.join(self.path, alias + self.layout.extension)

    def check(self, change: Change) -> None:
        added, reduced = self._added(change), self._reduced(change)
        check_writable(added + reduced)
        raise_all([_not_added_here(anchor, self.path) for anchor in change.removing if anchor.sha256 not in self._files and not self._is_left_over(anchor)])
        existing = [replacement.path for replacement in added if os.path.lexists(replacement.path)]
        raise_all([RemediationError("name: %s already exists, with other content" % path, "Give another name.") for path in existing])

    def _added(self, change: Change) -> List[Replacement]:
        """The files of the added anchors."""
        return [
            Replacement(path, pem_of(anchor), "store", mode="0644")
            for anchor, path in ((anchor, self.new_entry(anchor, alias)) for anchor, alias in change.adding)
            if path is not None
        ]

    def _reduced(self, change: Change) -> List[Replacement]:
        """The files that lose a certificate, with their remaining content, which may be empty."""
        remaining: Dict[str, bytes] = {}
        for anchor in change.removing:
            for path in self._files_of(anchor, change.entries):
                content = remaining[path] if path in remaining else read_file(path, "store")
                remaining[path] = without_certificate(content, anchor)
        return [Replacement(path, content, "store") for path, content in remaining.items()]

    def apply(self, change: Change, backup: bool, journal: Optional[str] = None) -> Tuple[Undo, Transaction]:
        reduced = self._reduced(change)
        rewritten = [replacement for replacement in reduced if by_fingerprint(replacement.content)]
        emptied = [replacement.path for replacement in reduced if replacement not in rewritten]
        transaction = Transaction(self._added(change) + rewritten, backup=False, journal=journal)  # a backup in this folder would be an anchor too
        self.transaction = transaction
        _run_or_undo(lambda: self._update(transaction, emptied, change), self._undo)
        return self._undo, transaction

    def _undo(self) -> None:
        self.settle()

    def settle(self) -> bool:
        """Restore the files, and have the command read them."""
        self._command_due = super().settle() or self._command_due
        if not self._command_due:
            return False
        _run(self.layout.after_removing)
        self._command_due = False
        return True

    def _update(self, transaction: Transaction, emptied: Sequence[str], change: Change) -> None:
        """Write the files, run the system's command, and prove that programs trust exactly what they must."""
        transaction.commit(remove=emptied)
        command = self.layout.after_removing if change.removing else self.layout.after_adding
        _run(command)
        self.read()
        wrong = ["%s is missing" % anchor.subject for anchor, _alias in change.adding if not self.trusts(anchor)]
        wrong += ["%s is still trusted" % anchor.subject for anchor in change.removing if self._stays(anchor, change)]
        if wrong:
            raise RemediationError(
                "store: after %s, in %s: %s" % (command[0], self.layout.bundle or self.path, ", ".join(wrong)),
                "Find out what the command does with the files in %s. The change was rolled back." % self.path,
            )

    def _stays(self, anchor: CertificateOutline, change: Change) -> bool:
        """Whether a removed anchor is trusted all the same. If only some entries were removed, it may be trusted because of the others."""
        others = change.entries is not None and anchor.sha256 in self._files
        return anchor.sha256 in self._partly_trusted and not others


def _run_or_undo(update: Callable[[], None], undo: Undo) -> None:
    """Reverse the change if the update fails or is interrupted; if that fails too, report both."""
    try:
        update()
    except BaseException as reason:
        try:
            undo()
        except BaseException as second:
            message, error = as_remediation(reason).message, as_remediation(second)
            raise RemediationError("%s; the rollback failed: %s" % (message, error.message), error.advice) from reason
        raise


def _not_added_here(anchor: CertificateOutline, folder: str) -> RemediationError:
    return RemediationError(
        "store: %s comes with the operating system, not from %s" % (anchor.subject, folder),
        "Deselect it with the system's own tool (on Debian: dpkg-reconfigure ca-certificates).",
    )


def _run(command: Sequence[str]) -> None:
    environment = {"PATH": os.environ.get("PATH", "") + FOLDERS}
    try:
        done = run_program(command, TIMEOUT_SECONDS, environment=environment)
    except OSError as error:
        raise RemediationError("store: %s cannot be run: %s" % (command[0], error), "Install ca-certificates.") from error
    if done.status:
        output = " ".join(done.all_output.split())[-300:] or "exit code %d, no message" % done.status
        raise RemediationError("store: %s failed: %s" % (" ".join(command), output), "See the message of the command.")
