# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A Java keystore as a trust store. Standard library only: appliances run this."""

from __future__ import annotations

import os
from typing import Dict, List, Sequence, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.appliance import keytool as keystore
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.atomic_write import remove_if_present
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.backup import Snapshot
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.preflight import check_writable, path_error
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.read import read_file
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.transaction import Replacement, Transaction
from ansible_collections.certmend.tls.plugins.module_utils.appliance.formats.der import CertificateOutline
from ansible_collections.certmend.tls.plugins.module_utils.appliance.formats.pem import by_fingerprint, pem_of
from ansible_collections.certmend.tls.plugins.module_utils.appliance.keytool import Keystore
from ansible_collections.certmend.tls.plugins.module_utils.core.converge import Undo
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError, raise_all


class JavaStore:
    """A Java keystore, JKS or PKCS#12. It is changed as a copy that then takes its place. The caller holds its lock."""

    def __init__(self, store: Keystore) -> None:
        self.store = store
        self.target = store.path
        entries = keystore.entries(store)
        self.taken = {entry.alias.lower() for entry in entries}
        self.aliases: Dict[str, List[str]] = {}
        for entry in entries:
            # a key of the keystore's own is left alone, and its chain is no anchor
            for fingerprint in by_fingerprint("".join(entry.certificates).encode("ascii")) if entry.trusted else ():
                self.aliases.setdefault(fingerprint, []).append(entry.alias)

    def holds(self, anchor: CertificateOutline) -> bool:
        """Whether one of its trusted certificates is this one."""
        return anchor.sha256 in self.aliases

    #: a keystore has nothing that its readers do not see
    keeps = holds

    def check(self, adding: Sequence[Tuple[CertificateOutline, str]], removing: Sequence[CertificateOutline]) -> None:
        """What would stand in the way, found out without a change."""
        check_writable([Replacement(self.store.path, b"", "keystore.path")])
        raise_all(
            [
                RemediationError("name: the alias %s is taken by another entry in %s" % (alias, self.store.path), "Give another name.")
                for _anchor, alias in adding
                if alias in self.taken
            ]
        )

    def change(
        self, adding: Sequence[Tuple[CertificateOutline, str]], removing: Sequence[CertificateOutline], backup: bool
    ) -> Tuple[Undo, Transaction]:
        """Change a copy with keytool and let it take the keystore's place."""
        working = self._copy()
        try:
            copy = Keystore(working, self.store.password_file)
            for anchor, alias in adding:
                arguments = ("-importcert", "-noprompt", "-trustcacerts", "-alias", alias)
                keystore.run(copy, *arguments, stdin=pem_of(anchor).decode("ascii"))
            for anchor in removing:
                for alias in self.aliases[anchor.sha256]:
                    keystore.run(copy, "-delete", "-alias", alias)
            content = read_file(working, "keystore.path")
        finally:
            remove_if_present(working)
        transaction = Transaction([Replacement(self.store.path, content, "keystore.path")], backup)
        return transaction.commit(), transaction

    def _copy(self) -> str:
        try:
            return Snapshot.of_existing(os.path.realpath(self.store.path), "keystore.path").write_copy()
        except OSError as error:
            raise path_error("keystore.path", self.store.path, "cannot be copied", error) from error
