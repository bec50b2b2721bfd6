# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A Java keystore as a trust store. Standard library only: appliances run this."""

from __future__ import annotations

import re
from typing import Dict, List, Sequence, Tuple

from ansible_collections.certmend.tls.plugins.module_utils import keystore
from ansible_collections.certmend.tls.plugins.module_utils.anchors import by_fingerprint, pem_of
from ansible_collections.certmend.tls.plugins.module_utils.converge import Undo
from ansible_collections.certmend.tls.plugins.module_utils.der import Outline
from ansible_collections.certmend.tls.plugins.module_utils.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.files import (
    Replacement,
    Snapshot,
    Transaction,
    check_writable,
    read,
)
from ansible_collections.certmend.tls.plugins.module_utils.keystore import Keystore
from ansible_collections.certmend.tls.plugins.module_utils.placing import forget


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
                for fingerprint in by_fingerprint(text.encode("utf-8")):
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
        working = Snapshot.of_existing(self.store.path, "keystore.path").copy()
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
