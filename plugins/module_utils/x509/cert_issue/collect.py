# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Read the present state: private key, request and certificates at the paths that the options name."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Any, Dict, List, Optional, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.read import read_file
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.core.findings import Finding
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.paths import NEXT, SIGNING, FileKind, Paths
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import Certificate, pin_of
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.private_keys import ENCRYPTED, load_private_key
from ansible_collections.certmend.tls.plugins.module_utils.x509.load.reader import load_csr, read_certificates


@dataclass(frozen=True)
class Existing:
    """The present state.

    :param key: the private key in use; None if it is absent or unreadable.
    :param next_key: the key of a request that the CA has not answered yet, beside the key in use; never the key in use itself.
    :param duplicate_key: the path of a waiting key that is the key in use: a run was killed after it had brought that key into use. None: there is none.
    :param signing_key: the key of a request that this or a former run of a playbook has signed elsewhere, beside the key in use.
    :param certificates: the certificates of the certificate file, the server certificate first.
    :param problems: files that are present but damaged. They are replaced, and these are the reasons.
    :param not_keys: files in the place of a private key that contain no usable one.
    :param key_in_own_file: whether ``key`` is at private_key_path, not only in the combined file.
    :param combined: the certificates of the combined file.
    :param combined_pin: the pin of the private key in the combined file; empty if there is no key.
    :param findings: what clients of the profile find against the certificate with its chain; known after it is judged.
    """

    key: Any = field(default=None, repr=False)
    next_key: Any = field(default=None, repr=False)
    duplicate_key: Optional[str] = None
    signing_key: Any = field(default=None, repr=False)
    csr: Any = None
    certificates: Tuple[Certificate, ...] = ()
    problems: Tuple[str, ...] = ()
    not_keys: Tuple[str, ...] = ()
    key_in_own_file: bool = True
    combined: Tuple[Certificate, ...] = ()
    combined_pin: str = ""
    findings: Tuple[Finding, ...] = ()

    @property
    def certificate(self) -> Optional[Certificate]:
        """The server certificate."""
        return self.certificates[0] if self.certificates else None

    @property
    def in_use(self) -> Tuple[Certificate, ...]:
        """The server certificates of the certificate file and of the combined file; usually they are the same."""
        return tuple(dict.fromkeys(self.certificates[:1] + self.combined[:1]))

    @property
    def key_pin(self) -> str:
        """The pin of the private key in use; empty if there is no key."""
        return _pin(self.key)

    def keys_by_pin(self) -> Dict[str, Any]:
        """The keys on this host by their pin."""
        return {_pin(key): key for key in (self.next_key, self.key) if key is not None}


def _pin(key: Any) -> str:
    return pin_of(key.public_key()) if key is not None else ""


def read_existing(paths: Paths) -> Existing:
    """Read the present state. A file that is absent or damaged is no error; an encrypted private key is one, because it is somebody's key.

    :raises RemediationError: the system refuses to read a file, or the private key is encrypted.
    """
    problems: List[str] = []
    own_key = _read_key(paths.private_key, FileKind.PRIVATE_KEY, problems)
    combined_key = _read_key(paths.combined, FileKind.COMBINED, problems)
    key = combined_key if own_key is None else own_key
    next_key, duplicate = _waiting_key(paths, _read_key(paths.next_key, FileKind.PRIVATE_KEY, problems), key)
    csr, certificates = _read_csr(paths.csr, problems), _read_certificates(paths.certificate, FileKind.CERTIFICATE, problems)
    combined = _read_certificates(paths.combined, FileKind.COMBINED, problems)
    return Existing(
        key=key,
        next_key=next_key,
        duplicate_key=duplicate,
        signing_key=_read_own_secret(paths.signing_key),
        csr=csr,
        certificates=certificates if paths.certificate else combined,
        problems=tuple(problems),
        not_keys=_without_key((paths.private_key, own_key), (paths.next_key, next_key or duplicate)),
        key_in_own_file=own_key is not None,
        combined=combined,
        combined_pin=_pin(combined_key),
    )


def _waiting_key(paths: Paths, waiting: Any, key: Any) -> Tuple[Any, Optional[str]]:
    """The key that waits for a CA's answer; and the path of its file if it waits no longer, because it is in use."""
    if waiting is None or _pin(waiting) != _pin(key):
        return waiting, None
    return None, None if _is_same_file(paths.key, paths.next_key) else paths.next_key


def _is_same_file(path: str, other: Optional[str]) -> bool:
    """Whether two paths lead to one file: then neither is a copy."""
    return os.path.exists(path) and os.path.samefile(path, str(other))


def _read(path: Optional[str], kind: FileKind) -> bytes:
    """The content of a file; empty if the option is not given or the file does not exist."""
    return read_file(path, kind) if path and os.path.lexists(path) else b""


def _without_key(*read: Tuple[Optional[str], Any]) -> Tuple[str, ...]:
    """Of files and what was read from them: those that have a content and no key."""
    return tuple(path for path, found in read if found is None and path and os.path.isfile(path) and os.path.getsize(path))


def _read_key(path: Optional[str], kind: FileKind, problems: List[str]) -> Any:
    data = _read(path, kind)
    try:
        return load_private_key(data, str(path)) if data else None
    except RemediationError as error:
        if kind is FileKind.PRIVATE_KEY and error.message.endswith(ENCRYPTED) and not str(path).endswith((NEXT, SIGNING)):
            raise RemediationError("%s: %s" % (kind, error.message), "It is not replaced. Decrypt it, or give another path.") from None
        problems.append(error.message)
        return None


def _read_own_secret(path: Optional[str]) -> Any:
    """A key that a run has kept for itself; None if it is absent or damaged, or if somebody else may have read or written it."""
    if not path or not os.path.isfile(path):
        return None
    status = os.stat(path)
    private = status.st_uid == os.geteuid() and not status.st_mode & 0o077
    return _read_key(path, FileKind.PRIVATE_KEY, []) if private else None


def _read_csr(path: Optional[str], problems: List[str]) -> Any:
    data = _read(path, FileKind.CSR)
    try:
        return load_csr(data, str(path)) if data else None
    except RemediationError as error:
        problems.append(error.message)
        return None


def _read_certificates(path: Optional[str], kind: FileKind, problems: List[str]) -> Tuple[Certificate, ...]:
    if not path or not os.path.lexists(path):
        return ()
    reading = read_certificates(_read(path, kind))
    problems += ["%s: %s" % (path, warning) for warning in reading.warnings]
    return reading.certificates
