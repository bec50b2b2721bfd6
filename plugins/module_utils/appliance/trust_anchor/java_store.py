# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A Java keystore as a trust store. Standard library only: appliances run this."""

from __future__ import annotations

import contextlib
import os
from typing import ContextManager, Dict, Iterator, List, Optional, Sequence, Set, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.appliance import keytool
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.lock import locked
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.preflight import check_writable, path_error
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.private_folder import work_folder
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.read import read_file
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.replacement import Replacement
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.snapshot import Snapshot
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.transaction import Transaction
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.work_copy import private_copy, sweep_folders
from ansible_collections.certmend.tls.plugins.module_utils.appliance.formats.der import CertificateOutline
from ansible_collections.certmend.tls.plugins.module_utils.appliance.formats.pem import by_fingerprint, pem_of
from ansible_collections.certmend.tls.plugins.module_utils.appliance.keytool import Keystore
from ansible_collections.certmend.tls.plugins.module_utils.appliance.trust_anchor.store import Change, TrustStore
from ansible_collections.certmend.tls.plugins.module_utils.core.converge import Undo
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError, raise_all

PATH_OPTION = "keystore.path"


class JavaStore(TrustStore):
    """A Java keystore, JKS or PKCS#12. keytool changes a copy, which then replaces the keystore."""

    def __init__(self, keystore: Keystore) -> None:
        self.keystore = keystore
        self._used_aliases: Set[str] = set()
        #: of the trusted certificates, by fingerprint
        self._aliases: Dict[str, List[str]] = {}

    @property
    def path(self) -> str:
        return self.keystore.path

    def lock(self) -> ContextManager[None]:
        keytool.check_files(self.keystore)
        return locked(self.path, PATH_OPTION)

    def read(self) -> None:
        entries = keytool.read_entries(self.keystore)
        self._used_aliases = {entry.alias.lower() for entry in entries}
        self._aliases = {}
        for entry in entries:
            # the keystore's own private keys are left alone: their chains are not trust anchors
            for fingerprint in by_fingerprint("".join(entry.certificates).encode("ascii")) if entry.trusted else ():
                self._aliases.setdefault(fingerprint, []).append(entry.alias)

    def trusts(self, anchor: CertificateOutline) -> bool:
        return anchor.sha256 in self._aliases

    def contains(self, anchor: CertificateOutline, entries: Optional[Sequence[str]] = None) -> bool:
        return bool(self._aliases_of(anchor, entries))  # programs trust whatever trusted certificates the keystore contains

    def _aliases_of(self, anchor: CertificateOutline, entries: Optional[Sequence[str]]) -> List[str]:
        return [alias for alias in self._aliases.get(anchor.sha256, ()) if entries is None or alias in entries]

    def new_entry(self, anchor: CertificateOutline, alias: str) -> Optional[str]:
        return alias

    def check(self, change: Change) -> None:
        check_writable([Replacement(self.path, b"", PATH_OPTION)])
        used = [alias for _anchor, alias in change.adding if alias in self._used_aliases]
        message = "name: the alias %s is already used by another entry of %s"
        raise_all([RemediationError(message % (alias, self.path), "Give another name.") for alias in used])

    def apply(self, change: Change, backup: bool, journal: Optional[str] = None) -> Tuple[Undo, Transaction]:
        with self._working_copy() as working:
            self._edit(Keystore(working, self.keystore.password_file), change)
            content = read_file(working, PATH_OPTION)
        transaction = self.transaction = Transaction([Replacement(self.path, content, PATH_OPTION)], backup, journal)
        return transaction.commit(), transaction

    def _edit(self, copy: Keystore, change: Change) -> None:
        for anchor, alias in change.adding:
            arguments = ("-importcert", "-noprompt", "-trustcacerts", "-alias", alias)
            keytool.run(copy, *arguments, stdin=pem_of(anchor).decode("ascii"))
        for anchor in change.removing:
            for alias in self._aliases_of(anchor, change.entries):
                keytool.run(copy, "-delete", "-alias", alias)

    @contextlib.contextmanager
    def _working_copy(self) -> Iterator[str]:
        """A copy where nobody else can write: keytool reaches it by its path."""
        content = Snapshot.of_existing(os.path.realpath(self.path), PATH_OPTION).content
        parent = work_folder()
        if parent is not None:
            sweep_folders(parent)
        try:
            with private_copy(content, parent) as path:
                yield path
        except OSError as error:
            raise path_error(PATH_OPTION, self.path, "cannot be copied", error) from error
