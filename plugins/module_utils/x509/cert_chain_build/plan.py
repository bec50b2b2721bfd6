# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plan the file that a chain is written to: its other contents stay, and a file that is right is left alone."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any, List, Optional, Sequence, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.read import read_file
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.replacement import Replacement, describe_attributes
from ansible_collections.certmend.tls.plugins.module_utils.core.converge import Step
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_chain_build.options import Destination
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_chain_build.pem_file import PemFile, difference, parse_pem_file, refuse_foreign_key
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import Certificate, key_facts, pin_of
from ansible_collections.certmend.tls.plugins.module_utils.x509.load.reader import read_certificates


@dataclass(frozen=True)
class FilePlan:
    """What happens to the file.

    :param path: None if no file is asked for.
    :param reasons: why the file must be written; empty if it is right.
    """

    path: Optional[str] = None
    reasons: Tuple[str, ...] = ()
    steps: Tuple[Step[Replacement], ...] = ()


@dataclass(frozen=True)
class Existing:
    """The file as it is.

    :param key: the private key in it; None if it has none, or a passphrase protects it.
    """

    exists: bool
    data: bytes
    certificates: Tuple[Certificate, ...]
    parts: PemFile
    key: Any


def plan_file(destination: Destination, chain: Sequence[Certificate]) -> FilePlan:
    """The plan for the file.

    :raises RemediationError: the file is not PEM, or contains a private key of another certificate.
    """
    if destination.path is None:
        return FilePlan()
    path = destination.path
    existing = _existing(path, destination.replaces_source)
    refuse_foreign_key(chain[0], existing.key, path)
    kept = existing.parts if destination.keep_private_key else existing.parts.without_keys()
    replacement = Replacement(path, kept.content(chain), "dest", destination.mode, destination.owner, destination.group, secret=kept.key is not None)
    now, then = describe_attributes(replacement) if existing.exists else ("", "")
    reasons = _reasons(existing, chain, replacement.content, kept)
    reasons += ["its mode or owner differs"] if now != then else []
    if not reasons:
        return FilePlan(path)
    before = _lines(path, existing.certificates, existing.parts, existing.key, reasons if existing.exists else ["absent"])
    after = _lines(path, chain, kept, existing.key, [])
    return FilePlan(path, tuple(reasons), (Step(path, before + now, after + then, replacement),))


def _existing(path: str, replaces_source: bool) -> Existing:
    exists = os.path.lexists(path)
    data = read_file(path, "dest") if exists else b""
    if replaces_source and b"BEGIN " not in data.replace(b"\0", b""):
        raise RemediationError("path: %s is not PEM, but a chain is written as PEM" % path, "Name the file to be written in dest.")
    parts = parse_pem_file(data)
    certificates = read_certificates(data).certificates if data.strip() else ()
    return Existing(exists, data, certificates, parts, parts.private_key(path))


def _reasons(existing: Existing, chain: Sequence[Certificate], content: bytes, kept: PemFile) -> List[str]:
    reasons = difference(existing.data, existing.certificates, chain, content) if existing.exists else ["the file does not exist yet"]
    return reasons + (["it contains a private key"] if kept != existing.parts else [])


def _lines(path: str, certificates: Sequence[Certificate], parts: PemFile, key: Any, notes: Sequence[str]) -> str:
    """A chain file for a diff: subjects, fingerprints, and of a private key only its type and pin."""
    lines = ["file %s" % path]
    lines += ["  contains: %s (sha256 %s)" % (certificate.subject or "no subject", certificate.fingerprint()) for certificate in certificates]
    if parts.key is not None:
        public = key.public_key() if key is not None else None
        description = "%s, pin %s" % (key_facts(public), pin_of(public)) if public else "protected by a passphrase"
        lines.append("  contains: a private key (%s)" % description)
    return "\n".join(lines + ["  note: %s" % note for note in notes]) + "\n"
