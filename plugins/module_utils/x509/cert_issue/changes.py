# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plans as data: what is to be made and written, and why. Nothing is made here."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Tuple, Union

from ansible_collections.certmend.tls.plugins.module_utils.core.converge import Step
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.kept import NO_CHANGES, NameChanges
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.key_choice import KeyChoice
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.paths import Target
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import Certificate


@dataclass(frozen=True)
class IssueCertificate:
    """Issue a certificate for a private key of this host."""

    targets: Tuple[Target, ...]
    key: KeyChoice


@dataclass(frozen=True)
class SignExternalCsr:
    """Issue a certificate for the key of a request that was made elsewhere.

    :param csr: None in check mode, if the request is still to be made; then this is not applied.
    """

    targets: Tuple[Target, ...]
    csr: Any


@dataclass(frozen=True)
class MakeCsr:
    """Make a certificate signing request for another CA.

    :param unneeded: keys that a former run has kept for itself; they are removed, and no rollback brings them back.
    """

    targets: Tuple[Target, ...]
    key: KeyChoice
    unneeded: Tuple[str, ...] = ()


@dataclass(frozen=True)
class WriteExisting:
    """Write certificates that exist already.

    :param key: their private key; None if no target contains a key.
    :param obsolete: files that are removed with the same transaction.
    :param unneeded: as in MakeCsr.
    """

    targets: Tuple[Target, ...]
    certificates: Tuple[Certificate, ...]
    key: Any = field(default=None, repr=False)
    obsolete: Tuple[str, ...] = ()
    unneeded: Tuple[str, ...] = ()


@dataclass(frozen=True)
class SetAttributes:
    """Set mode and owner of files whose content can stay."""

    targets: Tuple[Target, ...]


@dataclass(frozen=True)
class DiscardKey:
    """Remove the file of a waiting key that is the key in use.

    :param targets: none.
    """

    obsolete: Tuple[str, ...]
    targets: Tuple[Target, ...] = ()


Change = Union[IssueCertificate, SignExternalCsr, MakeCsr, WriteExisting, SetAttributes, DiscardKey]


@dataclass(frozen=True)
class Plan:
    """What must be done.

    :param reasons: why; empty if nothing must be done.
    :param pin_changed: whether clients that pinned the key of the present certificate will see another key.
    :param pin: the pin of the key to come; empty if the key is not made yet.
    :param names: how the names change, with the certificate or, for a request, once it is answered.
    :param replaces_certificate: whether another server certificate takes the place of the present one.
    """

    reasons: Tuple[str, ...] = ()
    pin_changed: bool = False
    steps: Tuple[Step[Change], ...] = ()
    pin: str = ""
    names: NameChanges = NO_CHANGES
    replaces_certificate: bool = False
