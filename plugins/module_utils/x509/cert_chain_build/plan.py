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
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.transaction import check_possible
from ansible_collections.certmend.tls.plugins.module_utils.core.converge import Step
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_chain_build.options import Destination
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_chain_build.pem_file import PemFile, difference, parse_pem_file, refuse_foreign_key
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import Certificate, pin_of
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.keys import key_facts
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
    secret, attributes = kept.key is not None, (destination.mode, destination.owner, destination.group)
    replacement = Replacement(path, kept.content(chain), "dest", *attributes, secret=secret, same_secret=True)
    now, then = describe_attributes(replacement) if existing.exists else ("", "")
    reasons = _reasons(existing, chain, replacement.content, kept)
    reasons += ["its mode or owner differs"] if now != then else []
    if not reasons:
        return FilePlan(path)
    check_possible([replacement], destination.journal)
    before = lines_of(path, existing.certificates, _key_line(existing.parts, existing.key), reasons if existing.exists else ["absent"])
    after = lines_of(path, chain, _key_line(kept, existing.key), [])
    return FilePlan(path, tuple(reasons), (Step(path, before + now, after + then, replacement),))


def plan_intermediates(destination: Destination, chain: Sequence[Certificate]) -> FilePlan:
    """The plan for a file with the certificates above the leaf alone.

    :raises RemediationError: there are none, or the file is one of a server, with its private key.
    """
    if len(chain) < 2:
        raise RemediationError(
            "output: the chain of %s has no intermediate, so there is nothing to write" % chain[0].subject,
            "Its issuer is trusted by the clients: leave the additional chain empty, or set include_root: true.",
        )
    path = destination.path
    if path is not None and os.path.lexists(path) and parse_pem_file(read_file(path, "dest")).key is not None:
        raise RemediationError("dest: %s contains a private key, which a file of intermediates must not have" % path, "Give another file in dest.")
    return plan_file(destination, chain[1:])


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


def lines_of(path: str, certificates: Sequence[Certificate], key: str, notes: Sequence[str]) -> str:
    """A file for a diff: subjects, fingerprints, and of a private key only its type and pin.

    :param key: as ``key_line`` describes it; empty if the file has none.
    """
    lines = ["file %s" % path]
    lines += ["  contains: %s (sha256 %s)" % (certificate.subject or "no subject", certificate.fingerprint()) for certificate in certificates]
    lines += ["  contains: a private key (%s)" % key] if key else []
    return "\n".join(lines + ["  note: %s" % note for note in notes]) + "\n"


def key_line(key: Any) -> str:
    """A private key as a diff shows it."""
    public = key.public_key()
    return "%s, pin %s" % (key_facts(public), pin_of(public))


def _key_line(parts: PemFile, key: Any) -> str:
    if parts.key is None:
        return ""
    return "protected by a passphrase" if key is None else key_line(key)
