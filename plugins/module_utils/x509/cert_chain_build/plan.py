# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plan the file that a chain is written to: what else stands in it stays, and one that is right is left alone."""

from __future__ import annotations

import os
from typing import Any, List, Sequence, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.read import read_file
from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.transaction import Replacement, describe_attributes
from ansible_collections.certmend.tls.plugins.module_utils.core.converge import Step
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_chain_build.pem_file import Joined, difference, joined
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import Certificate, key_facts, pin_of
from ansible_collections.certmend.tls.plugins.module_utils.x509.load.reader import read_certificates


def plan_file(params: dict, chain: Sequence[Certificate]) -> Tuple[List[Step], dict]:
    """The one step, or none where the file is right; and ``dest`` and ``reasons`` for the result.

    :raises RemediationError: the file is not PEM, or holds a private key that the chain is not for.
    """
    dest = params["dest"] or params["path"]
    if dest is None:
        return [], {}
    exists = os.path.lexists(dest)
    data = read_file(dest, "dest") if exists else b""
    if not params["dest"] and b"BEGIN " not in data.replace(b"\0", b""):
        raise RemediationError("path: %s is not PEM, and a chain is written as PEM" % dest, "Name the file to be written in dest.")
    certificates, parts = read_certificates(data).certificates if data.strip() else (), joined(data)
    key = parts.private_key(dest)
    refuse_foreign_key(chain[0], key, dest)
    kept = parts if params["keep_private_key"] else parts.without_keys()
    content = kept.content(chain)
    reasons = difference(data, certificates, chain, content) if exists else ["there is no file yet"]
    reasons += ["a private key stands in it"] if kept != parts else []
    replacement = Replacement(dest, content, "dest", params["mode"], params["owner"], params["group"], secret=kept.key is not None)
    now, then = describe_attributes(replacement) if exists else ("", "")
    reasons += ["its mode or owner is another one"] if now != then else []
    facts = {"dest": dest, "reasons": reasons}
    if not reasons:
        return [], facts
    before = _lines(dest, certificates, parts, key, reasons) + now if exists else _lines(dest, (), Joined(), None, ["absent"])
    return [Step(dest, before, _lines(dest, chain, kept, key, []) + then, replacement)], facts


def refuse_foreign_key(leaf: Certificate, key: Any, source: str) -> None:
    """Refuse a file whose private key belongs to another certificate than the chain's.

    :raises RemediationError: it does.
    """
    if key is not None and pin_of(key.public_key()) != leaf.pin:
        raise RemediationError(
            "%s: the private key in it does not belong to the certificate %s" % (source, leaf.subject),
            "Put the certificate that was issued for this key beside it, or take the key out.",
        )


def _lines(path: str, certificates: Sequence[Certificate], parts: Joined, key: Any, notes: List[str]) -> str:
    """A chain file for a diff: subjects, fingerprints, and of a key only that it is there."""
    lines = ["file %s" % path]
    lines += ["  holds: %s (sha256 %s)" % (one.subject or "no subject", one.fingerprint()) for one in certificates]
    if parts.key is not None:
        public = key.public_key() if key is not None else None
        kind = "%s, pin %s" % (key_facts(public), pin_of(public)) if public else "locked by a passphrase"
        lines.append("  holds: a private key (%s)" % kind)
    return "\n".join(lines + ["  note: %s" % note for note in notes]) + "\n"
