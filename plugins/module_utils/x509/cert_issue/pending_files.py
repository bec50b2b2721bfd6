# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Turn a planned change into the bytes of files. Keys are made and certificates are signed here; nothing is written."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field, replace
from typing import Any, Sequence, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.atomic_write import remove_if_present
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.preflight import path_error
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.read import read_file
from ansible_collections.certmend.tls.plugins.module_utils.core.converge import Undo
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.changes import (
    Change,
    DiscardKey,
    MakeCsr,
    SetAttributes,
    SignExternalCsr,
    WriteExisting,
)
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.paths import FileKind, Target
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.sign import issue, make_csr
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.spec import IssueSpec
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import Certificate, pem
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.private_keys import to_pem


@dataclass(frozen=True)
class PendingFile:
    """A file that is ready to be written."""

    target: Target
    content: bytes = field(repr=False)


@dataclass(frozen=True)
class PendingFiles:
    """What a change made.

    :param certificates: those that were issued or imported, the server certificate first; empty if there are none.
    :param csr: a new certificate signing request as PEM; empty if there is none.
    :param obsolete: the paths of files to remove.
    :param unneeded: the paths of keys to remove that no rollback brings back.
    """

    files: Tuple[PendingFile, ...] = ()
    certificates: Tuple[Certificate, ...] = ()
    csr: bytes = b""
    obsolete: Tuple[str, ...] = ()
    unneeded: Tuple[str, ...] = ()


def make_pending_files(change: Change, spec: IssueSpec, now: datetime.datetime) -> PendingFiles:
    """Make what a change describes.

    :param now: the time from which a new certificate is valid (less an hour, see sign.BACKDATED).
    :raises RemediationError: a file whose content stays cannot be read.
    """
    if isinstance(change, DiscardKey):
        return PendingFiles(obsolete=change.obsolete)
    if isinstance(change, SetAttributes):
        return PendingFiles(tuple(PendingFile(target, read_file(target.path, target.kind)) for target in change.targets))
    if isinstance(change, WriteExisting):
        csr = make_csr(spec.request, change.key) if any(target.kind == FileKind.CSR for target in change.targets) else b""
        files = _fill(change.targets, change.key, change.certificates, csr)
        return replace(files, obsolete=change.obsolete, unneeded=change.unneeded)
    if isinstance(change, SignExternalCsr):
        return _fill(change.targets, None, _issue(spec, change.csr, now))
    key = change.key.load_or_generate()
    if isinstance(change, MakeCsr):
        return replace(_fill(change.targets, key, csr=make_csr(spec.request, key)), unneeded=change.unneeded)
    csr = make_csr(spec.request, key) if spec.paths.csr else b""
    return _fill(change.targets, key, _issue(spec, key, now), csr)


def _issue(spec: IssueSpec, key: Any, now: datetime.datetime) -> Tuple[Certificate, ...]:
    return (issue(spec.request, key, spec.authority, now, spec.valid_days),) + spec.chain


def _fill(targets: Sequence[Target], key: Any, certificates: Tuple[Certificate, ...] = (), csr: bytes = b"") -> PendingFiles:
    files = tuple(PendingFile(target, _content(target.kind, key, certificates, csr)) for target in targets)
    return PendingFiles(files, certificates, csr)


def _content(kind: FileKind, key: Any, certificates: Sequence[Certificate], csr: bytes) -> bytes:
    if kind == FileKind.PRIVATE_KEY:
        return to_pem(key)
    if kind == FileKind.CSR:
        return csr
    chain = "".join(pem(certificate.der) for certificate in certificates).encode("ascii")
    return chain + to_pem(key) if kind == FileKind.COMBINED else chain


def remove_unneeded(paths: Sequence[str], undo: Undo) -> None:
    """Remove keys that nothing needs any more.

    :param undo: reverses the change that made them needless, if one cannot be removed.
    :raises RemediationError: one cannot.
    """
    for path in paths:
        try:
            remove_if_present(path)
        except OSError as error:
            undo()
            raise path_error(FileKind.PRIVATE_KEY, path, "cannot be removed", error) from error
