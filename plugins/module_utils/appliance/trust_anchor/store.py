# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What every trust store can do. Standard library only: appliances run this."""

from __future__ import annotations

import abc
from dataclasses import dataclass
from typing import ContextManager, Optional, Sequence, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.transaction import Transaction
from ansible_collections.certmend.tls.plugins.module_utils.appliance.formats.der import CertificateOutline
from ansible_collections.certmend.tls.plugins.module_utils.core.converge import Undo


@dataclass(frozen=True)
class Change:
    """What changes in a store.

    :param adding: anchors, each with the alias or file name that it gets.
    :param entries: remove only these aliases or files; None: all that have one of the anchors.
    """

    adding: Tuple[Tuple[CertificateOutline, str], ...] = ()
    removing: Tuple[CertificateOutline, ...] = ()
    entries: Optional[Tuple[str, ...]] = None


class TrustStore(abc.ABC):
    """A trust store. Everything but ``path`` and ``lock`` requires the lock; ``read`` comes first."""

    #: what ``apply`` writes the files with; it is set before the first of them is written
    transaction: Optional[Transaction] = None

    @property
    @abc.abstractmethod
    def path(self) -> str:
        """The folder or file of the store."""

    @abc.abstractmethod
    def lock(self) -> ContextManager[None]:
        """Keep other runs out: two that change the store at once would lose one of the changes.

        :raises RemediationError: the store does not exist.
        """

    @abc.abstractmethod
    def read(self) -> None:
        """Read the certificates of the store.

        :raises RemediationError: it cannot be read.
        """

    @abc.abstractmethod
    def trusts(self, anchor: CertificateOutline) -> bool:
        """Whether the programs that use the store trust the certificate."""

    @abc.abstractmethod
    def contains(self, anchor: CertificateOutline, entries: Optional[Sequence[str]] = None) -> bool:
        """Whether the store contains the certificate, trusted already or not yet.

        :param entries: look at these aliases or files only, and at what an interrupted removal left.
        """

    @abc.abstractmethod
    def new_entry(self, anchor: CertificateOutline, alias: str) -> Optional[str]:
        """The alias or file that adding the certificate creates; None if its file is there already, and only programs do not trust it yet."""

    @abc.abstractmethod
    def check(self, change: Change) -> None:
        """Find out, without changing anything, whether the change is possible.

        :raises RemediationError: with everything that prevents it.
        """

    @abc.abstractmethod
    def apply(self, change: Change, backup: bool, journal: Optional[str] = None) -> Tuple[Undo, Transaction]:
        """Make the change, and prove it.

        :param journal: the folder of the journal that records the changed files; None: they are not recorded.
        :returns: what reverses it, and the files that were written.
        :raises RemediationError: it failed, and was rolled back.
        """

    def settle(self) -> bool:
        """Reverse a change whose ``apply`` ended in an exception; whether there was something to reverse.

        :raises RemediationError: it could not be reversed.
        """
        return self.transaction is not None and self.transaction.settle()
